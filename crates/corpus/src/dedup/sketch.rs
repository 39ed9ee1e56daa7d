//! What is kept of a document to know it again.
//!
//! The hash functions are multiply-add-shift (Dietzfelbinger, 1996) on hashes of 32 bits: pairwise
//! independent, and a multiplication each. Of the smallest values 16 bits are kept (Li and König, 2010: two that
//! differ seem the same once in 65,536 times). Left out: wider vectors than those of AVX2.

use data::ngrams::Units;
use data::seed;
use rand::Rng;
use sha2::{Digest, Sha256};

use super::DedupSettings;

/// A document's hash and its smallest values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sketch {
    pub(super) text: u64,
    /// `permutations` of them; none where only exact duplicates are looked for.
    pub(super) values: Vec<u16>,
}

/// Makes sketches; shared by threads.
#[derive(Debug, Clone)]
pub struct Sketcher {
    settings: DedupSettings,
    /// Of each function.
    multipliers: Vec<u64>,
    /// Of each function.
    addends: Vec<u64>,
}

impl Sketcher {
    /// For the settings of a [`Dedup`](super::Dedup).
    pub fn new(settings: &DedupSettings) -> Self {
        let mut stream = seed::stream(0, &["minhash"]);
        let functions = if settings.near {
            settings.permutations
        } else {
            0
        };
        let (multipliers, addends) = (0..functions)
            .map(|_| (stream.next_u64() | 1, stream.next_u64()))
            .unzip();
        Self {
            settings: settings.clone(),
            multipliers,
            addends,
        }
    }

    /// The sketch of a text with these units. A text shorter than a run is one run.
    pub fn sketch(&self, text: &str, units: &Units) -> Sketch {
        let mut smallest = vec![u32::MAX; self.multipliers.len()];
        if !smallest.is_empty() {
            let length = if units.is_by_character() {
                self.settings.characters
            } else {
                self.settings.words
            };
            let hashes = &units.hashes;
            let runs = hashes.windows(length.min(hashes.len()).max(1));
            let runs: Vec<u32> = runs.map(shingle).collect();
            self.lower(&runs, &mut smallest);
        }
        Sketch {
            text: even(text),
            values: smallest.into_iter().map(low).collect(),
        }
    }

    /// Makes each value the least of itself and the function's values of `runs`.
    fn lower(&self, runs: &[u32], smallest: &mut [u32]) {
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has what the function is compiled for.
            unsafe { lower_avx2(runs, &self.multipliers, &self.addends, smallest) };
            return;
        }
        lower(runs, &self.multipliers, &self.addends, smallest);
    }
}

/// [`lower`], compiled for vectors of four products.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn lower_avx2(runs: &[u32], multipliers: &[u64], addends: &[u64], smallest: &mut [u32]) {
    lower(runs, multipliers, addends, smallest);
}

#[inline(always)]
fn lower(runs: &[u32], multipliers: &[u64], addends: &[u64], smallest: &mut [u32]) {
    for &run in runs {
        let functions = multipliers.iter().zip(addends);
        for (smallest, (multiplier, addend)) in smallest.iter_mut().zip(functions) {
            let value = u64::from(run).wrapping_mul(*multiplier);
            *smallest = (*smallest).min((value.wrapping_add(*addend) >> 32) as u32);
        }
    }
}

/// The low bits, which are spread evenly even where the smallest of many values is near 0.
fn low(value: u32) -> u16 {
    value as u16
}

/// A run's hash of 32 bits.
fn shingle(units: &[u64]) -> u32 {
    let hash = units.iter().fold(0, |hash: u64, &unit| {
        hash.rotate_left(23).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ unit
    });
    ((hash ^ (hash >> 29)).wrapping_mul(0xff51_afd7_ed55_8ccd) >> 32) as u32
}

/// The first eight bytes of the SHA-256 of a text whose runs of white space are single spaces, none at its ends.
fn even(text: &str) -> u64 {
    let mut hash = Sha256::new();
    for (at, part) in text.split_whitespace().enumerate() {
        if at > 0 {
            hash.update(b" ");
        }
        hash.update(part.as_bytes());
    }
    let digest: [u8; 32] = hash.finalize().into();
    u64::from_le_bytes(digest[..8].try_into().expect("eight of thirty-two bytes"))
}

/// The text's hash in a sketch's bytes.
pub(super) fn text(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(bytes[..8].try_into().expect("eight bytes"))
}

/// The values in a sketch's bytes.
pub(super) fn values(bytes: &[u8]) -> impl Iterator<Item = u16> + '_ {
    let pairs = bytes[8..].chunks_exact(2);
    pairs.map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
}

/// In how many values two documents agree.
pub(super) fn agreeing(one: &[u16], other: &[u16]) -> usize {
    one.iter().zip(other).filter(|(a, b)| a == b).count()
}

impl Sketch {
    /// As bytes, little endian, always as many for the same settings.
    pub fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.text.to_le_bytes());
        bytes.extend(self.values.iter().flat_map(|value| value.to_le_bytes()));
    }

    /// How many bytes [`Sketch::write`] writes.
    pub fn bytes(settings: &DedupSettings) -> usize {
        8 + 2 * if settings.near {
            settings.permutations
        } else {
            0
        }
    }

    /// The sketches [`Sketch::write`] wrote one after the other; `None` where `bytes` end within one.
    pub fn read_all(settings: &DedupSettings, bytes: &[u8]) -> Option<Vec<Self>> {
        let size = Self::bytes(settings);
        let chunks = bytes.chunks_exact(size);
        chunks.remainder().is_empty().then_some(())?;
        let read = |chunk: &[u8]| Self {
            text: text(chunk),
            values: values(chunk).collect(),
        };
        Some(chunks.map(read).collect())
    }
}

#[cfg(test)]
mod tests {
    use data::ngrams::units;

    use super::*;

    #[test]
    fn white_space_is_evened_out() {
        assert_eq!(even(" a\n\tb "), even("a b"));
        assert_ne!(even("a b"), even("ab"));
        assert_ne!(even("a b"), even("a B"));
    }

    #[test]
    fn the_least_values_are_kept_with_any_vectors() {
        // 3 · 2³² + 5 · 2³¹ and 4 · 2³² − 1 + 0, of which the upper halves are 5 and 3.
        let (multipliers, addends) = ([1 << 31, u64::MAX], [3 << 32, 4 << 32]);
        let mut smallest = [u32::MAX; 2];
        lower(&[5], &multipliers[..1], &addends[..1], &mut smallest[..1]);
        lower(&[1], &multipliers[1..], &addends[1..], &mut smallest[1..]);
        assert_eq!(smallest, [5, 3]);
        // 7 · 2³¹ and −7, with the addends 6 and 3; what is less stays.
        lower(&[7], &multipliers, &addends, &mut smallest);
        assert_eq!(smallest, [5, 3]);
        lower(&[1], &multipliers, &addends, &mut smallest);
        assert_eq!(smallest, [3, 3]);

        let sketcher = Sketcher::new(&DedupSettings::default());
        let runs: Vec<u32> = (1..500u32).map(|i| i.wrapping_mul(0x9e37_79b9)).collect();
        let mut plain = vec![u32::MAX; 128];
        let mut dispatched = plain.clone();
        lower(&runs, &sketcher.multipliers, &sketcher.addends, &mut plain);
        sketcher.lower(&runs, &mut dispatched);
        assert_eq!(plain, dispatched);
    }

    #[test]
    fn agreement_estimates_the_jaccard_index() {
        let settings = DedupSettings {
            permutations: 1024,
            words: 1,
            ..DedupSettings::default()
        };
        let sketcher = Sketcher::new(&settings);
        let sketch = |range: std::ops::Range<u32>| {
            let text: String = range.map(|i| format!("w{i} ")).collect();
            sketcher.sketch(&text, &units(&text)).values
        };
        let first = sketch(0..300);
        for (start, expected) in [
            (0, 1.0),
            (50, 250.0 / 350.0),
            (150, 150.0 / 450.0),
            (300, 0.0),
        ] {
            let other = sketch(start..start + 300);
            let agreeing = first.iter().zip(&other).filter(|(a, b)| a == b).count();
            let estimate = agreeing as f64 / 1024.0;
            // Four standard deviations.
            let bound = 4.0 * (expected * (1.0 - expected) / 1024.0f64).sqrt() + 1e-3;
            assert!(
                (estimate - expected).abs() <= bound,
                "{estimate} for {expected}"
            );
        }
    }

    #[test]
    fn sketches_are_written_and_read() {
        let settings = DedupSettings::default();
        let sketcher = Sketcher::new(&settings);
        let mut bytes = Vec::new();
        let sketches = ["", "a", "a b c d e f g"].map(|text| sketcher.sketch(text, &units(text)));
        sketches.iter().for_each(|sketch| sketch.write(&mut bytes));
        assert_eq!(bytes.len(), 3 * (8 + 256));
        assert_eq!(Sketch::read_all(&settings, &bytes).unwrap(), sketches);
        assert_eq!(Sketch::read_all(&settings, &bytes[1..]), None);
    }
}
