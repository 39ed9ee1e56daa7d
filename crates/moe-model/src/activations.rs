//! How much a training pass keeps for its way back, without making one.

use crate::config::{AttentionConfig, DecoderConfig, GroupedConfig, LatentConfig, MixtureConfig};

/// Numbers a forward pass keeps for the backward pass, with the fused operations of the CPU.
///
/// Other backends keep more: the composed forms of attention and of the experts hold what the fused
/// ones compute anew (scores, the experts' inner activations).
///
/// With width d, a block keeps the two inputs of its norms and what the norms made of them (4·d);
/// attention keeps queries, keys, values, its output and a normaliser a head; a dense feed-forward
/// its gate, its other half and their product; a mixture its scores and, of the experts every token
/// goes to, the same as a dense one. Routed experts keep nothing: they are computed again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActivationCount {
    /// Of one token, over all blocks and modules for further tokens.
    pub token: usize,
    /// Of one token, in the block that keeps most.
    pub block: usize,
    /// Of one target at once: its hidden states, and its logits with their gradient.
    pub target: usize,
}

impl ActivationCount {
    /// Counts `config` where blocks are computed again ([`lm::Tape`]): the input of each, the
    /// scores of its router, and all of one block; modules for further tokens keep theirs.
    pub fn checkpointed(config: &DecoderConfig) -> Self {
        let all = Self::new(config);
        let main = (0..config.layers).map(|layer| block(config, layer));
        let experts = |layer| {
            config
                .mixture_at(layer)
                .map_or(0, |mixture| mixture.experts)
        };
        let scores: usize = (0..config.layers).map(experts).sum();
        let inputs = config.layers * config.width + scores;
        let kept: usize = main.clone().sum();
        Self {
            token: all.token - kept + main.max().unwrap_or(0) + inputs,
            ..all
        }
    }

    /// Counts `config`.
    pub fn new(config: &DecoderConfig) -> Self {
        let modules = config.mtp.as_ref().map_or(0, |mtp| mtp.depth);
        let block = |layer| {
            let joined = if layer < config.layers {
                0
            } else {
                // The joined input, its halves with their norms, the projection, the final norm.
                8 * config.width
            };
            joined + block(config, layer)
        };
        let blocks = (0..config.layers + modules).map(block);
        Self {
            token: blocks.clone().sum::<usize>() + 3 * config.width,
            block: blocks.max().unwrap_or(0),
            target: (1 + modules) * (config.width + 2 * config.vocabulary),
        }
    }
}

fn block(config: &DecoderConfig, layer: usize) -> usize {
    let attention = match &config.attention {
        AttentionConfig::Grouped(grouped) => grouped_attention(grouped),
        AttentionConfig::Latent(latent) => latent_attention(latent),
    };
    let fed = match config.mixture_at(layer) {
        Some(mixture) => mixture_with(mixture),
        None => 3 * config.inner,
    };
    4 * config.width + attention + fed
}

fn grouped_attention(grouped: &GroupedConfig) -> usize {
    let GroupedConfig {
        heads,
        kv_heads,
        head_dim,
        qk_norm,
        ..
    } = *grouped;
    let normed = if qk_norm { heads + kv_heads } else { 0 };
    (2 * heads + 2 * kv_heads + normed) * head_dim + heads
}

fn latent_attention(latent: &LatentConfig) -> usize {
    let LatentConfig {
        heads,
        query_rank,
        latent_rank,
        nope_dim,
        rope_dim,
        value_dim,
        ..
    } = *latent;
    let queries = heads * (nope_dim + rope_dim);
    let compressed = 2 * query_rank.unwrap_or(0) + 2 * latent_rank;
    compressed + 2 * queries + 2 * heads * value_dim + heads
}

fn mixture_with(mixture: &MixtureConfig) -> usize {
    let scores = 4 * mixture.experts + 4 * mixture.active;
    scores + 3 * mixture.inner * mixture.shared
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tests::small_dense;

    #[test]
    fn a_dense_block_keeps_what_its_products_read() {
        let config = small_dense();
        let AttentionConfig::Grouped(grouped) = &config.attention else {
            panic!("grouped attention");
        };
        let (heads, kv, dim) = (grouped.heads, grouped.kv_heads, grouped.head_dim);
        let block = 4 * config.width + (2 * heads + 2 * kv) * dim + heads + 3 * config.inner;
        let count = ActivationCount::new(&config);
        assert_eq!(count.block, block);
        assert_eq!(count.token, config.layers * block + 3 * config.width);
        assert_eq!(count.target, config.width + 2 * config.vocabulary);
        let again = ActivationCount::checkpointed(&config);
        assert_eq!(again.token, block + (config.layers + 3) * config.width);
        assert_eq!((again.block, again.target), (count.block, count.target));
    }
}
