//! How many parameters a configuration has, without allocating any.

use crate::config::{
    AttentionConfig, DecoderConfig, GroupedConfig, LatentConfig, MixtureConfig, Scores,
};

/// Parameters of a decoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParameterCount {
    /// All of them.
    pub total: usize,
    /// Those one token passes through: of the routed experts only the chosen ones count. The
    /// embedding counts, as in the figures DeepSeek gives.
    pub active: usize,
}

impl ParameterCount {
    /// Counts `config`.
    pub fn new(config: &DecoderConfig) -> Self {
        let d = config.width;
        let embedding = config.vocabulary * d * if config.tied { 1 } else { 2 };
        let common = embedding + d + config.layers * (attention(config) + 2 * d);
        let biases = if config.inner_bias {
            2 * config.inner + d
        } else {
            0
        };
        let dense = 3 * d * config.inner + biases;
        let (mut total, mut active) = (common, common);
        for layer in 0..config.layers {
            match config.mixture_at(layer) {
                Some(mixture) => {
                    total += mixture_with(mixture, d, mixture.experts);
                    active += mixture_with(mixture, d, mixture.active);
                }
                None => {
                    total += dense;
                    active += dense;
                }
            }
        }
        Self { total, active }
    }
}

/// A mixture of which `experts` routed ones are counted, router and biases included.
fn mixture_with(mixture: &MixtureConfig, d: usize, experts: usize) -> usize {
    3 * d * mixture.inner * (experts + mixture.shared)
        + mixture.experts * (d + usize::from(mixture.scores == Scores::Sigmoid))
}

fn attention(config: &DecoderConfig) -> usize {
    let d = config.width;
    match &config.attention {
        AttentionConfig::Latent(latent) => latent_attention(latent, d),
        AttentionConfig::Grouped(grouped) => grouped_attention(grouped, d),
    }
}

fn grouped_attention(grouped: &GroupedConfig, d: usize) -> usize {
    let GroupedConfig {
        heads,
        kv_heads,
        head_dim,
        qkv_bias,
        output_bias,
        qk_norm,
        ..
    } = *grouped;
    let read = (heads + 2 * kv_heads) * head_dim;
    let biases = if qkv_bias { read } else { 0 } + if output_bias { d } else { 0 };
    let norms = if qk_norm { 2 * head_dim } else { 0 };
    d * read + heads * head_dim * d + biases + norms
}

fn latent_attention(latent: &LatentConfig, d: usize) -> usize {
    let LatentConfig {
        heads,
        query_rank,
        latent_rank: r,
        nope_dim,
        rope_dim,
        value_dim,
        bias,
        interleaved: _,
    } = *latent;
    let queries = heads * (nope_dim + rope_dim);
    let query = query_rank.map_or(d * queries, |rank| d * rank + rank + rank * queries);
    let key_value = d * (r + rope_dim) + r + r * heads * (nope_dim + value_dim);
    let biases = if bias {
        query_rank.unwrap_or(0) + r + rope_dim + d
    } else {
        0
    };
    query + key_value + heads * value_dim * d + biases
}

#[cfg(test)]
mod tests {
    use burn::module::Module;
    use burn::tensor::Device;

    use super::*;
    use crate::Decoder;
    use crate::config::tests::{small_families, small_mixture};

    #[test]
    fn counts_what_is_allocated() {
        for config in small_families() {
            let model = Decoder::init(&config, 0, &Device::flex()).unwrap();
            assert_eq!(model.num_params(), ParameterCount::new(&config).total);
        }
    }

    /// The published model: 671B parameters of which 37B are active (arXiv 2412.19437, abstract).
    #[test]
    fn deepseek_v3_has_671_billion() {
        let config = DecoderConfig {
            vocabulary: 129_280,
            width: 7168,
            layers: 61,
            inner: 18_432,
            attention: AttentionConfig::Latent(LatentConfig {
                heads: 128,
                query_rank: Some(1536),
                latent_rank: 512,
                nope_dim: 128,
                rope_dim: 64,
                value_dim: 128,
                bias: false,
                interleaved: true,
            }),
            mixture: Some(MixtureConfig {
                dense_layers: (0..3).collect(),
                scores: Scores::Sigmoid,
                experts: 256,
                active: 8,
                shared: 1,
                inner: 2048,
                groups: 8,
                active_groups: 4,
                normalise: true,
                scaling: 2.5,
                bias_speed: 0.001,
                balance_weight: 1e-4,
            }),
            tied: false,
            ..small_mixture()
        };
        let count = ParameterCount::new(&config);
        assert_eq!(count.total, 671_026_419_200);
        assert_eq!(count.active / 1_000_000_000, 37);
    }
}
