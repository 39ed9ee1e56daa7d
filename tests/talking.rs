//! `r1 generate` and `r1 chat` with the model of the smoke run.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::program::{finished, r1};
use crate::smoke::stage;

const PROMPTS: &str = concat!(
    "{\"id\": \"a\", \"question\": \"What is 3 + 4?\", \"answer\": \"7\"}\n",
    "{\"messages\": [{\"role\": \"user\", \"content\": \"8 - 5?\"}]}\n",
    "{\"text\": \"So \"}\n",
);

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Generates three samples a prompt, on so many threads.
fn generate(dir: &Path, threads: &str, flags: &[&str]) -> Output {
    let prompts = dir.join("prompts.jsonl");
    fs::write(&prompts, PROMPTS).expect("a writable directory");
    let mut command = r1(&["generate", "--samples=3", "--prompts"]);
    command.arg(prompts).args(flags).arg(stage("7-r1"));
    finished(command.env("RAYON_NUM_THREADS", threads))
}

#[test]
fn rows_and_threads_do_not_change_what_is_generated() {
    let dir = TempDir::new().expect("a temporary directory");
    let of = |threads: &str, rows: &str| {
        let output = generate(
            dir.path(),
            threads,
            &["--max-new-tokens=30", "--rows", rows],
        );
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        assert_eq!(text(&output.stderr), "", "no progress without a terminal");
        text(&output.stdout)
    };
    let one = of("1", "1");
    for (threads, rows) in [("1", "9"), ("2", "9"), ("3", "64")] {
        assert_eq!(of(threads, rows), one, "{threads} threads, {rows} rows");
    }
    let lines: Vec<Value> = one
        .lines()
        .map(|line| serde_json::from_str(line).expect("a JSON object a line"))
        .collect();
    let ids: Vec<String> = lines.iter().map(|line| line["id"].to_string()).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    assert_eq!(
        ids,
        ["\"a\"", "\"a\"", "\"a\"", "2", "2", "2", "3", "3", "3"]
    );
    let keys: Vec<&String> = lines[0].as_object().expect("an object").keys().collect();
    let expected = [
        "id",
        "sample",
        "text",
        "reasoning",
        "answer",
        "tokens",
        "finish",
        "logprob",
    ];
    assert_eq!(keys, expected);
}

#[test]
fn bad_prompts_and_a_taken_output_are_refused() {
    let dir = TempDir::new().expect("a temporary directory");
    let out = dir.path().join("out.jsonl");
    fs::write(&out, "kept").expect("a writable directory");
    let flags = ["--output", out.to_str().expect("a name")];
    let taken = generate(dir.path(), "1", &flags);
    assert_eq!(taken.status.code(), Some(2));
    assert!(
        text(&taken.stderr).contains("--force"),
        "{}",
        text(&taken.stderr)
    );
    assert_eq!(fs::read_to_string(&out).expect("text"), "kept");
    let long = generate(dir.path(), "1", &["--max-new-tokens=4000", "--quiet"]);
    let said = text(&long.stderr);
    assert_eq!(long.status.code(), Some(1), "{said}");
    assert!(
        said.contains("prompts.jsonl:1: ") && said.contains("prompts.jsonl:3: "),
        "{said}"
    );
    assert_eq!(text(&long.stdout), "");
    let nowhere = r1(&["generate", "/nowhere", "--prompts", "/nowhere"]).output();
    assert_eq!(nowhere.expect("an end").status.code(), Some(2));
}

/// Talks through a pipe.
fn chat(flags: &[&str], lines: &str) -> Output {
    let mut command = r1(&["chat", "--max-new-tokens=30"]);
    command.args(flags).arg(stage("7-r1"));
    let pipe = command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = pipe.stderr(Stdio::piped()).spawn().expect("r1 starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(lines.as_bytes()).expect("r1 reads");
    drop(stdin);
    child.wait_with_output().expect("r1 ends")
}

#[test]
fn every_line_of_a_pipe_is_a_turn() {
    let dir = TempDir::new().expect("a temporary directory");
    let file = dir.path().join("talk.jsonl");
    let save = format!("What is 3 + 4?\n8 - 5?\n/save {}\n", file.display());
    let output = chat(&[], &save);
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(!said.contains('\x1b') && !said.contains("> "), "{said:?}");
    let saved = fs::read_to_string(&file).expect("a conversation");
    let messages: Vec<Value> = saved
        .lines()
        .map(|line| serde_json::from_str(line).expect("a JSON object a line"))
        .collect();
    let roles: Vec<&str> = messages
        .iter()
        .filter_map(|it| it["role"].as_str())
        .collect();
    assert_eq!(roles, ["user", "assistant", "user", "assistant"]);
    for reply in [&messages[1], &messages[3]] {
        let answer = reply["content"].as_str().expect("an answer");
        assert!(said.contains(answer), "{said}");
        let finish = reply["finish"].as_str().expect("an end");
        assert!(["stop", "length"].contains(&finish), "{finish}");
    }
    assert_eq!(text(&chat(&[], "What is 3 + 4?\n8 - 5?\n").stdout), said);
}

#[test]
fn a_line_that_cannot_be_obeyed_is_a_failure_at_the_end() {
    let output = chat(&["--fold"], "/sve\nWhat is 3 + 4?\n/quit\nnever said\n");
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("`/sve`; did you mean `/save`?"), "{said}");
    assert!(!text(&output.stdout).contains("<think>"));
    let nothing = chat(&[], "");
    assert_eq!(
        (nothing.status.code(), text(&nothing.stdout)),
        (Some(0), String::new())
    );
    assert_eq!(chat(&["--top-p=0"], "").status.code(), Some(2));
}
