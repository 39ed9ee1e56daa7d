//! The format reward: how far a response's structure is that of the template
//! `<think>…</think><answer>…</answer>`.
//!
//! The structure is a vector of yes-or-no features, so two responses built alike score exactly
//! alike. That matters under GRPO: with the answers of a group tied, dividing by the standard
//! deviation would blow any difference of ±0.01 up to a full advantage.

use data::Problem;

use crate::reward::{Reward, Verdict};
use crate::tags::{Block, Mark, Tag, blocks, has_words, is_seen, marks, rendered};

/// How many features [`structure`] has.
pub const FEATURES: usize = 19;

/// The structure of the template: the first twelve features and none of the rest.
pub const TEMPLATE: [u8; FEATURES] = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0];

/// The structure vector of a response; every entry is 0 or 1.
///
/// | entries | 1 when |
/// | --- | --- |
/// | 0–3 | `<think>`, `</think>`, `<answer>`, `</answer>` occurs exactly once |
/// | 4–6 | somewhere the next tag after `<think>` is `</think>`, then `<answer>`, then `</answer>` |
/// | 7 | there are tags, and all pair up without nesting |
/// | 8 | there are tags, and only whitespace outside the paired ones |
/// | 9 | a think block has a letter or digit in it that is seen |
/// | 10 | an answer block has something visible in it |
/// | 11 | there are both kinds of blocks, and every answer block follows every think block |
/// | 12–15 | the tag occurs more than once |
/// | 16 | there is another step from tag to tag than those of 4–6 |
/// | 17 | a tag is left without its partner |
/// | 18 | there are tags, and text outside the paired ones |
///
/// A text without any tag is all zeros.
pub fn structure(response: &str) -> [u8; FEATURES] {
    let marks = marks(response);
    let blocks = blocks(&marks);
    let mut vector = [0; FEATURES];
    for tag in Tag::ALL {
        match marks.iter().filter(|mark| mark.tag == tag).count() {
            0 => {}
            1 => vector[tag as usize] = 1,
            _ => vector[12 + tag as usize] = 1,
        }
    }
    for step in marks.windows(2) {
        vector[step_feature(step)] = 1;
    }
    if marks.is_empty() {
        return vector;
    }
    let paired = blocks.len() * 2 == marks.len();
    vector[if paired { 7 } else { 17 }] = 1;
    let outside = has_text_outside(response, &marks, &blocks);
    vector[if outside { 18 } else { 8 }] = 1;
    let inner = |tag| {
        blocks
            .iter()
            .filter(move |block| block.tag == tag)
            .map(|b| &response[b.inner.clone()])
    };
    vector[9] = inner(Tag::Think).any(has_words).into();
    vector[10] = inner(Tag::Answer)
        .any(|text| is_seen(&rendered(text)))
        .into();
    let first_answer = blocks.iter().position(|block| block.tag == Tag::Answer);
    let last_think = blocks.iter().rposition(|block| block.tag == Tag::Think);
    vector[11] =
        matches!((last_think, first_answer), (Some(think), Some(answer)) if think < answer).into();
    vector
}

fn step_feature(step: &[Mark]) -> usize {
    match (step[0].tag, step[1].tag) {
        (Tag::Think, Tag::EndThink) => 4,
        (Tag::EndThink, Tag::Answer) => 5,
        (Tag::Answer, Tag::EndAnswer) => 6,
        _ => 16,
    }
}

fn has_text_outside(response: &str, marks: &[Mark], blocks: &[Block]) -> bool {
    let strays = marks.iter().map(|mark| mark.at.clone());
    let mut covered: Vec<_> = blocks.iter().map(Block::outer).chain(strays).collect();
    covered.sort_by_key(|range| range.start);
    let mut end = 0;
    for range in covered {
        if range.start > end && !response[end..range.start].trim().is_empty() {
            return true;
        }
        end = end.max(range.end);
    }
    !response[end..].trim().is_empty()
}

/// Whether `response` is one think block and then one answer block, both with content, and
/// nothing but whitespace around them. Exactly the responses whose format score is 1.
pub fn strict(response: &str) -> bool {
    structure(response) == TEMPLATE
}

/// The cosine between the response's [`structure`] and the [`TEMPLATE`]'s, from 0 (no tags) to
/// exactly 1 (the template).
///
/// With `m` of the template's twelve features and `o` of the others it is `m / √(12·(m + o))`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Format;

impl Reward for Format {
    fn name(&self) -> &'static str {
        "format"
    }

    fn score(&self, _problem: &Problem, response: &str) -> Verdict {
        let vector = structure(response);
        let score = cosine(&vector, &TEMPLATE);
        let reason = if vector == TEMPLATE {
            "keeps the template"
        } else {
            "another structure"
        };
        Verdict::Judged {
            score,
            reason: reason.into(),
        }
    }
}

/// The cosine of two vectors of zeros and ones; 0 where one of them is all zeros.
fn cosine(left: &[u8; FEATURES], right: &[u8; FEATURES]) -> f32 {
    let ones = |vector: &[u8; FEATURES]| vector.iter().map(|&x| u16::from(x)).sum::<u16>();
    let both = left
        .iter()
        .zip(right)
        .map(|(&a, &b)| u16::from(a * b))
        .sum::<u16>();
    let norms = ones(left) * ones(right);
    if norms == 0 {
        0.0
    } else {
        f32::from(both) / f32::from(norms).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accuracy::tests::problem;

    fn score(response: &str) -> f32 {
        Format
            .score(&problem("12", "en"), response)
            .score()
            .unwrap()
    }

    #[test]
    fn the_template_scores_exactly_one() {
        for response in [
            "<think>a</think><answer>12</answer>",
            "<think>\nSeven and five.\n</think>\n\n<answer> twelve </answer>\n",
        ] {
            assert_eq!(score(response), 1.0);
            assert!(strict(response));
        }
    }

    #[test]
    fn text_without_tags_scores_exactly_zero() {
        for response in ["", "12", "think answer", "<b>12</b>", "<think"] {
            assert_eq!(score(response), 0.0);
            assert!(!strict(response));
        }
    }

    #[test]
    fn the_vector_is_worked_out_by_hand() {
        // Features 2, 3 (tags once), 6 (step), 7 (paired), 10 (content); 18 (text outside).
        let response = "so <answer>12</answer>";
        let expected = [0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1];
        assert_eq!(structure(response), expected);
        assert!((score(response) - 5.0 / 72.0_f32.sqrt()).abs() < 1e-6);
        // Empty thoughts: all but feature 9, so 11 / sqrt(12 * 11).
        let empty = "<think> . </think><answer>12</answer>";
        assert!((score(empty) - (11.0_f32 / 12.0).sqrt()).abs() < 1e-6);
    }

    #[test]
    fn equal_structures_tie_whatever_their_text() {
        let long = format!("<think>{}</think>12", "word ".repeat(500));
        assert_eq!(score(&long), score("<think>a</think> twelve"));
    }

    #[test]
    fn only_strict_responses_score_one() {
        for response in [
            "x<think>a</think><answer>12</answer>",
            "<think>a</think>\u{200b}<answer>12</answer>",
            "<think>a</think><answer>\u{200b}</answer>",
            "<think>\u{200b}</think><answer>12</answer>",
            "<answer>12</answer><think>a</think>",
            "<think>a<answer>12</answer></think>",
            "<think>a</think><answer>12</answer><answer>12</answer>",
            "<think>a</think><answer>12</answer><think>a</think><answer>12</answer>",
            "a</think><answer>12</answer>",
            "<think>a</think><answer>12",
        ] {
            assert!(score(response) < 1.0, "{response}");
            assert!(!strict(response), "{response}");
        }
    }
}
