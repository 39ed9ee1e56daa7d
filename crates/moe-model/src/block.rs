//! One block: attention and feed-forward, each on a normalised input, each added to the stream.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use crate::attention::{Attention, Layout};
use crate::cache::LayerCache;
use crate::config::DecoderConfig;
use crate::feed_forward::{FeedForward, Routed};
use crate::norm::RmsNorm;

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
