//! `r1 grade`: verdicts line by line, and what it says about a file it cannot read.

use std::fs;

use tempfile::TempDir;

use crate::program::{finished, r1};

#[test]
fn answers_are_graded_and_agreement_is_counted() {
    let dir = TempDir::new().expect("a temporary directory");
    let file = dir.path().join("rows.jsonl");
    let rows = concat!(
        r#"{"id": "a", "gold": "1/2", "pred": "\\boxed{0.5}", "expected": 1}"#,
        "\n",
        r#"{"id": "b", "gold": "3", "pred": "so it is 4", "expected": 0}"#,
        "\n",
    );
    fs::write(&file, rows).expect("a writable directory");
    let output = finished(r1(&["grade"]).arg(&file));
    assert_eq!(output.status.code(), Some(0));
    let lines: Vec<serde_json::Value> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).expect("a JSON object a line"))
        .collect();
    let verdicts: Vec<_> = lines.iter().map(|l| l["verdict"].as_str()).collect();
    assert_eq!(verdicts, [Some("right"), Some("wrong")]);
    assert_eq!(lines[0]["rule"], "boxed");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("agreement 100.00 % (2 of 2)"), "{said}");
}

#[test]
fn a_bad_line_is_a_failure_and_a_missing_file_wrong_usage() {
    let dir = TempDir::new().expect("a temporary directory");
    let file = dir.path().join("rows.jsonl");
    fs::write(&file, "{\"id\": 1}\n").expect("a writable directory");
    let bad = finished(r1(&["grade"]).arg(&file));
    let said = String::from_utf8_lossy(&bad.stderr).into_owned();
    assert_eq!(bad.status.code(), Some(1), "{said}");
    assert!(said.contains("rows.jsonl, line 1"), "{said}");
    let missing = finished(r1(&["grade"]).arg(dir.path().join("none.jsonl")));
    assert_eq!(missing.status.code(), Some(2));
}
