//! What a set consists of and how it came about: `card.json`, written last, and `README.md` beside it.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::entry::{Entry, Side};
use super::error::AssemblyError;
use super::judge::{HELD_OUT, UNUSABLE};
use super::output::WrittenFile;
use super::settings::AssemblySettings;
use super::spill::read_json;

/// The card's name in the directory of a set: where there is one, the set is whole.
pub const CARD: &str = "card.json";

/// What this program writes and reads.
pub(super) const VERSION: u32 = 1;

/// Examples kept of what a gate stopped.
const EXAMPLES: usize = 3;

/// Characters an example shows.
const SHOWN: usize = 300;

pub(super) const EXACT: &str = "exact_duplicate";
pub(super) const NEAR: &str = "near_duplicate";
pub(super) const OVER_CAP: &str = "problem_cap";
pub(super) const SURPLUS: &str = "surplus";

/// Every gate, in the order in which an entry meets them.
pub(super) const GATES: [(&str, &str); 12] = [
    (UNUSABLE, "there is a question and an answer"),
    ("template", "one think block and one answer block"),
    ("truncation", "every code block ends"),
    ("language", "the reasoning is in the language asked for"),
    ("repetition", "nothing is said over and over"),
    ("paragraph", "no paragraph is too long"),
    ("code_block", "no code where none was asked for"),
    (HELD_OUT, "no text of an evaluation is in it"),
    (EXACT, "the same text did not come before"),
    (NEAR, "no text much like it came before"),
    (OVER_CAP, "its question has not had its share"),
    (SURPLUS, "size, ratio and balance leave room for it"),
];

/// `card.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// Of the format.
    pub version: u32,
    /// SHA-256 of what was asked for: settings, inputs by name, held-out texts.
    pub identity: String,
    /// How it was made.
    pub settings: AssemblySettings,
    /// Entries read.
    pub read: u64,
    /// Every gate, in order.
    pub gates: Vec<GateTally>,
    /// Entries to train on.
    pub train: usize,
    /// Entries to validate with.
    pub validation: usize,
    /// Questions among them, and how many of those are in validation.
    pub problems: [usize; 2],
    /// Where they come from.
    pub inputs: Vec<InputTally>,
    /// Entries stopped for each evaluation.
    pub held_out: BTreeMap<String, u64>,
    /// Entries by side.
    pub sides: BTreeMap<Side, u64>,
    /// Entries by domain.
    pub domains: BTreeMap<String, u64>,
    /// Entries by level; `unknown` where none is known.
    pub levels: BTreeMap<String, u64>,
    /// Entries by language.
    pub languages: BTreeMap<String, u64>,
    /// Entries by who wrote them.
    pub sources: BTreeMap<String, u64>,
    /// Characters of all messages of an entry, by side.
    pub lengths: BTreeMap<Side, Lengths>,
    /// The files.
    pub files: Vec<WrittenFile>,
}

/// What a gate did.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateTally {
    /// Its name.
    pub gate: String,
    /// Stopped here.
    pub dropped: u64,
    /// Left after it.
    pub left: u64,
    /// The first few that were stopped.
    pub examples: Vec<Example>,
}

/// What an input gave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputTally {
    /// Its name.
    pub name: String,
    /// Under which terms it may be used.
    pub licence: String,
    /// Which part it belongs to.
    pub side: Side,
    /// Entries read.
    pub read: u64,
    /// Entries in the set.
    pub kept: u64,
}

/// An entry that was stopped.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// Its id.
    pub id: String,
    /// Who wrote it.
    pub source: String,
    /// Why it was stopped.
    pub detail: String,
    /// How its last message begins.
    pub start: String,
}

impl Example {
    pub(super) fn new(entry: &Entry, detail: String) -> Self {
        let last = entry.messages.last();
        let shown = last.map(|turn| turn.content.chars().take(SHOWN).collect());
        Self {
            id: entry.id.clone(),
            source: entry.source.clone(),
            detail,
            start: shown.unwrap_or_default(),
        }
    }
}

/// How long entries are: the least length that so many in a hundred do not exceed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lengths {
    /// 1 in 100.
    pub p1: u32,
    /// 5 in 100.
    pub p5: u32,
    /// A quarter.
    pub p25: u32,
    /// Half.
    pub p50: u32,
    /// Three quarters.
    pub p75: u32,
    /// 95 in 100.
    pub p95: u32,
    /// 99 in 100.
    pub p99: u32,
    /// All.
    pub max: u32,
    /// Their sum.
    pub sum: u64,
}

impl Lengths {
    pub(super) fn of(mut lengths: Vec<u32>) -> Self {
        lengths.sort_unstable();
        let at = |share: usize| {
            let rank = (lengths.len() * share).div_ceil(100).max(1);
            lengths.get(rank - 1).copied().unwrap_or(0)
        };
        Self {
            p1: at(1),
            p5: at(5),
            p25: at(25),
            p50: at(50),
            p75: at(75),
            p95: at(95),
            p99: at(99),
            max: at(100),
            sum: lengths.iter().map(|length| u64::from(*length)).sum(),
        }
    }
}

/// What was dropped of some entries.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tally {
    /// Entries read, by the place of their input.
    pub(super) read: BTreeMap<usize, u64>,
    pub(super) gates: BTreeMap<String, (u64, Vec<Example>)>,
    pub(super) held_out: BTreeMap<String, u64>,
}

impl Tally {
    /// Counts an entry that was stopped, or some of which the examples are given.
    pub(super) fn drop_some(&mut self, gate: &str, count: u64, examples: Vec<Example>) {
        if count == 0 {
            return;
        }
        let (dropped, shown) = self.gates.entry(gate.to_owned()).or_default();
        *dropped += count;
        shown.extend(examples);
        shown.truncate(EXAMPLES);
    }

    /// Counts an entry that was stopped.
    pub(super) fn drop_one(&mut self, gate: &str, detail: String, entry: &Entry) {
        if gate == HELD_OUT {
            *self.held_out.entry(detail.clone()).or_default() += 1;
        }
        let wanted = self.gates.get(gate).is_none_or(|it| it.1.len() < EXAMPLES);
        let example = wanted.then(|| Example::new(entry, detail));
        self.drop_some(gate, 1, example.into_iter().collect());
    }

    pub(super) fn add(&mut self, other: Self) {
        for (input, read) in other.read {
            *self.read.entry(input).or_default() += read;
        }
        for (gate, (dropped, examples)) in other.gates {
            self.drop_some(&gate, dropped, examples);
        }
        for (name, dropped) in other.held_out {
            *self.held_out.entry(name).or_default() += dropped;
        }
    }

    pub(super) fn all_read(&self) -> u64 {
        self.read.values().sum()
    }

    /// Every gate with what is left after it.
    pub(super) fn gates(&self) -> Vec<GateTally> {
        let mut left = self.all_read();
        let tally = |(gate, _): &(&str, &str)| {
            let (dropped, examples) = self.gates.get(*gate).cloned().unwrap_or_default();
            left -= dropped;
            GateTally {
                gate: (*gate).to_owned(),
                dropped,
                left,
                examples,
            }
        };
        GATES.iter().map(tally).collect()
    }

    /// The gates that stopped something, for an error.
    pub(super) fn reasons(&self) -> String {
        let stopped = self.gates.iter();
        let stopped = stopped.map(|(gate, (dropped, _))| format!("{gate} {dropped}"));
        stopped.collect::<Vec<_>>().join(", ")
    }
}

impl Card {
    /// The card of a set that is whole; nothing where there is none.
    ///
    /// # Errors
    /// [`AssemblyError::Io`], [`AssemblyError::Damaged`].
    pub fn read(dir: &Path) -> Result<Option<Self>, AssemblyError> {
        read_json(&dir.join(CARD))
    }

    /// What stopped so many, by the gate's name.
    pub fn dropped(&self, gate: &str) -> u64 {
        let tally = self.gates.iter().find(|tally| tally.gate == gate);
        tally.map_or(0, |tally| tally.dropped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chains::sample;

    #[test]
    fn lengths_are_ranked_by_hand() {
        let lengths = Lengths::of((1..=200).rev().collect());
        let Lengths {
            p1, p5, p25, p50, ..
        } = lengths;
        assert_eq!((p1, p5, p25, p50), (2, 10, 50, 100));
        let Lengths {
            p75, p95, p99, max, ..
        } = lengths;
        assert_eq!((p75, p95, p99, max), (150, 190, 198, 200));
        assert_eq!(lengths.sum, 20_100);
        assert_eq!(Lengths::of(vec![7]).p1, 7);
        assert_eq!(Lengths::of(Vec::new()), Lengths::default());
    }

    #[test]
    fn gates_are_counted_with_the_first_examples() {
        let entry = Entry::from(sample("a", "b"));
        let mut tally = Tally {
            read: [(0, 8), (1, 2)].into(),
            ..Tally::default()
        };
        for at in 0..4 {
            tally.drop_one(HELD_OUT, format!("set {}", at % 2), &entry);
        }
        tally.drop_one(UNUSABLE, "blank".into(), &entry);
        let mut twice = tally.clone();
        twice.add(tally.clone());
        assert_eq!(twice.held_out["set 1"], 4);
        let gates = tally.gates();
        assert_eq!((gates[0].dropped, gates[0].left), (1, 9));
        assert_eq!((gates[7].dropped, gates[7].left), (4, 5));
        assert_eq!(gates[7].examples.len(), 3);
        assert_eq!(gates[11].left, 5);
        assert_eq!(tally.reasons(), "held_out 4, unusable 1");
    }
}
