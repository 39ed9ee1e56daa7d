use std::collections::BTreeMap;

use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::artifact::{Manifest, record};
use crate::preset::Preset;
use crate::run::{Options, Run};
use crate::stop::Stop;

/// A run directory as the stages in `files` would leave it: (stage, input, file, content).
fn run_with(files: &[(&str, &str, &str, String)]) -> TempDir {
    let dir = TempDir::new().unwrap();
    let preset = Preset::load("smoke", &[]).unwrap();
    Run::open(
        dir.path(),
        &preset,
        7,
        Options {
            until: None,
            quiet: true,
            memory: None,
            stop: Stop::default(),
        },
    )
    .unwrap();
    let mut fingerprints = BTreeMap::new();
    for (stage, input, _, _) in files {
        let stage_dir = dir.path().join(stage);
        if stage_dir.exists() {
            continue;
        }
        fs::create_dir(&stage_dir).unwrap();
        for (_, _, name, text) in files.iter().filter(|file| file.0 == *stage) {
            fs::write(stage_dir.join(name), text).unwrap();
        }
        let input = fingerprints
            .get_key_value(*input)
            .map(|(k, v): (&&str, &String)| (*k, v));
        let manifest = Manifest {
            name: (*stage).into(),
            kind: "Test".into(),
            identity: format!("identity of {stage}"),
            seed: 7,
            inputs: input
                .map(|(name, f)| (name.to_string(), f.clone()))
                .into_iter()
                .collect(),
            settings: json!({ "secret": "<script>" }),
            seconds: 1.25,
            peak_rss_mb: Some(100.0),
            files: record(&stage_dir).unwrap(),
        };
        manifest.write(&stage_dir).unwrap();
        fingerprints.insert(stage, manifest.fingerprint());
    }
    dir
}

fn result(pass_at_1: f64) -> serde_json::Value {
    json!({
        "pass_at_1": pass_at_1, "ci95": [pass_at_1 - 0.05, pass_at_1 + 0.05], "format": 0.9,
        "language": 1.0, "tokens_mean": 40.25, "params": 2_000_000, "active_params": 500_000,
        "problems": 8, "samples": 2, "by_family": { "linear": 0.5 },
    })
}

fn lines(values: impl IntoIterator<Item = serde_json::Value>) -> String {
    values
        .into_iter()
        .map(|value| value.to_string() + "\n")
        .collect()
}

fn whole_run() -> TempDir {
    let answer = |model: &str| {
        json!({
            "problem": "p", "question": "<img src=x onerror=alert(1)>", "gold": "4", "model": model,
            "completion": "<think>\n2 + 2 <b>\n</think>\n<answer>4</answer>", "verdict": "right",
            "rule": "answer tag", "sample": 0,
        })
    };
    let load = json!({
        "domains": ["mathematics", "code"],
        "layers": [{ "layer": 1, "load": [[0.5, 0.5], [0.9, 0.1]] }],
    });
    let models = json!({ "base": result(0.25), "r1": result(0.75) });
    let loss = (1..=30).map(|step| json!({ "step": step, "loss": 3.0 / f64::from(step) }));
    let rl = (1..=4).map(|step| {
        json!({ "step": step, "reward": 0.1 * f64::from(step), "accuracy": 0.2, "kl": null })
    });
    run_with(&[
        ("0-tasks", "", "cold-start.jsonl", "{}\n{}\n".into()),
        ("1-base", "0-tasks", "metrics.jsonl", lines(loss)),
        ("1-base", "0-tasks", "experts.json", load.to_string()),
        ("2-r1-zero", "1-base", "metrics.jsonl", lines(rl)),
        ("9-eval", "2-r1-zero", "models.json", models.to_string()),
        (
            "9-eval",
            "2-r1-zero",
            "completions.jsonl",
            lines([answer("base"), answer("r1")]),
        ),
    ])
}

#[test]
fn results_hold_the_agreed_fields() {
    let dir = whole_run();
    write(dir.path()).unwrap();
    let text = fs::read_to_string(dir.path().join("results.json")).unwrap();
    let results: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        results,
        json!({
            "seconds": 5.0, "peak_rss_mb": 100.0, "seed": 7, "preset": "smoke",
            "models": { "base": result(0.25), "r1": result(0.75) },
        })
    );
}

#[test]
fn the_page_fetches_nothing_and_escapes_everything() {
    let dir = whole_run();
    write(dir.path()).unwrap();
    let page = fs::read_to_string(dir.path().join("report.html")).unwrap();
    for outside in [
        "http://", "https://", "src=\"", "href=", "<script", "<link", "@import",
    ] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert!(page.contains("&lt;img src=x onerror=alert(1)&gt;") && !page.contains("<img"));
    assert!(page.contains("2 + 2 &lt;b&gt;"));
}

#[test]
fn the_page_shows_every_part() {
    let dir = whole_run();
    write(dir.path()).unwrap();
    let page = fs::read_to_string(dir.path().join("report.html")).unwrap();
    let parts = [
        "2 cold-start",
        "loss 1.83 → 0.1<",
        "accuracy 20.0 → 20.0 %",
        "pass@1 25.0 %",
        "75.0 %",
        "70.0–80.0",
        "<title>step 4\nreward: 0.4",
        "mathematics, expert 0",
        "class=\"verdict right\"",
        "[cold_start_sft]",
        "not run",
        "identity of ",
    ];
    for part in parts {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn the_table_is_aligned() {
    let dir = whole_run();
    let report = write(dir.path()).unwrap();
    assert_eq!(
        report.to_string(),
        "\
┌───────┬────────────────────┬────────┬──────────┬────────┬──────────────────┐
│ model │      pass@1 (95 %) │ format │ language │ tokens │       parameters │
├───────┼────────────────────┼────────┼──────────┼────────┼──────────────────┤
│ base  │ 25.0 % (20.0–30.0) │ 90.0 % │  100.0 % │   40.2 │ 2M (500k active) │
│ r1    │ 75.0 % (70.0–80.0) │ 90.0 % │  100.0 % │   40.2 │ 2M (500k active) │
└───────┴────────────────────┴────────┴──────────┴────────┴──────────────────┘
smoke preset, seed 7: 5.0 s, 100 MB at most"
    );
}

#[test]
fn a_run_that_has_only_begun_is_shown_as_such() {
    let dir = run_with(&[]);
    let report = write(dir.path()).unwrap();
    assert!(
        report
            .to_string()
            .starts_with("The models have not been evaluated.")
    );
    let page = fs::read_to_string(dir.path().join("report.html")).unwrap();
    assert_eq!(
        page.matches("class=\"time\"").count(),
        page.matches(">not run</text>").count()
    );
}

#[test]
fn a_stage_made_from_what_is_gone_is_not_shown() {
    let dir = whole_run();
    let path = dir.path().join("1-base/stage.json");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("identity of 1-base", "another")).unwrap();
    // 2-r1-zero read the old 1-base, and 9-eval what came of it.
    let report = write(dir.path()).unwrap();
    assert!(report.models.is_empty());
    assert!((report.seconds - 2.5).abs() < 1e-9);
}

#[test]
fn a_damaged_line_is_named() {
    let dir = whole_run();
    fs::write(dir.path().join("1-base/metrics.jsonl"), "{}\n{\n").unwrap();
    let error = format!("{:#}", write(dir.path()).unwrap_err());
    assert!(error.contains("metrics.jsonl, line 2"), "{error}");
}

#[test]
fn a_level_that_rises_is_shown() {
    let level = |step: u32| if step < 3 { 1 } else { 2 };
    let rl = |level: &dyn Fn(u32) -> u32| {
        lines((1..=4).map(
            |step| json!({ "step": step, "reward": 0.5, "accuracy": 0.5, "level": level(step) }),
        ))
    };
    let page = |metrics| {
        let dir = run_with(&[("2-r1-zero", "", "metrics.jsonl", metrics)]);
        write(dir.path()).unwrap();
        fs::read_to_string(dir.path().join("report.html")).unwrap()
    };
    let rising = page(rl(&level));
    assert!(rising.contains("level 1 → 2") && rising.contains("Hardest level asked"));
    let even = page(rl(&|_| 1));
    assert!(!even.contains("level 1") && !even.contains("Hardest level asked"));
}

#[test]
fn behaviours_of_training_are_curves() {
    let rl = lines((1..=2).map(|step| json!({ "step": step, "reward": 0.5 })));
    let responses = lines([
        json!({ "step": 1, "completion": "3 + 4 = 8." }),
        json!({ "step": 2, "completion": "3 + 4 = 7. Let me check: 3 + 4 = 7." }),
        json!({ "step": 2, "completion": "Let me check. 1 + 1 = 2." }),
    ]);
    let dir = run_with(&[
        ("2-r1-zero", "", "metrics.jsonl", rl),
        ("2-r1-zero", "", "completions.jsonl", responses),
    ]);
    write(dir.path()).unwrap();
    let page = fs::read_to_string(dir.path().join("report.html")).unwrap();
    assert!(page.contains("Checks, corrections, restarts a response"));
    assert!(page.contains("<title>step 2\nchecks itself: 1<"), "{page}");
    assert!(
        page.contains("<title>step 2\nhold: 1.5\nfail: 0<"),
        "{page}"
    );
    // What no response shows is no curve.
    assert!(!page.contains("Changes of language a response") && !page.contains("takes back"));
}
