//! A directory of a model: `config.json`, the index, and two shards, divided by lines of `=====`.
//!
//! A shard is the JSON of its header, which is given the length and the bytes it describes, or, where it does
//! not begin with `{`, the whole file. Without an index the first shard is `model.safetensors`.

#![no_main]

use std::fs;

use gguf::{File, Kind, Weights};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

mod checkpoint;

use checkpoint::to_gguf;

const CONFIG: &str = r#"{"model_type": "llama", "hidden_size": 8, "num_attention_heads": 2,
    "num_key_value_heads": 1, "intermediate_size": 8, "num_hidden_layers": 1, "vocab_size": 4,
    "max_position_embeddings": 64, "rms_norm_eps": 1e-5}"#;
const TOKENIZER: &str = r#"{"pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false,
    "trim_offsets": true, "use_regex": true}, "normalizer": null, "added_tokens": [], "model": {"type":
    "BPE", "ignore_merges": false, "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": [["a", "b"]]}}"#;

/// Bytes of tensors that a header is given, at most.
const MOST: u64 = 1 << 16;

fuzz_target!(|bytes: &[u8]| {
    let mut parts = parts(bytes).into_iter();
    let mut part = || parts.next().unwrap_or_default();
    let (config, index, first, second) = (part(), part(), part(), part());
    let config = if config.is_empty() {
        CONFIG.as_bytes()
    } else {
        config
    };
    fuzz::file("config.json", config);
    fuzz::file("tokenizer.json", TOKENIZER.as_bytes());
    fuzz::file("tokenizer_config.json", b"{}");
    let folder = fuzz::folder();
    let single = folder.join("model.safetensors");
    if index.is_empty() {
        fs::write(&single, whole(first)).expect("a file can be written");
    } else {
        let _ = fs::remove_file(&single);
        fuzz::file("model.safetensors.index.json", index);
        fuzz::file("a.safetensors", &whole(first));
        fuzz::file("b.safetensors", &whole(second));
    }
    for kind in [Kind::F32, Kind::Q8_0] {
        written(kind);
    }
});

fn parts(bytes: &[u8]) -> Vec<&[u8]> {
    let mark = b"\n=====\n";
    let mut parts = Vec::new();
    let mut rest = bytes;
    while let Some(at) = rest.windows(mark.len()).position(|window| window == mark) {
        parts.push(&rest[..at]);
        rest = &rest[at + mark.len()..];
    }
    parts.push(rest);
    parts
}

/// A file of this header, with as many bytes after it as the last of its tensors ends at.
fn whole(header: &[u8]) -> Vec<u8> {
    if !header.starts_with(b"{") {
        return header.to_vec();
    }
    let json: Value = serde_json::from_slice(header).unwrap_or_default();
    let tensors = json.as_object().into_iter().flatten();
    let end = tensors.filter_map(|(_, tensor)| tensor["data_offsets"][1].as_u64());
    let end = end.max().unwrap_or(0).min(MOST);
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header);
    bytes.extend((0..end).map(|at| at as u8 & 0x3f));
    bytes
}

/// A directory that is taken becomes a file that is read, with all its tensors in their shapes.
fn written(kind: Kind) {
    let folder = fuzz::folder();
    let to = folder.join("model.gguf");
    if to_gguf(&folder, &to, kind, "fuzzed").is_err() {
        assert!(
            !folder.join("model.gguf.partial").exists(),
            "half a file stays"
        );
        return;
    }
    let mut file = File::open(&to).unwrap_or_else(|error| panic!("{error}"));
    assert!(file.tokenizer().is_ok());
    let _ = file.config();
    if let Ok(mut weights) = Weights::new(file) {
        let names: Vec<String> = weights.names().cloned().collect();
        let mut values = Vec::new();
        for name in names {
            let shape = weights.shape(&name).expect("it is there").to_vec();
            let rows: usize = shape[..shape.len() - 1].iter().product();
            if rows < 64 {
                weights
                    .rows(&name, 0, rows, &mut values)
                    .expect("all rows are there");
                assert_eq!(values.len(), shape.iter().product::<usize>());
            }
        }
    }
}
