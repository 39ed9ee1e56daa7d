//! The objective, token by token: the surrogate, the KL term, and what is measured beside them.
//! Weighing the tokens into one loss is left to [`LossScale`](crate::LossScale).

use burn::tensor::Tensor;

use crate::config::GrpoConfig;
use crate::kl::KlIn;
use crate::ratio::Rows;
use crate::surrogate::Inputs;

/// The parts of each token's loss, `[n]` each.
pub struct TokenTerms {
    /// The surrogate, without the KL term.
    pub surrogate_n: Tensor<1>,
    /// The KL estimate, without β; present where there is a reference.
    pub kl_n: Option<Tensor<1>>,
    /// 1 where the surrogate held a ratio back; without gradient, in the device's own precision.
    pub clipped_n: Tensor<1>,
    /// The importance ratio, without gradient.
    pub ratio_n: Tensor<1>,
    /// φ of VESPO, without gradient.
    pub phi_n: Option<Tensor<1>>,
}

/// Computes the terms.
///
/// # Shapes
/// All `[n]`: log-probs of the policy (with gradient), of the policy that sampled, of the reference,
/// and each token's advantage, in one precision. `lengths` are the tokens of each response; they
/// sum to n.
///
/// # Panics
/// Where a ratio is taken over responses and `lengths` do not sum to n.
pub fn token_terms(
    log_probs_n: Tensor<1>,
    old_n: Tensor<1>,
    reference_n: Option<Tensor<1>>,
    advantage_n: Tensor<1>,
    lengths: &[usize],
    config: &GrpoConfig,
) -> TokenTerms {
    let rows = Rows { lengths };
    let log_ratio_n = log_probs_n.clone() - old_n;
    let ratio_n = config.importance.ratio(log_ratio_n.clone(), &rows);
    let kl_n = reference_n.map(|reference_n| {
        let kl_n = config.kl.estimate(reference_n - log_probs_n.clone());
        match config.kl_in {
            KlIn::WeightedLoss => kl_n * ratio_n.clone(),
            KlIn::Loss | KlIn::Reward => kl_n,
        }
    });
    let inputs = Inputs {
        log_probs_n,
        log_ratio_n,
        ratio_n: ratio_n.clone(),
        advantage_n,
        rows,
    };
    let outputs = config.surrogate.compute(inputs, config);
    TokenTerms {
        surrogate_n: outputs.surrogate_n,
        kl_n,
        clipped_n: outputs.clipped_n,
        ratio_n: ratio_n.detach(),
        phi_n: outputs.phi_n,
    }
}

#[cfg(test)]
mod tests;
