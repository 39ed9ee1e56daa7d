//! What `config.json` calls a setting of ours.

use super::Family;
use crate::config::ConfigError;

/// The message of an impossible setting, in the words of the file it came from.
pub(super) fn explain(error: &ConfigError, family: Family) -> String {
    let ConfigError {
        key,
        value,
        problem,
    } = error;
    match theirs(key, family) {
        Some(theirs) => format!("`{theirs}` is {value}: {problem}"),
        None => format!("{key} is {value}: {problem}"),
    }
}

fn theirs(ours: &str, family: Family) -> Option<&'static str> {
    Some(match ours {
        "vocabulary" => "vocab_size",
        "width" => "hidden_size",
        "layers" => "num_hidden_layers",
        "inner" => "intermediate_size",
        "max_positions" => "max_position_embeddings",
        "heads" => "num_attention_heads",
        "kv_heads" => "num_key_value_heads",
        "head_dim" => "head_dim",
        "rotated_dim" => "partial_rotary_factor",
        "query_rank" => "q_lora_rank",
        "latent_rank" => "kv_lora_rank",
        "nope_dim" => "qk_nope_head_dim",
        "rope_dim" => "qk_rope_head_dim",
        "value_dim" => "v_head_dim",
        "experts" => match family {
            Family::DeepseekV3 => "n_routed_experts",
            Family::Mixtral => "num_local_experts",
            _ => "num_experts",
        },
        "active experts" => "num_experts_per_tok",
        "expert inner" => "moe_intermediate_size",
        "groups" => "n_group",
        "active_groups" => "topk_group",
        "rope theta" => "rope_theta",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_called_as_in_the_file() {
        let error = |key| ConfigError {
            key,
            value: "3".into(),
            problem: "must divide heads (4)".into(),
        };
        assert_eq!(
            explain(&error("kv_heads"), Family::Llama),
            "`num_key_value_heads` is 3: must divide heads (4)"
        );
        assert!(explain(&error("experts"), Family::Mixtral).starts_with("`num_local_experts`"));
        // The scaling of positions is an object in the file: our words say more.
        assert!(
            explain(&error("rope beta_slow"), Family::Llama).starts_with("rope beta_slow is 3")
        );
    }
}
