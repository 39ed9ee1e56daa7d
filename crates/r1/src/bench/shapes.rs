//! The shapes that are measured; other systems are timed on the same.

use moe_model::{
    AttentionConfig, DecoderConfig, GroupedConfig, LatentConfig, MixtureConfig, RopeConfig, Scores,
};

/// A model to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// A Llama of 3M parameters.
    S,
    /// A Llama of 20M parameters with a vocabulary of 4,096.
    M,
    /// A DeepSeek-V3 of 6M parameters.
    D,
}

impl Shape {
    pub(super) const ALL: [Self; 3] = [Self::S, Self::M, Self::D];

    /// The name of a figure, with the batch where it varies.
    pub(super) fn figure(self, what: &str, batch: Option<usize>) -> String {
        let batch = batch.map_or(String::new(), |batch| format!("_b{batch}"));
        format!("{what}_{self:?}{batch}_fp32")
    }

    pub(super) fn config(self) -> DecoderConfig {
        match self {
            Self::S => llama(192, 6, 576, 512),
            Self::M => llama(512, 8, 1280, 4096),
            Self::D => DecoderConfig {
                attention: AttentionConfig::Latent(LatentConfig {
                    heads: 6,
                    query_rank: Some(96),
                    latent_rank: 64,
                    nope_dim: 32,
                    rope_dim: 16,
                    value_dim: 32,
                    bias: false,
                    interleaved: true,
                }),
                mixture: Some(MixtureConfig {
                    dense_layers: vec![0],
                    scores: Scores::Sigmoid,
                    experts: 16,
                    active: 2,
                    shared: 1,
                    inner: 96,
                    groups: 1,
                    active_groups: 1,
                    normalise: true,
                    scaling: 2.5,
                    bias_speed: 0.001,
                    balance_weight: 1e-4,
                }),
                ..llama(192, 6, 576, 512)
            },
        }
    }
}

fn llama(width: usize, heads: usize, inner: usize, vocabulary: usize) -> DecoderConfig {
    DecoderConfig {
        vocabulary,
        width,
        layers: 6,
        inner,
        inner_bias: false,
        attention: AttentionConfig::Grouped(GroupedConfig::new(heads, heads, width / heads)),
        mixture: None,
        mtp: None,
        rope: RopeConfig::plain(10_000.0),
        norm_eps: 1e-6,
        tied: true,
        max_positions: 256,
        init_std: 0.02,
    }
}

#[cfg(test)]
mod tests {
    use moe_model::ParameterCount;

    use super::*;

    #[test]
    fn shapes_have_the_parameters_of_the_systems_they_are_compared_with() {
        let total = |shape: Shape| ParameterCount::new(&shape.config()).total;
        assert_eq!((total(Shape::S), total(Shape::M)), (2_976_192, 20_191_744));
        // 5,886,336, and a bias for each of 16 experts in five blocks, which others do not count.
        assert_eq!(total(Shape::D), 5_886_336 + 5 * 16);
    }
}
