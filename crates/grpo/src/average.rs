//! How the token losses of a step become one number: the weight of each token in a sum.

use serde::{Deserialize, Serialize};

/// How token losses become one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LossScale {
    /// The mean over responses of the mean over their tokens (GRPO, arXiv 2402.03300, equation 3).
    /// A token of a short response counts more than one of a long one.
    Response,
    /// The mean over the tokens of this optimizer step (BNPO).
    Token,
    /// The sum over tokens, divided by the tokens an optimizer step of this rollout has on average
    /// (DAPO, arXiv 2503.14476v2, equation 12): every token of a rollout counts the same, in whichever
    /// step it is. With one step a rollout it is [`LossScale::Token`].
    Rollout,
    /// The sum over tokens, divided by responses × the longest response allowed (Dr. GRPO,
    /// arXiv 2503.20783v2, listing 1).
    Constant(usize),
    /// The mean over responses of the sum over their tokens (LUSPO, arXiv 2602.05261v1,
    /// equation 7): a response counts by its length.
    Sum,
}

/// What a mean is taken over.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Counts {
    /// Responses of this optimizer step, masked and empty ones included.
    pub responses: usize,
    /// Their tokens that are trained on.
    pub tokens: usize,
    /// Tokens that an optimizer step of the rollout has on average.
    pub rollout_tokens: f64,
}

impl LossScale {
    /// The weight of each token of a response of `length` tokens; the weighted sum over all tokens
    /// of the step is the loss.
    pub fn weight(self, length: usize, counts: &Counts) -> f64 {
        let Counts {
            responses, tokens, ..
        } = *counts;
        match self {
            Self::Response => 1.0 / (length.max(1) * responses) as f64,
            Self::Token => 1.0 / tokens.max(1) as f64,
            Self::Rollout => 1.0 / counts.rollout_tokens.max(1.0),
            Self::Constant(longest) => 1.0 / (longest * responses) as f64,
            Self::Sum => 1.0 / responses as f64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_of_a_token() {
        let counts = Counts {
            responses: 4,
            tokens: 100,
            rollout_tokens: 80.0,
        };
        assert_eq!(LossScale::Response.weight(5, &counts), 1.0 / 20.0);
        assert_eq!(LossScale::Token.weight(5, &counts), 1.0 / 100.0);
        assert_eq!(LossScale::Rollout.weight(5, &counts), 1.0 / 80.0);
        assert_eq!(LossScale::Constant(8).weight(5, &counts), 1.0 / 32.0);
        assert_eq!(LossScale::Sum.weight(5, &counts), 1.0 / 4.0);
    }
}
