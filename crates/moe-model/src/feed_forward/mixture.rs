//! DeepSeek-V3's mixture of experts (arXiv 2412.19437, equations 12–20).
//!
//! The gate is a sigmoid. Experts are CHOSEN by score plus bias, within the best groups, but MIXED
//! by the scores alone: the bias steers the load without touching the output, and moves after each
//! optimizer step instead of by gradient (arXiv 2408.15664).

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData, activation};
use kernels::Selection;

use super::{Dense, Fed, Routed};
use crate::config::{MixtureConfig, Scores};
use crate::init::unset;
use crate::projection::against;

#[derive(Module, Debug)]
pub(crate) struct Mixture {
    gate: Gate,
    experts: Experts,
    pub(super) shared_experts: Option<Dense>,
    active: usize,
    groups: usize,
    active_groups: usize,
    normalise: bool,
    scaling: f64,
}

/// The router.
#[derive(Module, Debug)]
pub(crate) struct Gate {
    /// `[e, d]`.
    weight: Param<Tensor<2>>,
    /// `[e]`, moved by [`Mixture::balance`].
    e_score_correction_bias: Option<Param<Tensor<1>>>,
}

/// All routed experts, stacked.
#[derive(Module, Debug)]
pub(crate) struct Experts {
    /// `[e, d, f]`.
    gate_proj: Param<Tensor<3>>,
    /// `[e, d, f]`.
    up_proj: Param<Tensor<3>>,
    /// `[e, f, d]`.
    down_proj: Param<Tensor<3>>,
}

impl Mixture {
    pub(crate) fn new(config: &MixtureConfig, width: usize, device: &Device) -> Self {
        let (experts, inner) = (config.experts, config.inner);
        let bias = Tensor::zeros([experts], device).set_require_grad(false);
        Self {
            gate: Gate {
                weight: unset([experts, width], device),
                e_score_correction_bias: (config.scores == Scores::Sigmoid)
                    .then(|| Param::from_tensor(bias).set_require_grad(false)),
            },
            experts: Experts {
                gate_proj: unset([experts, width, inner], device),
                up_proj: unset([experts, width, inner], device),
                down_proj: unset([experts, inner, width], device),
            },
            shared_experts: (config.shared > 0)
                .then(|| Dense::new(width, inner * config.shared, false, device)),
            active: config.active,
            groups: config.groups,
            active_groups: config.active_groups,
            normalise: config.normalise,
            scaling: config.scaling,
        }
    }

    pub(crate) fn forward(&self, x_nd: Tensor<2>) -> Fed {
        let logits_ne = against(x_nd.clone(), self.gate.weight.val());
        let scores_ne = match self.gate.e_score_correction_bias {
            Some(_) => activation::sigmoid(logits_ne.clone()),
            None => activation::softmax(logits_ne.clone(), 1),
        };
        let selection = Selection {
            groups: self.groups,
            top_groups: self.active_groups,
            k: self.active,
        };
        let bias_e = match &self.gate.e_score_correction_bias {
            Some(bias) => bias.val(),
            None => Tensor::zeros([self.experts.gate_proj.dims()[0]], &x_nd.device()),
        };
        let index_nk = kernels::select_experts(scores_ne.clone(), bias_e, &selection);
        let mut weight_nk = scores_ne.clone().gather(1, index_nk.clone());
        if self.normalise {
            let sum_n1 = weight_nk.clone().sum_dim(1) + 1e-20;
            weight_nk = weight_nk / sum_n1;
        }
        let routed_nd = kernels::experts(
            x_nd.clone(),
            index_nk.clone(),
            weight_nk * self.scaling,
            self.experts.gate_proj.val(),
            self.experts.up_proj.val(),
            self.experts.down_proj.val(),
        );
        let out_nd = match &self.shared_experts {
            Some(shared) => routed_nd + shared.forward(x_nd),
            None => routed_nd,
        };
        Fed {
            out_nd,
            routed: Some(Routed {
                index_nk,
                scores_ne,
                logits_ne,
            }),
        }
    }

    /// Moves each bias by `speed` towards the mean load: up for an expert that got too few tokens,
    /// down for one that got too many.
    pub(crate) fn balance(mut self, load: &[u64], speed: f64) -> Self {
        let mean = load.iter().sum::<u64>() as f64 / load.len() as f64;
        let moves: Vec<f32> = load
            .iter()
            .map(|&tokens| {
                (speed * (mean - tokens as f64).partial_cmp(&0.0).map_or(0.0, sign)) as f32
            })
            .collect();
        let move_bias = |bias: Tensor<1>| {
            let moves = TensorData::new(moves.clone(), [load.len()]);
            let moves = Tensor::<1>::from_data(moves, &bias.device());
            (bias + moves).detach()
        };
        let bias = self.gate.e_score_correction_bias;
        self.gate.e_score_correction_bias = bias.map(|bias| bias.map(move_bias));
        self
    }
}

fn sign(ordering: std::cmp::Ordering) -> f64 {
    f64::from(ordering as i8)
}
