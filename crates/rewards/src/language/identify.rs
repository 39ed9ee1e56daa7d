//! Which of several languages of one script a few words are in.
//!
//! Three witnesses are heard. The function words weigh most, each shared among the languages it
//! belongs to; `whichlang`, a classifier of letter sequences, and `whatlang`, which knows more
//! languages but errs more often on a few words, settle what they leave open. Left out: words of
//! one language inside a sentence of another, which are taken for that sentence's.

use whatlang::{Detector, Lang};

use super::function_words::languages_of;
use crate::units::Unit;

/// What `whichlang` weighs against a function word that only one language has.
const CLASSIFIER: f32 = 0.3;

/// What `whatlang` weighs.
const DETECTOR: f32 = 0.1;

/// The detectors for one set of languages.
pub(super) struct Identifier {
    candidates: Vec<Lang>,
    detector: Detector,
}

impl Identifier {
    pub(super) fn new(candidates: Vec<Lang>) -> Self {
        Self {
            detector: Detector::with_allowlist(candidates.clone()),
            candidates,
        }
    }

    /// The language of `words`, which should be two or more; `None` where nothing speaks for any.
    pub(super) fn identify(&self, words: &[&Unit]) -> Option<Lang> {
        let mut scores = vec![0.0; self.candidates.len()];
        for word in words {
            let sharing: Vec<usize> = languages_of(&word.text)
                .iter()
                .filter_map(|lang| self.place(*lang))
                .collect();
            for &place in &sharing {
                scores[place] += 1.0 / sharing.len() as f32;
            }
        }
        let text: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
        let text = text.join(" ");
        let classified = whichlang::detect_language(&text).three_letter_code();
        let classified = Lang::from_code(classified).and_then(|lang| self.place(lang));
        let detected = self.detector.detect_lang(&text);
        let detected = detected.and_then(|lang| self.place(lang));
        for (place, weight) in [(classified, CLASSIFIER), (detected, DETECTOR)] {
            if let Some(place) = place {
                scores[place] += weight;
            }
        }
        let best = scores.iter().copied().fold(0.0, f32::max);
        let first = scores.iter().position(|&score| score == best && best > 0.0);
        first.map(|place| self.candidates[place])
    }

    fn place(&self, lang: Lang) -> Option<usize> {
        self.candidates.iter().position(|other| *other == lang)
    }
}
