//! How many parameters a configuration has and how much its cache holds, without allocating any.

use crate::config::{
    AttentionConfig, DecoderConfig, GroupedConfig, LatentConfig, MixtureConfig, Scores,
};

/// Parameters of a decoder, modules for further tokens apart.
///
/// With width d, vocabulary v, L blocks of which D are dense, attention A, inner widths f of a
/// dense block and m of an expert, e routed, k chosen and s shared experts:
///
/// - total = 2·v·d + d + L·(A + 2·d) + D·3·d·f + (L − D)·(3·d·m·(e + s) + e·(d + 1))
/// - active = the same with k for e + s routed and shared experts, that is 3·d·m·(k + s); the
///   router, e·(d + 1), stays whole
///
/// where 2·v·d is v·d if the projection is the embedding, and e·(d + 1) is e·d for a softmax, which
/// has no bias. Biases and the norms inside attention are counted where there are any.
///
/// Active is what a token's pass needs, so of the routed experts only those it is sent to. The
/// router is active as a whole, for it scores every expert; so is the projection, which scores
/// every token. The embedding is counted although one row of it is read, for that is how DeepSeek
/// counts its 37B (37.6B with it, 36.6B without).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParameterCount {
    /// All of the main model.
    pub total: usize,
    /// Those one token passes through.
    pub active: usize,
    /// What the modules for further tokens have beside the main model, whose embedding and
    /// projection they share: norms, the joining projection and a block each.
    pub mtp: usize,
}

/// Numbers a cache holds of one token, over all blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheCount {
    /// What [`crate::DecoderCache`] holds: a latent and a rotary key a block with latent attention,
    /// a key and a value for every key-value head otherwise.
    pub held: usize,
    /// What it would hold with a key and a value for every query head.
    pub expanded: usize,
}

impl CacheCount {
    /// Counts `config`.
    pub fn new(config: &DecoderConfig) -> Self {
        let (held, expanded) = match &config.attention {
            AttentionConfig::Latent(latent) => (
                latent.latent_rank + latent.rope_dim,
                latent.heads * (latent.nope_dim + latent.rope_dim + latent.value_dim),
            ),
            AttentionConfig::Grouped(grouped) => (
                2 * grouped.kv_heads * grouped.head_dim,
                2 * grouped.heads * grouped.head_dim,
            ),
        };
        Self {
            held: config.layers * held,
            expanded: config.layers * expanded,
        }
    }
}

impl ParameterCount {
    /// Counts `config`.
    pub fn new(config: &DecoderConfig) -> Self {
        let d = config.width;
        let embedding = config.vocabulary * d * if config.tied { 1 } else { 2 };
        let mut count = Self {
            total: embedding + d,
            active: embedding + d,
            mtp: 0,
        };
        for layer in 0..config.layers {
            let (total, active) = block(config, layer);
            count.total += total;
            count.active += active;
        }
        for module in 0..config.mtp.as_ref().map_or(0, |mtp| mtp.depth) {
            count.mtp += 3 * d + 2 * d * d + block(config, config.layers + module).0;
        }
        count
    }
}

/// All parameters of a block, and those a token passes through.
fn block(config: &DecoderConfig, layer: usize) -> (usize, usize) {
    let d = config.width;
    let common = attention(config) + 2 * d;
    match config.mixture_at(layer) {
        Some(mixture) => (
            common + mixture_with(mixture, d, mixture.experts),
            common + mixture_with(mixture, d, mixture.active),
        ),
        None => {
            let biases = if config.inner_bias {
                2 * config.inner + d
            } else {
                0
            };
            let all = common + 3 * d * config.inner + biases;
            (all, all)
        }
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

    use lm::CausalLm;

    use super::*;
    use crate::config::tests::{small_dense, small_families};
    use crate::{Decoder, Preset};

    #[test]
    fn counts_what_is_allocated() {
        for config in small_families() {
            let model = Decoder::init(&config, 0, &Device::flex()).unwrap();
            let count = ParameterCount::new(&config);
            assert_eq!(model.num_params(), count.total + count.mtp);
            assert_eq!(count.mtp > 0, config.mtp.is_some());
        }
    }

    /// The published model: 671B parameters of which 37B are active (arXiv 2412.19437, abstract), and
    /// 11.5B in its module, by README_WEIGHTS.md, which counts the block (11,507,286,272) alone.
    #[test]
    fn deepseek_v3_has_671_billion() {
        let config = Preset::DeepseekV3.config();
        assert_eq!(config.mtp.as_ref().map(|mtp| mtp.depth), Some(1));
        let count = ParameterCount::new(&config);
        // A block's attention has 187,107,328 with its norms, an expert 44,040,192.
        let common: usize =
            2 * 129_280 * 7168 + 7168 + 61 * (187_107_328 + 2 * 7168) + 3 * 396_361_728;
        let router: usize = 256 * 7169;
        let total = common + 58 * (257 * 44_040_192 + router);
        assert_eq!((count.total, total), (671_026_419_200, 671_026_419_200));
        let active = common + 58 * (9 * 44_040_192 + router);
        assert_eq!((count.active, active), (37_552_297_472, 37_552_297_472));
        assert_eq!(count.mtp, 11_507_286_272 + 2 * 7168 * 7168 + 3 * 7168);
    }

    #[test]
    fn seed_16_is_as_large_as_it_says() {
        let count = ParameterCount::new(&Preset::Seed16.config());
        assert_eq!((count.total, count.active), (354_253_232, 127_170_992));
    }

    /// 70,272 bytes a token in bf16 (arXiv 2505.09343, table 1).
    #[test]
    fn deepseek_v3_caches_70_kilobytes_a_token() {
        let count = CacheCount::new(&Preset::DeepseekV3.config());
        assert_eq!(2 * count.held, 70_272);
        assert_eq!(count.expanded, 61 * 128 * (128 + 64 + 128));
        // Two of four heads have keys and values of their own: 2 blocks of 2·2·6 and 2·4·6.
        let grouped = CacheCount::new(&small_dense());
        assert_eq!((grouped.held, grouped.expanded), (48, 96));
    }

    #[test]
    fn a_cache_holds_what_is_counted() {
        for config in small_families() {
            let model = Decoder::init(&config, 0, &Device::flex()).unwrap();
            let cache = model.cache(1, 1);
            let held = cache.layers.iter().map(|layer| {
                let values = layer
                    .values
                    .as_ref()
                    .map_or(0, |values| values.shape().num_elements());
                layer.keys.shape().num_elements() + values
            });
            assert_eq!(held.sum::<usize>(), CacheCount::new(&config).held);
        }
    }
}
