//! How far the policy may go from the reference.
//!
//! With ρ = log π_ref − log π of a token sampled from π, three estimators of KL(π ‖ π_ref), and
//! three places to put one. The estimators agree in the mean (k1 and k3 without bias), but a
//! training step sees their gradient, and that depends on the place:
//!
//! | | in the loss: mean gradient | in the reward: mean gradient |
//! | --- | --- | --- |
//! | k1 = −ρ | 0: it pulls nowhere | ∇KL(π ‖ π_ref) |
//! | k2 = ρ²/2 | ∇KL(π ‖ π_ref) | biased |
//! | k3 = e^ρ − ρ − 1 | ∇KL(π_ref ‖ π) | ∇[KL(π ‖ π_ref) − KL(π_ref ‖ π)] |
//!
//! In the loss, the gradient is k′(ρ)·(−∇log π): −ρ·∇log π for k2 and (1 − e^ρ)·∇log π for k3. In
//! the reward it is the score function's, k·∇log π. Weighted by the ratio π/π_old, a loss has both:
//! k1 and k3 then give ∇KL(π ‖ π_ref) in the mean (DeepSeek-V3.2, arXiv 2512.02556). ρ is held to
//! ±20, far outside of which e^ρ would overflow; a token beyond has no gradient from ρ.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::ratio::held;

/// Estimators of KL(π ‖ π_ref) from one token (Schulman, "Approximating KL divergence", 2020).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kl {
    /// −ρ.
    K1,
    /// ρ²/2.
    K2,
    /// e^ρ − ρ − 1 (arXiv 2402.03300, equation 4).
    K3,
}

/// Where the KL term stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KlIn {
    /// β·k is added to each token's loss (GRPO, arXiv 2402.03300, equation 3).
    Loss,
    /// β·k·r is, r the importance ratio with its gradient (arXiv 2512.02556).
    WeightedLoss,
    /// β times the sum of k over a response, at the policy that sampled, is taken off its reward
    /// before advantages are formed (as PPO has it; RLOO, arXiv 2402.14740).
    Reward,
}

impl Kl {
    /// The estimate of each token from ρ = log π_ref − log π, `[n]`.
    pub fn estimate(self, rho_n: Tensor<1>) -> Tensor<1> {
        let rho_n = held(rho_n);
        match self {
            Self::K1 => -rho_n,
            Self::K2 => rho_n.clone() * rho_n * 0.5,
            Self::K3 => rho_n.clone().exp() - rho_n - 1.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    fn values(tensor: Tensor<1>) -> Vec<f32> {
        tensor.into_data().iter::<f32>().collect()
    }

    #[test]
    fn estimators() {
        let device = Device::flex();
        let rho = || Tensor::<1>::from_floats([0.0, 1.0, -1.0], &device);
        let e = std::f32::consts::E;
        for (estimator, expected) in [
            (Kl::K1, [0.0, -1.0, 1.0]),
            (Kl::K2, [0.0, 0.5, 0.5]),
            (Kl::K3, [0.0, e - 2.0, 1.0 / e]),
        ] {
            for (got, expected) in values(estimator.estimate(rho())).iter().zip(expected) {
                assert!((got - expected).abs() < 1e-6);
            }
        }
        let extreme = Tensor::<1>::from_floats([500.0], &device);
        assert!(values(Kl::K3.estimate(extreme))[0].is_finite());
    }

    /// The table above, over a vocabulary of three: each token's gradient weighed by its
    /// probability, with respect to the logits.
    #[test]
    fn mean_gradients_are_those_of_the_table() {
        use burn::tensor::activation::log_softmax;

        let device = Device::flex().autodiff();
        let reference = log_softmax(Tensor::<1>::from_floats([0.5, -0.2, 0.1], &device), 0);
        let gradient = |loss: &dyn Fn(Tensor<1>) -> Tensor<1>| -> Vec<f32> {
            let logits = Tensor::<1>::from_floats([0.1, 0.7, -0.4], &device).require_grad();
            let gradients = loss(log_softmax(logits.clone(), 0)).sum().backward();
            values(logits.grad(&gradients).unwrap())
        };
        let sampled = |estimator: Kl, log_probs: Tensor<1>| {
            let chance = log_probs.clone().exp().detach();
            estimator.estimate(reference.clone() - log_probs) * chance
        };
        let reverse = gradient(&|p| p.clone().exp() * (p - reference.clone()));
        let forward = gradient(&|p| reference.clone().exp() * (reference.clone() - p));
        for (estimator, expected) in [
            (Kl::K1, vec![0.0; 3]),
            (Kl::K2, reverse.clone()),
            (Kl::K3, forward),
        ] {
            let found = gradient(&|p| sampled(estimator, p));
            for (a, b) in found.iter().zip(&expected) {
                assert!(
                    (a - b).abs() < 1e-6,
                    "{estimator:?}: {found:?} {expected:?}"
                );
            }
        }
        let weighted = gradient(&|p| {
            let ratio = (p.clone() - p.clone().detach()).exp();
            sampled(Kl::K3, p) * ratio
        });
        for (a, b) in weighted.iter().zip(&reverse) {
            assert!((a - b).abs() < 1e-6, "{weighted:?} {reverse:?}");
        }
    }
}
