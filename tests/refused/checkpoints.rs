//! Directories of models with a file damaged, absent or of another model.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{FAILED, Table, USAGE, copied};
use crate::smoke::stage;

const EXPORT: [&str; 3] = ["export", "@/model", "@/out"];

/// What is put for a key of config.json, none to take it away, and what the refusal names.
fn settings() -> Vec<(&'static str, Option<Value>, &'static str)> {
    vec![
        ("model_type", None, "model_type"),
        ("model_type", Some(json!("bert")), "`bert`"),
        ("model_type", Some(json!(7)), "model_type"),
        ("hidden_size", None, "hidden_size"),
        ("hidden_size", Some(json!(0)), "hidden_size"),
        ("hidden_size", Some(json!(-32)), "hidden_size"),
        ("hidden_size", Some(json!("32")), "hidden_size"),
        ("hidden_size", Some(json!(48)), "model.embed_tokens.weight"),
        ("num_hidden_layers", Some(json!(0)), "num_hidden_layers"),
        ("num_hidden_layers", Some(json!(3)), "model.layers.2"),
        ("num_hidden_layers", Some(json!(1)), "model.layers.1"),
        ("num_attention_heads", Some(json!(0)), "num_attention_heads"),
        ("num_attention_heads", Some(json!(3)), "self_attn"),
        ("intermediate_size", Some(json!(65)), "mlp"),
        ("moe_intermediate_size", Some(json!(17)), "experts"),
        ("n_routed_experts", Some(json!(15)), "n_group"),
        ("n_routed_experts", Some(json!(1e99)), "n_routed_experts"),
        ("num_experts_per_tok", Some(json!(0)), "num_experts_per_tok"),
        (
            "num_experts_per_tok",
            Some(json!(17)),
            "num_experts_per_tok",
        ),
        ("n_group", Some(json!(0)), "n_group"),
        ("topk_group", Some(json!(9)), "topk_group"),
        ("kv_lora_rank", Some(json!(0)), "kv_lora_rank"),
        ("qk_rope_head_dim", Some(json!(7)), "qk_rope_head_dim"),
        ("rms_norm_eps", Some(json!(-1.0)), "rms_norm_eps"),
        ("rope_theta", Some(json!(0)), "rope_theta"),
        ("vocab_size", Some(json!(0)), "vocab_size"),
        ("vocab_size", Some(json!(7)), "a vocabulary of 7"),
        (
            "max_position_embeddings",
            Some(json!(0)),
            "max_position_embeddings",
        ),
        ("hidden_act", Some(json!("gelu")), "gelu"),
        (
            "rope_scaling",
            Some(json!({"rope_type": "spiral", "type": "spiral"})),
            "spiral",
        ),
    ]
}

#[test]
fn settings_that_no_model_has() {
    let mut table = Table::default();
    let dir = copied(&stage("7-r1"));
    let path = dir.path().join("model/config.json");
    let whole = fs::read_to_string(&path).expect("config.json");
    for (key, value, named) in settings() {
        let mut config: Value = serde_json::from_str(&whole).expect("JSON");
        let keys = config.as_object_mut().expect("an object");
        let name = format!("{key} = {value:?}");
        match value {
            Some(value) => keys.insert(key.to_owned(), value),
            None => keys.remove(key),
        };
        fs::write(&path, config.to_string()).expect("a file");
        table.refuses(&name, &dir, &EXPORT, FAILED, &["@/model", named]);
    }
}

/// A file, what it holds instead, and what the refusal names.
const FILES: [(&str, &[u8], &str); 17] = [
    ("config.json", b"", "config.json"),
    ("config.json", b"{", "config.json"),
    ("config.json", b"[]", "config.json"),
    ("config.json", b"\xff\xfe", "config.json"),
    ("model.safetensors", b"", "model.safetensors"),
    ("model.safetensors", b"\x08", "model.safetensors"),
    (
        "model.safetensors",
        b"\xff\xff\xff\xff\xff\xff\xff\xff{}",
        "model.safetensors",
    ),
    (
        "model.safetensors",
        b"\x02\0\0\0\0\0\0\0{}",
        "model.embed_tokens.weight",
    ),
    (
        "model.safetensors",
        b"\x02\0\0\0\0\0\0\0[]",
        "model.safetensors",
    ),
    (
        "model.safetensors",
        b"\x04\0\0\0\0\0\0\0{\"a\"",
        "model.safetensors",
    ),
    (
        "model.safetensors",
        b"\x3c\0\0\0\0\0\0\0{\"a\":{\"dtype\":\"F32\",\"shape\":[9],\"data_offsets\":[0,36]}}    ",
        "model.safetensors",
    ),
    ("tokenizer.json", b"", "tokenizer.json"),
    ("tokenizer.json", b"{}", "tokenizer.json"),
    (
        "tokenizer.json",
        b"{\"version\": \"1.0\", \"model\": {\"type\": \"Word\"}}",
        "tokenizer.json",
    ),
    ("tokenizer.json", b"\xff\xfe", "tokenizer.json"),
    (
        "model.safetensors.index.json",
        b"{\"weight_map\": {}}",
        "model.safetensors.index.json",
    ),
    (
        "model.safetensors.index.json",
        b"{\"weight_map\": {\"a\": \"../../../etc/passwd\"}}",
        "model.safetensors.index.json",
    ),
];

#[test]
fn files_that_are_damaged() {
    let mut table = Table::default();
    for (file, content, named) in FILES {
        let dir = copied(&stage("7-r1"));
        let model = dir.path().join("model");
        if file.ends_with("index.json") {
            fs::remove_file(model.join("model.safetensors")).expect("weights");
        }
        fs::write(model.join(file), content).expect("a file");
        table.refuses(file, &dir, &EXPORT, FAILED, &["@/model/", named]);
    }
}

#[test]
fn files_that_are_not_there() {
    let mut table = Table::default();
    for (file, code, named) in [
        ("config.json", USAGE, "config.json"),
        ("tokenizer.json", FAILED, "tokenizer.json"),
        ("model.safetensors", FAILED, "model.safetensors"),
    ] {
        let dir = copied(&stage("7-r1"));
        fs::remove_file(dir.path().join("model").join(file)).expect("a file");
        table.refuses(file, &dir, &EXPORT, code, &["@/model", named]);
    }
}

/// Every place of the weights at which the file is cut.
#[test]
fn weights_that_are_cut_short_or_not_numbers() {
    let mut table = Table::default();
    let dir = copied(&stage("7-r1"));
    let path = dir.path().join("model/model.safetensors");
    let whole = fs::read(&path).expect("weights");
    for length in [7, 8, 100, whole.len() / 2, whole.len() - 1] {
        fs::write(&path, &whole[..length]).expect("a file");
        let name = format!("cut after {length} bytes");
        table.refuses(&name, &dir, &EXPORT, FAILED, &["@/model/model.safetensors"]);
    }
    let mut bytes = whole.clone();
    bytes.push(0);
    fs::write(&path, &bytes).expect("a file");
    table.refuses(
        "a byte more",
        &dir,
        &EXPORT,
        FAILED,
        &["@/model/model.safetensors"],
    );
    let head = 8 + u64::from_le_bytes(whole[..8].try_into().expect("8 bytes")) as usize;
    let names: Value = serde_json::from_slice(&whole[8..head]).expect("a header");
    let norm = names["model.norm.weight"]["data_offsets"][0].as_u64();
    let norm = head + norm.expect("an offset") as usize;
    bytes = whole;
    // Infinite as 32 bits and as 16.
    bytes[norm..norm + 4].copy_from_slice(&[0x80, 0x7f, 0x80, 0x7f]);
    fs::write(&path, &bytes).expect("a file");
    table.refuses(
        "infinite",
        &dir,
        &EXPORT,
        FAILED,
        &["@/model/model.safetensors", "diverged"],
    );
}

#[test]
fn an_output_that_cannot_be() {
    let mut table = Table::default();
    let dir = copied(&stage("7-r1"));
    let mut to = |name: &str, code, named: &str| {
        let output = format!("@/{name}");
        table.refuses(name, &dir, &["export", "@/model", &output], code, &[named]);
    };
    to("model", USAGE, "@/model");
    to("model/config.json", USAGE, "@/model/config.json");
    to(
        "model/config.json/below",
        FAILED,
        "@/model/config.json/below",
    );
    table.refuses(
        "no model",
        &dir,
        &["export", "@/none", "@/out"],
        USAGE,
        &["@/none"],
    );
    let gguf = ["export", "--gguf", "@/model", "@/out.gguf"];
    table.refuses("a mixture as GGUF", &dir, &gguf, FAILED, &["deepseek_v3"]);
    let adapter = ["export", "--adapter=@/model", "@/model", "@/out"];
    table.refuses(
        "no adapter",
        &dir,
        &adapter,
        FAILED,
        &["adapter_config.json"],
    );
}

/// Adapters: what is written as adapter_config.json beside the weights of nothing.
#[test]
fn adapters_that_do_not_fit() {
    let mut table = Table::default();
    let dir: TempDir = copied(&stage("7-r1"));
    let adapter = dir.path().join("adapter");
    fs::create_dir(&adapter).expect("a folder");
    let put = |name: &str, content: &[u8]| {
        fs::write(Path::new(&adapter).join(name), content).expect("a file");
    };
    put("adapter_model.safetensors", b"\x02\0\0\0\0\0\0\0{}");
    for (config, named) in [
        ("", "adapter_config.json"),
        ("[]", "adapter_config.json"),
        ("{}", "adapter_config.json"),
        (r#"{"peft_type": "IA3"}"#, "IA3"),
        (
            r#"{"peft_type": "LORA", "r": 0, "lora_alpha": 8, "target_modules": ["o_proj"]}"#,
            "rank",
        ),
        (
            r#"{"peft_type": "LORA", "r": 4, "lora_alpha": 8, "target_modules": ["nowhere"]}"#,
            "nowhere",
        ),
        (
            r#"{"peft_type": "LORA", "r": 4, "lora_alpha": 8, "target_modules": ["o_proj"]}"#,
            "adapter_model.safetensors",
        ),
    ] {
        put("adapter_config.json", config.as_bytes());
        let arguments = ["export", "--adapter=@/adapter", "@/model", "@/out"];
        table.refuses(config, &dir, &arguments, FAILED, &["@/adapter", named]);
    }
}
