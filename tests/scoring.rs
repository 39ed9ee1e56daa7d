//! `r1 score`: rewards line by line, and what it says about a file it cannot read.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use crate::program::{finished, r1};

const ROW: &str = r#"{"id": "a", "problem": "What is 7 + 5?", "gold": "12", "completion": "<think>Seven and five make twelve.</think><answer>12</answer>"}"#;

#[test]
fn responses_are_scored_and_their_means_told() {
    let dir = TempDir::new().expect("a temporary directory");
    let file = dir.path().join("rows.jsonl");
    let wrong = ROW
        .replace("<answer>12<", "<answer>12 or 13<")
        .replace("\"a\"", "2");
    fs::write(&file, format!("{ROW}\n{wrong}\n")).expect("a writable directory");
    let output = finished(r1(&["score", "--mode", "gated"]).arg(&file));
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    let lines: Vec<Value> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).expect("a JSON object a line"))
        .collect();
    assert_eq!((&lines[0]["id"], &lines[1]["id"]), (&"a".into(), &2.into()));
    let totals = lines.iter().map(|line| line["total"].as_f64());
    assert_eq!(totals.collect::<Vec<_>>(), [Some(1.5), Some(0.0)]);
    assert_eq!(lines[0]["rule"], "answer_tag");
    assert!(said.contains("2 responses, accuracy 0.5000"), "{said}");
}

#[test]
fn a_bad_line_is_a_failure_and_bad_arguments_wrong_usage() {
    let dir = TempDir::new().expect("a temporary directory");
    let file = dir.path().join("rows.jsonl");
    fs::write(&file, format!("{ROW}\n{{\"id\": 1}}\n")).expect("a writable directory");
    let bad = finished(r1(&["score"]).arg(&file));
    let said = String::from_utf8_lossy(&bad.stderr).into_owned();
    assert_eq!(bad.status.code(), Some(1), "{said}");
    assert!(said.contains("rows.jsonl, line 2"), "{said}");
    assert_eq!(String::from_utf8_lossy(&bad.stdout).lines().count(), 1);
    for arguments in [
        &["score", "nowhere.jsonl"][..],
        &["score", "--mode", "product", "rows.jsonl"],
    ] {
        let output = finished(&mut r1(arguments));
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
    let output = finished(r1(&["score", "--format", "inf"]).arg(&file));
    assert_eq!(output.status.code(), Some(2));
}
