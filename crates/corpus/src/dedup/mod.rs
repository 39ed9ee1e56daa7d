//! Documents that came before, to the letter or nearly.
//!
//! Exact: a hash of the text with its white space evened out. Near: MinHash with bands (Broder, 1997; Leskovec et
//! al., Mining of Massive Datasets, chapter 3): a document's runs of words are hashed by `permutations`
//! functions and the smallest value of each is kept; two documents agree in one with the probability of
//! the Jaccard index of their runs. The values are split into `bands`, documents that agree in a whole band are
//! compared in all values, and the share that agrees is the estimate held against `threshold`.
//!
//! [`Dedup`] holds all sketches in memory and answers at once; [`find_all`] leaves them on the disk and answers when
//! all are there. Only documents that are kept are remembered, so what is near a dropped one is held against the kept. Left out:
//! the exact Jaccard index (the runs are not kept), and clusters: the first document of many alike stays.

mod bands;
mod offline;
mod sketch;

use std::collections::HashSet;
use std::hash::BuildHasherDefault;

use data::ngrams::AsIs;
use serde::{Deserialize, Serialize};

use bands::Band;
pub use offline::find_all;
use sketch::agreeing;
pub use sketch::{Sketch, Sketcher};

/// What counts as a document that came before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DedupSettings {
    /// Whether documents much like an earlier one are dropped, or only those that are the same.
    pub near: bool,
    /// Hash functions, two bytes of memory a document each.
    pub permutations: usize,
    /// Bands the functions are split into; documents are compared where one band agrees. With r =
    /// `permutations / bands` functions a band, a pair of Jaccard index s is compared with the probability
    /// 1 − (1 − s^r)^bands.
    pub bands: usize,
    /// The least estimated Jaccard index of documents that are nearly the same.
    pub threshold: f64,
    /// Words of a run.
    pub words: usize,
    /// Characters of a run, in scripts that part no words.
    pub characters: usize,
}

impl Default for DedupSettings {
    /// 16 bands of 8: pairs of 0.8 are compared in 95 of 100 cases, of 0.9 always, of 0.5 in 6.
    fn default() -> Self {
        Self {
            near: true,
            permutations: 128,
            bands: 16,
            threshold: 0.8,
            words: 5,
            characters: 10,
        }
    }
}

impl DedupSettings {
    /// What is wrong with the settings, by field.
    pub fn fault(&self) -> Option<String> {
        let Self {
            permutations,
            bands,
            threshold,
            words,
            characters,
            ..
        } = *self;
        if bands == 0 || permutations == 0 || permutations % bands != 0 {
            return Some(format!(
                "dedup.permutations = {permutations} is no multiple of dedup.bands = {bands}"
            ));
        }
        if !(threshold > 0.0 && threshold <= 1.0) {
            return Some(format!(
                "dedup.threshold = {threshold} is not above 0 and at most 1"
            ));
        }
        (words == 0 || characters == 0)
            .then(|| "dedup.words and dedup.characters must be at least 1".to_owned())
    }

    /// Values of a band.
    fn width(&self) -> usize {
        self.permutations / self.bands
    }

    /// The estimated Jaccard index of documents that agree in so many values.
    fn similarity(&self, agreeing: usize) -> f64 {
        agreeing as f64 / self.permutations as f64
    }
}

/// Whether a document came before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Seen {
    /// It did not, and is remembered.
    New,
    /// The same text did.
    Exact,
    /// One much like it did.
    Near {
        /// Which of the remembered documents, from 0; of all, where [`find_all`] tells it.
        document: u32,
        /// The estimated Jaccard index.
        similarity: f64,
    },
}

/// The documents so far: see [`DedupSettings`] and [`Dedup::bytes`] for what they take.
#[derive(Debug, Clone)]
pub struct Dedup {
    settings: DedupSettings,
    texts: HashSet<u64, BuildHasherDefault<AsIs>>,
    /// `permutations` values a document.
    values: Vec<u16>,
    bands: Vec<Band>,
}

impl Dedup {
    /// Of nothing yet. `settings` are taken as they are, see [`crate::pack`] for what they must hold to.
    pub fn new(settings: &DedupSettings) -> Self {
        Self {
            settings: settings.clone(),
            texts: HashSet::default(),
            values: Vec::new(),
            bands: vec![Band::default(); if settings.near { settings.bands } else { 0 }],
        }
    }

    /// Looks for a document and remembers it if it is new. Sketches come from one [`Sketcher`] of the same
    /// settings.
    pub fn see(&mut self, sketch: &Sketch) -> Seen {
        let seen = self.find(sketch);
        if seen == Seen::New {
            self.remember(sketch);
        }
        seen
    }

    /// Looks for a document and remembers nothing.
    pub fn find(&self, sketch: &Sketch) -> Seen {
        if self.texts.contains(&sketch.text) {
            return Seen::Exact;
        }
        match self.nearest(&sketch.values) {
            Some((document, similarity)) => Seen::Near {
                document,
                similarity,
            },
            None => Seen::New,
        }
    }

    /// Remembers a document that is known to be new.
    pub(crate) fn remember(&mut self, sketch: &Sketch) {
        self.texts.insert(sketch.text);
        if !self.settings.near {
            return;
        }
        let document = (self.values.len() / self.settings.permutations) as u32;
        self.values.extend_from_slice(&sketch.values);
        let (values, width) = (&self.values, self.settings.width());
        for (at, band) in self.bands.iter_mut().enumerate() {
            let rows = |document: u32| self::rows(values, &self.settings, width, document, at);
            band.insert(document, rows);
        }
    }

    /// The remembered document most like these values, the first of several, if it is like enough.
    fn nearest(&self, values: &[u16]) -> Option<(u32, f64)> {
        let width = self.settings.width();
        let mut best: Option<(u32, usize)> = None;
        for (at, band) in self.bands.iter().enumerate() {
            let wanted = &values[at * width..(at + 1) * width];
            let rows =
                |document: u32| self::rows(&self.values, &self.settings, width, document, at);
            band.for_each(wanted, rows, |document| {
                let start = document as usize * self.settings.permutations;
                let other = &self.values[start..start + self.settings.permutations];
                let agreeing = agreeing(values, other);
                if best.is_none_or(|(first, most)| {
                    agreeing > most || (agreeing == most && document < first)
                }) {
                    best = Some((document, agreeing));
                }
            });
        }
        let (document, agreeing) = best?;
        let similarity = self.settings.similarity(agreeing);
        (similarity >= self.settings.threshold).then_some((document, similarity))
    }

    /// How many documents are remembered.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// The memory taken. A document takes `2 × permutations` bytes of values, and with what the growing
    /// tables leave free up to twice that, 6 to 12 bytes a band and 10 to 21 for its text: with the defaults 360 to
    /// 730 bytes.
    pub fn bytes(&self) -> usize {
        let bands: usize = self.bands.iter().map(Band::bytes).sum();
        self.texts.capacity() * 8 / 7 * 9 + self.values.capacity() * 2 + bands
    }
}

/// The values of a document in a band.
fn rows<'a>(
    values: &'a [u16],
    settings: &DedupSettings,
    width: usize,
    document: u32,
    band: usize,
) -> &'a [u16] {
    let start = document as usize * settings.permutations + band * width;
    &values[start..start + width]
}

#[cfg(test)]
mod tests {
    use data::ngrams::units;

    use super::*;

    fn text(words: std::ops::Range<u32>) -> String {
        words.map(|i| format!("w{i} ")).collect()
    }

    struct Tested {
        sketcher: Sketcher,
        dedup: Dedup,
    }

    impl Tested {
        fn new(settings: DedupSettings) -> Self {
            Self {
                sketcher: Sketcher::new(&settings),
                dedup: Dedup::new(&settings),
            }
        }

        fn see(&mut self, text: &str) -> Seen {
            self.dedup.see(&self.sketcher.sketch(text, &units(text)))
        }
    }

    #[test]
    fn the_same_and_nearly_the_same_are_seen() {
        let mut tested = Tested::new(DedupSettings::default());
        assert_eq!(tested.see(&text(0..200)), Seen::New);
        assert_eq!(tested.see(&text(0..200).replace(' ', "\n")), Seen::Exact);
        // 196 runs of five and 192 in common, of 200: 0.96.
        let Seen::Near {
            document: 0,
            similarity,
        } = tested.see(&text(4..204))
        else {
            panic!("a shifted text is near");
        };
        assert!((similarity - 0.96).abs() < 0.06, "{similarity}");
        // 96 of 296 in common: 0.32.
        assert_eq!(tested.see(&text(100..300)), Seen::New);
        assert_eq!(tested.dedup.len(), 2);
        // Case and marks do not make it another.
        assert!(matches!(
            tested.see(&text(100..300).to_uppercase()),
            Seen::Near {
                document: 1,
                similarity: 1.0
            }
        ));
    }

    #[test]
    fn only_exact_ones_where_near_is_off() {
        let mut tested = Tested::new(DedupSettings {
            near: false,
            ..DedupSettings::default()
        });
        assert_eq!(tested.see(&text(0..200)), Seen::New);
        assert_eq!(tested.see(&text(0..199)), Seen::New);
        assert_eq!(tested.see(&text(0..200)), Seen::Exact);
    }

    #[test]
    fn many_documents_are_found_again_in_the_memory_said() {
        let mut tested = Tested::new(DedupSettings::default());
        for i in 0..3000 {
            assert_eq!(tested.see(&text(i * 100..i * 100 + 60)), Seen::New, "{i}");
        }
        for i in 0..3000 {
            let changed = text(i * 100..i * 100 + 59);
            assert!(
                matches!(tested.see(&changed), Seen::Near { document, .. } if document == i),
                "{i}"
            );
        }
        let each = tested.dedup.bytes() / tested.dedup.len();
        assert!((360..=730).contains(&each), "{each} bytes a document");
    }

    #[test]
    fn settings_that_do_not_fit_are_named() {
        let fault = |settings: DedupSettings| settings.fault().unwrap();
        let default = DedupSettings::default;
        assert_eq!(default().fault(), None);
        assert!(
            fault(DedupSettings {
                bands: 10,
                ..default()
            })
            .contains("dedup.bands = 10")
        );
        assert!(
            fault(DedupSettings {
                threshold: 1.5,
                ..default()
            })
            .contains("1.5")
        );
        assert!(
            fault(DedupSettings {
                words: 0,
                ..default()
            })
            .contains("dedup.words")
        );
    }
}
