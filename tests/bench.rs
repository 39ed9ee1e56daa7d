//! `r1 bench` in its smallest preset: what it leaves, that it goes on where it was, what it refuses.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::program::{finished, r1};

/// Runs the benchmark for seeds and gives what it prints.
fn countdown(dir: &Path, seeds: &str) -> String {
    let mut command = r1(&["bench", "countdown", "smoke", "--quiet", "--seeds", seeds]);
    let output = finished(command.arg("--run-dir").arg(dir));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    assert_eq!(errors, "", "a quiet run that goes well says nothing");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Every file below a folder but locks, by path.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let (mut found, mut folders) = (BTreeMap::new(), vec![dir.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.ends_with(".lock") {
                let name = path.strip_prefix(dir).expect("a path in the run");
                let bytes = fs::read(&path).expect("a file");
                found.insert(name.display().to_string(), bytes);
            }
        }
    }
    found
}

#[test]
fn countdown_runs_each_seed_once() {
    let dir = TempDir::new().expect("a temporary directory");
    let printed = countdown(dir.path(), "2,5");
    let before = files(dir.path());

    let results: Value = serde_json::from_slice(&before["results.json"]).expect("JSON");
    assert_eq!(results["preset"], "smoke");
    let seeds = results["seeds"].as_array().expect("seeds");
    assert_eq!(seeds.len(), 2);
    for (result, number) in seeds.iter().zip([2, 5]) {
        assert_eq!(result["seed"], number);
        let share = |model: &str| {
            let model = &result[model];
            let [low, high] = [0, 1].map(|end| model["ci95"][end].as_f64().expect("a bound"));
            let share = model["pass_at_1"].as_f64().expect("a share");
            assert!((0.0..=1.0).contains(&share) && low <= share && share <= high);
            assert_eq!(model["by_family"].as_object().expect("families").len(), 1);
            share
        };
        let gain = 100.0 * (share("r1_zero") - share("base"));
        assert!((result["gain_points"].as_f64().expect("a gain") - gain).abs() < 0.01);
        assert!(result["seconds"].as_f64().expect("seconds") > 0.0);
        // The preset has two steps of reinforcement learning.
        assert_eq!(result["accuracy"].as_array().expect("a curve").len(), 2);
        for stage in ["0-tasks", "1-base", "2-r1-zero", "9-eval"] {
            let manifest = format!("seed-{number}/{stage}/stage.json");
            assert!(before.contains_key(&manifest), "{manifest}");
        }
        assert!(printed.contains(&format!("│ {number} ")), "{printed}");
    }
    let model = |seed: u64| &before[&format!("seed-{seed}/2-r1-zero/model.safetensors")];
    assert_ne!(model(2), model(5), "another seed, another model");

    let page = String::from_utf8_lossy(&before["curves.html"]);
    for part in [
        ">seed 2<",
        ">seed 5<",
        "seed 5, R1-Zero, held out",
        "[zero]",
    ] {
        assert!(page.contains(part), "{part}");
    }
    for outside in ["src=\"", "href=\"", "<script", "<link", "@import", "url("] {
        assert!(!page.contains(outside), "{outside}");
    }

    assert_eq!(countdown(dir.path(), "2,5"), printed);
    assert!(files(dir.path()) == before, "a second run changes nothing");
}

#[test]
fn grpo_and_ppo_start_alike() {
    let dir = TempDir::new().expect("a temporary directory");
    let mut command = r1(&["bench", "grpo-vs-ppo", "smoke", "--quiet", "--seeds", "4"]);
    let output = finished(command.arg("--run-dir").arg(dir.path()));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(printed.contains("│ training the critic"), "{printed}");

    let read = |path: &str| fs::read_to_string(dir.path().join(path)).expect("a file");
    let first = |folder: &str| -> Vec<Value> {
        let text = read(&format!("{folder}/2-r1-zero/completions.jsonl"));
        let lines = text
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"));
        lines.filter(|line: &Value| line["step"] == 1).collect()
    };
    assert!(!first("seed-4").is_empty());
    assert_eq!(
        first("seed-4"),
        first("seed-4/ppo"),
        "the same problems and responses"
    );
    let metrics = read("seed-4/ppo/2-r1-zero/metrics.jsonl");
    for line in metrics.lines() {
        let line: Value = serde_json::from_str(line).expect("JSON");
        assert!(line["value_loss"].as_f64().expect("a loss") >= 0.0);
        assert!(line["critic_grad_norm"].as_f64().expect("a norm") >= 0.0);
    }
    let results: Value = serde_json::from_str(&read("results.json")).expect("JSON");
    let by_part = |method: &str, part: &str| {
        results["seeds"][0][method]["flops_by_part"][part]
            .as_f64()
            .unwrap_or(0.0)
    };
    assert_eq!(
        by_part("grpo", "training"),
        by_part("grpo", "reference") * 3.0
    );
    assert_eq!(by_part("grpo", "critic"), 0.0);
    assert!(
        by_part("ppo", "critic") > by_part("ppo", "training"),
        "a head is on top"
    );
    assert!(read("curves.html").contains("PPO, seed 4"));
}

/// Runs the benchmark with wrong arguments and gives what it says.
fn refused(arguments: &[&str]) -> String {
    let parent = TempDir::new().expect("a temporary directory");
    let dir = parent.path().join("run");
    let mut command = r1(&["bench", "countdown"]);
    let output = finished(command.args(arguments).arg("--run-dir").arg(&dir));
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{message}");
    assert!(!dir.exists(), "a refused benchmark leaves nothing behind");
    message
}

#[test]
#[cfg(target_os = "linux")]
fn a_long_run_keeps_neither_threads_nor_open_files() {
    let output = finished(&mut r1(&["bench", "long-run", "--steps=200", "--quiet"]));
    assert!(output.status.success(), "{output:?}");
    let line: Value = serde_json::from_slice(&output.stdout).expect("a line of JSON");
    for held in ["threads", "files"] {
        let [start, end] = ["start", "end"].map(|at| line[at][held].as_f64().expect("a number"));
        assert!(start >= 1.0 && end <= start + 1.0, "{held}: {line}");
    }
}

#[test]
fn wrong_arguments_are_refused_before_anything_is_written() {
    for (arguments, says) in [
        (&["smok"][..], "did you mean `smoke`"),
        (&["smoke", "--seeds", ""], "at least one seed"),
        (&["smoke", "--seeds", "1,x"], "`x` is no seed"),
        (&["smoke", "--seeds", "1,2,1"], "seed 1 is named twice"),
        (
            &["smoke", "--set", "zero.stpes=3"],
            "did you mean `zero.steps`",
        ),
        (&["smoke", "--set", "zero.group=1"], "at least 2"),
        (
            &["smoke", "--set", "tasks.families=linear"],
            "tasks.families",
        ),
    ] {
        let message = refused(arguments);
        assert!(message.contains(says), "{says:?} is not in {message:?}");
    }
}
