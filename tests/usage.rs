//! Wrong arguments: exit code 2, nothing written, and a message that says what to write instead.

use tempfile::TempDir;

use crate::program::{finished, r1};

/// Runs `r1 pipeline` with wrong arguments and gives what it says.
fn refused(arguments: &[&str]) -> String {
    let parent = TempDir::new().expect("a temporary directory");
    let dir = parent.path().join("run");
    let mut command = r1(&["pipeline"]);
    let output = finished(command.args(arguments).arg("--run-dir").arg(&dir));
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{message}");
    assert!(!dir.exists(), "a refused run leaves nothing behind");
    assert!(message.starts_with("error: "), "{message}");
    message
}

#[track_caller]
fn says(message: &str, parts: &[&str]) {
    for part in parts {
        assert!(message.contains(part), "{part:?} is not in {message:?}");
    }
}

#[test]
fn an_unknown_preset_gets_the_nearest() {
    says(&refused(&["smok"]), &["`smok`", "did you mean `smoke`"]);
}

#[test]
fn an_unknown_key_gets_the_nearest() {
    let message = refused(&["smoke", "--set", "zero.stpes=3"]);
    says(&message, &["`zero.stpes`", "did you mean `zero.steps`"]);
}

#[test]
fn a_wrong_type_names_key_and_type() {
    let message = refused(&["smoke", "--set", "zero.steps=many"]);
    says(&message, &["zero.steps", "a whole number", "`many`"]);
}

#[test]
fn a_value_out_of_range_names_key_and_range() {
    says(
        &refused(&["smoke", "--set", "zero.group=1"]),
        &["zero.group = 1", "at least 2"],
    );
}

#[test]
fn an_unknown_choice_lists_the_choices() {
    let message = refused(&["smoke", "--set", "tasks.families=linaer"]);
    says(
        &message,
        &["tasks.families", "did you mean `linear`", "countdown"],
    );
}

#[test]
fn a_missing_problem_file_is_named() {
    let message = refused(&["smoke", "--set", "tasks.file=/nowhere/problems.jsonl"]);
    says(&message, &["tasks.file", "/nowhere/problems.jsonl"]);
}

#[test]
fn an_unknown_stage_gets_the_nearest() {
    let message = refused(&["smoke", "--until", "2-r1-zro"]);
    says(&message, &["did you mean `2-r1-zero`", "9-eval"]);
}

#[test]
fn an_unknown_model_gets_the_nearest() {
    let output = finished(&mut r1(&["count", "deepseek-v2"]));
    assert_eq!(output.status.code(), Some(2));
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    says(
        &message,
        &["did you mean `deepseek-v3`", "seed-16", "config.json"],
    );
}

#[test]
fn a_model_that_cannot_be_is_a_failure() {
    let dir = TempDir::new().expect("a temporary directory");
    let path = dir.path().join("config.json");
    std::fs::write(&path, r#"{"model_type": "bert"}"#).expect("a file");
    let output = finished(r1(&["count"]).arg(dir.path()));
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    says(
        &message,
        &[&path.display().to_string(), "`bert`", "deepseek_v3"],
    );
}

#[test]
fn an_unknown_option_is_refused() {
    says(&refused(&["smoke", "--sed", "3"]), &["--sed", "--seed"]);
}

#[test]
fn a_run_directory_that_cannot_be_made_is_a_failure_of_another_kind() {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    let output = finished(r1(&["pipeline", "smoke", "--run-dir"]).arg(file.path().join("run")));
    assert_eq!(output.status.code(), Some(1));
    says(
        &String::from_utf8_lossy(&output.stderr),
        &["cannot make the run directory"],
    );
}
