//! How well near duplicates are told: documents of a JSON Lines file, edited word by word, against the exact
//! Jaccard index of their runs of words. Prints a line of JSON.
//!
//! ```text
//! near FILE.jsonl
//! ```
#![allow(clippy::print_stdout, dead_code)]

use std::collections::HashSet;
use std::path::Path;

use corpus::dedup::{Dedup, Seen, Sketcher};
use corpus::{DedupSettings, SourceError};
use data::ngrams::units;
use data::seed;
use rand::{Rng, RngExt};

/// Pairs of a document and its edited copy.
#[derive(Debug, Default, serde::Serialize)]
pub(crate) struct Measured {
    /// Pairs in all, as many edited a little as much.
    pub(crate) pairs: usize,
    /// Those with a Jaccard index of at least the threshold.
    pub(crate) alike: usize,
    /// Those said to be near.
    pub(crate) found: usize,
    /// Those that are both.
    pub(crate) right: usize,
    /// Found with an index more than a tenth below the threshold.
    pub(crate) far_off: usize,
    /// Missed with an index more than a tenth above it.
    pub(crate) missed: usize,
    /// Documents said to be near another that is not their original.
    pub(crate) strangers: usize,
}

impl Measured {
    /// The share of what was found that is alike.
    pub(crate) fn precision(&self) -> f64 {
        self.right as f64 / self.found.max(1) as f64
    }

    /// The share of what is alike that was found.
    pub(crate) fn recall(&self) -> f64 {
        self.right as f64 / self.alike.max(1) as f64
    }
}

fn main() -> Result<(), SourceError> {
    let path = std::env::args().nth(1).ok_or("usage: near FILE.jsonl")?;
    let measured = measure(Path::new(&path))?;
    let line = serde_json::json!({
        "measured": measured,
        "precision": measured.precision(),
        "recall": measured.recall(),
    });
    println!("{line}");
    Ok(())
}

/// Edits each document with eight shares of its words replaced, left out or doubled, from 1 in 200 to 1 in 10.
pub(crate) fn measure(path: &Path) -> Result<Measured, SourceError> {
    let settings = DedupSettings::default();
    let sketcher = Sketcher::new(&settings);
    let texts: Vec<String> = corpus::jsonl(path)?
        .map(|it| it.map(|it| it.text))
        .collect::<Result<_, _>>()?;
    let mut originals = Dedup::new(&settings);
    let mut kept = Vec::new();
    for text in &texts {
        if originals.see(&sketcher.sketch(text, &units(text))) == Seen::New {
            kept.push(text);
        }
    }
    let mut measured = Measured::default();
    for (at, text) in kept.iter().enumerate() {
        for (step, share) in [0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.06, 0.1]
            .into_iter()
            .enumerate()
        {
            let mut stream = seed::stream(1, &["edit", &at.to_string(), &step.to_string()]);
            let edited = edit(text, share, &mut stream);
            let index = jaccard(text, &edited, settings.words);
            let seen = originals.find(&sketcher.sketch(&edited, &units(&edited)));
            let alike = index >= settings.threshold;
            measured.pairs += 1;
            measured.alike += usize::from(alike);
            let found = match seen {
                Seen::New => false,
                Seen::Exact => true,
                Seen::Near { document, .. } => {
                    measured.strangers += usize::from(document as usize != at);
                    true
                }
            };
            measured.found += usize::from(found);
            measured.right += usize::from(found && alike);
            measured.far_off += usize::from(found && index < settings.threshold - 0.1);
            measured.missed += usize::from(!found && index > settings.threshold + 0.1);
        }
    }
    Ok(measured)
}

fn edit(text: &str, share: f64, stream: &mut impl Rng) -> String {
    let mut words = Vec::new();
    for word in text.split(' ') {
        if !stream.random_bool(share) {
            words.push(word.to_owned());
            continue;
        }
        match stream.random_range(0..3) {
            0 => words.push(format!("edited{}", stream.random_range(0..1000))),
            1 => {}
            _ => words.extend([word.to_owned(), word.to_owned()]),
        }
    }
    words.join(" ")
}

/// The exact index of the runs of words.
fn jaccard(a: &str, b: &str, words: usize) -> f64 {
    let [a, b] = [a, b].map(|text| -> HashSet<Vec<u64>> {
        let hashes = units(text).hashes;
        let length = words.min(hashes.len()).max(1);
        hashes.windows(length).map(<[u64]>::to_vec).collect()
    });
    let common = a.intersection(&b).count();
    common as f64 / (a.len() + b.len() - common).max(1) as f64
}
