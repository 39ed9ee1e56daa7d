//! The pipeline from a checkpoint: what is taken in is what was there, and what comes out builds on it.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use crate::program::{finished, r1};
use crate::smoke::stage;

#[test]
fn a_checkpoint_takes_the_place_of_pretraining() {
    let given = stage("6-sft");
    let dir = TempDir::new().expect("a temporary directory");
    let from = format!("recipe.model={}", given.display());
    let mut command = r1(&["pipeline", "smoke", "--quiet", "--set", &from]);
    command.args(["--set", "recipe.stages=cold_start_rl", "--run-dir"]);
    let output = finished(command.arg(dir.path()));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");

    let read = |path: &str| fs::read(dir.path().join(path)).expect(path);
    for file in ["model.safetensors", "config.json", "tokenizer.json"] {
        let same = read(&format!("1-base/{file}")) == fs::read(given.join(file)).expect(file);
        assert!(same, "{file} is what was given");
    }
    assert_eq!(
        read("0-tasks/tokenizer.json"),
        read("4-reasoning-rl/tokenizer.json")
    );
    let results: Value = serde_json::from_slice(&read("results.json")).expect("results");
    let models: Vec<&String> = results["models"]
        .as_object()
        .expect("models")
        .keys()
        .collect();
    assert_eq!(models, ["base", "cold-start", "reasoning-rl"]);
    assert!(!dir.path().join("2-r1-zero").exists());
}

#[test]
fn a_checkpoint_that_is_not_there_is_wrong_usage() {
    let output = finished(&mut r1(&[
        "pipeline",
        "smoke",
        "--set",
        "recipe.model=/nowhere",
    ]));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(
        errors.contains("recipe.model: there is no /nowhere"),
        "{errors}"
    );
}
