//! The recipe on problems whose answers are programs: read beside others, and judged in the sandbox.

use std::fmt::Write as _;
use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::{finished, r1};

/// MBPP-like problems and, among them, one with a number for an answer.
fn problems() -> String {
    let mut lines = String::new();
    for factor in 2..18 {
        let task = json!({
            "task_id": factor,
            "text": format!("Write f(x): {factor} times x."),
            "code": format!("def f(x):\n    return {factor} * x"),
            "test_list": [format!("assert f(1) == {factor}"), format!("assert f(2) == {}", 2 * factor)],
        });
        writeln!(lines, "{task}").expect("text takes text");
    }
    lines + "{\"question\": \"7 + 5?\", \"answer\": \"It is 12.\\n#### 12\"}\n"
}

#[test]
fn programs_are_judged_in_a_run_or_the_run_is_refused() {
    let dir = TempDir::new().expect("a temporary directory");
    let file = dir.path().join("programs.jsonl");
    fs::write(&file, problems()).expect("the problems are written");
    let run = dir.path().join("run");
    let mut command = r1(&["pipeline", "smoke", "--quiet", "--until", "2-r1-zero"]);
    command.arg("--run-dir").arg(&run);
    command
        .arg("--set")
        .arg(format!("tasks.file={}", file.display()));
    for set in [
        "tasks.held_out=2",
        "model.max_positions=512",
        "zero.steps=1",
        "rubric.mode=gated",
        "rubric.repetition=0.5",
        "rubric.program=0.5",
        "rubric.program_command=while read -r line; do echo '{\"score\": 0.5}'; done",
    ] {
        command.args(["--set", set]);
    }
    let output = finished(&mut command);
    let errors = String::from_utf8_lossy(&output.stderr);
    if errors.contains("programs cannot be run here") {
        assert_eq!(output.status.code(), Some(1), "{errors}");
        assert!(!run.join("0-tasks").exists(), "nothing is done first");
        return;
    }
    assert!(output.status.success(), "{errors}");
    let cold_start = fs::read_to_string(run.join("0-tasks/cold_start.jsonl")).expect("samples");
    assert!(cold_start.contains("```python\\ndef f(x):"), "{cold_start}");
    let lines = fs::read_to_string(run.join("2-r1-zero/completions.jsonl")).expect("responses");
    for line in lines.lines() {
        let line: Value = serde_json::from_str(line).expect("JSON");
        assert_ne!(line["verdict"], "unjudged", "{line}");
        // A wrong answer earns nothing by its form; the program pays a quarter.
        if line["verdict"] == "wrong" {
            assert!(line["reward"].as_f64().expect("a number") <= 0.25, "{line}");
        }
    }
    let metrics = fs::read_to_string(run.join("2-r1-zero/metrics.jsonl")).expect("metrics");
    for part in ["repetition", "program"] {
        assert!(
            metrics.contains(&format!("\"{part}\"")),
            "{part}: {metrics}"
        );
    }
}
