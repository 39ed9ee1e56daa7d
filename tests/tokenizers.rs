//! Published tokenizers encode here as they do in `transformers`: texts in many languages, programs, and
//! conversations laid out by their templates.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use data::Tokenizer;
use data::chat::Message;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::{finished, root};
use crate::transformers::{python, say};

fn shared(path: &str) -> PathBuf {
    root().join("../shared/data").join(path)
}

/// At least 1,000 lines: every language of the declaration of human rights, and this workspace's code.
fn lines() -> Vec<String> {
    let languages = fs::read_to_string(shared("lang/udhr_all.jsonl")).unwrap_or_default();
    let texts = languages.lines().step_by(4).flat_map(|line| {
        let record: Value = serde_json::from_str(line).expect("JSON");
        let fields = record.as_object().expect("an object").values();
        let texts = fields.filter_map(|it| it.as_str().map(str::to_owned));
        texts.collect::<Vec<_>>()
    });
    let code = [
        "tests/smoke.rs",
        "tests/talk.py",
        "crates/r1/presets/tiny.toml",
    ];
    let code = code.iter().flat_map(|file| {
        let text = fs::read_to_string(root().join(file)).expect("a file of the workspace");
        text.lines().map(str::to_owned).collect::<Vec<_>>()
    });
    let odd = [
        "",
        " ",
        "\r\n\t ",
        "1234567.89",
        "e\u{301}\u{200d}🏳️‍🌈",
        "<|im_end|>x</think>",
        "ﬁ①½",
    ];
    texts.chain(code).chain(odd.map(str::to_owned)).collect()
}

/// A tokenizer's directory, where its files are at hand.
fn tokenizer(name: &str, to: &Path) -> Option<PathBuf> {
    let dir = to.join(name);
    fs::create_dir(&dir).expect("a directory");
    let from = |end: &str| shared(&format!("tokenizers/{name}.{end}"));
    fs::copy(from("tokenizer.json"), dir.join("tokenizer.json")).ok()?;
    if fs::copy(
        from("tokenizer_config.json"),
        dir.join("tokenizer_config.json"),
    )
    .is_err()
    {
        // Published without a template of its own.
        let config = json!({
            "tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "<|im_end|>",
            "chat_template": "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}\
                {% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}",
        });
        fs::write(dir.join("tokenizer_config.json"), config.to_string()).expect("a file");
    }
    Some(dir)
}

#[test]
fn texts_and_conversations_encode_as_in_transformers() {
    let Some(python) = python() else {
        say("skipped: no Python with torch and transformers; name one in R1_PYTHON");
        return;
    };
    let temp = TempDir::new().expect("a temporary directory");
    let lines = lines();
    let talks = [
        vec![Message::user("What is 12 + 30?")],
        vec![
            Message::system("Be brief. 用中文。"),
            Message::user("  two  spaces\n"),
            Message::assistant("4"),
            Message::user("And 5 × 6?"),
        ],
    ];
    let input = temp.path().join("input.jsonl");
    let texts = lines.iter().map(|line| json!(line).to_string());
    let all: Vec<String> = texts
        .chain(talks.iter().map(|talk| json!(talk).to_string()))
        .collect();
    fs::write(&input, all.join("\n")).expect("a file");
    for name in ["smollm2", "qwen2_5", "deepseek_v3"] {
        let Some(dir) = tokenizer(name, temp.path()) else {
            say(&format!("skipped: {name} is not at hand"));
            continue;
        };
        assert!(lines.len() > 1000, "{}", lines.len());
        let ours = Tokenizer::open(&dir).expect("a tokenizer");
        let mut command = Command::new(&python);
        command
            .arg(root().join("tests/encode.py"))
            .args([&dir, &input]);
        let output = finished(&mut command);
        assert!(output.status.success(), "{output:?}");
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let theirs = printed
            .lines()
            .map(|line| serde_json::from_str::<Vec<u32>>(line).expect("ids"));
        let theirs: Vec<Vec<u32>> = theirs.collect();
        assert_eq!(theirs.len(), all.len(), "{name}");
        for (line, theirs) in lines.iter().zip(&theirs) {
            assert_eq!(&ours.encode(line), theirs, "{name}: {line:?}");
        }
        for (talk, theirs) in talks.iter().zip(&theirs[lines.len()..]) {
            let found = ours.encode_chat(talk).expect("a template");
            assert_eq!(&found, theirs, "{name}: {talk:?}");
        }
        say(&format!(
            "{name}: {} lines and {} conversations",
            lines.len(),
            talks.len()
        ));
    }
}
