//! Hugging Face's `config.json` to our settings and back.
//!
//! Settings we have no block for are refused, never ignored.

mod family;
mod fields;
mod keys;
mod rope;

use serde_json::{Value, json};

use crate::config::{
    AttentionConfig, DecoderConfig, GroupedConfig, LatentConfig, MixtureConfig, MtpConfig, Scores,
};
pub(crate) use family::Family;
use fields::Fields;

/// Reads a parsed `config.json`. The error says which key is wrong and why.
pub(crate) fn from_json(json: &Value) -> Result<DecoderConfig, String> {
    let fields = Fields(json.as_object().ok_or("the file is not a JSON object")?);
    let family = Family::read(fields.text("model_type")?)?;
    refuse_unsupported(&fields)?;
    let layers = fields.optional_layers("num_hidden_layers")?;
    let layers = layers.ok_or("`num_hidden_layers` is missing")?;
    let (attention, mixture) = match family {
        Family::DeepseekV3 => (latent(&fields)?, Some(deepseek_mixture(&fields)?)),
        Family::Llama | Family::Qwen2 | Family::Qwen3 => (grouped(family, &fields)?, None),
        Family::Qwen3Moe => (
            grouped(family, &fields)?,
            Some(qwen_mixture(layers, &fields)?),
        ),
        Family::Mixtral => (grouped(family, &fields)?, Some(mixtral_mixture(&fields)?)),
    };
    let config = DecoderConfig {
        vocabulary: fields.count("vocab_size")?,
        width: fields.count("hidden_size")?,
        layers,
        inner: fields.count("intermediate_size")?,
        inner_bias: family == Family::Llama && fields.flag_or("mlp_bias", false)?,
        attention,
        mixture,
        mtp: match family {
            Family::DeepseekV3 => mtp(&fields)?,
            _ => None,
        },
        rope: rope::read(&fields)?,
        norm_eps: fields.number_or("rms_norm_eps", 1e-6)?,
        tied: fields.flag_or("tie_word_embeddings", false)?,
        max_positions: fields.count("max_position_embeddings")?,
        init_std: fields.number_or("initializer_range", 0.02)?,
    };
    match config.validate() {
        Ok(()) => Ok(config),
        Err(error) => Err(keys::explain(&error, family)),
    }
}

/// Writes the `config.json` that `transformers` reads, all but the type of the weights; `None` where
/// it has no such architecture.
pub(crate) fn to_json(config: &DecoderConfig, end_token: Option<u32>) -> Option<Value> {
    let family = Family::of(config)?;
    let mut json = json!({
        "architectures": [family.class()],
        "model_type": family.name(),
        "vocab_size": config.vocabulary,
        "hidden_size": config.width,
        "num_hidden_layers": config.layers,
        "intermediate_size": config.inner,
        "hidden_act": "silu",
        "rope_theta": config.rope.theta,
        "rope_scaling": rope::write(&config.rope.scaling),
        "rms_norm_eps": config.norm_eps,
        "tie_word_embeddings": config.tied,
        "max_position_embeddings": config.max_positions,
        "initializer_range": config.init_std,
        "use_cache": true,
        "bos_token_id": null,
        "pad_token_id": 0,
        "eos_token_id": end_token,
    });
    let mut add = |fields: Value| {
        let fields = fields.as_object().cloned().unwrap_or_default();
        json.as_object_mut().map(|json| json.extend(fields))
    };
    add(match &config.attention {
        AttentionConfig::Latent(latent) => write_latent(latent),
        AttentionConfig::Grouped(grouped) => write_grouped(grouped),
    })?;
    if family == Family::Llama {
        add(json!({ "mlp_bias": config.inner_bias }))?;
    }
    if let Some(mixture) = &config.mixture {
        add(write_mixture(family, mixture))?;
    }
    if family == Family::DeepseekV3 {
        add(write_mtp(config.mtp.as_ref()))?;
    }
    Some(json)
}

fn latent(fields: &Fields) -> Result<AttentionConfig, String> {
    Ok(AttentionConfig::Latent(LatentConfig {
        heads: fields.count("num_attention_heads")?,
        query_rank: fields.optional_count("q_lora_rank")?,
        latent_rank: fields.count("kv_lora_rank")?,
        nope_dim: fields.count("qk_nope_head_dim")?,
        rope_dim: fields.count("qk_rope_head_dim")?,
        value_dim: fields.count("v_head_dim")?,
        bias: fields.flag_or("attention_bias", false)?,
        interleaved: fields.flag_or("rope_interleave", true)?,
    }))
}

fn write_latent(latent: &LatentConfig) -> Value {
    json!({
        "num_attention_heads": latent.heads,
        "num_key_value_heads": latent.heads,
        "q_lora_rank": latent.query_rank,
        "kv_lora_rank": latent.latent_rank,
        "qk_nope_head_dim": latent.nope_dim,
        "qk_rope_head_dim": latent.rope_dim,
        "v_head_dim": latent.value_dim,
        "attention_bias": latent.bias,
        "rope_interleave": latent.interleaved,
    })
}

fn grouped(family: Family, fields: &Fields) -> Result<AttentionConfig, String> {
    let heads = fields.count("num_attention_heads")?;
    let head_dim = match fields.optional_count("head_dim")? {
        Some(dim) => dim,
        None => {
            let width = fields.count("hidden_size")?;
            if heads == 0 || !width.is_multiple_of(heads) {
                return Err(format!(
                    "`num_attention_heads` is {heads}, which does not divide `hidden_size` \
                     ({width}); change it, or give `head_dim`"
                ));
            }
            width / heads
        }
    };
    let kv_heads = fields
        .optional_count("num_key_value_heads")?
        .unwrap_or(heads);
    let bias = fields.flag_or("attention_bias", false)?;
    let part = match fields.object("rope_parameters")? {
        Some(rope) => rope.optional_number("partial_rotary_factor")?,
        None => None,
    };
    let part = match part {
        Some(part) => part,
        None => fields.number_or("partial_rotary_factor", 1.0)?,
    };
    Ok(AttentionConfig::Grouped(GroupedConfig {
        heads,
        kv_heads,
        head_dim,
        rotated_dim: (head_dim as f64 * part) as usize,
        qkv_bias: bias || family == Family::Qwen2,
        output_bias: bias,
        qk_norm: matches!(family, Family::Qwen3 | Family::Qwen3Moe),
    }))
}

fn write_grouped(grouped: &GroupedConfig) -> Value {
    json!({
        "num_attention_heads": grouped.heads,
        "num_key_value_heads": grouped.kv_heads,
        "head_dim": grouped.head_dim,
        "partial_rotary_factor": grouped.rotated_dim as f64 / grouped.head_dim as f64,
        "attention_bias": grouped.output_bias,
    })
}

fn deepseek_mixture(fields: &Fields) -> Result<MixtureConfig, String> {
    let dense = fields.optional_layers("first_k_dense_replace")?;
    Ok(MixtureConfig {
        dense_layers: (0..dense.ok_or("`first_k_dense_replace` is missing")?).collect(),
        scores: Scores::Sigmoid,
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

fn mtp(fields: &Fields) -> Result<Option<MtpConfig>, String> {
    let depth = fields.optional_layers("num_nextn_predict_layers")?;
    let weight = fields.number_or("mtp_loss_weight", MTP_WEIGHT)?;
    let depth = depth.filter(|&depth| depth > 0);
    Ok(depth.map(|depth| MtpConfig { depth, weight }))
}

/// λ at the end of DeepSeek-V3's pretraining (arXiv 2412.19437, section 4.2).
const MTP_WEIGHT: f64 = 0.1;

fn write_mtp(mtp: Option<&MtpConfig>) -> Value {
    match mtp {
        Some(MtpConfig { depth, weight }) => json!({
            "num_nextn_predict_layers": depth,
            "mtp_loss_weight": weight,
        }),
        None => json!({ "num_nextn_predict_layers": 0 }),
    }
}

fn qwen_mixture(layers: usize, fields: &Fields) -> Result<MixtureConfig, String> {
    let step = fields.optional_count("decoder_sparse_step")?.unwrap_or(1);
    let only_dense = fields.counts("mlp_only_layers")?;
    let dense =
        |layer: &usize| only_dense.contains(layer) || !(layer + 1).is_multiple_of(step.max(1));
    softmax_mixture(
        fields,
        (0..layers).filter(dense).collect(),
        fields.count("moe_intermediate_size")?,
        fields.flag_or("norm_topk_prob", false)?,
    )
}

fn mixtral_mixture(fields: &Fields) -> Result<MixtureConfig, String> {
    softmax_mixture(fields, Vec::new(), fields.count("intermediate_size")?, true)
}

fn softmax_mixture(
    fields: &Fields,
    dense_layers: Vec<usize>,
    inner: usize,
    normalise: bool,
) -> Result<MixtureConfig, String> {
    let experts = match fields.optional_count("num_local_experts")? {
        Some(experts) => experts,
        None => fields.count("num_experts")?,
    };
    Ok(MixtureConfig {
        dense_layers,
        scores: Scores::Softmax,
        experts,
        active: fields.count("num_experts_per_tok")?,
        shared: 0,
        inner,
        groups: 1,
        active_groups: 1,
        normalise,
        scaling: 1.0,
        bias_speed: 0.0,
        balance_weight: fields.number_or("router_aux_loss_coef", 0.001)?,
    })
}

fn write_mixture(family: Family, mixture: &MixtureConfig) -> Value {
    match family {
        Family::Mixtral => json!({
            "num_local_experts": mixture.experts,
            "num_experts_per_tok": mixture.active,
            "router_aux_loss_coef": mixture.balance_weight,
            "output_router_logits": false,
            "sliding_window": null,
        }),
        Family::Qwen3Moe => json!({
            "num_experts": mixture.experts,
            "num_experts_per_tok": mixture.active,
            "moe_intermediate_size": mixture.inner,
            "norm_topk_prob": mixture.normalise,
            "decoder_sparse_step": 1,
            "mlp_only_layers": mixture.dense_layers,
            "router_aux_loss_coef": mixture.balance_weight,
            "output_router_logits": false,
        }),
        _ => json!({
            "first_k_dense_replace": mixture.dense_layers.len(),
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
        }),
    }
}

fn refuse_unsupported(fields: &Fields) -> Result<(), String> {
    let activation = fields.present("hidden_act").and_then(Value::as_str);
    if let Some(other) = activation.filter(|name| *name != "silu") {
        return Err(format!(
            "`hidden_act` is `{other}`; only `silu` is supported"
        ));
    }
    if fields.flag_or("use_sliding_window", false)? {
        return Err("`use_sliding_window` is true; only full attention is supported".into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::config::tests::{small_dense, small_families, small_mixture};
    use crate::config::{RopeConfig, RopeScaling, YarnConfig};

    #[test]
    fn what_is_written_is_read_back() {
        let mut types = BTreeSet::new();
        for config in small_families() {
            let json = to_json(&config, Some(3)).unwrap();
            assert_eq!(from_json(&json).unwrap(), config);
            types.insert(json["model_type"].to_string());
        }
        assert_eq!(types.len(), 6, "{types:?}");
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
        for key in ["num_hidden_layers", "hidden_size"] {
            let mut json = to_json(&small_dense(), None).unwrap();
            json[key] = json!(1_000_000_000_000_u64);
            let error = from_json(&json).unwrap_err();
            assert!(
                error.contains(key) && error.contains("2147483647"),
                "{error}"
            );
        }
        let mut json = to_json(&small_mixture(), None).unwrap();
        json["first_k_dense_replace"] = json!(100_000);
        let error = from_json(&json).unwrap_err();
        assert!(
            error.contains("`first_k_dense_replace` is 100000; at most"),
            "{error}"
        );
        let mut json = to_json(&small_dense(), None).unwrap();
        json["rope_scaling"] = json!({"type": "yarn"});
        assert_eq!(from_json(&json).unwrap_err(), "`factor` is missing");
        json["rope_scaling"] = json!({"type": "dynamic"});
        assert!(from_json(&json).unwrap_err().contains("`dynamic`"));
        json["rope_scaling"] = json!(3);
        assert!(from_json(&json).unwrap_err().contains("not an object"));
    }

    #[test]
    fn both_spellings_of_positions_are_read() {
        let scalings = [
            RopeScaling::Linear { factor: 2.0 },
            RopeScaling::Llama3 {
                factor: 8.0,
                low: 1.0,
                high: 4.0,
                trained_positions: 128,
            },
            RopeScaling::Yarn(YarnConfig {
                factor: 40.0,
                mscale: Some(0.7),
                ..YarnConfig::default()
            }),
        ];
        for scaling in scalings {
            let rope = RopeConfig {
                theta: 5e5,
                scaling,
            };
            let config = DecoderConfig {
                rope: rope.clone(),
                ..small_dense()
            };
            let mut json = to_json(&config, None).unwrap();
            assert_eq!(from_json(&json).unwrap(), config);
            let mut parameters = json["rope_scaling"].take();
            parameters["rope_theta"] = json["rope_theta"].take();
            json["rope_parameters"] = parameters;
            assert_eq!(from_json(&json).unwrap().rope, rope);
        }
    }
}
