//! Lines in, scores out, and what is said of lines and arguments that are none.

use clap::Parser;
use serde_json::{Value, json};

use super::*;
use crate::run::is_usage;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    score: Score,
}

fn rubric(arguments: &[&str]) -> Result<Rubric> {
    let line = [&["score", "rows.jsonl"], arguments].concat();
    Line::try_parse_from(line)?.score.rubric()
}

fn scored(arguments: &[&str], rows: &[Value]) -> (Vec<Value>, String) {
    let text: Vec<String> = rows.iter().map(Value::to_string).collect();
    let (lines, summary) = score_text(arguments, &text.join("\n"));
    (lines, summary.unwrap().to_string())
}

fn score_text(arguments: &[&str], text: &str) -> (Vec<Value>, Result<Summary>) {
    let mut out = Vec::new();
    let rubric = rubric(arguments).unwrap();
    let summary = score_lines(text.as_bytes(), &mut out, Path::new("rows.jsonl"), &rubric);
    let lines = String::from_utf8(out).unwrap();
    let lines = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    (lines.collect(), summary)
}

fn row(id: Value, gold: &str, completion: &str) -> Value {
    json!({ "id": id, "problem": "What is 7 + 5?", "gold": gold, "completion": completion })
}

const RIGHT: &str = "<think>Seven and five make twelve.</think><answer>12</answer>";
const WRONG: &str = "<think>Seven and five make twelve.</think><answer>13</answer>";

#[test]
fn every_line_has_its_parts_without_their_weights() {
    let rows = [
        row(json!(1), "12", RIGHT),
        row(json!("b"), "12", WRONG),
        row(json!("c"), "", RIGHT),
    ];
    let (lines, summary) = scored(&[], &rows);
    let line = |id: Value, accuracy: Value, total: Value| {
        json!({ "id": id, "accuracy": accuracy, "format": 1.0, "language": 1.0, "total": total,
                "rule": "answer_tag" })
    };
    assert_eq!(lines[0], line(json!(1), json!(1.0), json!(1.5)));
    assert_eq!(lines[1], line(json!("b"), json!(0.0), json!(0.5)));
    assert_eq!(
        (&lines[2]["accuracy"], &lines[2]["total"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(lines[2]["unjudged"]["accuracy"], "the gold answer is empty");
    let means = "3 responses, accuracy 0.5000 (of 2 judged), format 1.0000, language 1.0000, total \
                 1.0000 (of 2 judged)";
    assert!(summary.starts_with(means), "{summary}");
    assert!(
        summary.contains("accuracy of \"c\": the gold answer is empty"),
        "{summary}"
    );
}

#[test]
fn every_argument_changes_something() {
    let repeated = "<think>so so so so make twelve here</think><answer>13</answer>";
    let base = scored(&[], &[row(json!(1), "12", repeated)]).0[0]["total"].clone();
    for arguments in [
        &["--mode", "gated"][..],
        &["--format", "0.5"],
        &["--language", "0"],
        &["--prefill", "<think>"],
        &["--repetition", "0.5"],
        &[
            "--program",
            "while read -r l; do echo '{\"score\": 0.5}'; done",
        ],
    ] {
        let total = scored(arguments, &[row(json!(1), "12", repeated)]).0[0]["total"].clone();
        assert_ne!(total, base, "{arguments:?}");
    }
    let loose = [row(json!(1), "12", "12")];
    let total = |mode| scored(&["--mode", mode], &loose).0[0]["total"].clone();
    assert_eq!(
        (total("sum"), total("form_gated"), total("form-gated")),
        (json!(1.0), json!(0.0), json!(0.0))
    );
    let heavy = scored(&["--accuracy", "2"], &loose);
    assert_eq!(heavy.0[0]["total"], 2.0);
    let french = json!({ "id": 1, "problem": "?", "gold": "12", "language": "fr", "completion":
        "<think>D'abord nous ajoutons sept et cinq pour trouver le nombre.</think><answer>12</answer>" });
    assert_eq!(scored(&[], &[french]).0[0]["language"], 1.0);
}

#[test]
fn options_of_a_row_are_those_of_grade() {
    let mut coarse = row(json!(1), "1/3", "0.33");
    assert_eq!(scored(&[], &[coarse.clone()]).0[0]["accuracy"], 0.0);
    coarse["opts"] = json!({ "precision": 2 });
    assert_eq!(scored(&[], &[coarse]).0[0]["accuracy"], 1.0);
    let number = json!({ "id": 1, "problem": "?", "gold": 12, "completion": "12" });
    assert_eq!(scored(&[], &[number]).0[0]["accuracy"], 1.0);
    let mut unknown = row(json!(1), "12", RIGHT);
    unknown["language"] = "tlh".into();
    let (lines, _) = scored(&[], &[unknown]);
    assert_eq!(
        (&lines[0]["language"], &lines[0]["accuracy"]),
        (&Value::Null, &json!(1.0))
    );
}

#[test]
fn a_program_that_fails_is_named_and_costs_nothing() {
    let rows: Vec<Value> = (0..5).map(|id| row(json!(id), "12", RIGHT)).collect();
    let (lines, summary) = scored(&["--program", "exit 3", "--program-name", "own"], &rows);
    for line in &lines {
        assert_eq!(
            (&line["total"], &line["accuracy"]),
            (&Value::Null, &json!(1.0))
        );
        assert!(
            line["unjudged"]["own"]
                .as_str()
                .unwrap()
                .contains("`exit 3`"),
            "{line}"
        );
    }
    assert!(summary.contains("own of 0: `exit 3` ended"), "{summary}");
    let half = "while read -r l; do echo '{\"score\": 0.5}'; done";
    let (lines, summary) = scored(&["--program", half, "--program-weight", "0.5"], &rows);
    assert_eq!(
        (&lines[4]["extra"]["program"], &lines[4]["total"]),
        (&json!(0.5), &json!(1.75))
    );
    assert!(summary.ends_with("program 0.5000"), "{summary}");
}

#[test]
fn lines_keep_their_order() {
    let rows: Vec<Value> = (0..3000).map(|id| row(json!(id), "12", RIGHT)).collect();
    let (lines, summary) = scored(&[], &rows);
    assert!(
        lines.iter().enumerate().all(|(at, line)| line["id"] == at),
        "out of order"
    );
    assert!(summary.starts_with("3000 responses"), "{summary}");
}

#[test]
fn a_bad_line_is_named_after_those_before_it() {
    let good = row(json!(1), "12", RIGHT).to_string();
    for (bad, said) in [
        (r#"{"id": 1, "gold": "1", "completion": "1"}"#, "problem"),
        ("no json", "one JSON object"),
        (
            r#"{"id": 1, "problem": "?", "gold": null, "completion": "1"}"#,
            "write a text or a number",
        ),
        (
            r#"{"id": 1, "problem": "?", "gold": "1", "completion": 1}"#,
            "completion",
        ),
        (
            r#"{"id": 1, "problem": "?", "gold": "1", "completion": "1", "opts": {"match_types": ["x"]}}"#,
            "match type",
        ),
    ] {
        let (lines, error) = score_text(&[], &format!("{good}\n\n{bad}\n{good}"));
        let error = format!("{:#}", error.unwrap_err());
        assert!(
            error.contains("rows.jsonl, line 3") && error.contains(said),
            "{error}"
        );
        assert_eq!(lines.len(), 1);
    }
}

#[test]
fn arguments_that_cannot_be_are_wrong_usage() {
    for (arguments, said) in [
        (&["--format", "nan"][..], "`format`"),
        (&["--languages", "en,xx"], "`xx`"),
        (
            &["--repetition", "1", "--repetition-ngram", "0"],
            "`repetition`",
        ),
        (&["--program", " "], "`command`"),
        (&["--program", "cat", "--program-name", "format"], "`name`"),
        (&["--judge", "localhost", "--judge-model", "m"], "http://"),
    ] {
        let error = rubric(arguments).unwrap_err();
        assert!(
            is_usage(&error) && error.to_string().contains(said),
            "{error}"
        );
    }
    for (arguments, said) in [
        (&["--mode", "product"][..], "gated"),
        (&["--length", "1"], "--tokenizer"),
        (&["--program-weight", "1"], "--program"),
        (&["--judge", "http://a"], "--judge-model"),
    ] {
        let error = rubric(arguments).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
}
