//! How tokens look at each other.

mod grouped;
mod latent;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use kernels::Span;

use crate::cache::LayerCache;
use crate::config::{AttentionConfig, DecoderConfig};
use crate::projection::Projection;
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

    /// Every projection with its name.
    pub(crate) fn projections(&mut self) -> Vec<(&'static str, &mut Projection)> {
        match self {
            Self::Latent(latent) => latent.projections(),
            Self::Grouped(grouped) => grouped.projections(),
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
