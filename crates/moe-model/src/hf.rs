//! Hugging Face's `config.json` to our settings and back.
//!
//! Two architectures so far: `deepseek_v3` (latent attention with a mixture) and `llama`
//! (grouped-query attention, dense). Settings we have no block for are refused, never ignored.

use serde_json::{Map, Value, json};

use crate::config::{AttentionConfig, DecoderConfig, GroupedConfig, LatentConfig, MixtureConfig};

/// Reads a parsed `config.json`. The error says which key is wrong and why.
pub(crate) fn from_json(json: &Value) -> Result<DecoderConfig, String> {
    let fields = Fields(json.as_object().ok_or("the file is not a JSON object")?);
    fields.refuse_unsupported()?;
    let (attention, mixture) = match fields.text("model_type")? {
        "deepseek_v3" => (latent(&fields)?, Some(mixture(&fields)?)),
        "llama" => (grouped(&fields)?, None),
        other => {
            return Err(format!(
                "model_type is `{other}`; known are deepseek_v3 and llama"
            ));
        }
    };
    Ok(DecoderConfig {
        vocabulary: fields.count("vocab_size")?,
        width: fields.count("hidden_size")?,
        layers: fields.count("num_hidden_layers")?,
        inner: fields.count("intermediate_size")?,
        attention,
        mixture,
        rope_theta: fields.rope_theta()?,
        norm_eps: fields.number_or("rms_norm_eps", 1e-6)?,
        tied: fields.flag_or("tie_word_embeddings", false)?,
        max_positions: fields.count("max_position_embeddings")?,
        init_std: fields.number_or("initializer_range", 0.02)?,
    })
}

/// Writes the `config.json` that `transformers` reads; `None` where it has no such architecture.
pub(crate) fn to_json(config: &DecoderConfig, end_token: Option<u32>) -> Option<Value> {
    let mut json = json!({
        "vocab_size": config.vocabulary,
        "hidden_size": config.width,
        "num_hidden_layers": config.layers,
        "intermediate_size": config.inner,
        "hidden_act": "silu",
        "rope_theta": config.rope_theta,
        "rms_norm_eps": config.norm_eps,
        "tie_word_embeddings": config.tied,
        "max_position_embeddings": config.max_positions,
        "initializer_range": config.init_std,
        "attention_bias": false,
        "use_cache": true,
        "torch_dtype": "float32",
        "bos_token_id": null,
        "pad_token_id": 0,
        "eos_token_id": end_token,
    });
    let architecture = match (&config.attention, &config.mixture) {
        (AttentionConfig::Latent(latent), Some(mixture)) => deepseek_v3(latent, mixture),
        (AttentionConfig::Grouped(grouped), None) => llama(grouped),
        _ => return None,
    };
    json.as_object_mut()?
        .extend(architecture.as_object()?.clone());
    Some(json)
}

fn deepseek_v3(latent: &LatentConfig, mixture: &MixtureConfig) -> Value {
    json!({
        "architectures": ["DeepseekV3ForCausalLM"],
        "model_type": "deepseek_v3",
        "num_attention_heads": latent.heads,
        "num_key_value_heads": latent.heads,
        "q_lora_rank": latent.query_rank,
        "kv_lora_rank": latent.latent_rank,
        "qk_nope_head_dim": latent.nope_dim,
        "qk_rope_head_dim": latent.rope_dim,
        "v_head_dim": latent.value_dim,
        "rope_interleave": true,
        "first_k_dense_replace": mixture.dense_layers,
        "n_routed_experts": mixture.experts,
        "num_experts_per_tok": mixture.active,
        "n_shared_experts": mixture.shared,
        "moe_intermediate_size": mixture.inner,
        "n_group": mixture.groups,
        "topk_group": mixture.active_groups,
        "norm_topk_prob": mixture.normalise,
        "routed_scaling_factor": mixture.scaling,
        "scoring_func": "sigmoid",
        "topk_method": "noaux_tc",
        "bias_update_speed": mixture.bias_speed,
        "aux_loss_alpha": mixture.balance_weight,
    })
}

fn llama(grouped: &GroupedConfig) -> Value {
    json!({
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "num_attention_heads": grouped.heads,
        "num_key_value_heads": grouped.kv_heads,
        "head_dim": grouped.head_dim,
        "mlp_bias": false,
    })
}

fn latent(fields: &Fields) -> Result<AttentionConfig, String> {
    Ok(AttentionConfig::Latent(LatentConfig {
        heads: fields.count("num_attention_heads")?,
        query_rank: fields.optional_count("q_lora_rank")?,
        latent_rank: fields.count("kv_lora_rank")?,
        nope_dim: fields.count("qk_nope_head_dim")?,
        rope_dim: fields.count("qk_rope_head_dim")?,
        value_dim: fields.count("v_head_dim")?,
    }))
}

fn grouped(fields: &Fields) -> Result<AttentionConfig, String> {
    let heads = fields.count("num_attention_heads")?;
    let head_dim = match fields.optional_count("head_dim")? {
        Some(dim) => dim,
        None => fields.count("hidden_size")? / heads.max(1),
    };
    let kv_heads = fields
        .optional_count("num_key_value_heads")?
        .unwrap_or(heads);
    Ok(AttentionConfig::Grouped(GroupedConfig {
        heads,
        kv_heads,
        head_dim,
    }))
}

fn mixture(fields: &Fields) -> Result<MixtureConfig, String> {
    Ok(MixtureConfig {
        dense_layers: fields.count("first_k_dense_replace")?,
        experts: fields.count("n_routed_experts")?,
        active: fields.count("num_experts_per_tok")?,
        shared: fields.optional_count("n_shared_experts")?.unwrap_or(0),
        inner: fields.count("moe_intermediate_size")?,
        groups: fields.optional_count("n_group")?.unwrap_or(1),
        active_groups: fields.optional_count("topk_group")?.unwrap_or(1),
        normalise: fields.flag_or("norm_topk_prob", true)?,
        scaling: fields.number_or("routed_scaling_factor", 1.0)?,
        bias_speed: fields.number_or("bias_update_speed", 0.001)?,
        balance_weight: fields.number_or("aux_loss_alpha", 1e-4)?,
    })
}

/// Typed reading with errors that name the key.
struct Fields<'a>(&'a Map<String, Value>);

impl Fields<'_> {
    fn present(&self, key: &str) -> Option<&Value> {
        self.0.get(key).filter(|value| !value.is_null())
    }

    fn required(&self, key: &str) -> Result<&Value, String> {
        self.present(key)
            .ok_or_else(|| format!("`{key}` is missing"))
    }

    fn text(&self, key: &str) -> Result<&str, String> {
        let value = self.required(key)?;
        value
            .as_str()
            .ok_or_else(|| format!("`{key}` is {value}, not a string"))
    }

    fn count(&self, key: &str) -> Result<usize, String> {
        self.required(key)?;
        Ok(self.optional_count(key)?.unwrap_or_default())
    }

    fn optional_count(&self, key: &str) -> Result<Option<usize>, String> {
        let Some(value) = self.present(key) else {
            return Ok(None);
        };
        let count = value.as_u64().and_then(|count| usize::try_from(count).ok());
        count
            .map(Some)
            .ok_or_else(|| format!("`{key}` is {value}, not a whole number from 0 up"))
    }

    fn number_or(&self, key: &str, default: f64) -> Result<f64, String> {
        let Some(value) = self.present(key) else {
            return Ok(default);
        };
        value
            .as_f64()
            .ok_or_else(|| format!("`{key}` is {value}, not a number"))
    }

    fn flag_or(&self, key: &str, default: bool) -> Result<bool, String> {
        let Some(value) = self.present(key) else {
            return Ok(default);
        };
        value
            .as_bool()
            .ok_or_else(|| format!("`{key}` is {value}, not true or false"))
    }

    /// The base of the rotary frequencies, in the old spelling or the new.
    fn rope_theta(&self) -> Result<f64, String> {
        match self.present("rope_parameters").and_then(Value::as_object) {
            Some(rope) => Fields(rope).number_or("rope_theta", 10_000.0),
            None => self.number_or("rope_theta", 10_000.0),
        }
    }

    fn refuse_unsupported(&self) -> Result<(), String> {
        for key in ["attention_bias", "mlp_bias"] {
            if self.flag_or(key, false)? {
                return Err(format!("`{key}` is true; biases are not supported"));
            }
        }
        if !self.flag_or("rope_interleave", true)? {
            return Err("`rope_interleave` is false; only interleaved rotary keys are".into());
        }
        if let Some(scaling) = self.present("rope_scaling") {
            return Err(format!(
                "`rope_scaling` is {scaling}; scaled positions are not supported"
            ));
        }
        let rope = self
            .present("rope_parameters")
            .and_then(|rope| rope.get("rope_type"));
        match rope.and_then(Value::as_str) {
            None | Some("default") => Ok(()),
            Some(kind) => Err(format!(
                "`rope_type` is `{kind}`; only `default` is supported"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tests::{small_dense, small_mixture};

    #[test]
    fn what_is_written_is_read_back() {
        for config in [small_mixture(), small_dense()] {
            let json = to_json(&config, Some(3)).unwrap();
            let read = from_json(&json).unwrap();
            // llama has no expert settings, and both keep everything else
            assert_eq!(read, config);
        }
    }

    #[test]
    fn errors_name_the_key() {
        let mut json = to_json(&small_mixture(), None).unwrap();
        json["hidden_size"] = json!("wide");
        assert!(
            from_json(&json)
                .unwrap_err()
                .contains("`hidden_size` is \"wide\"")
        );
        json["model_type"] = json!("bert");
        assert!(from_json(&json).unwrap_err().contains("bert"));
        let mut json = to_json(&small_dense(), None).unwrap();
        json.as_object_mut().unwrap().remove("vocab_size");
        assert_eq!(from_json(&json).unwrap_err(), "`vocab_size` is missing");
        json["rope_scaling"] = json!({"type": "yarn"});
        assert!(from_json(&json).unwrap_err().contains("rope_scaling"));
    }
}
