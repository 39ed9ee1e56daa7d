//! One small model of every architecture.

use burn::tensor::Device;
use moe_model::{
    AttentionConfig, Decoder, DecoderConfig, GroupedConfig, LatentConfig, MixtureConfig, Scores,
};

use crate::small;

/// Dense and grouped-query with tied embeddings, as Llama.
pub(crate) fn dense() -> DecoderConfig {
    DecoderConfig {
        attention: AttentionConfig::Grouped(GroupedConfig::new(4, 2, 6)),
        mixture: None,
        tied: true,
        ..mixture(None)
    }
}

/// Three blocks with latent attention, two of them mixtures with sigmoid scores.
pub(crate) fn mixture(query_rank: Option<usize>) -> DecoderConfig {
    DecoderConfig {
        layers: 3,
        ..small::mixture(query_rank)
    }
}

/// A mixture in every block whose router is a softmax, as in Mixtral.
pub(crate) fn softmax() -> DecoderConfig {
    let mixture = mixture(None).mixture.map(|mixture| MixtureConfig {
        dense_layers: Vec::new(),
        scores: Scores::Softmax,
        shared: 0,
        groups: 1,
        active_groups: 1,
        scaling: 1.0,
        bias_speed: 0.0,
        ..mixture
    });
    DecoderConfig { mixture, ..dense() }
}

/// Biases and norms of queries and keys, as Qwen2 and Qwen3 have them, and an own projection.
fn qwen() -> DecoderConfig {
    DecoderConfig {
        attention: AttentionConfig::Grouped(GroupedConfig {
            qkv_bias: true,
            output_bias: true,
            qk_norm: true,
            ..GroupedConfig::new(4, 1, 6)
        }),
        inner_bias: true,
        tied: false,
        ..dense()
    }
}

/// Dense with biased latent attention, and wider than one panel of a product.
fn latent() -> DecoderConfig {
    DecoderConfig {
        width: 40,
        inner: 90,
        attention: AttentionConfig::Latent(LatentConfig {
            heads: 3,
            query_rank: Some(7),
            latent_rank: 8,
            nope_dim: 6,
            rope_dim: 4,
            value_dim: 5,
            bias: true,
            interleaved: false,
        }),
        ..dense()
    }
}

/// The models, freshly initialised.
pub(crate) fn models(seed: u64) -> Vec<Decoder> {
    let configs = [
        mixture(None),
        mixture(Some(7)),
        softmax(),
        dense(),
        qwen(),
        latent(),
    ];
    let init = |config| Decoder::init(config, seed, &Device::flex()).unwrap();
    configs.iter().map(init).collect()
}
