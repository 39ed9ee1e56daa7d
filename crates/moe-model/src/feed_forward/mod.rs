//! What a block does to each token by itself.

mod balance;
mod dense;
mod mixture;

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor};

use crate::config::DecoderConfig;
use crate::projection::Projection;

pub(crate) use balance::balance_loss;
pub(crate) use dense::Dense;
pub(crate) use mixture::Mixture;

/// The feed-forward of a block.
#[expect(
    clippy::large_enum_variant,
    reason = "one for each block, tiny beside its parameters"
)]
#[derive(Module, Debug)]
pub(crate) enum FeedForward {
    Dense(Dense),
    Mixture(Mixture),
}

/// What a feed-forward returns.
pub(crate) struct Fed {
    pub(crate) out_nd: Tensor<2>,
    /// The choice of experts and what else the router came to.
    pub(crate) routed: Option<Routed>,
}

/// One mixture's routing of a batch.
pub(crate) struct Routed {
    /// Chosen experts, `[n, k]`.
    pub(crate) index_nk: Tensor<2, Int>,
    /// Router scores in (0, 1), `[n, e]`.
    pub(crate) scores_ne: Tensor<2>,
    /// What they were made of, `[n, e]`.
    pub(crate) logits_ne: Tensor<2>,
}

impl FeedForward {
    pub(crate) fn new(config: &DecoderConfig, layer: usize, device: &Device) -> Self {
        match config.mixture_at(layer) {
            Some(mixture) => Self::Mixture(Mixture::new(mixture, config.width, device)),
            None => {
                let bias = config.inner_bias;
                Self::Dense(Dense::new(config.width, config.inner, bias, device))
            }
        }
    }

    /// # Shapes
    /// `x_nd` and the result: `[n, d]`.
    pub(crate) fn forward(&self, x_nd: Tensor<2>) -> Fed {
        match self {
            Self::Dense(dense) => Fed {
                out_nd: dense.forward(x_nd),
                routed: None,
            },
            Self::Mixture(mixture) => mixture.forward(x_nd),
        }
    }

    /// Every projection with its name; the routed experts have none.
    pub(crate) fn projections(&mut self) -> Vec<(String, &mut Projection)> {
        let (prefix, dense) = match self {
            Self::Dense(dense) => ("", Some(dense)),
            Self::Mixture(mixture) => ("shared_experts.", mixture.shared_experts.as_mut()),
        };
        let projections = dense.into_iter().flat_map(Dense::projections);
        projections
            .map(|(name, projection)| (format!("{prefix}{name}"), projection))
            .collect()
    }
}
