//! One block: attention and feed-forward, each on a normalised input, each added to the stream.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use crate::attention::{Attention, Layout};
use crate::cache::LayerCache;
use crate::config::DecoderConfig;
use crate::feed_forward::{FeedForward, Routed};
use crate::norm::RmsNorm;
use crate::projection::Projection;

#[derive(Module, Debug)]
pub(crate) struct Block {
    self_attn: Attention,
    mlp: FeedForward,
    input_layernorm: RmsNorm,
    post_attention_layernorm: RmsNorm,
}

impl Block {
    pub(crate) fn new(config: &DecoderConfig, layer: usize, device: &Device) -> Self {
        Self {
            self_attn: Attention::new(config, device),
            mlp: FeedForward::new(config, layer, device),
            input_layernorm: RmsNorm::new(config.width, config.norm_eps, device),
            post_attention_layernorm: RmsNorm::new(config.width, config.norm_eps, device),
        }
    }

    /// # Shapes
    /// `x_nd` and the result: `[b·t, d]`.
    pub(crate) fn forward(&self, x_nd: Tensor<2>, layout: &Layout) -> (Tensor<2>, Option<Routed>) {
        let normed = self.input_layernorm.forward(x_nd.clone());
        self.feed(x_nd + self.self_attn.forward(normed, layout))
    }

    pub(crate) fn decode(
        &self,
        x_nd: Tensor<2>,
        layout: &Layout,
        cache: &mut LayerCache,
    ) -> Tensor<2> {
        let normed = self.input_layernorm.forward(x_nd.clone());
        self.feed(x_nd + self.self_attn.decode(normed, layout, cache))
            .0
    }

    pub(crate) fn cache(&self, rows: usize, capacity: usize, device: &Device) -> LayerCache {
        self.self_attn.cache(rows, capacity, device)
    }

    /// Every projection with its name within the block.
    pub(crate) fn projections(&mut self) -> Vec<(String, &mut Projection)> {
        let attention = self.self_attn.projections().into_iter();
        let attention = attention.map(|(name, of)| (format!("self_attn.{name}"), of));
        let fed = self.mlp.projections().into_iter();
        let fed = fed.map(|(name, of)| (format!("mlp.{name}"), of));
        attention.chain(fed).collect()
    }

    /// Moves the router's biases, if this block has a router. Takes its load off the front.
    pub(crate) fn balance<'a>(
        mut self,
        loads: &mut impl Iterator<Item = &'a Vec<u64>>,
        speed: f64,
    ) -> Self {
        if let FeedForward::Mixture(mixture) = self.mlp {
            let load = loads.next().expect("a load for every mixture layer");
            self.mlp = FeedForward::Mixture(mixture.balance(load, speed));
        }
        self
    }

    fn feed(&self, x_nd: Tensor<2>) -> (Tensor<2>, Option<Routed>) {
        let fed = self
            .mlp
            .forward(self.post_attention_layernorm.forward(x_nd.clone()));
        (x_nd + fed.out_nd, fed.routed)
    }
}
