//! `r1 corpus`: what is packed, what is dropped and why, and damage that is found.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::{finished, r1};
use crate::smoke::stage;

const HELD_OUT: &str = "A heron, a toad and nine otters share forty two silver buttons under the old \
                        willow by the mill; how many buttons does each of them keep?";

/// Texts of 80 words each, no two alike.
fn texts(count: usize) -> Vec<String> {
    let words = [
        "river", "stone", "lantern", "meadow", "copper", "winter", "harbour",
    ];
    let text = |i: usize| {
        (0..80).fold(String::new(), |mut text, j| {
            let word = words[(i * 31 + j * j * 7 + j * i) % words.len()];
            write!(text, "{word}{} ", (i * 7919 + j * 104_729) % 9973).expect("text takes text");
            text
        })
    };
    (0..count).map(text).collect()
}

fn pack(dir: &Path, more: &[&str]) -> Output {
    let mut command = r1(&["corpus", "pack", "--any-quality", "--json", "--quiet"]);
    command.arg(dir.join("packed"));
    command.arg("--tokenizer").arg(stage("0-tasks"));
    let source = format!("texts={}", dir.join("texts.jsonl").display());
    command.args(["--source", &source, "--columns", "text=body,language=lang"]);
    finished(command.args(more))
}

#[test]
fn a_corpus_is_packed_checked_and_shown() {
    let dir = TempDir::new().expect("a temporary directory");
    let mut texts = texts(40);
    texts.push(texts[0].clone());
    texts.push(format!("{} {HELD_OUT} {}", texts[1], texts[2]));
    let mut lines: String = texts
        .iter()
        .map(|text| json!({ "body": text, "lang": "en" }).to_string() + "\n")
        .collect();
    lines += "{\"nothing\": 1}\n";
    fs::write(dir.path().join("texts.jsonl"), lines).expect("the texts are written");
    let held_out = dir.path().join("held_out.jsonl");
    let problem = json!({ "question": HELD_OUT, "answer": "4" });
    fs::write(&held_out, problem.to_string()).expect("the problems are written");
    let held_out = held_out.display().to_string();
    let more = ["--held-out", &held_out, "--shard-tokens", "2000"];

    let output = pack(dir.path(), &more);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
    assert_eq!(report["read"], 42);
    assert_eq!(report["kept"]["documents"], 40);
    assert_eq!(
        (&report["held_out"], &report["exact_duplicates"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(report["by_language"]["en"]["documents"], 40);
    let again = pack(dir.path(), &more);
    assert_eq!(again.stdout, output.stdout);
    let other = pack(dir.path(), &["--shard-tokens", "2000"]);
    assert_eq!(
        other.status.code(),
        Some(1),
        "another corpus is not written over this one"
    );

    let packed = dir.path().join("packed");
    let show = || finished(r1(&["corpus", "show"]).arg(&packed));
    let shown = show();
    let table = String::from_utf8_lossy(&shown.stdout).into_owned();
    for said in [
        "tokens/character",
        "en",
        "40 of 42 documents kept",
        "1 held out",
    ] {
        assert!(table.contains(said), "{said:?} is not in {table}");
    }
    let shard = fs::read_dir(&packed)
        .expect("shards")
        .map(|entry| entry.expect("a file").path())
        .find(|path| path.extension().is_some_and(|it| it != "json"))
        .expect("a shard");
    let mut bytes = fs::read(&shard).expect("a shard");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&shard, bytes).expect("a damaged shard");
    let damaged = show();
    let errors = String::from_utf8_lossy(&damaged.stderr).into_owned();
    assert_eq!(damaged.status.code(), Some(1), "{errors}");
    let name = shard
        .file_name()
        .expect("a name")
        .to_string_lossy()
        .into_owned();
    assert!(errors.contains(&name), "{errors}");
}

#[test]
fn a_tokenizer_that_is_not_there_is_wrong_usage() {
    let dir = TempDir::new().expect("a temporary directory");
    let mut command = r1(&["corpus", "pack", "out", "--source", "a=b", "--tokenizer"]);
    let output = finished(command.arg(dir.path()));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(errors.contains("tokenizer.json"), "{errors}");
}
