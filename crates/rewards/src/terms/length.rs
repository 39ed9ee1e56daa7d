//! The length term: how far a response is from the length asked for.

use data::Problem;
use serde::{Deserialize, Serialize};

use super::Tokens;
use crate::reward::{Reward, Verdict};

/// What the length term counts for, and which length it wants.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LengthConfig {
    /// Its weight in the total.
    pub weight: f32,
    /// n_gold, the tokens a response should have; at least 1.
    pub target: usize,
    /// α, what a token more or less costs; above 0, and 0.0003 in the paper.
    pub alpha: f32,
}

/// −min(1, α·|n_gold − n|) for a response of n tokens: the length part of LCPO-Exact (L1, arXiv
/// 2503.04697v1, equation 1), bounded so that no length costs more than a right answer earns. The
/// paper's other part, whether the answer is right, is the accuracy.
#[derive(Clone)]
pub struct Length {
    target: usize,
    alpha: f32,
    tokens: Tokens,
}

impl Length {
    pub(crate) fn new(config: &LengthConfig, tokens: Tokens) -> Self {
        Self {
            target: config.target,
            alpha: config.alpha,
            tokens,
        }
    }

    /// What `tokens` tokens cost: from −1 to 0.
    pub fn penalty(&self, tokens: usize) -> f32 {
        -(self.alpha * self.target.abs_diff(tokens) as f32).min(1.0)
    }
}

impl Reward for Length {
    fn name(&self) -> &'static str {
        "length"
    }

    fn score(&self, _problem: &Problem, response: &str) -> Verdict {
        match self.tokens.of(response) {
            Ok(tokens) => Verdict::Judged {
                // Not −0.
                score: self.penalty(tokens) + 0.0,
                reason: format!("{tokens} tokens, {} wanted", self.target),
            },
            Err(unjudged) => unjudged,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tokens::tests::words;
    use super::*;
    use crate::accuracy::tests::problem;

    #[test]
    fn the_penalty_is_worked_out_by_hand() {
        let config = LengthConfig {
            weight: 1.0,
            target: 4,
            alpha: 0.25,
        };
        let length = Length::new(&config, words(""));
        let score = |text: &str| length.score(&problem("12", "en"), text).score().unwrap();
        assert_eq!(score("a b c d"), 0.0);
        assert_eq!(score("a b c"), -0.25);
        assert_eq!(score("a b c d e f"), -0.5);
        assert_eq!(score("a b c d e f g h i j"), -1.0);
    }
}
