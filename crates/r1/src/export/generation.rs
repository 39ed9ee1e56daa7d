//! `generation_config.json`: how others sample where nobody says otherwise, and which tokens begin and end a text.

use data::Tokenizer;
use serde_json::{Map, Value, json};

/// The file's name.
pub(super) const FILE: &str = "generation_config.json";

/// What R1 is measured with (arXiv 2501.12948, section 3), and what the recipe shows its models with.
const TEMPERATURE: f64 = 0.6;
const TOP_P: f64 = 0.95;

/// The file for a model with this tokenizer. A token that the vocabulary does not have is left out.
pub(super) fn write(tokenizer: &Tokenizer) -> String {
    let mut config = Map::new();
    if let Some(begin) = tokenizer.begin() {
        config.insert("bos_token_id".into(), json!(begin));
    }
    let ends = match tokenizer.ends() {
        [end] => json!(end),
        ends => json!(ends),
    };
    for (key, value) in [
        ("eos_token_id", ends),
        ("pad_token_id", json!(tokenizer.pad)),
        ("do_sample", json!(true)),
        ("temperature", json!(TEMPERATURE)),
        ("top_p", json!(TOP_P)),
    ] {
        config.insert(key.into(), value);
    }
    format!("{:#}\n", Value::Object(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokenizer(config: Value) -> Tokenizer {
        let dir = tempfile::tempdir().unwrap();
        let texts = ["one two three", "four five six"]
            .map(str::to_owned)
            .into_iter();
        Tokenizer::train(texts, 270)
            .unwrap()
            .save(dir.path())
            .unwrap();
        let json = std::fs::read(dir.path().join("tokenizer.json")).unwrap();
        Tokenizer::from_parts(&json, config, dir.path()).unwrap()
    }

    #[test]
    fn tokens_are_those_the_vocabulary_has() {
        let plain = tokenizer(json!({ "eos_token": "<|end|>" }));
        let id = |text: &str| plain.encode_raw(text)[0];
        let read = |tokenizer| serde_json::from_str::<Value>(&write(tokenizer)).unwrap();
        let found = read(&plain);
        assert_eq!(
            found,
            json!({
                "eos_token_id": id("<|end|>"), "pad_token_id": id("<|end|>"), "do_sample": true,
                "temperature": 0.6, "top_p": 0.95,
            })
        );
        let config = json!({
            "eos_token": "<|end|>", "pad_token": "<think>", "bos_token": { "content": "<answer>" },
        });
        let found = read(&tokenizer(config));
        assert_eq!(found["bos_token_id"], id("<answer>"));
        assert_eq!(found["pad_token_id"], id("<think>"));
    }
}
