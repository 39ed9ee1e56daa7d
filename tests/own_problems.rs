//! The recipe on a person's own problems, few and alike enough to be learned in seconds: unlike the
//! smallest preset's, its teacher is right, so every gate and what follows them has work.

use std::fmt::Write as _;
use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::{finished, r1};

/// Problems with one answer and a solution in GSM8K's form.
pub(crate) fn problems() -> String {
    let shops = [
        "bakery", "library", "market", "museum", "garden", "harbour", "station", "theatre",
    ];
    let mut lines = String::new();
    for shop in shops {
        for boxes in 1..=4 {
            let question = format!("The {shop} has {boxes} doors. How many days are in a week?");
            let answer = "A week has 7 days.\n#### 7";
            let line = json!({ "question": question, "answer": answer });
            writeln!(lines, "{line}").expect("text takes text");
        }
    }
    lines
}

#[test]
fn rejection_sampling_keeps_what_is_right() {
    let dir = TempDir::new().expect("a temporary directory");
    let file = dir.path().join("week.jsonl");
    fs::write(&file, problems()).expect("the problems are written");
    let run = dir.path().join("run");
    let mut command = r1(&["pipeline", "smoke", "--quiet"]);
    command.arg("--run-dir").arg(&run);
    command
        .arg("--set")
        .arg(format!("tasks.file={}", file.display()));
    for set in [
        "tasks.held_out=4",
        "base.steps=150",
        "cold_start_sft.epochs=40",
        "cold_start_sft.lr=3e-3",
        "rejection.max_new_tokens=48",
        "rejection.prompts=8",
    ] {
        command.args(["--set", set]);
    }
    let output = finished(command.args(["--until", "5-rejection-sampling"]));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");

    let curation = fs::read_to_string(run.join("5-rejection-sampling/curation.json"));
    let curation: Value = serde_json::from_str(&curation.expect("a report")).expect("JSON");
    let kept = curation["kept"].as_u64().expect("a count");
    assert!(kept > 0 && kept <= 16, "{curation}");
    let samples = fs::read_to_string(run.join("5-rejection-sampling/samples.jsonl"));
    let samples = samples.expect("samples");
    assert_eq!(samples.lines().count() as u64, kept);
    for line in samples.lines() {
        let sample: Value = serde_json::from_str(line).expect("JSON");
        let response = sample["response"].as_str().expect("a response");
        assert!(response.ends_with("<answer>7</answer>"), "{response}");
        assert_eq!(sample["source"], "rejection-sampling");
    }
}
