//! `r1 export`: what others get of a model, and what they compute from it.

use std::fs;
use std::path::Path;
use std::process::Output;

use data::Tokenizer;
use data::chat::Message;
use serde_json::Value;
use tempfile::TempDir;

use crate::program::{finished, r1, root};
use crate::smoke::stage;
use crate::transformers::{python, say};

/// Exports what the smoke run left.
fn export(to: &Path, flags: &[&str]) -> Output {
    let mut command = r1(&["export"]);
    finished(command.args(flags).arg(stage("7-r1")).arg(to))
}

#[test]
fn an_export_is_a_model_with_a_card() {
    let dir = TempDir::new().expect("a temporary directory");
    let to = dir.path().join("out");
    let output = export(&to, &["--storage", "f16", "--shard", "20K"]);
    assert!(output.status.success(), "{output:?}");
    assert!(to.join("model.safetensors.index.json").is_file());
    let card = fs::read_to_string(to.join("README.md")).expect("a card");
    assert!(
        card.starts_with("---\nlibrary_name: transformers\n"),
        "{card}"
    );
    for part in [
        "| 0-tasks | Tasks |",
        "| 6-sft | Sft |",
        "| 7-r1 | Rl |",
        "seed 3",
        "| r1 |",
    ] {
        assert!(card.contains(part), "{part} in {card}");
    }
    assert!(
        !card.contains("2-r1-zero |"),
        "not one of its ancestors: {card}"
    );

    let text = fs::read_to_string(to.join("generation_config.json")).expect("a file");
    let generation: Value = serde_json::from_str(&text).expect("JSON");
    let tokenizer = Tokenizer::open(&to).expect("the tokenizer");
    assert_eq!(generation["eos_token_id"], tokenizer.end);
    assert_eq!(generation["pad_token_id"], tokenizer.pad);
    assert_eq!(generation["temperature"], 0.6);

    let again = export(&to, &[]);
    assert_eq!(again.status.code(), Some(2), "{again:?}");
    // What was exported is a model like any other.
    let mut command = r1(&["count", "--json"]);
    let counted = finished(command.arg(&to));
    assert!(counted.status.success(), "{counted:?}");
}

#[test]
fn transformers_says_the_same_with_the_same_tokens() {
    let Some(python) = python() else {
        say("skipped: no Python with torch and transformers; name one in R1_PYTHON");
        return;
    };
    let dir = TempDir::new().expect("a temporary directory");
    let to = dir.path().join("out");
    assert!(export(&to, &["--storage", "f32"]).status.success());
    let read = "import sys; from transformers import GenerationConfig as G; c = G.from_pretrained(sys.argv[1]); \
                print(c.eos_token_id, c.pad_token_id, c.do_sample, c.temperature, c.top_p)";
    let mut command = std::process::Command::new(&python);
    let read = finished(command.args(["-c", read]).arg(&to));
    let tokenizer = Tokenizer::open(&to).expect("the tokenizer");
    let expected = format!("{} {} True 0.6 0.95", tokenizer.end, tokenizer.pad);
    assert_eq!(
        String::from_utf8_lossy(&read.stdout).trim(),
        expected,
        "{read:?}"
    );
    let prompts = dir.path().join("prompts.jsonl");
    let questions = [
        "What is 3 + 4?",
        "8 - 5?",
        "先算 12 + 30 <think>",
        "  a\n\n<|end|>b ",
    ];
    let lines = questions.map(|question| serde_json::json!({ "prompt": question }).to_string());
    fs::write(&prompts, lines.join("\n")).expect("a file");

    let mut command = std::process::Command::new(python);
    command
        .arg(root().join("tests/talk.py"))
        .args([&to, &prompts]);
    let theirs = json_lines(&finished(&mut command));
    let mut command = r1(&[
        "generate",
        "--temperature=0",
        "--max-new-tokens=24",
        "--quiet",
    ]);
    let ours = json_lines(&finished(command.arg("--prompts").arg(&prompts).arg(&to)));
    assert_eq!(
        (theirs.len(), ours.len()),
        (questions.len(), questions.len())
    );
    for ((question, theirs), ours) in questions.iter().zip(theirs).zip(ours) {
        let plain = !question.contains("<");
        let prompt = tokenizer
            .encode_chat(&[Message::user(*question)])
            .expect("a template");
        // A tag in what a user wrote is a token to them and text to us.
        if plain {
            assert_eq!(theirs["prompt"], serde_json::json!(prompt), "{question}");
            assert_eq!(theirs["text"], ours["text"], "{question}");
        } else {
            assert_ne!(theirs["prompt"], serde_json::json!(prompt), "{question}");
        }
    }
}

fn json_lines(output: &Output) -> Vec<Value> {
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines = text.lines().filter(|line| line.starts_with('{'));
    lines
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}
