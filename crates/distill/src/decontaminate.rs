//! Keeps what is held out of what is learned from.

use data::ngrams::{NgramIndex, NgramSettings};
use data::{Problem, Sample};

use crate::candidate::Dropped;
use crate::gates::held_out_check;
use crate::sift::sift;

/// Held-out questions with fewer words are not looked for inside of longer texts.
const SHORTEST: usize = 8;

/// The questions that are held out.
#[derive(Debug, Clone)]
pub struct HeldOutQuestions(NgramIndex);

impl HeldOutQuestions {
    /// Those of `problems`.
    pub fn new(problems: &[Problem]) -> Self {
        let mut index = NgramIndex::new(NgramSettings {
            words: 0,
            characters: 0,
            shortest: SHORTEST,
        });
        for problem in problems {
            index.add(&problem.question);
        }
        Self(index)
    }

    /// Whether neither the question nor the response of a sample is a held-out question. They are the same
    /// when they differ in nothing but case, spacing and the marks between words; a held-out question of
    /// eight words or more may also stand anywhere in them. Numbers and operators count, so two problems
    /// from one mould are different questions. A question without a word is never held out.
    ///
    /// Left out: parts of questions, since problems from one mould share long ones, paraphrases and
    /// translations. The generated tasks part their problems by content before anything is worded.
    ///
    /// # Errors
    /// The gate [`crate::Gate::HeldOut`].
    pub fn check(&self, sample: &Sample) -> Result<(), Dropped> {
        self.check_text(&sample.question)?;
        self.check_text(&sample.response)
    }

    /// The same of a single text.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub fn check_text(&self, text: &str) -> Result<(), Dropped> {
        held_out_check(text, &self.0)
    }
}

/// Drops the samples that [`HeldOutQuestions`] finds, and says how many.
pub fn decontaminate(samples: Vec<Sample>, held_out: &[Problem]) -> (Vec<Sample>, usize) {
    let held_out = HeldOutQuestions::new(held_out);
    let mut dropped = 0;
    let check = |sample: &Sample| held_out.check(sample);
    let kept = sift(samples, check, |_, _| dropped += 1).collect();
    (kept, dropped)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chains::{problem, sample};

    #[test]
    fn held_out_questions_are_dropped() {
        let held_out = [
            problem("What is 8 - 4?", "4"),
            problem("Tom is taller than Kim. Kim is taller than Sam.", "Tom"),
            problem("", ""),
        ];
        let questions = [
            "what is 8-4",
            "What is 8 - 4 - 2?",
            "What is 8 + 4?",
            "Ann sings. Tom is taller than Kim. Kim is taller than Sam. Who is tallest?",
            "Tom is taller than Kim. Kim is taller than Ann.",
            "",
        ];
        let mut samples = questions.map(|question| sample("id", question)).to_vec();
        let mut answer = sample("id", "Tell me of Tom, Kim and Sam.");
        answer.response = "Well: Tom is taller than Kim, Kim is taller than Sam.".into();
        samples.push(answer);
        let (kept, dropped) = decontaminate(samples, &held_out);
        let kept: Vec<&str> = kept.iter().map(|sample| &*sample.question).collect();
        assert_eq!(
            kept,
            [questions[1], questions[2], questions[4], questions[5]]
        );
        assert_eq!(dropped, 3);
    }
}
