//! What tensors are called: by llama.cpp, and by `transformers`.

/// Both names of what is in every block, without `blk.N.` and `model.layers.N.`.
const BLOCK: [(&str, &str); 11] = [
    ("attn_norm", "input_layernorm"),
    ("ffn_norm", "post_attention_layernorm"),
    ("attn_q", "self_attn.q_proj"),
    ("attn_k", "self_attn.k_proj"),
    ("attn_v", "self_attn.v_proj"),
    ("attn_output", "self_attn.o_proj"),
    ("attn_q_norm", "self_attn.q_norm"),
    ("attn_k_norm", "self_attn.k_norm"),
    ("ffn_gate", "mlp.gate_proj"),
    ("ffn_up", "mlp.up_proj"),
    ("ffn_down", "mlp.down_proj"),
];

/// Both names of what is there once.
const ONCE: [(&str, &str); 3] = [
    ("token_embd", "model.embed_tokens"),
    ("output_norm", "model.norm"),
    ("output", "lm_head"),
];

/// What `transformers` calls the tensor that llama.cpp calls `name`; `None` for one it does not have.
///
/// ```
/// let name = gguf::hugging_face("blk.3.attn_q.weight");
/// assert_eq!(name.as_deref(), Some("model.layers.3.self_attn.q_proj.weight"));
/// ```
pub fn hugging_face(name: &str) -> Option<String> {
    let (stem, end) = name.rsplit_once('.')?;
    if let Some((_, theirs)) = ONCE.iter().find(|(ours, _)| *ours == stem) {
        return Some(format!("{theirs}.{end}"));
    }
    let (layer, part) = stem.strip_prefix("blk.")?.split_once('.')?;
    let layer = number(layer)?;
    let (_, theirs) = BLOCK.iter().find(|(ours, _)| *ours == part)?;
    Some(format!("model.layers.{layer}.{theirs}.{end}"))
}

/// What llama.cpp calls the tensor that `transformers` calls `name`; `None` for one it does not have.
pub fn llama_cpp(name: &str) -> Option<String> {
    let (stem, end) = name.rsplit_once('.')?;
    if let Some((ours, _)) = ONCE.iter().find(|(_, theirs)| *theirs == stem) {
        return Some(format!("{ours}.{end}"));
    }
    let (layer, part) = stem.strip_prefix("model.layers.")?.split_once('.')?;
    let layer = number(layer)?;
    let (ours, _) = BLOCK.iter().find(|(_, theirs)| *theirs == part)?;
    Some(format!("blk.{layer}.{ours}.{end}"))
}

/// The number of a layer, which is spelled in one way: `00` would be another tensor of the same name.
fn number(text: &str) -> Option<usize> {
    let number: usize = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_there_and_back() {
        let once = ONCE.map(|(ours, _)| format!("{ours}.weight"));
        let blocks = BLOCK.map(|(ours, _)| format!("blk.17.{ours}.bias"));
        for name in once.iter().chain(&blocks) {
            let theirs = hugging_face(name).unwrap();
            assert_eq!(llama_cpp(&theirs).as_ref(), Some(name));
        }
        for unknown in [
            "rope_freqs.weight",
            "blk.x.attn_q.weight",
            "blk.01.attn_q.weight",
            "blk.+1.attn_q.weight",
            "blk.1.ssm_in.weight",
            "output",
            "",
        ] {
            assert_eq!(hugging_face(unknown), None, "{unknown}");
        }
        assert_eq!(llama_cpp("model.layers.01.mlp.up_proj.weight"), None);
    }
}
