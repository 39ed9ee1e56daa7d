//! A mixture with latent attention, small enough for tests.

use moe_model::{AttentionConfig, DecoderConfig, LatentConfig, MixtureConfig, RopeConfig, Scores};

pub(crate) fn mixture(query_rank: Option<usize>) -> DecoderConfig {
    DecoderConfig {
        vocabulary: 31,
        width: 16,
        layers: 2,
        inner: 24,
        inner_bias: false,
        attention: AttentionConfig::Latent(LatentConfig {
            heads: 2,
            query_rank,
            latent_rank: 8,
            nope_dim: 6,
            rope_dim: 4,
            value_dim: 5,
            bias: false,
            interleaved: true,
        }),
        mixture: Some(MixtureConfig {
            dense_layers: vec![0],
            scores: Scores::Sigmoid,
            experts: 8,
            active: 2,
            shared: 1,
            inner: 12,
            groups: 4,
            active_groups: 2,
            normalise: true,
            scaling: 1.5,
            bias_speed: 0.01,
            balance_weight: 1e-3,
        }),
        mtp: None,
        rope: RopeConfig::plain(10_000.0),
        norm_eps: 1e-6,
        tied: false,
        max_positions: 64,
        init_std: 0.2,
    }
}
