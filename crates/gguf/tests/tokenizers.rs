//! Published tokenizers as metadata and back: they encode as before.

#![allow(clippy::print_stdout)]

use std::fs;
use std::path::{Path, PathBuf};

use gguf::{File, Parts, Writer, tokenizer_metadata};
use serde_json::{Value, json};
use tokenizers::Tokenizer;

fn shared(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data")
        .join(path)
}

/// Lines in many languages, and of programs.
fn lines() -> Vec<String> {
    let mut lines = Vec::new();
    let languages = fs::read_to_string(shared("lang/udhr_all.jsonl")).unwrap_or_default();
    for line in languages.lines().step_by(3) {
        let record: Value = serde_json::from_str(line).unwrap();
        lines.extend(
            record
                .as_object()
                .unwrap()
                .values()
                .filter_map(|it| it.as_str().map(str::to_owned)),
        );
    }
    for file in [file!(), "src/parse.rs", "src/quant.rs"] {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(file.trim_start_matches("crates/gguf/"));
        lines.extend(fs::read_to_string(path).unwrap().lines().map(str::to_owned));
    }
    lines.extend(
        [
            "1234567 89",
            "  a\t\tb\r\n\n c",
            "don't WE'LL",
            "e\u{301} é 한국어",
            "<|im_start|>x",
        ]
        .map(str::to_owned),
    );
    lines
}

fn round_trip(parts: &Parts, vocabulary: usize) -> Parts {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.gguf");
    let metadata = tokenizer_metadata(parts, vocabulary).unwrap();
    Writer::new(&path, &metadata, Vec::new())
        .unwrap()
        .finish()
        .unwrap();
    File::open(&path).unwrap().tokenizer().unwrap()
}

#[test]
fn published_tokenizers_encode_as_before() {
    let lines = lines();
    for (name, vocabulary) in [("smollm2", 49_152), ("qwen2_5", 151_936)] {
        let Ok(text) = fs::read(shared(&format!("tokenizers/{name}.tokenizer.json"))) else {
            println!("skipped: {name} is not at hand");
            continue;
        };
        assert!(lines.len() > 1000, "{}", lines.len());
        let parts = Parts {
            tokenizer: serde_json::from_slice(&text).unwrap(),
            config: json!({ "eos_token": "<|im_end|>", "chat_template": "{{ x }}" }),
        };
        let back = round_trip(&parts, vocabulary);
        assert_eq!(back.config["eos_token"], "<|im_end|>");
        assert_eq!(back.config["chat_template"], "{{ x }}");
        let theirs = Tokenizer::from_bytes(&text).unwrap();
        let ours = Tokenizer::from_bytes(serde_json::to_vec(&back.tokenizer).unwrap()).unwrap();
        for line in &lines {
            let ids = |tokenizer: &Tokenizer| {
                tokenizer
                    .encode(line.as_str(), false)
                    .unwrap()
                    .get_ids()
                    .to_vec()
            };
            let found = ids(&ours);
            assert_eq!(found, ids(&theirs), "{name}: {line}");
            let text = |tokenizer: &Tokenizer| tokenizer.decode(&found, false).unwrap();
            assert_eq!(text(&ours), text(&theirs), "{name}: {line}");
        }
    }
}

#[test]
fn a_way_of_cutting_without_a_name_is_refused() {
    let tokenizer = json!({
        "model": { "type": "BPE", "vocab": { "a": 0 }, "merges": [] },
        "normalizer": null, "pre_tokenizer": { "type": "Whitespace" }, "added_tokens": [],
    });
    let parts = |tokenizer| Parts {
        tokenizer,
        config: json!({}),
    };
    let error = tokenizer_metadata(&parts(tokenizer), 4).unwrap_err();
    assert!(error.contains("smollm"), "{error}");
    let error =
        tokenizer_metadata(&parts(json!({ "model": { "type": "Unigram" } })), 4).unwrap_err();
    assert!(error.contains("BPE"), "{error}");
}
