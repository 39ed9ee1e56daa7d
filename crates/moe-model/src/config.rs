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
    /// Whether the dense feed-forward has biases.
    pub inner_bias: bool,
    /// How tokens look at each other.
    pub attention: AttentionConfig,
    /// Experts in place of the dense feed-forward, from block `dense_layers` on.
    pub mixture: Option<MixtureConfig>,
    /// Modules that predict further tokens, beside a sigmoid mixture with latent attention.
    pub mtp: Option<MtpConfig>,
    /// Rotary positions.
    pub rope: RopeConfig,
    /// Added to the variance in every RMS norm.
    pub norm_eps: f64,
    /// Whether the output projection is the embedding.
    pub tied: bool,
    /// The longest sequence.
    pub max_positions: usize,
    /// Standard deviation of the initial weights.
    pub init_std: f64,
}

/// Rotary positions (arXiv 2104.09864).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RopeConfig {
    /// Base of the frequencies.
    pub theta: f64,
    /// How they are stretched to contexts longer than trained on.
    pub scaling: RopeScaling,
}

impl RopeConfig {
    /// Positions as they are.
    pub fn plain(theta: f64) -> Self {
        Self {
            theta,
            scaling: RopeScaling::None,
        }
    }
}

/// How rotary frequencies are stretched to longer contexts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RopeScaling {
    /// Not at all.
    None,
    /// All alike (arXiv 2306.15595).
    Linear {
        /// The factor of extension.
        factor: f64,
    },
    /// By wavelength, as Llama 3.1 does (arXiv 2407.21783, section 3.4.2).
    Llama3 {
        /// The factor of extension.
        factor: f64,
        /// Pairs that turn less often than this over the trained context are slowed by `factor`.
        low: f64,
        /// Pairs that turn more often are kept.
        high: f64,
        /// Positions the model was trained on first.
        trained_positions: usize,
    },
    /// YaRN (arXiv 2309.00071).
    Yarn(YarnConfig),
}

/// YaRN (arXiv 2309.00071), with DeepSeek's two weights of the magnitude.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct YarnConfig {
    /// The factor of extension.
    pub factor: f64,
    /// Positions the model was trained on first.
    pub trained_positions: usize,
    /// Pairs that turn more often than this over the trained context are kept. Default 32.
    pub beta_fast: f64,
    /// Pairs that turn less often are slowed by `factor`. Default 1.
    pub beta_slow: f64,
    /// Factor on cosines and sines; none: computed from the weights below or, without them, from
    /// `factor`.
    pub attention_factor: Option<f64>,
    /// Weight of the growth of the rotated part.
    pub mscale: Option<f64>,
    /// Weight of the growth of the whole; latent attention squares it into its scale.
    pub mscale_all_dim: Option<f64>,
    /// Whether the ends of the ramp are rounded outwards. Default true.
    pub truncate: bool,
}

impl Default for YarnConfig {
    fn default() -> Self {
        Self {
            factor: 1.0,
            trained_positions: 4096,
            beta_fast: 32.0,
            beta_slow: 1.0,
            attention_factor: None,
            mscale: None,
            mscale_all_dim: None,
            truncate: true,
        }
    }
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
    /// Whether the projections of the stream have biases: both compressions and the output.
    pub bias: bool,
    /// Whether neighbours are rotated together on disk; otherwise the two halves of a head.
    pub interleaved: bool,
}

/// Grouped-query attention (arXiv 2305.13245).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupedConfig {
    /// Query heads.
    pub heads: usize,
    /// Key-value heads; divides `heads`.
    pub kv_heads: usize,
    /// Width a head.
    pub head_dim: usize,
    /// Leading width of a head that is rotated; even.
    pub rotated_dim: usize,
    /// Whether queries, keys and values have biases (Qwen2).
    pub qkv_bias: bool,
    /// Whether the output projection has one (Llama's `attention_bias`).
    pub output_bias: bool,
    /// Whether each head's queries and keys are normalised before they are rotated (Qwen3).
    pub qk_norm: bool,
}

impl GroupedConfig {
    /// Llama's: heads rotated whole, without biases or norms.
    pub fn new(heads: usize, kv_heads: usize, head_dim: usize) -> Self {
        Self {
            heads,
            kv_heads,
            head_dim,
            rotated_dim: head_dim,
            qkv_bias: false,
            output_bias: false,
            qk_norm: false,
        }
    }
}

/// A mixture of experts (DeepSeek-V3, arXiv 2412.19437, section 2.1.2).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MixtureConfig {
    /// Blocks that stay dense.
    pub dense_layers: Vec<usize>,
    /// What the router makes of its logits.
    pub scores: Scores,
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
    /// α: weight of the balance loss, with sigmoid scores sequence by sequence (arXiv 2412.19437,
    /// equation 17), with a softmax over the whole batch (arXiv 2101.03961, equation 4). The latter
    /// is no mean over sequences, so cutting a batch into micro-batches changes it slightly.
    pub balance_weight: f64,
}

/// Modules that predict further tokens (multi-token prediction, DeepSeek-V3, arXiv 2412.19437,
/// section 2.2).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MtpConfig {
    /// D: how many there are, each a token further; at least 1.
    pub depth: usize,
    /// λ: weight of the mean of their losses (equation 25); more than 0.
    pub weight: f64,
}

/// What a router makes of its logits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scores {
    /// A sigmoid each, with a bias that steers the choice (DeepSeek-V3).
    Sigmoid,
    /// A softmax over all experts (Mixtral, arXiv 2401.04088; Qwen3).
    Softmax,
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
        let small = self.norm_eps > 0.0 && self.norm_eps < 1.0;
        let problem = "must lie above 0 and below 1";
        ensure(small, "rms_norm_eps", self.norm_eps, problem)?;
        self.rope.validate()?;
        match &self.attention {
            AttentionConfig::Latent(latent) => latent.validate()?,
            AttentionConfig::Grouped(grouped) => grouped.validate()?,
        }
        self.mixture
            .as_ref()
            .map_or(Ok(()), MixtureConfig::validate)?;
        self.mtp
            .as_ref()
            .map_or(Ok(()), |mtp| self.validate_mtp(mtp))
    }

    /// Only DeepSeek-V3 has names for the modules on disk.
    fn validate_mtp(&self, mtp: &MtpConfig) -> Result<(), ConfigError> {
        let MtpConfig { depth, weight } = *mtp;
        let problem = "must be at least 1; leave mtp out for no modules";
        ensure(depth > 0, "mtp depth", depth, problem)?;
        let positive = weight > 0.0 && weight.is_finite();
        ensure(positive, "mtp weight", weight, "must be more than 0")?;
        let latent = matches!(self.attention, AttentionConfig::Latent(_));
        let sigmoid = |mixture: &MixtureConfig| mixture.scores == Scores::Sigmoid;
        let fits = latent && self.mixture.as_ref().is_some_and(sigmoid);
        let problem = "needs latent attention and a mixture with sigmoid scores";
        ensure(fits, "mtp depth", depth, problem)
    }

    /// The mixture of block `layer`, if that block has one.
    pub(crate) fn mixture_at(&self, layer: usize) -> Option<&MixtureConfig> {
        self.mixture
            .as_ref()
            .filter(|mixture| !mixture.dense_layers.contains(&layer))
    }
}

impl RopeConfig {
    fn validate(&self) -> Result<(), ConfigError> {
        let theta = self.theta;
        ensure(theta > 1.0, "rope theta", theta, "must be more than 1")?;
        let (factor, trained) = match &self.scaling {
            RopeScaling::None => return Ok(()),
            RopeScaling::Linear { factor } => (*factor, 1),
            RopeScaling::Llama3 {
                factor,
                low,
                high,
                trained_positions,
            } => {
                let problem = format!("must be less than the fast limit, {high}");
                ensure(low < high, "rope slow limit", low, &problem)?;
                (*factor, *trained_positions)
            }
            RopeScaling::Yarn(yarn) => {
                let ordered = 0.0 < yarn.beta_slow && yarn.beta_slow <= yarn.beta_fast;
                let problem = format!("must lie above 0 and up to beta_fast, {}", yarn.beta_fast);
                ensure(ordered, "rope beta_slow", yarn.beta_slow, &problem)?;
                (yarn.factor, yarn.trained_positions)
            }
        };
        ensure(factor >= 1.0, "rope factor", factor, "must be at least 1")?;
        let problem = "must be at least 1";
        ensure(trained > 0, "rope trained positions", trained, problem)
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
        ensure(
            self.head_dim > 0,
            "head_dim",
            self.head_dim,
            "must be at least 1",
        )?;
        let rotated = self.rotated_dim;
        let fits = rotated > 0 && rotated.is_multiple_of(2) && rotated <= self.head_dim;
        let problem = format!("must be even and lie in 2..={}", self.head_dim);
        ensure(fits, "rotated_dim", rotated, &problem)
    }
}

impl MixtureConfig {
    /// Whether it is a softmax over experts without groups, biases or shared experts.
    pub(crate) fn is_plain_softmax(&self) -> bool {
        self.scores == Scores::Softmax
            && (self.groups, self.shared, self.scaling) == (1, 0, 1.0)
            && self.bias_speed == 0.0
    }

    /// Whether it is moreover in every block, of this inner width, and mixes with sum 1.
    pub(crate) fn is_mixtral(&self, inner: usize) -> bool {
        self.dense_layers.is_empty() && self.inner == inner && self.normalise
    }

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
        let fits = self.scores == Scores::Sigmoid || (self.groups == 1 && self.bias_speed == 0.0);
        let problem = "groups and moving biases need sigmoid scores";
        ensure(fits, "scores", "softmax", problem)?;
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
            inner_bias: false,
            attention: AttentionConfig::Latent(LatentConfig {
                heads: 2,
                query_rank: None,
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
            init_std: 0.1,
        }
    }

    /// The same with two modules for further tokens.
    pub(crate) fn small_mtp() -> DecoderConfig {
        DecoderConfig {
            mtp: Some(MtpConfig {
                depth: 2,
                weight: 0.3,
            }),
            ..small_mixture()
        }
    }

    /// A dense model with two query heads for each key-value head.
    pub(crate) fn small_dense() -> DecoderConfig {
        DecoderConfig {
            attention: AttentionConfig::Grouped(GroupedConfig::new(4, 2, 6)),
            mixture: None,
            tied: true,
            ..small_mixture()
        }
    }

    /// One of every architecture, each with the settings that set it apart.
    pub(crate) fn small_families() -> Vec<DecoderConfig> {
        let grouped = |qkv_bias, output_bias, qk_norm| DecoderConfig {
            attention: AttentionConfig::Grouped(GroupedConfig {
                qkv_bias,
                output_bias,
                qk_norm,
                ..GroupedConfig::new(4, 2, 6)
            }),
            ..small_dense()
        };
        let softmax = |dense_layers, normalise| {
            Some(MixtureConfig {
                dense_layers,
                scores: Scores::Softmax,
                experts: 5,
                active: 2,
                shared: 0,
                inner: 24,
                groups: 1,
                active_groups: 1,
                normalise,
                scaling: 1.0,
                bias_speed: 0.0,
                balance_weight: 0.02,
            })
        };
        let mut latent = small_mixture();
        latent.attention = AttentionConfig::Latent(LatentConfig {
            heads: 2,
            query_rank: Some(7),
            latent_rank: 8,
            nope_dim: 6,
            rope_dim: 4,
            value_dim: 5,
            bias: true,
            interleaved: false,
        });
        vec![
            small_mixture(),
            small_mtp(),
            latent,
            small_dense(),
            DecoderConfig {
                inner_bias: true,
                ..grouped(true, true, false)
            },
            grouped(true, false, false),
            grouped(false, false, true),
            DecoderConfig {
                mixture: softmax(vec![0], false),
                ..grouped(false, false, true)
            },
            DecoderConfig {
                mixture: softmax(Vec::new(), true),
                ..grouped(false, false, false)
            },
        ]
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
        config.attention = AttentionConfig::Grouped(GroupedConfig::new(4, 3, 6));
        assert_eq!(config.validate().unwrap_err().key, "kv_heads");
        let mut config = small_mtp();
        config.mtp.as_mut().unwrap().weight = 0.0;
        assert_eq!(config.validate().unwrap_err().key, "mtp weight");
        let config = DecoderConfig {
            mtp: small_mtp().mtp,
            ..small_dense()
        };
        let error = config.validate().unwrap_err().to_string();
        assert!(error.contains("needs latent attention"), "{error}");
    }
}
