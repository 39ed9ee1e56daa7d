//! The architectures of `transformers` a decoder can be.

use crate::config::{AttentionConfig, DecoderConfig, Scores};

/// An architecture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    DeepseekV3,
    Llama,
    Qwen2,
    Qwen3,
    Qwen3Moe,
    Mixtral,
}

impl Family {
    const ALL: [Self; 6] = [
        Self::DeepseekV3,
        Self::Llama,
        Self::Qwen2,
        Self::Qwen3,
        Self::Qwen3Moe,
        Self::Mixtral,
    ];

    /// The `model_type`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::DeepseekV3 => "deepseek_v3",
            Self::Llama => "llama",
            Self::Qwen2 => "qwen2",
            Self::Qwen3 => "qwen3",
            Self::Qwen3Moe => "qwen3_moe",
            Self::Mixtral => "mixtral",
        }
    }

    /// The class that `transformers` builds.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::DeepseekV3 => "DeepseekV3ForCausalLM",
            Self::Llama => "LlamaForCausalLM",
            Self::Qwen2 => "Qwen2ForCausalLM",
            Self::Qwen3 => "Qwen3ForCausalLM",
            Self::Qwen3Moe => "Qwen3MoeForCausalLM",
            Self::Mixtral => "MixtralForCausalLM",
        }
    }

    pub(super) fn read(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|family| family.name() == name);
        found.ok_or_else(|| {
            let known: Vec<&str> = Self::ALL.iter().map(|family| family.name()).collect();
            format!("model_type is `{name}`; known are {}", known.join(", "))
        })
    }

    /// The family whose every setting `config` can be said in.
    pub(crate) fn of(config: &DecoderConfig) -> Option<Self> {
        let family = match (&config.attention, &config.mixture) {
            (AttentionConfig::Latent(_), Some(mixture)) => {
                let leading = mixture
                    .dense_layers
                    .iter()
                    .copied()
                    .eq(0..mixture.dense_layers.len());
                (leading && mixture.scores == Scores::Sigmoid).then_some(Self::DeepseekV3)?
            }
            (AttentionConfig::Latent(_), None) => return None,
            (AttentionConfig::Grouped(grouped), mixture) => {
                let even = grouped.qkv_bias == grouped.output_bias;
                match (mixture, grouped.qk_norm) {
                    (None, true) if even => Self::Qwen3,
                    (None, false) if even => Self::Llama,
                    (None, false) if grouped.qkv_bias => Self::Qwen2,
                    (Some(mixture), norm) if mixture.is_plain_softmax() && even => match norm {
                        true => Self::Qwen3Moe,
                        false if mixture.is_mixtral(config.inner) && !grouped.qkv_bias => {
                            Self::Mixtral
                        }
                        false => return None,
                    },
                    _ => return None,
                }
            }
        };
        (!config.inner_bias || family == Self::Llama).then_some(family)
    }

    /// The name on disk of a parameter that is called `name` here.
    pub(crate) fn on_disk(self, name: &str) -> String {
        if self != Self::Mixtral {
            return name.to_owned();
        }
        let mut name = name.replace(".mlp.", ".block_sparse_moe.");
        for (ours, theirs) in [("gate_proj", "w1"), ("down_proj", "w2"), ("up_proj", "w3")] {
            name = name.replace(ours, theirs);
        }
        name
    }
}
