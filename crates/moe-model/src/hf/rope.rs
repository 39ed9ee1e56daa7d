//! Rotary positions as `config.json` has them.

use serde_json::{Value, json};

use super::fields::Fields;
use crate::config::{RopeConfig, RopeScaling, YarnConfig};

/// Rotary positions, in the spelling of the hub (`rope_theta`, `rope_scaling`) or of
/// transformers 5 (`rope_parameters`).
pub(super) fn read(fields: &Fields) -> Result<RopeConfig, String> {
    let new = fields.object("rope_parameters")?;
    let old = fields.object("rope_scaling")?;
    let theta = match &new {
        Some(rope) => rope.optional_number("rope_theta")?,
        None => None,
    };
    let theta = match theta {
        Some(theta) => theta,
        None => fields.number_or("rope_theta", 10_000.0)?,
    };
    let scaling = match new.or(old) {
        Some(rope) => scaling(&rope, fields)?,
        None => RopeScaling::None,
    };
    Ok(RopeConfig { theta, scaling })
}

fn scaling(rope: &Fields, model: &Fields) -> Result<RopeScaling, String> {
    let kind = match rope.present("rope_type") {
        Some(_) => rope.text("rope_type")?,
        None if rope.present("type").is_some() => rope.text("type")?,
        None => "default",
    };
    let trained_positions = || match rope.optional_count("original_max_position_embeddings")? {
        Some(positions) => Ok::<_, String>(positions),
        None => model.count("max_position_embeddings"),
    };
    Ok(match kind {
        "default" => RopeScaling::None,
        "linear" => RopeScaling::Linear {
            factor: rope.number("factor")?,
        },
        "llama3" => RopeScaling::Llama3 {
            factor: rope.number("factor")?,
            low: rope.number("low_freq_factor")?,
            high: rope.number("high_freq_factor")?,
            trained_positions: trained_positions()?,
        },
        "yarn" => RopeScaling::Yarn(YarnConfig {
            factor: rope.number("factor")?,
            trained_positions: trained_positions()?,
            beta_fast: rope.number_or("beta_fast", 32.0)?,
            beta_slow: rope.number_or("beta_slow", 1.0)?,
            attention_factor: rope.optional_number("attention_factor")?,
            mscale: rope.optional_number("mscale")?,
            mscale_all_dim: rope.optional_number("mscale_all_dim")?,
            truncate: rope.flag_or("truncate", true)?,
        }),
        other => {
            return Err(format!(
                "`rope_type` is `{other}`; known are default, linear, llama3 and yarn"
            ));
        }
    })
}

pub(super) fn write(scaling: &RopeScaling) -> Value {
    match scaling {
        RopeScaling::None => Value::Null,
        RopeScaling::Linear { factor } => json!({ "rope_type": "linear", "factor": factor }),
        RopeScaling::Llama3 {
            factor,
            low,
            high,
            trained_positions,
        } => json!({
            "rope_type": "llama3",
            "factor": factor,
            "low_freq_factor": low,
            "high_freq_factor": high,
            "original_max_position_embeddings": trained_positions,
        }),
        RopeScaling::Yarn(yarn) => {
            let mut json = json!({
                "rope_type": "yarn",
                "type": "yarn",
                "factor": yarn.factor,
                "original_max_position_embeddings": yarn.trained_positions,
                "beta_fast": yarn.beta_fast,
                "beta_slow": yarn.beta_slow,
                "truncate": yarn.truncate,
            });
            let given = [
                ("attention_factor", yarn.attention_factor),
                ("mscale", yarn.mscale),
                ("mscale_all_dim", yarn.mscale_all_dim),
            ];
            for (key, value) in given {
                if let Some(value) = value {
                    json[key] = json!(value);
                }
            }
            json
        }
    }
}
