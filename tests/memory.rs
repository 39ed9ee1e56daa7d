//! Memory: what is announced is what is taken, and what is not there is refused before it is missed.

use serde_json::Value;
use tempfile::TempDir;

use crate::program::{finished, r1};

/// A figure of `r1 bench train`, in a process of its own.
fn figure(name: &str) -> Value {
    let output = finished(&mut r1(&["bench", "train", name, "--seconds", "0"]));
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).expect("one JSON line")
}

#[test]
fn training_takes_about_what_was_expected() {
    for name in ["train_S_fp32", "train_D_fp32", "grpo_S_fp32", "grpo_D_fp32"] {
        let line = figure(name);
        let Some(peak) = line["peak_rss_mb"].as_f64() else {
            crate::transformers::say("skipped: this system does not tell what a process holds");
            return;
        };
        let ratio = line["expected_mb"].as_f64().expect("a number") / peak;
        // A fifth where it was measured; without huge pages, or beside other work, some more.
        assert!((0.75..=1.4).contains(&ratio), "{line}");
    }
}

#[test]
fn a_shortage_shows_before_the_first_step() {
    let dir = TempDir::new().expect("a temporary directory");
    let mut command = r1(&["pipeline", "smoke", "--memory", "1M", "--run-dir"]);
    let output = finished(command.arg(dir.path()));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert!(
        errors.contains("stage 1-base: this needs about"),
        "{errors}"
    );
    assert!(errors.contains("and there are 1.0 MB"), "{errors}");
    assert!(
        dir.path().join("0-tasks/stage.json").is_file(),
        "what was done stays"
    );
    let metrics = dir.path().join("1-base.partial/metrics.jsonl");
    assert!(!metrics.exists(), "no step was taken");
}
