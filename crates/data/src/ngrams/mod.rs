//! Finding held-out texts in what is learned from, by runs of words they share.
//!
//! Left out: paraphrases and translations.

mod as_is;
mod units;

use std::collections::{HashMap, HashSet};
use std::hash::BuildHasherDefault;

pub use as_is::AsIs;
pub use units::{Units, mix, units};

/// How long a run of shared words has to be.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NgramSettings {
    /// Words of a run. GPT-3 (arXiv 2005.14165, appendix C) took 13. 0 never takes a part of a held-out text
    /// for the whole: it is looked for from its first word to its last.
    pub words: usize,
    /// Characters of a run, for a held-out text whose script parts no words. 0 as for `words`.
    pub characters: usize,
    /// A held-out text with fewer words (or such characters) is found only in a text that is nothing else.
    pub shortest: usize,
}

impl Default for NgramSettings {
    fn default() -> Self {
        Self {
            words: 13,
            characters: 20,
            shortest: 8,
        }
    }
}

/// Held-out texts, to be looked for in others. Texts are compared by [`units`]: case, spacing and the
/// marks between words do not count, numbers and operators do.
///
/// A held-out text of `words` units or more is found by any run of that many; a shorter one where it stands
/// as a whole. Runs are compared by hashes of 64 bits: among a thousand million words and a million runs, a
/// wrong one is found with a probability of about one in ten thousand.
///
/// ```
/// use data::ngrams::{NgramIndex, NgramSettings};
///
/// let settings = NgramSettings { words: 5, ..NgramSettings::default() };
/// let mut held_out = NgramIndex::new(settings);
/// held_out.add("Natalia sold clips to 48 of her friends in April.");
/// assert!(held_out.is_in("It says: natalia sold clips to 48!"));
/// assert!(!held_out.is_in("Natalia sold clips to 49 of her friends."));
/// ```
#[derive(Debug, Clone)]
pub struct NgramIndex {
    settings: NgramSettings,
    /// Runs of `words` units, and of `characters`.
    runs: [(usize, Hashes); 2],
    /// Shorter ones in full, by their first `shortest` units.
    starts: HashMap<u64, Vec<Vec<u64>>, Mixed>,
    /// Texts as a whole.
    whole: HashSet<Vec<u64>>,
    texts: usize,
}

type Mixed = BuildHasherDefault<AsIs>;
type Hashes = HashSet<u64, Mixed>;

impl NgramIndex {
    /// Of nothing yet.
    pub fn new(settings: NgramSettings) -> Self {
        let length = |units: usize| match units {
            0 => usize::MAX,
            units => units,
        };
        Self {
            runs: [settings.words, settings.characters].map(|it| (length(it), Hashes::default())),
            settings: NgramSettings {
                shortest: settings.shortest.max(1),
                ..settings
            },
            starts: HashMap::default(),
            whole: HashSet::new(),
            texts: 0,
        }
    }

    /// Adds a held-out text; one without a word is never found.
    pub fn add(&mut self, text: &str) {
        let found = units(text);
        if found.hashes.is_empty() {
            return;
        }
        self.texts += 1;
        let (length, runs) = &mut self.runs[usize::from(found.is_by_character())];
        let shortest = self.settings.shortest;
        if found.hashes.len() >= *length {
            for_windows(&found.hashes, *length, |_, hash| runs.insert(hash));
        } else if found.hashes.len() >= shortest {
            let start = run(&found.hashes[..shortest]);
            let same = self.starts.entry(start).or_default();
            same.push(found.hashes.clone());
        }
        self.whole.insert(found.hashes);
    }

    /// How many texts were added.
    pub fn len(&self) -> usize {
        self.texts
    }

    /// Whether there is nothing to find.
    pub fn is_empty(&self) -> bool {
        self.texts == 0
    }

    /// Whether a text has a held-out one in it, or a run of one.
    pub fn is_in(&self, text: &str) -> bool {
        !self.is_empty() && self.is_in_units(&units(text).hashes)
    }

    /// The same for a text whose [`units`] are known.
    pub fn is_in_units(&self, text: &[u64]) -> bool {
        let mut found = self.whole.contains(text);
        for (length, runs) in &self.runs {
            if !found && !runs.is_empty() {
                for_windows(text, *length, |_, hash| {
                    found |= runs.contains(&hash);
                    !found
                });
            }
        }
        if !found && !self.starts.is_empty() {
            for_windows(text, self.settings.shortest, |at, hash| {
                let starting = self.starts.get(&hash);
                found |=
                    starting.is_some_and(|texts| texts.iter().any(|it| text[at..].starts_with(it)));
                !found
            });
        }
        found
    }
}

/// Odd, so that every unit of a run counts.
const BASE: u64 = 0x9e37_79b9_7f4a_7c15;

/// The hash of a run: a polynomial of its units' hashes, which are mixed well.
fn run(units: &[u64]) -> u64 {
    units.iter().fold(0, |hash: u64, &unit| {
        hash.wrapping_mul(BASE).wrapping_add(unit)
    })
}

/// Where each run of `length` units begins, and its hash, until `each` says false.
fn for_windows(units: &[u64], length: usize, mut each: impl FnMut(usize, u64) -> bool) {
    if units.len() < length {
        return;
    }
    let leaving = (0..length).fold(1u64, |power, _| power.wrapping_mul(BASE));
    let mut hash = run(&units[..length]);
    each(0, hash);
    for at in 1..=units.len() - length {
        hash = hash
            .wrapping_mul(BASE)
            .wrapping_add(units[at + length - 1])
            .wrapping_sub(units[at - 1].wrapping_mul(leaving));
        if !each(at, hash) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(words: usize, characters: usize, shortest: usize, texts: &[&str]) -> NgramIndex {
        let mut index = NgramIndex::new(NgramSettings {
            words,
            characters,
            shortest,
        });
        texts.iter().for_each(|text| index.add(text));
        index
    }

    #[test]
    fn a_shared_run_is_found_and_a_shorter_one_is_not() {
        let index = index(4, 4, 2, &["one two three four five"]);
        assert!(index.is_in("One, two; THREE four!"));
        assert!(index.is_in("zero two three four five six"));
        assert!(!index.is_in("one two three 4 five"));
        assert!(!index.is_in("two one three four"));
        assert!(!index.is_in(""));
    }

    #[test]
    fn shorter_texts_are_found_as_a_whole() {
        let index = index(13, 20, 2, &["two three", "four five six", "Seven."]);
        assert!(index.is_in("one two three four"));
        assert!(index.is_in("four five six"));
        assert!(!index.is_in("four five seven"));
        // Below the shortest only a text that is nothing else.
        assert!(index.is_in("seven"));
        assert!(!index.is_in("six seven eight"));
    }

    #[test]
    fn scripts_without_spaces_go_by_characters() {
        let index = index(3, 6, 2, &["小明有三个苹果和两个梨"]);
        assert!(index.is_in("题目：明有三个苹果。"));
        assert!(!index.is_in("题目：有三个苹"));
    }

    #[test]
    fn no_part_is_taken_for_the_whole_where_runs_are_off() {
        let index = index(0, 0, 2, &["one two three four five"]);
        assert!(index.is_in("zero one two three four five six"));
        assert!(!index.is_in("one two three four"));
    }

    #[test]
    fn a_rolled_hash_is_that_of_the_run() {
        let units: Vec<u64> = (0..20u64)
            .map(|i| i.wrapping_mul(0x1234_5678_9abc_def1))
            .collect();
        let mut seen = 0;
        for_windows(&units, 5, |at, hash| {
            assert_eq!(hash, run(&units[at..at + 5]));
            seen += 1;
            true
        });
        assert_eq!(seen, 16);
    }

    #[test]
    fn texts_without_words_are_not_held_out() {
        let index = index(3, 3, 2, &["", " .,!", "a b"]);
        assert_eq!(index.len(), 1);
        assert!(!index.is_in("..."));
    }
}
