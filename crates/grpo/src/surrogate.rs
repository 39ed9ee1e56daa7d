//! The surrogate: what each token's loss is without the KL term. Four forms; all have the policy
//! gradient −A·∇log π where π = π_old, and differ in how they hold back what has moved away.

use burn::tensor::Tensor;
use burn::tensor::activation::sigmoid;
use serde::{Deserialize, Serialize};

use crate::config::GrpoConfig;
use crate::ratio::{Rows, held};

/// The forms, r the importance ratio and A the advantage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Surrogate {
    /// −min(r·A, clip(r, 1 − ε, 1 + ε_high)·A) (arXiv 2402.03300, equation 3; two bounds:
    /// arXiv 2503.14476v2, equation 10). With a dual clip δ, r is at most δ in the first term
    /// (arXiv 1912.09729v3, equation 5; 2505.07291), so that a large r with A < 0 has no gradient either.
    Clip,
    /// −sg(min(r, ε_high))·A·log π, sg without gradient (CISPO, arXiv 2506.13585v1, equations 4
    /// and 5). ε_high is the cap itself, not what is added to 1; every token keeps a gradient.
    Cispo,
    /// −σ(τ·(r − 1))·4/τ·A, τ = 1 where A > 0 and 1.05 elsewhere (SAPO, arXiv 2511.20347v2,
    /// equations 5 and 6; τ from section 5.1).
    Sapo,
    /// −sg(φ(w))·A·log π with w = Π r over the response and φ(w) = e^λ·w^k·e^(−λw), k = 2, λ = 3
    /// where A ≥ 0 and k = 3, λ = 2 elsewhere (VESPO, arXiv 2602.10693v3, equation 20; k and λ,
    /// there c₁ and c₂, from section 4.1). φ(1) = 1.
    Vespo,
}

/// What a surrogate is computed from, `[n]` each.
pub(crate) struct Inputs<'a> {
    pub(crate) log_probs_n: Tensor<1>,
    /// log π − log π_old of the token, whatever the importance level.
    pub(crate) log_ratio_n: Tensor<1>,
    pub(crate) ratio_n: Tensor<1>,
    pub(crate) advantage_n: Tensor<1>,
    pub(crate) rows: Rows<'a>,
}

/// What comes of it, `[n]` each.
pub(crate) struct Outputs {
    pub(crate) surrogate_n: Tensor<1>,
    /// 1 where the ratio was too far away and was cut off.
    pub(crate) clipped_n: Tensor<1>,
    /// φ of VESPO.
    pub(crate) phi_n: Option<Tensor<1>>,
}

impl Surrogate {
    pub(crate) fn compute(self, inputs: Inputs, config: &GrpoConfig) -> Outputs {
        match self {
            Self::Clip => clip(inputs, config),
            Self::Cispo => cispo(inputs, config),
            Self::Sapo => sapo(inputs),
            Self::Vespo => vespo(inputs),
        }
    }
}

fn clip(inputs: Inputs, config: &GrpoConfig) -> Outputs {
    let Inputs {
        ratio_n,
        advantage_n,
        ..
    } = inputs;
    let bounded_n = ratio_n
        .clone()
        .clamp(1.0 - config.epsilon, 1.0 + config.epsilon_high);
    let ratio_n = match config.dual_clip {
        Some(delta) => ratio_n.clamp_max(delta),
        None => ratio_n,
    };
    let free_n = ratio_n * advantage_n.clone();
    let held_n = bounded_n * advantage_n;
    let clipped_n = held_n.clone().lower(free_n.clone()).float().detach();
    Outputs {
        surrogate_n: -free_n.min_pair(held_n),
        clipped_n,
        phi_n: None,
    }
}

fn cispo(inputs: Inputs, config: &GrpoConfig) -> Outputs {
    let ratio_n = inputs.ratio_n.detach();
    let above_n = ratio_n.clone().greater_elem(config.epsilon_high);
    let gains_n = inputs.advantage_n.clone().greater_elem(0.0);
    let weight_n = ratio_n.clamp_max(config.epsilon_high);
    Outputs {
        surrogate_n: -(weight_n * inputs.advantage_n * inputs.log_probs_n),
        clipped_n: above_n.bool_and(gains_n).float(),
        phi_n: None,
    }
}

/// τ where A > 0, and elsewhere; the second as single precision has it, which is what it is trained
/// in, here and in TRL.
const SAPO_TEMPERATURE: (f64, f64) = (1.0, 1.05_f32 as f64);

fn sapo(inputs: Inputs) -> Outputs {
    let advantage_n = inputs.advantage_n;
    let (gain, loss) = SAPO_TEMPERATURE;
    let gains_n = advantage_n.clone().greater_elem(0.0);
    let temperature_n = advantage_n
        .zeros_like()
        .add_scalar(loss)
        .mask_fill(gains_n, gain);
    let gate_n = sigmoid((inputs.ratio_n - 1.0) * temperature_n.clone()) * 4.0 / temperature_n;
    Outputs {
        clipped_n: Tensor::zeros(advantage_n.dims(), &advantage_n.device()),
        surrogate_n: -(gate_n * advantage_n),
        phi_n: None,
    }
}

/// k and λ where A ≥ 0, and elsewhere.
const VESPO_GAMMA: ((f64, f64), (f64, f64)) = ((2.0, 3.0), (3.0, 2.0));
/// log w is held between these.
const VESPO_LOG_WEIGHT: (f64, f64) = (-18.420_680_743_952_367, 20.0);

fn vespo(inputs: Inputs) -> Outputs {
    let advantage_n = inputs.advantage_n;
    let ((k_gain, lambda_gain), (k_loss, lambda_loss)) = VESPO_GAMMA;
    let gains_n = advantage_n.clone().greater_equal_elem(0.0);
    let either_n = |gain: f64, loss: f64| {
        let losses_n = advantage_n.zeros_like().add_scalar(loss);
        losses_n.mask_fill(gains_n.clone(), gain)
    };
    let k_n = either_n(k_gain, k_loss);
    let lambda_n = either_n(lambda_gain, lambda_loss);
    let log_weight_n = inputs
        .rows
        .sum(held(inputs.log_ratio_n.detach()))
        .clamp(VESPO_LOG_WEIGHT.0, VESPO_LOG_WEIGHT.1);
    let weight_n = log_weight_n.clone().exp();
    let phi_n = (lambda_n.clone() + k_n * log_weight_n - lambda_n * weight_n).exp();
    Outputs {
        clipped_n: Tensor::zeros(advantage_n.dims(), &advantage_n.device()),
        surrogate_n: -(phi_n.clone() * advantage_n * inputs.log_probs_n),
        phi_n: Some(phi_n),
    }
}
