//! Gates for any stream of texts, one text at a time: what is held out, what came before, what surprises a model.
//!
//! ```
//! use corpus::DedupSettings;
//! use data::ngrams::{NgramIndex, NgramSettings};
//! use distill::{Duplicates, Likelihood, Surprise, held_out_check, perplexity_check, sift};
//!
//! /// Takes a byte for a token, and three nats for each `z`.
//! struct Letters;
//! impl Surprise for Letters {
//!     fn surprise(&self, _: &str, parts: &[&str]) -> Vec<Likelihood> {
//!         let nats = |part: &&str| 3.0 * part.matches('z').count() as f64;
//!         let of = |part| Likelihood { nats: nats(part), tokens: part.len() };
//!         parts.iter().map(of).collect()
//!     }
//! }
//!
//! let mut held_out = NgramIndex::new(NgramSettings::default());
//! held_out.add("What is 3 + 4?");
//! let mut before = Duplicates::new(&DedupSettings::default());
//! let check = |text: &&str| {
//!     held_out_check(text, &held_out)?;
//!     perplexity_check("", text, &Letters, 4.0)?;
//!     before.check(text)
//! };
//! let mut gates = Vec::new();
//! let texts = ["what is 3 + 4", "zzz", "It is seven.", "It is\nseven."];
//! let kept: Vec<&str> = sift(texts, check, |_, dropped| gates.push(dropped.gate.name())).collect();
//! assert_eq!(kept, ["It is seven."]);
//! assert_eq!(gates, ["held_out", "perplexity", "duplicate"]);
//! ```

use corpus::DedupSettings;
use corpus::dedup::{Dedup, Seen, Sketcher};
use data::ngrams::{NgramIndex, units};

use crate::candidate::{Dropped, Gate};
use crate::steps::{Likelihood, Surprise};

/// Whether no held-out text, nor a run of one, stands in `text`.
///
/// # Errors
/// The gate [`Gate::HeldOut`].
pub fn held_out_check(text: &str, held_out: &NgramIndex) -> Result<(), Dropped> {
    match held_out.is_in(text) {
        true => Err(Dropped::at(Gate::HeldOut, "a held-out text is in it")),
        false => Ok(()),
    }
}

/// Whether the perplexity of `response` after `question` is at most `most` to `model`. One that is no number is too
/// much as well.
///
/// # Errors
/// The gate [`Gate::Perplexity`], with what was found.
pub fn perplexity_check(
    question: &str,
    response: &str,
    model: &dyn Surprise,
    most: f64,
) -> Result<(), Dropped> {
    let said = model.surprise(question, &[response]);
    let found = said.into_iter().sum::<Likelihood>().perplexity();
    match found.is_nan() || found > most {
        true => {
            let detail = format!("a perplexity of {found:.1}, above {most}");
            Err(Dropped::at(Gate::Perplexity, detail))
        }
        false => Ok(()),
    }
}

/// The texts that have passed so far, in memory: some 500 bytes each.
#[derive(Debug, Clone)]
pub struct Duplicates {
    sketcher: Sketcher,
    seen: Dedup,
}

impl Duplicates {
    /// Of nothing yet. `settings` are taken as they are, see [`DedupSettings::fault`].
    pub fn new(settings: &DedupSettings) -> Self {
        Self {
            sketcher: Sketcher::new(settings),
            seen: Dedup::new(settings),
        }
    }

    /// Whether no text before was the same or much like it; one that passes is remembered.
    ///
    /// # Errors
    /// The gate [`Gate::Duplicate`], with what it is like.
    pub fn check(&mut self, text: &str) -> Result<(), Dropped> {
        let detail = match self.seen.see(&self.sketcher.sketch(text, &units(text))) {
            Seen::New => return Ok(()),
            Seen::Exact => "the same text as one before".to_owned(),
            Seen::Near {
                document,
                similarity,
            } => format!("like text {} of those kept: {similarity:.2}", document + 1),
        };
        Err(Dropped::at(Gate::Duplicate, detail))
    }
}

#[cfg(test)]
mod tests {
    use data::ngrams::NgramSettings;

    use super::*;
    use crate::sift::sift;

    /// Finds every text as surprising as it says.
    struct Said;

    impl Surprise for Said {
        fn surprise(&self, _: &str, parts: &[&str]) -> Vec<Likelihood> {
            let of = |part: &&str| Likelihood {
                nats: part.parse().unwrap_or(0.0),
                tokens: 1,
            };
            parts.iter().map(of).collect()
        }
    }

    fn words(range: std::ops::Range<u32>) -> String {
        range.map(|at| format!("w{at} ")).collect()
    }

    #[test]
    fn a_stream_goes_through_all_three() {
        let mut held_out = NgramIndex::new(NgramSettings::default());
        held_out.add(&words(1000..1030));
        let mut before = Duplicates::new(&DedupSettings::default());
        let check = |text: &String| {
            held_out_check(text, &held_out)?;
            perplexity_check("", text, &Said, 2.0)?;
            before.check(text)
        };
        let texts = [
            words(0..200),
            format!("So: {}", words(1010..1025)),
            words(0..200).replace(' ', "\n"),
            words(0..199),
            "0.69".to_owned(),
            "0.70".to_owned(),
            "NaN".to_owned(),
            words(500..700),
        ];
        let mut stopped = Vec::new();
        let told = |_, dropped: Dropped| stopped.push((dropped.gate, dropped.detail));
        let kept: Vec<String> = sift(texts.clone(), check, told).collect();
        // e^0.69 is 1.99 and e^0.70 is 2.01.
        assert_eq!(kept, [&texts[0], &texts[4], &texts[7]].map(String::clone));
        let gates: Vec<Gate> = stopped.iter().map(|(gate, _)| *gate).collect();
        let (held, high, same) = (Gate::HeldOut, Gate::Perplexity, Gate::Duplicate);
        assert_eq!(gates, [held, same, same, high, high]);
        assert!(stopped[1].1.starts_with("the same"), "{stopped:?}");
        assert!(stopped[2].1.starts_with("like text 1 "), "{stopped:?}");
        assert!(stopped[3].1.contains("2.0, above 2"), "{stopped:?}");
    }
}
