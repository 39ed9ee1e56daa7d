//! The settings a decoder is built from.

use serde::{Deserialize, Serialize};

/// A whole decoder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecoderConfig {
    /// Token ids.
    pub vocabulary: usize,
    /// Width of the residual stream.
    pub width: usize,
    /// Number of blocks.
    pub layers: usize,
    /// Inner width of the dense feed-forward.
    pub inner: usize,
    /// How tokens look at each other.
    pub attention: AttentionConfig,
    /// Experts in place of the dense feed-forward, from block `dense_layers` on.
    pub mixture: Option<MixtureConfig>,
    /// Base of the rotary frequencies.
    pub rope_theta: f64,
    /// Added to the variance in every RMS norm.
    pub norm_eps: f64,
    /// Whether the output projection is the embedding.
    pub tied: bool,
    /// The longest sequence.
    pub max_positions: usize,
    /// Standard deviation of the initial weights.
    pub init_std: f64,
}

/// How tokens look at each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttentionConfig {
    /// Multi-head latent attention.
    Latent(LatentConfig),
    /// Multi-head, multi-query or anything between.
    Grouped(GroupedConfig),
}

/// Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434, section 2.1).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LatentConfig {
    /// Query heads.
    pub heads: usize,
    /// Rank of the query compression; none projects directly.
    pub query_rank: Option<usize>,
    /// Rank of the joint key-value compression: what the cache holds.
    pub latent_rank: usize,
    /// Query and key width a head without position.
    pub nope_dim: usize,
    /// Query and key width a head with rotary position; even.
    pub rope_dim: usize,
    /// Value width a head.
    pub value_dim: usize,
}

/// Grouped-query attention (arXiv 2305.13245).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupedConfig {
    /// Query heads.
    pub heads: usize,
    /// Key-value heads; divides `heads`.
    pub kv_heads: usize,
    /// Width a head; even.
    pub head_dim: usize,
}

/// A mixture of experts (DeepSeek-V3, arXiv 2412.19437, section 2.1.2).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MixtureConfig {
    /// Leading blocks that stay dense.
    pub dense_layers: usize,
    /// Routed experts.
    pub experts: usize,
    /// Routed experts a token goes through.
    pub active: usize,
    /// Experts every token goes through.
    pub shared: usize,
    /// Inner width of one expert.
    pub inner: usize,
    /// Groups the experts are divided into.
    pub groups: usize,
    /// Groups a token may choose from.
    pub active_groups: usize,
    /// Whether the chosen scores are scaled to sum 1.
    pub normalise: bool,
    /// Factor on the routed experts' output.
    pub scaling: f64,
    /// γ: how far a router bias moves after a step (arXiv 2408.15664); 0 leaves them.
    pub bias_speed: f64,
    /// α: weight of the sequence-wise balance loss (arXiv 2412.19437, equation 17).
    pub balance_weight: f64,
}

/// A setting that cannot be built.
#[derive(Debug, thiserror::Error, PartialEq)]
#[error("{key} is {value}: {problem}")]
pub struct ConfigError {
    /// The setting.
    pub key: &'static str,
    /// What it was.
    pub value: String,
    /// What is wrong and what would be right.
    pub problem: String,
}

fn ensure(
    holds: bool,
    key: &'static str,
    value: impl ToString,
    problem: &str,
) -> Result<(), ConfigError> {
    if holds {
        return Ok(());
    }
    Err(ConfigError {
        key,
        value: value.to_string(),
        problem: problem.into(),
    })
}

impl DecoderConfig {
    /// Checks that the settings fit each other.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let positive = "must be at least 1";
        ensure(self.vocabulary > 0, "vocabulary", self.vocabulary, positive)?;
        ensure(self.width > 0, "width", self.width, positive)?;
        ensure(self.layers > 0, "layers", self.layers, positive)?;
        ensure(self.inner > 0, "inner", self.inner, positive)?;
        ensure(
            self.max_positions > 0,
            "max_positions",
            self.max_positions,
            positive,
        )?;
        match &self.attention {
            AttentionConfig::Latent(latent) => latent.validate()?,
            AttentionConfig::Grouped(grouped) => grouped.validate()?,
        }
        self.mixture
            .as_ref()
            .map_or(Ok(()), MixtureConfig::validate)
    }

    /// The mixture of block `layer`, if that block has one.
    pub(crate) fn mixture_at(&self, layer: usize) -> Option<&MixtureConfig> {
        self.mixture
            .as_ref()
            .filter(|mixture| layer >= mixture.dense_layers)
    }
}

impl LatentConfig {
    fn validate(&self) -> Result<(), ConfigError> {
        let positive = "must be at least 1";
        ensure(self.heads > 0, "heads", self.heads, positive)?;
        ensure(
            self.query_rank != Some(0),
            "query_rank",
            0,
            "leave it out for no compression",
        )?;
        ensure(
            self.latent_rank > 0,
            "latent_rank",
            self.latent_rank,
            positive,
        )?;
        ensure(self.nope_dim > 0, "nope_dim", self.nope_dim, positive)?;
        ensure(self.value_dim > 0, "value_dim", self.value_dim, positive)?;
        let even = self.rope_dim > 0 && self.rope_dim.is_multiple_of(2);
        ensure(
            even,
            "rope_dim",
            self.rope_dim,
            "must be even and at least 2",
        )
    }
}

impl GroupedConfig {
    fn validate(&self) -> Result<(), ConfigError> {
        let divides = self.kv_heads > 0 && self.heads.is_multiple_of(self.kv_heads);
        ensure(self.heads > 0, "heads", self.heads, "must be at least 1")?;
        let problem = format!("must divide heads ({})", self.heads);
        ensure(divides, "kv_heads", self.kv_heads, &problem)?;
        let even = self.head_dim > 0 && self.head_dim.is_multiple_of(2);
        ensure(
            even,
            "head_dim",
            self.head_dim,
            "must be even and at least 2",
        )
    }
}

impl MixtureConfig {
    fn validate(&self) -> Result<(), ConfigError> {
        ensure(
            self.experts > 0,
            "experts",
            self.experts,
            "must be at least 1",
        )?;
        ensure(
            self.inner > 0,
            "expert inner",
            self.inner,
            "must be at least 1",
        )?;
        let groups = self.groups > 0 && self.experts.is_multiple_of(self.groups);
        let problem = format!("must divide experts ({})", self.experts);
        ensure(groups, "groups", self.groups, &problem)?;
        let two = self.groups == 1 || self.experts / self.groups >= 2;
        ensure(
            two,
            "groups",
            self.groups,
            "a group needs two experts to be scored by",
        )?;
        let active_groups = (1..=self.groups).contains(&self.active_groups);
        let problem = format!("must lie in 1..={}", self.groups);
        ensure(active_groups, "active_groups", self.active_groups, &problem)?;
        let eligible = self.experts / self.groups * self.active_groups;
        let problem = format!("must lie in 1..={eligible}, the experts of the chosen groups");
        ensure(
            (1..=eligible).contains(&self.active),
            "active experts",
            self.active,
            &problem,
        )
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A mixture with latent attention, small enough to check by hand.
    pub(crate) fn small_mixture() -> DecoderConfig {
        DecoderConfig {
            vocabulary: 23,
            width: 16,
            layers: 2,
            inner: 24,
            attention: AttentionConfig::Latent(LatentConfig {
                heads: 2,
                query_rank: None,
                latent_rank: 8,
                nope_dim: 6,
                rope_dim: 4,
                value_dim: 5,
            }),
            mixture: Some(MixtureConfig {
                dense_layers: 1,
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
            rope_theta: 10_000.0,
            norm_eps: 1e-6,
            tied: false,
            max_positions: 64,
            init_std: 0.1,
        }
    }

    /// A dense model with two query heads for each key-value head.
    pub(crate) fn small_dense() -> DecoderConfig {
        DecoderConfig {
            attention: AttentionConfig::Grouped(GroupedConfig {
                heads: 4,
                kv_heads: 2,
                head_dim: 6,
            }),
            mixture: None,
            tied: true,
            ..small_mixture()
        }
    }

    #[test]
    fn impossible_settings_are_named() {
        assert_eq!(small_mixture().validate(), Ok(()));
        assert_eq!(small_dense().validate(), Ok(()));
        let mut config = small_mixture();
        config.mixture.as_mut().unwrap().active = 5;
        let error = config.validate().unwrap_err();
        assert_eq!(
            error.to_string(),
            "active experts is 5: must lie in 1..=4, the experts of the chosen groups"
        );
        let mut config = small_dense();
        config.attention = AttentionConfig::Grouped(GroupedConfig {
            heads: 4,
            kv_heads: 3,
            head_dim: 6,
        });
        assert_eq!(config.validate().unwrap_err().key, "kv_heads");
    }
}
