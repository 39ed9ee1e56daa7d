//! Chat templates and tokenizers that do not go with their model.

use std::fs;

use serde_json::{Value, json};

use super::{FAILED, Table, copied};
use crate::smoke::stage;

const GENERATE: [&str; 3] = ["generate", "@/model", "--prompts=@/p.jsonl"];

/// A template, and what its refusal names.
const TEMPLATES: [(&str, &str); 8] = [
    ("{% if %}", "template"),
    ("{{ messages", "template"),
    ("{% for m in messages %}{{ m.content }}", "template"),
    ("{{ nothing.at.all }}", "template"),
    ("{{ raise_exception('only in pairs') }}", "only in pairs"),
    (
        "{{ messages[0].content | no_such_filter }}",
        "no_such_filter",
    ),
    ("{% include 'other' %}", "template"),
    ("", "empty"),
];

#[test]
fn templates_that_cannot_be_rendered() {
    let mut table = Table::default();
    let dir = copied(&stage("7-r1"));
    fs::write(dir.path().join("p.jsonl"), "{\"prompt\": \"hi\"}").expect("a file");
    let path = dir.path().join("model/tokenizer_config.json");
    let whole = fs::read_to_string(&path).expect("tokenizer_config.json");
    for (template, named) in TEMPLATES {
        let mut config: Value = serde_json::from_str(&whole).expect("JSON");
        config["chat_template"] = json!(template);
        fs::write(&path, config.to_string()).expect("a file");
        table.refuses(template, &dir, &GENERATE, FAILED, &[named]);
    }
    for content in ["", "[", "[]", "7"] {
        fs::write(&path, content).expect("a file");
        table.refuses(content, &dir, &GENERATE, FAILED, &["tokenizer_config.json"]);
    }
}

#[test]
fn a_tokenizer_of_another_model() {
    let mut table = Table::default();
    let dir = copied(&stage("7-r1"));
    fs::write(dir.path().join("p.jsonl"), "{\"prompt\": \"hi\"}").expect("a file");
    let path = dir.path().join("model/tokenizer.json");
    let whole = fs::read_to_string(&path).expect("tokenizer.json");
    let mut larger: Value = serde_json::from_str(&whole).expect("JSON");
    let added = larger["added_tokens"].as_array_mut().expect("a list");
    let mut token = added[0].clone();
    token["id"] = json!(99_999);
    token["content"] = json!("<|beyond|>");
    added.push(token);
    fs::write(&path, larger.to_string()).expect("a file");
    let named = ["tokenizer.json", "config.json"];
    table.refuses(
        "a token beyond the vocabulary",
        &dir,
        &GENERATE,
        FAILED,
        &named,
    );
}
