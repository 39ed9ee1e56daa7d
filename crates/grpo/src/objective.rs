//! The objective, token by token.
//!
//! With r = π/π_old and ρ = log π_ref − log π, a token's loss is
//! −min(r·A, clip(r, 1−ε, 1+ε_high)·A) + β·KL (arXiv 2402.03300, equation 3, with the clip of DAPO,
//! arXiv 2503.14476). PPO's critic, entropy terms and reward shaping are left out.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::AdvantageScale;

/// Settings of the objective.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrpoConfig {
    /// β, weight of the KL term; 0 leaves the reference out.
    pub beta: f64,
    /// ε, how far the ratio may fall below 1.
    pub epsilon: f64,
    /// ε_high, how far it may rise above 1.
    pub epsilon_high: f64,
    /// The estimator of the KL term.
    pub kl: Kl,
    /// What advantages are divided by.
    pub advantage_scale: AdvantageScale,
    /// How token losses are averaged.
    pub loss_scale: LossScale,
    /// Passes over the same responses.
    pub inner_epochs: usize,
    /// Optimizer steps a pass.
    pub minibatches: usize,
    /// The temperature responses were sampled at; log-probs are taken at the same.
    pub temperature: f64,
}

/// Estimators of KL(π ‖ π_ref) from one token (Schulman, "Approximating KL divergence", 2020).
///
/// As a loss on samples of π, their gradients differ: k1's is zero in expectation, k2's is that of
/// KL(π ‖ π_ref), k3's that of KL(π_ref ‖ π) to first order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kl {
    /// −ρ.
    K1,
    /// ρ²/2.
    K2,
    /// e^ρ − ρ − 1.
    K3,
}

/// How token losses become one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LossScale {
    /// The mean over responses of the mean over their tokens (GRPO).
    Response,
    /// The mean over all tokens of the step (DAPO).
    Token,
    /// The sum over tokens, divided by responses × the longest response allowed (Dr. GRPO).
    Constant(usize),
}

impl LossScale {
    /// The weight of each token of a response of `length` tokens, in a step of `responses`
    /// responses and `tokens` tokens.
    pub fn weight(self, length: usize, responses: usize, tokens: usize) -> f64 {
        match self {
            Self::Response => 1.0 / (length * responses) as f64,
            Self::Token => 1.0 / tokens as f64,
            Self::Constant(longest) => 1.0 / (longest * responses) as f64,
        }
    }
}

/// Differences of log-probs are held to ±this before they are exponentiated.
const MAX_LOG_RATIO: f64 = 20.0;

/// The parts of each token's loss, `[n]` each.
pub struct TokenTerms {
    /// −min(r·A, clip(r)·A).
    pub surrogate_n: Tensor<1>,
    /// The KL estimate, without β; present where there is a reference.
    pub kl_n: Option<Tensor<1>>,
    /// 1 where the clip cut the gradient off.
    pub clipped_n: Tensor<1>,
}

/// Computes the terms.
///
/// # Shapes
/// All `[n]`: log-probs of the policy (with gradient), of the policy that sampled, of the reference,
/// and each token's advantage.
pub fn token_terms(
    log_probs_n: Tensor<1>,
    old_n: Tensor<1>,
    reference_n: Option<Tensor<1>>,
    advantage_n: Tensor<1>,
    config: &GrpoConfig,
) -> TokenTerms {
    let log_ratio = (log_probs_n.clone() - old_n).clamp(-MAX_LOG_RATIO, MAX_LOG_RATIO);
    let ratio_n = log_ratio.exp();
    let bounded_n = ratio_n
        .clone()
        .clamp(1.0 - config.epsilon, 1.0 + config.epsilon_high);
    let free_n = ratio_n * advantage_n.clone();
    let held_n = bounded_n * advantage_n;
    let clipped_n = held_n.clone().lower(free_n.clone()).float().detach();
    let surrogate_n = -free_n.min_pair(held_n);
    let kl_n = reference_n.map(|reference_n| kl(reference_n - log_probs_n, config.kl));
    TokenTerms {
        surrogate_n,
        kl_n,
        clipped_n,
    }
}

fn kl(rho_n: Tensor<1>, estimator: Kl) -> Tensor<1> {
    let rho_n = rho_n.clamp(-MAX_LOG_RATIO, MAX_LOG_RATIO);
    match estimator {
        Kl::K1 => -rho_n,
        Kl::K2 => rho_n.clone() * rho_n * 0.5,
        Kl::K3 => rho_n.clone().exp() - rho_n - 1.0,
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    pub(crate) fn config() -> GrpoConfig {
        GrpoConfig {
            beta: 0.01,
            epsilon: 0.2,
            epsilon_high: 0.3,
            kl: Kl::K3,
            advantage_scale: AdvantageScale::Group,
            loss_scale: LossScale::Response,
            inner_epochs: 1,
            minibatches: 1,
            temperature: 1.0,
        }
    }

    fn values(tensor: Tensor<1>) -> Vec<f32> {
        tensor.into_data().iter::<f32>().collect()
    }

    #[test]
    fn clips_only_where_it_lowers_the_objective() {
        let device = Device::flex().autodiff();
        // ratios 1, 2, 2, 0.5, 0.5 with advantages 1, 1, −1, 1, −1
        let ratios = [1.0f32, 2.0, 2.0, 0.5, 0.5];
        let log_probs = Tensor::<1>::from_floats(ratios.map(f32::ln), &device).require_grad();
        let old = Tensor::zeros([5], &device);
        let advantage = Tensor::from_floats([1.0, 1.0, -1.0, 1.0, -1.0], &device);
        let terms = token_terms(log_probs.clone(), old, None, advantage, &config());
        let gradients = terms.surrogate_n.clone().sum().backward();
        for (got, expected) in values(terms.surrogate_n)
            .iter()
            .zip([-1.0, -1.3, 2.0, -0.5, 0.8])
        {
            assert!((got - expected).abs() < 1e-6);
        }
        assert_eq!(values(terms.clipped_n), [0.0, 1.0, 0.0, 0.0, 1.0]);
        // d(−rA)/d log π = −rA where it is not clipped
        let gradient = values(log_probs.grad(&gradients).unwrap());
        for (got, expected) in gradient.iter().zip([-1.0, 0.0, 2.0, -0.5, 0.0]) {
            assert!((got - expected).abs() < 1e-6, "{gradient:?}");
        }
    }

    #[test]
    fn estimators_of_kl() {
        let device = Device::flex();
        let rho = || Tensor::<1>::from_floats([0.0, 1.0, -1.0], &device);
        let e = std::f32::consts::E;
        for (estimator, expected) in [
            (Kl::K1, [0.0, -1.0, 1.0]),
            (Kl::K2, [0.0, 0.5, 0.5]),
            (Kl::K3, [0.0, e - 2.0, 1.0 / e]),
        ] {
            for (got, expected) in values(kl(rho(), estimator)).iter().zip(expected) {
                assert!((got - expected).abs() < 1e-6);
            }
        }
        let extreme = Tensor::<1>::from_floats([500.0], &device);
        assert!(values(kl(extreme, Kl::K3))[0].is_finite());
    }

    #[test]
    fn weights_of_a_token() {
        assert_eq!(LossScale::Response.weight(5, 4, 100), 1.0 / 20.0);
        assert_eq!(LossScale::Token.weight(5, 4, 100), 1.0 / 100.0);
        assert_eq!(LossScale::Constant(8).weight(5, 4, 100), 1.0 / 32.0);
    }
}
