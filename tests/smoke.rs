//! The whole recipe in its smallest preset: complete, reproducible, resumable, reported.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::program::{finished, r1};

pub(crate) const SEED: &str = "3";
/// Fields of `metrics.jsonl` that depend on how fast the machine is.
const TIMES: [&str; 6] = [
    "seconds",
    "sample_seconds",
    "train_seconds",
    "sample_tokens_per_second",
    "train_tokens_per_second",
    "peak_rss_mb",
];

/// Runs the recipe in a directory and gives what it prints.
pub(crate) fn run(dir: &Path) -> String {
    let arguments = ["pipeline", "smoke", "--seed", SEED, "--quiet", "--run-dir"];
    let output = finished(r1(&arguments).arg(dir));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    assert_eq!(errors, "", "a quiet run that goes well says nothing");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A finished run that the tests share, and what it printed.
fn first() -> &'static (TempDir, String) {
    static RUN: OnceLock<(TempDir, String)> = OnceLock::new();
    RUN.get_or_init(|| {
        let dir = TempDir::new().expect("a temporary directory");
        let printed = run(dir.path());
        (dir, printed)
    })
}

fn json(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The directory of the run that the tests share.
pub(crate) fn finished_run() -> &'static Path {
    first().0.path()
}

/// The directory of a stage of the run that the tests share.
pub(crate) fn stage(name: &str) -> PathBuf {
    first().0.path().join(name)
}

/// Everything the stages of a run left, by path, without what depends on time.
fn content(run: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut content = BTreeMap::new();
    for stage in r1::run::STAGES {
        let mut folders = vec![run.join(stage)];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).expect("a stage's directory") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let inside = path
                        .strip_prefix(run)
                        .expect("a path in the run")
                        .to_owned();
                    content.insert(inside, timeless(&path));
                }
            }
        }
    }
    content
}

fn timeless(path: &Path) -> Vec<u8> {
    let without = |mut value: Value, fields: &[&str]| {
        let object = value.as_object_mut().expect("an object");
        fields.iter().for_each(|field| drop(object.remove(*field)));
        value
    };
    match path.file_name().and_then(|name| name.to_str()) {
        Some("metrics.jsonl") => {
            let text = fs::read_to_string(path).expect("text");
            let lines = text
                .lines()
                .map(|line| serde_json::from_str(line).expect("JSON"));
            lines
                .map(|line| without(line, &TIMES).to_string() + "\n")
                .collect::<String>()
                .into()
        }
        Some("stage.json") => {
            let mut manifest = without(json(path), &["seconds", "peak_rss_mb"]);
            let files = manifest["files"].as_object_mut().expect("files");
            files.remove("metrics.jsonl");
            manifest.to_string().into()
        }
        _ => fs::read(path).expect("a file"),
    }
}

/// Two runs left the same, times apart.
#[track_caller]
pub(crate) fn same(left: &Path, right: &Path) {
    let (left, right) = (content(left), content(right));
    assert!(
        left.keys().eq(right.keys()),
        "{:?}\n{:?}",
        left.keys(),
        right.keys()
    );
    for (path, bytes) in &left {
        assert!(*bytes == right[path], "{} differs", path.display());
    }
}

#[test]
fn every_stage_is_complete() {
    let dir = first().0.path();
    for stage in r1::run::STAGES {
        let manifest = json(&dir.join(stage).join("stage.json"));
        assert_eq!(manifest["name"], stage);
        let files = manifest["files"].as_object().expect("files");
        assert!(!files.is_empty(), "{stage} left nothing");
        assert!(
            files
                .keys()
                .all(|file| dir.join(stage).join(file).is_file()),
            "{stage}"
        );
        r1::Artifact::open(dir.join(stage)).expect("the artifact is whole");
    }
    for stage in [
        "1-base",
        "2-r1-zero",
        "3-cold-start",
        "4-reasoning-rl",
        "6-sft",
        "7-r1",
    ] {
        for file in [
            "model.safetensors",
            "config.json",
            "tokenizer.json",
            "metrics.jsonl",
        ] {
            assert!(dir.join(stage).join(file).is_file(), "{stage}/{file}");
        }
    }
    let unfinished = fs::read_dir(dir).expect("the run").filter_map(|entry| {
        let name = entry
            .expect("an entry")
            .file_name()
            .to_string_lossy()
            .into_owned();
        [".partial", ".old", ".begun", ".states"]
            .iter()
            .any(|end| name.ends_with(end))
            .then_some(name)
    });
    assert_eq!(unfinished.collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn one_seed_gives_one_result_on_one_thread_or_many() {
    let second = TempDir::new().expect("a temporary directory");
    let arguments = ["pipeline", "smoke", "--seed", SEED, "--quiet", "--run-dir"];
    let mut alone = r1(&arguments);
    alone.arg(second.path()).env("RAYON_NUM_THREADS", "1");
    assert!(finished(&mut alone).status.success());
    same(first().0.path(), second.path());
}

#[test]
fn a_complete_run_is_not_done_again() {
    let dir = first().0.path();
    let before = fs::metadata(dir.join("9-eval/stage.json")).and_then(|file| file.modified());
    let began = Instant::now();
    assert_eq!(run(dir), first().1);
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "{:?}",
        began.elapsed()
    );
    let after = fs::metadata(dir.join("9-eval/stage.json")).and_then(|file| file.modified());
    assert_eq!(before.expect("a time"), after.expect("a time"));
}

#[test]
fn a_run_stops_after_the_stage_it_is_told() {
    let dir = TempDir::new().expect("a temporary directory");
    let mut command = r1(&[
        "pipeline",
        "smoke",
        "--quiet",
        "--until",
        "0-tasks",
        "--run-dir",
    ]);
    let output = finished(command.arg(dir.path()));
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(dir.path().join("0-tasks/stage.json").is_file() && !dir.path().join("1-base").exists());
    assert_eq!(
        json(&dir.path().join("results.json"))["models"],
        serde_json::json!({})
    );
}

#[test]
fn results_are_numbers_in_their_ranges() {
    let results = json(&first().0.path().join("results.json"));
    assert_eq!(
        (&results["preset"], &results["seed"]),
        (&"smoke".into(), &3.into())
    );
    assert!(results["seconds"].as_f64().expect("seconds") > 0.0);
    if cfg!(target_os = "linux") {
        assert!(results["peak_rss_mb"].as_f64().expect("memory") > 10.0);
    }
    for name in [
        "base",
        "r1-zero",
        "cold-start",
        "r1",
        "student",
        "student-rl",
    ] {
        let model = &results["models"][name];
        let number = |field: &str| {
            model[field]
                .as_f64()
                .unwrap_or_else(|| panic!("{name}.{field}: {}", model[field]))
        };
        for share in ["pass_at_1", "format", "language"] {
            assert!((0.0..=1.0).contains(&number(share)), "{name}.{share}");
        }
        let [low, high] = [0, 1].map(|end| model["ci95"][end].as_f64().expect("an interval"));
        assert!(
            low <= number("pass_at_1") && number("pass_at_1") <= high,
            "{name}.ci95"
        );
        assert!(
            number("tokens_mean") >= 1.0 && number("problems") >= 1.0,
            "{name}"
        );
        assert!(
            number("samples") >= 1.0 && number("params") >= number("active_params"),
            "{name}"
        );
    }
}

#[test]
fn modules_for_further_tokens_are_measured_where_there_are_any() {
    let last = |stage: &str| {
        let path = first().0.path().join(stage).join("metrics.jsonl");
        let text = fs::read_to_string(&path).expect("metrics");
        let line = text.lines().last().expect("a line");
        serde_json::from_str::<Value>(line).expect("JSON")
    };
    for stage in ["1-base", "3-cold-start", "6-sft"] {
        let metrics = last(stage);
        let number = |field: &str| metrics[field].as_f64().expect(field);
        assert!(number("mtp_loss") > 0.0, "{stage}: {metrics}");
        assert!((0.0..=1.0).contains(&number("draft_accuracy")), "{stage}");
    }
    let student = last("8-distill");
    assert!(student["loss"].is_number() && student.get("mtp_loss").is_none());
}

#[test]
fn every_router_is_measured_in_every_step() {
    let path = |stage: &str| first().0.path().join(stage).join("metrics.jsonl");
    // One mixture layer, and in next-token training that of the module for further tokens.
    for (stage, layers) in [("1-base", 2), ("2-r1-zero", 2)] {
        let text = fs::read_to_string(path(stage)).expect("metrics");
        for line in text.lines() {
            let metrics: Value = serde_json::from_str(line).expect("JSON");
            let routers = metrics["routers"].as_array().expect("routers");
            assert_eq!(routers.len(), layers, "{stage}");
            for router in routers {
                let number = |field: &str| router[field].as_f64().expect(field);
                assert!((1.0..=16.0).contains(&number("max_load")), "{router}");
                assert!((0.0..=1.0).contains(&number("min_load")), "{router}");
                let most = f64::ln(16.0) + 1e-5;
                assert!((0.0..=most).contains(&number("entropy")), "{router}");
                assert!(number("z") >= 0.0, "{router}");
            }
        }
    }
    let text = fs::read_to_string(path("8a-student-base")).expect("metrics");
    assert!(!text.contains("routers"), "a dense model has none");
}

/// A reference case that the base does not agree with: of zeros in the place of its logits.
#[test]
fn parity_tells_a_model_that_differs() {
    let dir = TempDir::new().expect("a temporary directory");
    let base = first().0.path().join("1-base");
    for file in ["model.safetensors", "config.json"] {
        fs::copy(base.join(file), dir.path().join(file)).expect("a copy");
    }
    let config = json(&base.join("config.json"));
    let vocabulary = config["vocab_size"].as_u64().expect("a size") as usize;
    let bytes = 3 * vocabulary * 4;
    let header = serde_json::json!({ "nopad.logits": {
        "dtype": "F32", "shape": [1, 3, vocabulary], "data_offsets": [0, bytes],
    }})
    .to_string();
    let mut expected = (header.len() as u64).to_le_bytes().to_vec();
    expected.extend(header.as_bytes());
    expected.resize(expected.len() + bytes, 0);
    fs::write(dir.path().join("expected.safetensors"), expected).expect("a file");
    let case = serde_json::json!({ "batches": { "nopad": {
        "input_ids": [[5, 6, 7]], "attention_mask": [[1, 1, 1]], "labels": [[-100, 6, 7]],
        "loss": (vocabulary as f64).ln(),
    }}});
    fs::write(dir.path().join("case.json"), case.to_string()).expect("a file");

    let output = finished(r1(&["parity"]).arg(dir.path()));
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{printed}");
    assert!(printed.starts_with("FAIL"), "{printed}");
    let output = finished(r1(&["parity", "--json"]).arg(dir.path()));
    assert_eq!(output.status.code(), Some(1));
    let found: Value = serde_json::from_slice(&output.stdout).expect("one object");
    assert!(
        found["logits"].as_f64().expect("a number") > 1e-3,
        "{found}"
    );
    let output = finished(r1(&["parity"]).arg(base.join("nowhere")));
    assert_eq!(output.status.code(), Some(2));
}

/// A recorded step at rate 0, which leaves the weights; its loss is not the base's.
#[test]
fn parity_tells_a_run_that_differs() {
    let dir = TempDir::new().expect("a temporary directory");
    let base = first().0.path().join("1-base");
    for (from, to) in [
        ("config.json", "config.json"),
        ("model.safetensors", "model.safetensors"),
        ("model.safetensors", "final.safetensors"),
    ] {
        fs::copy(base.join(from), dir.path().join(to)).expect("a copy");
    }
    let run = serde_json::json!({
        "hyper": {
            "lr": 0.1, "betas": [0.9, 0.95], "eps": 1e-8, "weight_decay": 0.1,
            "max_grad_norm": 1.0, "schedule": "constant", "num_warmup_steps": 1,
        },
        "batches": [{
            "input_ids": [[5, 6, 7]], "attention_mask": [[1, 1, 1]], "labels": [[-100, 6, 7]],
        }],
        "steps": [{ "lr": 0.0, "loss": 99.0, "grad_norm_before_clip": 0.0 }],
    });
    fs::write(dir.path().join("trajectory.json"), run.to_string()).expect("a file");

    let output = finished(r1(&["parity", "--json"]).arg(dir.path()));
    assert_eq!(output.status.code(), Some(1));
    let found: Value = serde_json::from_slice(&output.stdout).expect("one object");
    assert_eq!(found["steps"][0]["lr"], 0.0, "{found}");
    assert_eq!(found["weights"], 0.0, "{found}");
    let loss = found["steps"][0]["loss"].as_f64().expect("a number");
    assert!(loss > 0.5, "{found}");
}

#[test]
fn the_table_names_every_model() {
    let printed = &first().1;
    for name in [
        "base",
        "r1-zero",
        "cold-start",
        "r1",
        "student",
        "student-rl",
    ] {
        assert!(printed.contains(&format!("│ {name} ")), "{printed}");
    }
    assert!(printed.trim_end().ends_with("report.html"));
}

#[test]
fn the_report_is_one_small_file() {
    let page = fs::read_to_string(first().0.path().join("report.html")).expect("a page");
    assert!(page.len() < 5_000_000, "{} bytes", page.len());
    for outside in [
        "src=\"", "href=\"", "<script", "<link", "@import", "url(http",
    ] {
        assert!(!page.contains(outside), "{outside}");
    }
    for stage in r1::run::STAGES {
        assert!(page.contains(stage), "{stage}");
    }
    assert!(!page.contains("not run"));
}
