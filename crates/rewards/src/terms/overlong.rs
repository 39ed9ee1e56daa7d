//! The overlong term: a soft limit on the length.

use data::Problem;
use serde::{Deserialize, Serialize};

use super::Tokens;
use crate::reward::{Reward, Verdict};

/// What the overlong term counts for, and where it begins.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OverlongConfig {
    /// Its weight in the total.
    pub weight: f32,
    /// L_max, tokens a response may have.
    pub longest: usize,
    /// L_cache, how many tokens before that the penalty begins; at most `longest`.
    pub cache: usize,
}

/// The soft overlong punishment of DAPO (arXiv 2503.14476v2, equation 13): 0 up to L_max − L_cache
/// tokens, then falling evenly to −1 at L_max, and −1 beyond.
///
/// A run of RL needs it not: there `overlong` of the stage does the same with the tokens the model
/// wrote. This one is for texts.
#[derive(Clone)]
pub struct Overlong {
    longest: usize,
    cache: usize,
    tokens: Tokens,
}

impl Overlong {
    pub(crate) fn new(config: &OverlongConfig, tokens: Tokens) -> Self {
        Self {
            longest: config.longest,
            cache: config.cache,
            tokens,
        }
    }

    /// What `tokens` tokens cost: from −1 to 0.
    pub fn penalty(&self, tokens: usize) -> f32 {
        let begins = self.longest.saturating_sub(self.cache);
        if tokens <= begins {
            0.0
        } else if tokens <= self.longest {
            -((tokens - begins) as f32) / self.cache as f32
        } else {
            -1.0
        }
    }
}

impl Reward for Overlong {
    fn name(&self) -> &'static str {
        "overlong"
    }

    fn score(&self, _problem: &Problem, response: &str) -> Verdict {
        match self.tokens.of(response) {
            Ok(tokens) => Verdict::Judged {
                score: self.penalty(tokens),
                reason: format!("{tokens} tokens of at most {}", self.longest),
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
    fn the_penalty_grows_within_the_cache() {
        let config = OverlongConfig {
            weight: 1.0,
            longest: 20,
            cache: 4,
        };
        let overlong = Overlong::new(&config, words(""));
        let score = |tokens: usize| {
            let text = "a ".repeat(tokens);
            overlong.score(&problem("12", "en"), &text).score().unwrap()
        };
        let found = [1, 16, 17, 19, 20, 21].map(score);
        assert_eq!(found, [0.0, 0.0, -0.25, -0.75, -1.0, -1.0]);
        let hard = Overlong {
            cache: 0,
            ..overlong.clone()
        };
        assert_eq!([20, 21].map(|tokens| hard.penalty(tokens)), [0.0, -1.0]);
    }
}
