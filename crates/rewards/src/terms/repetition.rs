//! The repetition term: how much of a response says again what it said.

use std::collections::HashSet;

use data::Problem;
use serde::{Deserialize, Serialize};

use crate::plain::is_han;
use crate::reward::{Reward, Verdict};
use crate::tags::Tag;

/// −(1 − distinct n-grams / n-grams) over the words of the response: 0 where no phrase of n words
/// comes twice, towards −1 where one goes on and on. The n-gram repetition penalty of Yeo et al.
/// (arXiv 2502.03373, appendix C.2), given to the response as a whole rather than to its tokens.
///
/// A word is what stands between blanks or tags, whatever its case; a Chinese character is a word of
/// its own.
/// Fewer than n words repeat nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Repetition {
    /// Words of a phrase, n; at least 1, and 3 is usual.
    pub ngram: usize,
}

/// The repetition term with its weight.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RepetitionConfig {
    /// Its weight in the total.
    pub weight: f32,
    /// Words of a phrase, n; at least 1, and 3 is usual.
    pub ngram: usize,
}

/// How many phrases of a text came before in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Repeated {
    /// Phrases that came before.
    pub again: usize,
    /// All phrases.
    pub of: usize,
}

impl Repeated {
    /// Those that came before over all, from 0 to 1; 0 where there is none.
    pub fn share(self) -> f32 {
        match self.again {
            0 => 0.0,
            again => again as f32 / self.of as f32,
        }
    }
}

impl Repetition {
    /// What the term is made of.
    pub fn repeated(&self, text: &str) -> Repeated {
        let words = words(text);
        let phrases: Vec<&[String]> = words.windows(self.ngram.max(1)).collect();
        let distinct = phrases.iter().collect::<HashSet<_>>().len();
        Repeated {
            again: phrases.len() - distinct,
            of: phrases.len(),
        }
    }
}

impl Reward for Repetition {
    fn name(&self) -> &'static str {
        "repetition"
    }

    fn score(&self, _problem: &Problem, response: &str) -> Verdict {
        let repeated = self.repeated(response);
        Verdict::Judged {
            score: 0.0 - repeated.share(),
            reason: format!("{} of {} phrases came before", repeated.again, repeated.of),
        }
    }
}

fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let text = Tag::ALL
        .iter()
        .fold(text.to_owned(), |text, tag| text.replace(tag.text(), " "));
    for word in text.split_whitespace() {
        let mut open = String::new();
        for c in word.chars() {
            if is_han(c) {
                words.extend((!open.is_empty()).then(|| std::mem::take(&mut open)));
                words.push(c.to_string());
            } else {
                open.extend(c.to_lowercase());
            }
        }
        words.extend((!open.is_empty()).then_some(open));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accuracy::tests::problem;

    fn score(ngram: usize, text: &str) -> f32 {
        let repetition = Repetition { ngram };
        repetition
            .score(&problem("12", "en"), text)
            .score()
            .unwrap()
    }

    #[test]
    fn phrases_are_counted_by_hand() {
        // ab, bc, ca, ab: one of four came before.
        assert_eq!(score(2, "a b c A b"), -0.25);
        assert_eq!(score(3, "a b c a b"), 0.0);
        assert_eq!(score(1, "a a a a"), -0.75);
        assert_eq!(score(3, "a b"), 0.0);
        assert_eq!(score(3, ""), 0.0);
        // 七加, 加五, 五七, 七加.
        assert_eq!(score(2, "七加五七加"), -0.25);
    }

    #[test]
    fn a_loop_costs_almost_everything() {
        assert!(score(3, &"wait, let me think. ".repeat(200)) < -0.99);
        assert_eq!(
            score(3, "Seven and five make twelve, so twelve it is."),
            0.0
        );
    }
}
