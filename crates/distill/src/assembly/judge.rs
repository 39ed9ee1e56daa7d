//! What can be said of an entry by itself: the part of the work that threads share.

use corpus::DedupSettings;
use corpus::dedup::Sketcher;
use corpus::files::chained;
use data::chat::Role;
use data::ngrams::{NgramIndex, Units, units};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::entry::{Entry, HeldOut, Side};
use super::settings::AssemblySettings;
use crate::rules::{RuleConfig, text_check};

/// An entry that passed.
#[derive(Debug)]
pub(super) struct Fit {
    /// The entry as a line of JSON.
    pub(super) line: Vec<u8>,
    /// As [`corpus::dedup::Sketch::write`] writes it.
    pub(super) sketch: Vec<u8>,
    /// Of the question's words.
    pub(super) problem: u64,
    /// Of all messages.
    pub(super) characters: usize,
}

/// The gate that stopped an entry, and what was found there.
#[derive(Debug)]
pub(super) struct Stopped {
    pub(super) gate: &'static str,
    pub(super) detail: String,
}

/// Whether an entry has what a set needs, before anything is known of others.
pub(super) const UNUSABLE: &str = "unusable";
/// Whether it has a text of an evaluation in it.
pub(super) const HELD_OUT: &str = "held_out";

pub(super) struct Judge<'a> {
    rules: Option<&'a RuleConfig>,
    /// Of each evaluation, and of all together, which says no for most texts at once.
    held_out: Vec<(&'a str, NgramIndex)>,
    all_held_out: NgramIndex,
    sketcher: Sketcher,
}

impl<'a> Judge<'a> {
    pub(super) fn new(settings: &'a AssemblySettings, held_out: &'a [HeldOut]) -> Self {
        let index = |set: &'a HeldOut| {
            let mut index = NgramIndex::new(settings.held_out.clone());
            set.texts.iter().for_each(|text| index.add(text));
            (set.name.as_str(), index)
        };
        let mut all_held_out = NgramIndex::new(settings.held_out.clone());
        let texts = held_out.iter().flat_map(|set| &set.texts);
        texts.for_each(|text| all_held_out.add(text));
        Self {
            all_held_out,
            rules: settings.rules.as_ref(),
            held_out: held_out.iter().map(index).collect(),
            sketcher: Sketcher::new(&sketches(settings)),
        }
    }

    pub(super) fn judge(&self, batch: &[Entry], side: Side) -> Vec<Result<Fit, Stopped>> {
        let one = |entry| self.one(entry, side);
        batch.par_iter().map(one).collect()
    }

    fn one(&self, entry: &Entry, side: Side) -> Result<Fit, Stopped> {
        let (question, answer) = usable(entry).map_err(|reason| Stopped {
            gate: UNUSABLE,
            detail: reason.to_owned(),
        })?;
        if let (Some(rules), Side::Reasoning) = (self.rules, side) {
            let checked = text_check(question, answer, entry.domain, &entry.language, rules);
            checked.map_err(|dropped| Stopped {
                gate: dropped.gate.name(),
                detail: dropped.detail,
            })?;
        }
        let mut all = Units::default();
        let mut asked = None;
        for turn in &entry.messages {
            let found = units(&turn.content);
            if self.all_held_out.is_in_units(&found.hashes) {
                let of = |(_, index): &&(&str, NgramIndex)| index.is_in_units(&found.hashes);
                if let Some((name, _)) = self.held_out.iter().find(of) {
                    return Err(Stopped {
                        gate: HELD_OUT,
                        detail: (*name).to_owned(),
                    });
                }
            }
            all.hashes.extend_from_slice(&found.hashes);
            all.characters += found.characters;
            if turn.role == Role::User && asked.is_none() {
                asked = Some(problem(&turn.content, &found));
            }
        }
        let texts: Vec<&str> = entry.messages.iter().map(|it| &*it.content).collect();
        let mut sketch = Vec::new();
        let whole = texts.join("\n");
        self.sketcher.sketch(&whole, &all).write(&mut sketch);
        let mut line = serde_json::to_vec(entry).expect("an entry is JSON");
        line.push(b'\n');
        Ok(Fit {
            line,
            sketch,
            problem: asked.expect("the person asked"),
            characters: texts.iter().map(|text| text.chars().count()).sum(),
        })
    }
}

/// How sketches are made; of the text alone where duplicates may stay.
pub(super) fn sketches(settings: &AssemblySettings) -> DedupSettings {
    settings.dedup.clone().unwrap_or(DedupSettings {
        near: false,
        ..DedupSettings::default()
    })
}

/// What is asked and what is answered last.
fn usable(entry: &Entry) -> Result<(&str, &str), &'static str> {
    let question = entry.question().ok_or("nobody asks")?;
    match entry.messages.last() {
        Some(last) if last.role != Role::Assistant => Err("the model does not have the last word"),
        Some(last) if last.content.trim().is_empty() => Err("the answer is blank"),
        Some(_) if question.trim().is_empty() => Err("the question is blank"),
        Some(last) => Ok((question, &last.content)),
        None => Err("nobody asks"),
    }
}

/// The hash of a question's words; of its letters where it has no word.
fn problem(question: &str, units: &Units) -> u64 {
    let mut hash = Sha256::new();
    match units.hashes.is_empty() {
        true => hash.update(question.trim().as_bytes()),
        false => units
            .hashes
            .iter()
            .for_each(|unit| hash.update(unit.to_le_bytes())),
    }
    let digest: [u8; 32] = hash.finalize().into();
    u64::from_le_bytes(digest[..8].try_into().expect("eight of thirty-two bytes"))
}

/// What tells entries apart: a hash of everything in one, on top of `chain`.
pub(super) fn content(chain: u64, entry: &Entry) -> u64 {
    let labels = [&entry.id, &entry.source, &entry.language];
    let labels = labels.into_iter().map(String::as_str);
    let turns = entry.messages.iter();
    let turns = turns.flat_map(|turn| [turn.role.name(), &*turn.content]);
    let chain = labels.chain(turns).fold(chain, chained);
    let level = entry.level.map_or(u64::MAX, u64::from);
    (chain ^ level ^ ((entry.domain as u64) << 40)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[cfg(test)]
mod tests {
    use data::Domain;
    use data::chat::Message;

    use super::*;
    use crate::chains::sample;

    fn entry(question: &str, answer: &str) -> Entry {
        let mut entry = Entry::from(sample("a", question));
        entry.messages[1].content = answer.into();
        entry
    }

    fn stopped(entry: &Entry) -> Option<(&'static str, String)> {
        let settings = AssemblySettings {
            rules: Some(RuleConfig::default()),
            ..AssemblySettings::default()
        };
        let held_out = [
            HeldOut {
                name: "first".into(),
                texts: vec!["What is 8 - 4?".into()],
            },
            HeldOut {
                name: "second".into(),
                texts: vec![(0..20).map(|at| format!("w{at} ")).collect()],
            },
        ];
        let judge = Judge::new(&settings, &held_out);
        let stopped = judge.one(entry, Side::General).err()?;
        Some((stopped.gate, stopped.detail))
    }

    #[test]
    fn what_cannot_be_learned_from_is_stopped() {
        assert_eq!(stopped(&entry("Hello?", "Hello!")), None);
        let unusable = |entry: &Entry| stopped(entry).unwrap().0 == UNUSABLE;
        assert!(unusable(&entry(" ", "Hello!")));
        assert!(unusable(&entry("Hello?", " \n")));
        let mut turned = entry("Hello?", "Hello!");
        turned.messages.push(Message::user("And?"));
        assert!(unusable(&turned));
        turned.messages.clear();
        assert!(unusable(&turned));
        turned.messages.push(Message::assistant("Hello!"));
        assert!(unusable(&turned));
    }

    #[test]
    fn evaluations_are_found_in_every_message_and_named() {
        let held = |name: &str| Some((HELD_OUT, name.to_owned()));
        assert_eq!(stopped(&entry("what is 8-4", "It is 4.")), held("first"));
        assert_eq!(stopped(&entry("And what is 8 - 4 then?", "It is 4.")), None);
        let run: String = (5..18).map(|at| format!("W{at}, ")).collect();
        assert_eq!(
            stopped(&entry("Hm?", &format!("see {run}"))),
            held("second")
        );
        let run: String = (5..17).map(|at| format!("W{at}, ")).collect();
        assert_eq!(stopped(&entry("Hm?", &format!("see {run}"))), None);
    }

    #[test]
    fn rules_are_for_reasoning() {
        let settings = AssemblySettings {
            rules: Some(RuleConfig::default()),
            ..AssemblySettings::default()
        };
        let judge = Judge::new(&settings, &[]);
        let entry = entry("What is 7 + 5?", "It is 12.");
        assert!(judge.one(&entry, Side::General).is_ok());
        let stopped = judge.one(&entry, Side::Reasoning).unwrap_err();
        assert_eq!(stopped.gate, "template");
    }

    #[test]
    fn a_problem_is_its_words_and_an_entry_all_of_it() {
        let of = |text: &str| problem(text, &units(text));
        assert_eq!(of("What is 8 - 4?"), of("what is  8-4"));
        assert_ne!(of("What is 8 - 4?"), of("What is 8 + 4?"));
        assert_ne!(of("?"), of("!"));
        let one = entry("a", "b");
        assert_eq!(content(1, &one), content(1, &one.clone()));
        let levelled = Entry {
            level: Some(1),
            ..one.clone()
        };
        let mut others = vec![levelled, entry("a", "c"), entry("b", "a")];
        others.push(Entry {
            domain: Domain::Code,
            ..one.clone()
        });
        for other in others {
            assert_ne!(content(1, &one), content(1, &other));
        }
        assert_ne!(content(1, &one), content(2, &one));
    }
}
