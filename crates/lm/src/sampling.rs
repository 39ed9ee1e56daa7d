//! The distribution a token is drawn from.

use serde::{Deserialize, Serialize};

mod device;
mod sampler;

pub(crate) use device::{Settings, draw_on_device};
pub use sampler::Sampler;
pub(crate) use sampler::argmax;

/// The sampling distribution: the softmax of the penalised logits divided by the temperature, cut
/// to the tokens that pass every filter, and scaled to sum 1.
///
/// The filters apply one after the other, as in `transformers`: `top_k`, then `top_p` of what
/// `top_k` left, then `min_p`. Tokens exactly as likely as the last one kept stay as well. The most
/// likely token always stays.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sampling {
    /// Divides the logits; 0 takes the most likely token.
    pub temperature: f64,
    /// Keeps the smallest set of most likely tokens whose probability reaches this, in (0, 1]
    /// (nucleus sampling, arXiv 1904.09751).
    pub top_p: f64,
    /// Keeps so many of the most likely tokens (arXiv 1805.04833); 0 keeps all.
    #[serde(default)]
    pub top_k: usize,
    /// Keeps the tokens at least this part as likely as the most likely one, in [0, 1]
    /// (arXiv 2407.01082).
    #[serde(default)]
    pub min_p: f64,
    /// Divides the positive logits of tokens that stand in the prompt or the response, and
    /// multiplies the negative ones; 1 leaves them (CTRL, arXiv 1909.05858, equation 4).
    #[serde(default = "one")]
    pub repetition_penalty: f64,
}

fn one() -> f64 {
    1.0
}

/// A setting outside its range.
#[derive(Debug, Clone, thiserror::Error, PartialEq)]
pub enum SamplingError {
    /// Below zero or not a number.
    #[error("temperature is {0}; it must be 0 (greedy) or above")]
    Temperature(f64),
    /// Outside (0, 1].
    #[error("top_p is {0}; it must be above 0 and at most 1")]
    TopP(f64),
    /// Outside [0, 1].
    #[error("min_p is {0}; it must be 0 (off) or above, and at most 1")]
    MinP(f64),
    /// Not above 0.
    #[error("repetition_penalty is {0}; it must be above 0, and 1 to be off")]
    RepetitionPenalty(f64),
}

impl Sampling {
    /// The model's own distribution.
    pub const PLAIN: Self = Self {
        temperature: 1.0,
        top_p: 1.0,
        top_k: 0,
        min_p: 0.0,
        repetition_penalty: 1.0,
    };

    /// Always the most likely token.
    pub const GREEDY: Self = Self {
        temperature: 0.0,
        ..Self::PLAIN
    };

    /// Checks the ranges.
    ///
    /// # Errors
    /// The first setting outside its range.
    pub fn validate(&self) -> Result<(), SamplingError> {
        if !(self.temperature >= 0.0 && self.temperature.is_finite()) {
            return Err(SamplingError::Temperature(self.temperature));
        }
        if !(self.top_p > 0.0 && self.top_p <= 1.0) {
            return Err(SamplingError::TopP(self.top_p));
        }
        if !(0.0..=1.0).contains(&self.min_p) {
            return Err(SamplingError::MinP(self.min_p));
        }
        if !(self.repetition_penalty > 0.0 && self.repetition_penalty.is_finite()) {
            return Err(SamplingError::RepetitionPenalty(self.repetition_penalty));
        }
        Ok(())
    }

    /// Whether logits depend on what was said before.
    pub(crate) fn penalises(&self) -> bool {
        self.repetition_penalty != 1.0
    }

    /// Whether tokens are cut from the distribution.
    pub(crate) fn cuts(&self) -> bool {
        self.top_p < 1.0 || self.top_k > 0 || self.min_p > 0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_checked() {
        let plain = Sampling::PLAIN;
        let error = |sampling: Sampling| sampling.validate().unwrap_err();
        for temperature in [-1.0, f64::INFINITY] {
            let sampling = Sampling {
                temperature,
                ..plain
            };
            assert_eq!(error(sampling), SamplingError::Temperature(temperature));
        }
        for top_p in [0.0, 1.5] {
            assert_eq!(
                error(Sampling { top_p, ..plain }),
                SamplingError::TopP(top_p)
            );
        }
        for min_p in [-0.1, 1.1] {
            assert_eq!(
                error(Sampling { min_p, ..plain }),
                SamplingError::MinP(min_p)
            );
        }
        for repetition_penalty in [0.0, -2.0, f64::INFINITY] {
            assert_eq!(
                error(Sampling {
                    repetition_penalty,
                    ..plain
                }),
                SamplingError::RepetitionPenalty(repetition_penalty)
            );
        }
        assert!(
            Sampling {
                temperature: f64::NAN,
                ..plain
            }
            .validate()
            .is_err()
        );
        assert!(
            Sampling {
                min_p: f64::NAN,
                ..plain
            }
            .validate()
            .is_err()
        );
        assert_eq!(plain.validate(), Ok(()));
        assert_eq!(Sampling::GREEDY.validate(), Ok(()));
    }
}
