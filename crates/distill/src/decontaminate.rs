//! Keeps what is held out of what is learned from.

use data::ngrams::{NgramIndex, NgramSettings};
use data::{Problem, Sample};

/// Held-out questions with fewer words are not looked for inside of longer ones.
const SHORTEST: usize = 8;

/// Drops the samples whose question is a held-out one, and says how many. Questions are the same
/// when they differ in nothing but case, spacing and the marks between words; a held-out question
/// of eight words or more may also stand anywhere in the sample's. Numbers and operators count, so
/// two problems from one mould are different questions. A question without a word is never held
/// out.
///
/// Left out: parts of questions, since problems from one mould share long ones, paraphrases and
/// translations. The generated tasks part their problems by content before anything is worded.
pub fn decontaminate(samples: Vec<Sample>, held_out: &[Problem]) -> (Vec<Sample>, usize) {
    let mut index = NgramIndex::new(NgramSettings {
        words: 0,
        characters: 0,
        shortest: SHORTEST,
    });
    for problem in held_out {
        index.add(&problem.question);
    }
    let before = samples.len();
    let kept: Vec<Sample> = samples
        .into_iter()
        .filter(|sample| !index.is_in(&sample.question))
        .collect();
    let dropped = before - kept.len();
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
        let samples = questions.map(|question| sample("id", question)).to_vec();
        let (kept, dropped) = decontaminate(samples, &held_out);
        let kept: Vec<&str> = kept.iter().map(|sample| &*sample.question).collect();
        assert_eq!(
            kept,
            [questions[1], questions[2], questions[4], questions[5]]
        );
        assert_eq!(dropped, 2);
    }
}
