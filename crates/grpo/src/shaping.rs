//! What becomes of responses that are too long.

use serde::{Deserialize, Serialize};

/// What becomes of a response that was cut off at the budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Truncated {
    /// It is trained on like any other.
    Keep,
    /// Its tokens are left out of the loss (arXiv 2503.14476v2, section 3.4). Its reward still counts
    /// in its group, and it still counts as a response where a loss is averaged over responses.
    Mask,
}

/// A soft limit on the length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Overlong {
    /// L_max, tokens a response may have.
    pub longest: usize,
    /// L_cache, how many before that the penalty begins; at most `longest`.
    pub cache: usize,
}

impl Overlong {
    /// What a response of `length` tokens loses of its reward: 0 up to L_max − L_cache, then falling
    /// evenly to −1 at L_max, −1 beyond (arXiv 2503.14476v2, equation 13).
    pub fn penalty(self, length: usize) -> f64 {
        let begins = self.longest.saturating_sub(self.cache);
        if length <= begins {
            0.0
        } else if length <= self.longest {
            -((length - begins) as f64) / self.cache as f64
        } else {
            -1.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_responses_lose() {
        let shape = Overlong {
            longest: 20,
            cache: 4,
        };
        let found = [1, 16, 17, 19, 20, 21].map(|length| shape.penalty(length));
        assert_eq!(found, [0.0, 0.0, -0.25, -0.75, -1.0, -1.0]);
        let hard = Overlong {
            longest: 20,
            cache: 0,
        };
        assert_eq!([20, 21].map(|length| hard.penalty(length)), [0.0, -1.0]);
    }
}
