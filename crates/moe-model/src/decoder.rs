//! The whole model: embedding, blocks, final norm, projection to the vocabulary.

use std::sync::Arc;

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use kernels::{Packed, Span};
use lm::{CausalLm, Chain, Hidden, MultiToken, Tape, TokenBatch};

use crate::attention::Layout;
use crate::block::Block;
use crate::cache::DecoderCache;
use crate::config::{ConfigError, DecoderConfig, MixtureConfig};
use crate::count::{CacheCount, ParameterCount};
use crate::feed_forward::{Routed, balance_loss};
use crate::init::{initialise, unset};
use crate::lora::LoraConfig;
use crate::mtp::MtpModule;
use crate::norm::RmsNorm;
use crate::projection::{Projection, against};
use crate::rope::Angles;

/// A decoder-only transformer.
#[derive(Module, Debug)]
pub struct Decoder {
    model: Backbone,
    /// `None` when the projection is the embedding.
    lm_head: Option<Projection>,
    /// What predicts further tokens, depth by depth.
    pub(crate) mtp: Vec<MtpModule>,
    /// The embedding as sampling projects with it.
    #[module(skip)]
    head: Option<Packed>,
    #[module(skip)]
    config: DecoderConfig,
    /// What the adapters are like, where there are any.
    #[module(skip)]
    pub(crate) lora: Option<LoraConfig>,
    /// Where passes with gradients note what they do not keep.
    #[module(skip)]
    tape: Option<Tape>,
}

#[derive(Module, Debug)]
struct Backbone {
    embed_tokens: Embedding,
    layers: Vec<Block>,
    norm: RmsNorm,
}

#[derive(Module, Debug)]
struct Embedding {
    /// `[v, d]`.
    weight: Param<Tensor<2>>,
}

impl Decoder {
    /// A model with random weights: normal with the configured deviation, norms at 1.
    pub fn init(config: &DecoderConfig, seed: u64, device: &Device) -> Result<Self, ConfigError> {
        Ok(initialise(
            Self::zeros(config, device)?,
            config.init_std,
            seed,
        ))
    }

    /// A model whose weights are still to be set; matrices take no memory until they are.
    pub(crate) fn zeros(config: &DecoderConfig, device: &Device) -> Result<Self, ConfigError> {
        config.validate()?;
        Ok(Self {
            model: Backbone {
                embed_tokens: Embedding {
                    weight: unset([config.vocabulary, config.width], device),
                },
                layers: (0..config.layers)
                    .map(|i| Block::new(config, i, device))
                    .collect(),
                norm: RmsNorm::new(config.width, config.norm_eps, device),
            },
            lm_head: (!config.tied)
                .then(|| Projection::plain(config.width, config.vocabulary, device)),
            mtp: (0..config.mtp.as_ref().map_or(0, |mtp| mtp.depth))
                .map(|index| MtpModule::new(config, index, device))
                .collect(),
            head: None,
            config: config.clone(),
            lora: None,
            tape: None,
        })
    }

    /// The settings it was built from.
    pub fn config(&self) -> &DecoderConfig {
        &self.config
    }

    /// The same model with its routers left to the gradient: no step moves their biases and no
    /// balance loss is added, which is how `transformers` trains a model as it loads it.
    #[must_use]
    pub fn without_balancing(mut self) -> Self {
        if let Some(mixture) = &mut self.config.mixture {
            mixture.bias_speed = 0.0;
            mixture.balance_weight = 0.0;
        }
        self
    }

    /// Parameters by part, computed from the settings.
    pub fn count(&self) -> ParameterCount {
        ParameterCount::new(&self.config)
    }

    /// Every projection of the blocks with its name, modules for further tokens left out.
    pub(crate) fn projections(&mut self) -> Vec<(String, &mut Projection)> {
        let layers = self.model.layers.iter_mut().enumerate();
        let of_layer = |(layer, block): (usize, _)| {
            let projections = Block::projections(block).into_iter();
            projections.map(move |(name, of)| (format!("model.layers.{layer}.{name}"), of))
        };
        layers.flat_map(of_layer).collect()
    }

    /// Whether its weights are laid out for sampling.
    pub(crate) fn is_packed(&self) -> bool {
        self.head.is_some() || self.lm_head.as_ref().is_some_and(Projection::is_packed)
    }

    pub(crate) fn mixture(&self) -> Option<&MixtureConfig> {
        self.config.mixture.as_ref()
    }

    pub(crate) fn embed(&self, batch: &TokenBatch) -> Tensor<2> {
        let weight = self.model.embed_tokens.weight.val();
        let ids = batch.flat_ids(&weight.device());
        kernels::embedding(weight, ids)
    }

    /// All blocks, one after the other, and what their routers did.
    fn blocks(&self, mut x_nd: Tensor<2>, layout: &Layout) -> (Tensor<2>, Vec<Routed>) {
        let mut routed = Vec::new();
        for layer in &self.model.layers {
            let (out, routing) = layer.forward(x_nd, layout);
            x_nd = out;
            routed.extend(routing);
        }
        (x_nd, routed)
    }

    /// The same without a graph: results are leaves, and `tape` knows how they came about. Beside
    /// its output a block gives the loss the scores of its router.
    fn noted(&self, x_nd: Tensor<2>, layout: Layout, tape: &Tape) -> (Tensor<2>, Vec<Routed>) {
        let layout = Arc::new(layout);
        let trained = self.model.embed_tokens.weight.val().is_require_grad();
        let mut chain = Chain::new(tape, x_nd, trained);
        let mut routed = Vec::new();
        for layer in &self.model.layers {
            // On the same device, so that every operation rounds as it will the second time.
            let (out, routing) = layer.clone().no_grad().forward(chain.state(), &layout);
            routed.extend(routing.map(|routing| Routed {
                scores_ne: chain.side(routing.scores_ne),
                ..routing
            }));
            let (layer, layout) = (layer.clone(), Arc::clone(&layout));
            chain.push(out, move |x_nd| {
                let (out, routing) = layer.forward(x_nd, &layout);
                (out, routing.map(|routing| routing.scores_ne))
            });
        }
        (chain.finish(), routed)
    }

    /// The weighted balance loss of `routed`, layers of one batch.
    fn balance_loss(&self, routed: &[Routed], batch: &TokenBatch) -> Option<Tensor<1>> {
        let mixture = self
            .mixture()
            .filter(|mixture| mixture.balance_weight > 0.0)?;
        let mask_bt = batch.mask(&self.device());
        balance_loss(routed, mixture.scores, &mask_bt).map(|loss| loss * mixture.balance_weight)
    }

    pub(crate) fn layout(&self, batch: &TokenBatch, span: Span) -> Layout {
        let starts: Vec<usize> = span.offsets.iter().map(|&offset| offset as usize).collect();
        let dim = self.config.attention.rotated_dim();
        let device = self.device();
        Layout {
            rows: batch.rows(),
            width: batch.width(),
            angles: Angles::new(&starts, batch.width(), dim, &self.config.rope, &device),
            span,
        }
    }
}

impl CausalLm for Decoder {
    type Cache = DecoderCache;

    fn forward(&self, batch: &TokenBatch) -> Hidden {
        let (b, t) = (batch.rows(), batch.width());
        let layout = self.layout(batch, Span::causal(b));
        let x_nd = self.embed(batch);
        let (x_nd, routed) = match &self.tape {
            Some(tape) if self.device().is_autodiff() => self.noted(x_nd, layout, tape),
            _ => self.blocks(x_nd, &layout),
        };
        let aux_loss = self.balance_loss(&routed, batch);
        Hidden {
            hidden_btd: self
                .model
                .norm
                .forward(x_nd)
                .reshape([b, t, self.config.width]),
            aux_loss,
            routing: routed.into_iter().map(Routed::routing).collect(),
        }
    }

    fn multi_token(&self, batch: &TokenBatch, hidden_btd: Tensor<3>) -> Option<MultiToken> {
        let mtp = self.config.mtp.as_ref()?;
        let [b, t, d] = hidden_btd.dims();
        let layout = self.layout(batch, Span::causal(b));
        let mut hidden_nd = hidden_btd.reshape([b * t, d]);
        let modules = self.mtp.iter().zip(1..).map(|(module, ahead)| {
            let read = batch.shifted(ahead);
            let (out_nd, routed) = module.forward(hidden_nd.clone(), self.embed(&read), &layout);
            hidden_nd = out_nd.clone();
            let routed: Vec<Routed> = routed.into_iter().collect();
            Hidden {
                hidden_btd: out_nd.reshape([b, t, d]),
                aux_loss: self.balance_loss(&routed, &read),
                routing: routed.into_iter().map(Routed::routing).collect(),
            }
        });
        Some(MultiToken {
            modules: modules.collect(),
            weight: mtp.weight,
        })
    }

    fn logits(&self, hidden_nd: Tensor<2>) -> Tensor<2> {
        match &self.lm_head {
            Some(head) => head.forward(hidden_nd),
            None => match &self.head {
                Some(head) => kernels::linear_packed(hidden_nd, head, None),
                None => against(hidden_nd, self.model.embed_tokens.weight.val()),
            },
        }
    }

    fn cache(&self, rows: usize, capacity: usize) -> DecoderCache {
        let device = self.device();
        let layers = self
            .model
            .layers
            .iter()
            .map(|layer| layer.cache(rows, capacity, &device))
            .collect();
        DecoderCache::new(layers, rows, capacity)
    }

    fn cache_bytes(&self) -> usize {
        let element = self.model.embed_tokens.weight.val().dtype().size();
        CacheCount::new(&self.config).held * element
    }

    fn decode_rows(
        &self,
        batch: &TokenBatch,
        rows: &[usize],
        cache: &mut DecoderCache,
    ) -> Tensor<3> {
        let (b, t) = (batch.rows(), batch.width());
        let layout = self.layout(batch, cache.span(batch, rows));
        let mut x_nd = self.embed(batch);
        for (layer, layer_cache) in self.model.layers.iter().zip(&mut cache.layers) {
            x_nd = layer.decode(x_nd, &layout, layer_cache);
        }
        cache.advance(batch, rows);
        self.model
            .norm
            .forward(x_nd)
            .reshape([b, t, self.config.width])
    }

    fn after_step(mut self, load: &[Vec<u64>]) -> Self {
        let speed = match self.lora {
            // Router biases are of the base, which stays as it is.
            Some(_) => 0.0,
            None => self.mixture().map_or(0.0, |mixture| mixture.bias_speed),
        };
        if speed > 0.0 && !load.is_empty() {
            let mut loads = load.iter();
            self.model.layers = self
                .model
                .layers
                .into_iter()
                .map(|l| l.balance(&mut loads, speed))
                .collect();
            // Modules that were not trained have no load.
            if loads.len() > 0 {
                self.mtp = self
                    .mtp
                    .into_iter()
                    .map(|module| module.balance(&mut loads, speed))
                    .collect();
            }
        }
        self
    }

    fn packed(mut self) -> Self {
        for (name, projection) in self.projections() {
            // Read in parts, by latent attention.
            if !name.ends_with("kv_b_proj") {
                projection.pack();
            }
        }
        self.mtp.iter_mut().for_each(MtpModule::pack);
        match &mut self.lm_head {
            Some(head) => head.pack(),
            None if self.head.is_none() => {
                self.head = Packed::new(self.model.embed_tokens.weight.val().transpose());
            }
            None => {}
        }
        self
    }

    fn checkpointed(self, tape: &Tape) -> Self {
        Self {
            tape: Some(tape.clone()),
            ..self
        }
    }

    fn experts(&self) -> usize {
        self.mixture().map_or(0, |mixture| mixture.experts)
    }

    fn vocabulary(&self) -> usize {
        self.config.vocabulary
    }

    fn parameters(&self) -> (usize, usize) {
        let count = self.count();
        (count.total + count.mtp, count.active)
    }

    fn device(&self) -> Device {
        self.model.embed_tokens.weight.val().device()
    }
}
