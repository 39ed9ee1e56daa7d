//! How a token is drawn from logits.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// The sampling distribution.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sampling {
    /// Divides the logits; 0 takes the most likely token.
    pub temperature: f64,
    /// Keeps the smallest set of most likely tokens whose probability reaches this, in (0, 1].
    pub top_p: f64,
}

/// A setting outside its range.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum SamplingError {
    /// Below zero or not a number.
    #[error("temperature is {0}; it must be 0 (greedy) or above")]
    Temperature(f64),
    /// Outside (0, 1].
    #[error("top_p is {0}; it must be above 0 and at most 1")]
    TopP(f64),
}

impl Sampling {
    /// Always the most likely token.
    pub const GREEDY: Self = Self {
        temperature: 0.0,
        top_p: 1.0,
    };

    /// The model's own distribution.
    pub const PLAIN: Self = Self {
        temperature: 1.0,
        top_p: 1.0,
    };

    /// Checks the ranges.
    pub fn validate(&self) -> Result<(), SamplingError> {
        if !(self.temperature >= 0.0 && self.temperature.is_finite()) {
            return Err(SamplingError::Temperature(self.temperature));
        }
        if !(self.top_p > 0.0 && self.top_p <= 1.0) {
            return Err(SamplingError::TopP(self.top_p));
        }
        Ok(())
    }
}

/// One sample's source of randomness.
///
/// It is consumed one number a token, so a sample's tokens depend on its own stream alone.
pub struct Sampler {
    rng: ChaCha8Rng,
}

impl Sampler {
    /// The stream of sample `sample` of prompt `id`.
    pub fn new(seed: u64, id: &str, sample: u32) -> Self {
        Self {
            rng: data::seed::stream(seed, &[id, &sample.to_string()]),
        }
    }

    /// Draws a token and returns it with its log-probability under the sampling distribution,
    /// after `top_p`. Greedy choices have log-probability 0; ties take the lowest id.
    ///
    /// Logits must hold at least one finite value.
    pub fn draw(&mut self, logits: &[f32], sampling: &Sampling) -> (u32, f32) {
        let uniform: f64 = self.rng.random();
        let best = argmax(logits);
        if sampling.temperature == 0.0 {
            return (best as u32, 0.0);
        }
        let scale = (1.0 / sampling.temperature) as f32;
        let top = logits[best];
        let weights: Vec<f32> = logits.iter().map(|&l| ((l - top) * scale).exp()).collect();
        let total: f64 = weights.iter().map(|&w| f64::from(w)).sum();
        let kept = if sampling.top_p < 1.0 {
            nucleus(&weights, total, sampling.top_p)
        } else {
            Kept { floor: 0.0, total }
        };
        let mut left = uniform * kept.total;
        let mut chosen = best;
        for (id, &weight) in weights.iter().enumerate() {
            if weight < kept.floor || weight == 0.0 {
                continue;
            }
            chosen = id;
            left -= f64::from(weight);
            if left < 0.0 {
                break;
            }
        }
        (
            chosen as u32,
            (f64::from(weights[chosen]) / kept.total).ln() as f32,
        )
    }
}

/// The tokens that stay: those of at least this weight, and their sum.
struct Kept {
    floor: f32,
    total: f64,
}

fn nucleus(weights: &[f32], total: f64, top_p: f64) -> Kept {
    let mut sorted: Vec<f32> = weights.iter().copied().filter(|&w| w > 1e-9).collect();
    sorted.sort_unstable_by(|a, b| b.total_cmp(a));
    let mut sum = 0.0;
    for &weight in &sorted {
        sum += f64::from(weight);
        if sum >= top_p * total {
            let kept = weights
                .iter()
                .filter(|&&w| w >= weight)
                .map(|&w| f64::from(w))
                .sum();
            return Kept {
                floor: weight,
                total: kept,
            };
        }
    }
    Kept { floor: 0.0, total }
}

/// The first of the largest.
pub(crate) fn argmax(logits: &[f32]) -> usize {
    let mut best = 0;
    for (id, &logit) in logits.iter().enumerate() {
        if logit > logits[best] {
            best = id;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greedy_takes_the_first_of_the_largest() {
        let (id, log_prob) = Sampler::new(1, "p", 0).draw(&[0.0, 2.0, 2.0], &Sampling::GREEDY);
        assert_eq!((id, log_prob), (1, 0.0));
    }

    #[test]
    fn frequencies_follow_the_softmax() {
        // softmax of ln 1, ln 2, ln 5
        let logits = [0.0, 2f32.ln(), 5f32.ln()];
        let mut counts = [0; 3];
        let mut sampler = Sampler::new(7, "p", 0);
        for _ in 0..20_000 {
            let (id, log_prob) = sampler.draw(&logits, &Sampling::PLAIN);
            counts[id as usize] += 1;
            let expected = [1.0f32, 2.0, 5.0][id as usize] / 8.0;
            assert!((log_prob - expected.ln()).abs() < 1e-6);
        }
        for (count, share) in counts.iter().zip([0.125, 0.25, 0.625]) {
            assert!(
                (f64::from(*count) / 20_000.0 - share).abs() < 0.015,
                "{counts:?}"
            );
        }
    }

    #[test]
    fn top_p_drops_the_tail_and_renormalises() {
        let logits = [0.0, 2f32.ln(), 5f32.ln()];
        let sampling = Sampling {
            temperature: 1.0,
            top_p: 0.8,
        };
        let mut sampler = Sampler::new(7, "p", 0);
        for _ in 0..500 {
            let (id, log_prob) = sampler.draw(&logits, &sampling);
            assert_ne!(id, 0);
            let expected = [0.0f32, 2.0, 5.0][id as usize] / 7.0;
            assert!((log_prob - expected.ln()).abs() < 1e-6);
        }
    }

    #[test]
    fn streams_differ_by_prompt_and_sample_only() {
        let draw = |seed, id: &str, sample| {
            let mut sampler = Sampler::new(seed, id, sample);
            (0..8)
                .map(|_| sampler.draw(&[0.0; 50], &Sampling::PLAIN).0)
                .collect::<Vec<_>>()
        };
        assert_eq!(draw(1, "a", 0), draw(1, "a", 0));
        assert_ne!(draw(1, "a", 0), draw(1, "a", 1));
        assert_ne!(draw(1, "a", 0), draw(1, "b", 0));
        assert_ne!(draw(1, "a", 0), draw(2, "a", 0));
    }

    #[test]
    fn ranges_are_checked() {
        let sampling = Sampling {
            temperature: -1.0,
            top_p: 1.0,
        };
        assert_eq!(sampling.validate(), Err(SamplingError::Temperature(-1.0)));
        let sampling = Sampling {
            temperature: 1.0,
            top_p: 0.0,
        };
        assert_eq!(sampling.validate(), Err(SamplingError::TopP(0.0)));
    }
}
