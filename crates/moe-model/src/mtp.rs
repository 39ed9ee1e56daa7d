//! Modules that predict further tokens: multi-token prediction (DeepSeek-V3, arXiv 2412.19437,
//! section 2.2.1, equations 21–23).
//!
//! The module at depth k joins the state of token i at depth k − 1 with the embedding of token
//! i + k, runs one more block over the sequence and predicts token i + k + 1. Embedding and
//! projection are the main model's. "The representation given by the main model" is taken AFTER its
//! final norm, and that of a module after its `shared_head.norm`: what the projection reads is what
//! the next depth reads, as the published weights are served. The embedding comes first in the
//! joined vector, as in the published weights; equation 21 writes it second.
//!
//! On disk the module at depth k is layer L + k − 1 of a model of L layers, with copies of the
//! embedding and the projection beside it. `transformers` knows no such modules: it skips layer 61,
//! and warns of the tensors of any other.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use crate::attention::Layout;
use crate::block::Block;
use crate::cache::LayerCache;
use crate::config::DecoderConfig;
use crate::feed_forward::Routed;
use crate::norm::RmsNorm;
use crate::projection::Projection;

/// One module.
#[derive(Module, Debug)]
pub(crate) struct MtpModule {
    enorm: RmsNorm,
    hnorm: RmsNorm,
    eh_proj: Projection,
    block: Block,
    shared_head: SharedHead,
}

/// What comes before the projection, which is the main model's.
#[derive(Module, Debug)]
struct SharedHead {
    norm: RmsNorm,
}

impl MtpModule {
    /// The module number `index`, from 0.
    pub(crate) fn new(config: &DecoderConfig, index: usize, device: &Device) -> Self {
        let norm = || RmsNorm::new(config.width, config.norm_eps, device);
        Self {
            enorm: norm(),
            hnorm: norm(),
            eh_proj: Projection::plain(2 * config.width, config.width, device),
            block: Block::new(config, config.layers + index, device),
            shared_head: SharedHead { norm: norm() },
        }
    }

    /// # Shapes
    /// `[b·t, d]`: states of the depth before, embeddings of the tokens ahead, and the result,
    /// which the projection and the next depth read.
    pub(crate) fn forward(
        &self,
        hidden_nd: Tensor<2>,
        ahead_nd: Tensor<2>,
        layout: &Layout,
    ) -> (Tensor<2>, Option<Routed>) {
        let (out_nd, routed) = self.block.forward(self.join(hidden_nd, ahead_nd), layout);
        (self.shared_head.norm.forward(out_nd), routed)
    }

    /// The same for further tokens after those in the cache.
    pub(crate) fn decode(
        &self,
        hidden_nd: Tensor<2>,
        ahead_nd: Tensor<2>,
        layout: &Layout,
        cache: &mut LayerCache,
    ) -> Tensor<2> {
        let joined_nd = self.join(hidden_nd, ahead_nd);
        let out_nd = self.block.decode(joined_nd, layout, cache);
        self.shared_head.norm.forward(out_nd)
    }

    pub(crate) fn cache(&self, rows: usize, capacity: usize, device: &Device) -> LayerCache {
        self.block.cache(rows, capacity, device)
    }

    /// Moves the router's biases; takes the module's load off the front.
    pub(crate) fn balance<'a>(
        mut self,
        loads: &mut impl Iterator<Item = &'a Vec<u64>>,
        speed: f64,
    ) -> Self {
        self.block = self.block.balance(loads, speed);
        self
    }

    /// Lays its own projection out for sampling; its block, which speaks less, stays as it is.
    pub(crate) fn pack(&mut self) {
        self.eh_proj.pack();
    }

    fn join(&self, hidden_nd: Tensor<2>, ahead_nd: Tensor<2>) -> Tensor<2> {
        let parts = vec![self.enorm.forward(ahead_nd), self.hnorm.forward(hidden_nd)];
        self.eh_proj.forward(Tensor::cat(parts, 1))
    }
}

/// The name a checkpoint of a model of `layers` layers has for a parameter called `name` here, as
/// far as modules are concerned: `mtp.0.block.mlp…` is `model.layers.L.mlp…`.
pub(crate) fn name_on_disk(name: &str, layers: usize) -> String {
    let module = || {
        let (index, field) = name.strip_prefix("mtp.")?.split_once('.')?;
        let layer = layers + index.parse::<usize>().ok()?;
        let field = field.strip_prefix("block.").unwrap_or(field);
        Some(format!("model.layers.{layer}.{field}"))
    };
    module().unwrap_or_else(|| name.to_owned())
}

/// Tensors the published layout repeats for each module, each with the one it is a copy of.
pub(crate) fn copies(config: &DecoderConfig) -> Vec<(String, &'static str)> {
    const EMBEDDING: &str = "model.embed_tokens.weight";
    let head = if config.tied {
        EMBEDDING
    } else {
        "lm_head.weight"
    };
    layers(config)
        .flat_map(|layer| {
            let at = |name| format!("model.layers.{layer}.{name}.weight");
            [
                (at("embed_tokens"), EMBEDDING),
                (at("shared_head.head"), head),
            ]
        })
        .collect()
}

/// Whether a checkpoint with tensors of these names has any of the modules of `config`.
/// `transformers` keeps their number in `config.json` and drops their tensors.
pub(crate) fn is_stored<'a>(
    config: &DecoderConfig,
    names: impl Iterator<Item = &'a String>,
) -> bool {
    let prefixes: Vec<String> = layers(config)
        .map(|layer| format!("model.layers.{layer}."))
        .collect();
    let mut names = names;
    names.any(|name| prefixes.iter().any(|prefix| name.starts_with(prefix)))
}

/// The layers on disk that are modules.
fn layers(config: &DecoderConfig) -> std::ops::Range<usize> {
    config.layers..config.layers + config.mtp.as_ref().map_or(0, |mtp| mtp.depth)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_a_layer_on_disk() {
        let on_disk = |name| name_on_disk(name, 61);
        assert_eq!(
            on_disk("mtp.0.enorm.weight"),
            "model.layers.61.enorm.weight"
        );
        let gate = "model.layers.62.mlp.gate.weight";
        assert_eq!(on_disk("mtp.1.block.mlp.gate.weight"), gate);
        let head = "model.layers.61.shared_head.norm.weight";
        assert_eq!(on_disk("mtp.0.shared_head.norm.weight"), head);
        let main = "model.layers.3.mlp.gate.weight";
        assert_eq!(on_disk(main), main);
    }
}
