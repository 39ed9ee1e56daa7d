//! How tokens look at each other.

mod grouped;
mod latent;

use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, Tensor};
use kernels::Span;

use crate::cache::LayerCache;
use crate::config::{AttentionConfig, DecoderConfig};
use crate::rope::Angles;

pub(crate) use grouped::Grouped;
pub(crate) use latent::Latent;

/// The attention of a block.
#[expect(
    clippy::large_enum_variant,
    reason = "one for each block, tiny beside its parameters"
)]
#[derive(Module, Debug)]
pub(crate) enum Attention {
    Latent(Latent),
    Grouped(Grouped),
}

/// Where the tokens of a batch stand.
pub(crate) struct Layout {
    pub(crate) rows: usize,
    pub(crate) width: usize,
    pub(crate) angles: Angles,
    pub(crate) span: Span,
}

impl Attention {
    pub(crate) fn new(config: &DecoderConfig, device: &Device) -> Self {
        match &config.attention {
            AttentionConfig::Latent(latent) => Self::Latent(Latent::new(latent, config, device)),
            AttentionConfig::Grouped(grouped) => {
                Self::Grouped(Grouped::new(grouped, config, device))
            }
        }
    }

    /// Whole sequences; `x_nd` and the result are `[b·t, d]`.
    pub(crate) fn forward(&self, x_nd: Tensor<2>, layout: &Layout) -> Tensor<2> {
        match self {
            Self::Latent(latent) => latent.forward(x_nd, layout),
            Self::Grouped(grouped) => grouped.forward(x_nd, layout),
        }
    }

    /// Further tokens after those in the cache.
    pub(crate) fn decode(
        &self,
        x_nd: Tensor<2>,
        layout: &Layout,
        cache: &mut LayerCache,
    ) -> Tensor<2> {
        match self {
            Self::Latent(latent) => latent.decode(x_nd, layout, cache),
            Self::Grouped(grouped) => grouped.decode(x_nd, layout, cache),
        }
    }

    pub(crate) fn cache(&self, rows: usize, capacity: usize, device: &Device) -> LayerCache {
        match self {
            Self::Latent(latent) => latent.cache(rows, capacity, device),
            Self::Grouped(grouped) => grouped.cache(rows, capacity, device),
        }
    }
}

impl AttentionConfig {
    /// Width of a head that is rotated.
    pub(crate) fn rotated_dim(&self) -> usize {
        match self {
            Self::Latent(latent) => latent.rope_dim,
            Self::Grouped(grouped) => grouped.rotated_dim,
        }
    }
}

/// A projection of rows; without gradients each by itself, as [`kernels::linear`] has it.
pub(crate) fn project(linear: &Linear, x_nd: Tensor<2>) -> Tensor<2> {
    let bias = linear.bias.as_ref().map(|bias| bias.val());
    kernels::linear(x_nd, linear.weight.val(), bias)
}

/// Each row against each row of a matrix, `x · weightᵀ`; without gradients each by itself.
pub(crate) fn against(x_nd: Tensor<2>, weight_vd: Tensor<2>) -> Tensor<2> {
    if x_nd.device().is_autodiff() {
        return x_nd.matmul(weight_vd.transpose());
    }
    kernels::linear(x_nd, weight_vd.transpose(), None)
}

/// A projection without bias.
pub(crate) fn projection(from: usize, to: usize, device: &Device) -> Linear {
    biased(from, to, false, device)
}

/// A projection. Weights are set by [`crate::init`] or a checkpoint, biases begin at 0.
pub(crate) fn biased(from: usize, to: usize, bias: bool, device: &Device) -> Linear {
    LinearConfig::new(from, to)
        .with_bias(bias)
        .with_initializer(burn::nn::Initializer::Zeros)
        .init(device)
}
