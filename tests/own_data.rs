//! A person's own data: problems, chains of thought and conversations, by path and from the hub's cache.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::own_problems::problems;
use crate::program::{finished, r1};
use crate::smoke::stage;

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

fn write(path: &Path, lines: &str) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder is made");
    fs::write(path, lines).expect("a file is written");
}

/// Runs as far as a stage, with the hub out of reach and its cache in `dir`.
fn run(dir: &Path, until: &str, changes: &[String]) -> Output {
    let mut command = r1(&["pipeline", "smoke", "--until", until, "--run-dir"]);
    command.arg(dir.join("run"));
    command.env("HF_HUB_OFFLINE", "1");
    command.env("HF_HUB_CACHE", dir.join("hub"));
    for change in changes {
        command.args(["--set", change]);
    }
    finished(&mut command)
}

fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).expect("a file of lines");
    let line = |line: &str| serde_json::from_str(line).expect("JSON");
    text.lines().map(line).collect()
}

#[test]
fn columns_are_named_and_conversations_are_taken_as_they_stand() {
    let dir = TempDir::new().expect("a temporary directory");
    let renamed = problems().replace("\"question\"", "\"ask\"");
    write(
        &dir.path().join("mine/a.jsonl"),
        &format!("{{\"ask\": 1}}\n{renamed}"),
    );
    let chat = |content: &str| {
        let turns = json!([{ "role": "user", "content": "1 + 1?" }, { "role": "assistant", "content": content }]);
        json!({ "messages": turns }).to_string() + "\n"
    };
    let said = "<think>1 + 1 = 2</think>\n<answer>2</answer>";
    write(&dir.path().join("cold.jsonl"), &chat(said).repeat(3));
    write(&dir.path().join("general.jsonl"), &chat("Two."));
    let path = |name: &str| dir.path().join(name).display().to_string();
    let changes = [
        format!("tasks.file={}", path("mine")),
        "tasks.columns=question=ask".to_owned(),
        format!("tasks.cold_start_file={}", path("cold.jsonl")),
        "tasks.cold_start=2".to_owned(),
        format!("tasks.general_file={}", path("general.jsonl")),
    ];
    let output = run(dir.path(), "0-tasks", &changes);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    for said in [
        "a.jsonl, line 1",
        "1 records skipped",
        "the first record of",
        "How many days are in a week?",
        "tasks.general = ",
    ] {
        assert!(errors.contains(said), "{said:?} is not in {errors}");
    }
    let made = dir.path().join("run/0-tasks");
    let question = lines(&made.join("train.jsonl"))[0]["question"].clone();
    assert!(
        question
            .as_str()
            .expect("text")
            .starts_with("The bakery has 1")
    );
    let cold = lines(&made.join("cold_start.jsonl"));
    assert_eq!(cold.len(), 2);
    assert_eq!(cold[0]["response"], said);
    let general = lines(&made.join("general.jsonl"));
    assert_eq!(
        (general.len(), &general[0]["response"]),
        (1, &json!("Two."))
    );
}

#[test]
fn held_out_problems_are_in_nothing_that_is_learned() {
    let dir = TempDir::new().expect("a temporary directory");
    let held = "The mill has 9 doors. How many days are in a week?";
    let problem = |question: &str| {
        let answer = "A week has 7 days.\n#### 7";
        json!({ "question": question, "answer": answer }).to_string() + "\n"
    };
    let chat = |question: &str, response: &str| {
        let turns = json!([
            { "role": "user", "content": question },
            { "role": "assistant", "content": response },
        ]);
        json!({ "messages": turns }).to_string() + "\n"
    };
    let (other, said) = ("1 + 1?", "<think>1 + 1 = 2</think>\n<answer>2</answer>");
    let shouted = held.to_uppercase();
    write(&dir.path().join("held.jsonl"), &problem(held));
    write(
        &dir.path().join("train.jsonl"),
        &(problem(&shouted) + &problems()),
    );
    write(
        &dir.path().join("cold.jsonl"),
        &(chat(&shouted, said) + &chat(other, said) + &chat(&format!("Hm. {held}"), said)),
    );
    write(
        &dir.path().join("general.jsonl"),
        &(chat("A riddle?", &format!("Here: {held}")) + &chat("A riddle?", "None.")),
    );
    let path = |name: &str| dir.path().join(name).display().to_string();
    let changes = [
        format!("tasks.file={}", path("train.jsonl")),
        format!("tasks.held_out_file={}", path("held.jsonl")),
        format!("tasks.cold_start_file={}", path("cold.jsonl")),
        format!("tasks.general_file={}", path("general.jsonl")),
    ];
    let output = run(dir.path(), "0-tasks", &changes);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    for said in [
        "1 training problems are held out and dropped".to_owned(),
        format!("{}: 2 samples are held out and dropped", path("cold.jsonl")),
        format!(
            "{}: 1 samples are held out and dropped",
            path("general.jsonl")
        ),
    ] {
        assert!(errors.contains(&said), "{said:?} is not in {errors}");
    }
    let made = |name: &str| lines(&dir.path().join("run/0-tasks").join(name));
    assert_eq!(made("held_out.jsonl").len(), 1);
    assert_eq!(made("train.jsonl").len(), problems().lines().count());
    assert_eq!(made("cold_start.jsonl").len(), 1);
    assert_eq!(made("cold_start.jsonl")[0]["question"], other);
    assert_eq!(made("general.jsonl").len(), 1);
    assert_eq!(made("general.jsonl")[0]["response"], "None.");

    // A file that is as long as before is another one all the same.
    let again = || {
        let output = run(dir.path(), "0-tasks", &changes);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stderr).contains("0-tasks: complete already")
    };
    assert!(again());
    let changed = problem(&held.replace('9', "8"));
    write(&dir.path().join("held.jsonl"), &changed);
    assert!(!again());
}

#[test]
fn the_hub_s_cache_serves_without_a_network() {
    let dir = TempDir::new().expect("a temporary directory");
    let missing = ["tasks.file=hub:me/sums".to_owned()];
    let output = run(dir.path(), "0-tasks", &missing);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{errors}");
    for said in ["me/sums", "HF_HUB_OFFLINE"] {
        assert!(errors.contains(said), "{said:?} is not in {errors}");
    }

    let cached = |kind: &str, name: &str| {
        let folder = dir.path().join(format!("hub/{kind}--me--{name}"));
        write(&folder.join("refs/main"), COMMIT);
        folder.join("snapshots").join(COMMIT)
    };
    write(
        &cached("datasets", "sums").join("data/train.jsonl"),
        &problems(),
    );
    let model = cached("models", "small");
    let given = stage("6-sft");
    for entry in fs::read_dir(&given).expect("a model") {
        let path = entry.expect("a file").path();
        if path.is_file() {
            let name = path.file_name().expect("a name");
            fs::create_dir_all(&model).expect("a folder is made");
            fs::copy(&path, model.join(name)).expect("a copy");
        }
    }
    let changes = [
        "tasks.file=hub:me/sums".to_owned(),
        "recipe.model=hub:me/small".to_owned(),
        "recipe.stages=cold_start_rl".to_owned(),
    ];
    let output = run(dir.path(), "1-base", &changes);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    assert!(errors.contains(COMMIT), "{errors}");
    let same = |file: &str| {
        let base = fs::read(dir.path().join("run/1-base").join(file)).expect(file);
        base == fs::read(given.join(file)).expect(file)
    };
    assert!(same("model.safetensors") && same("tokenizer.json"));
}
