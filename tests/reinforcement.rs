//! What can be set of reinforcement learning, as a run carries it out, and when a run stops.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::OnceLock;

use moe_model::Decoder;
use serde_json::Value;
use tempfile::TempDir;

use crate::own_problems::problems;
use crate::program::{finished, r1};

/// A run up to a base that is right now and then, and its problem file.
fn base() -> &'static TempDir {
    static RUN: OnceLock<TempDir> = OnceLock::new();
    RUN.get_or_init(|| {
        let dir = TempDir::new().expect("a temporary directory");
        fs::write(dir.path().join("week.jsonl"), problems()).expect("the problems are written");
        let output = run(&dir.path().join("run"), "1-base", &[]);
        assert!(output.status.success(), "{}", errors(&output));
        dir
    })
}

fn run(dir: &Path, until: &str, sets: &[&str]) -> Output {
    let mut command = r1(&["pipeline", "smoke", "--quiet", "--until", until]);
    command.arg("--run-dir").arg(dir);
    let file = dir.with_file_name("week.jsonl");
    let file = format!("tasks.file={}", file.display());
    let fixed = [
        &*file,
        "tasks.held_out=4",
        "base.steps=150",
        "zero.steps=3",
        "zero.prompts=4",
        "zero.group=8",
        "zero.lr=3e-3",
        "zero.minibatches=1",
        "zero.reference_every=0",
    ];
    for set in fixed.iter().chain(sets) {
        command.args(["--set", set]);
    }
    finished(&mut command)
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// R1-Zero from the shared base with `sets`; the run directory and what became of it.
fn zero(name: &str, sets: &[&str]) -> (PathBuf, Output) {
    let from = base().path().join("run");
    let dir = base().path().join(name);
    for stage in ["0-tasks", "1-base"] {
        copy(&from.join(stage), &dir.join(stage));
    }
    let output = run(&dir, "2-r1-zero", sets);
    (dir, output)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    for entry in fs::read_dir(from).expect("a directory") {
        let path = entry.expect("an entry").path();
        let to = to.join(path.file_name().expect("a name"));
        fs::copy(&path, to).expect("a copy");
    }
}

/// The metrics of R1-Zero with `sets`, step by step.
fn metrics(name: &str, sets: &[&str]) -> Vec<Value> {
    let (dir, output) = zero(name, sets);
    assert!(output.status.success(), "{sets:?}: {}", errors(&output));
    let text = fs::read_to_string(dir.join("2-r1-zero/metrics.jsonl")).expect("metrics");
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

fn number(line: &Value, key: &str) -> f64 {
    line.pointer(key)
        .and_then(Value::as_f64)
        .unwrap_or_else(|| panic!("{key} in {line}"))
}

#[test]
fn every_setting_changes_what_is_learned() {
    // Two epochs, so that ratios leave 1 and a clip has something to hold back.
    let twice = "zero.inner_epochs=2";
    let learned = |name: &str, set: &str| {
        let (dir, output) = zero(name, &[twice, set]);
        assert!(output.status.success(), "{set}: {}", errors(&output));
        fs::read(dir.join("2-r1-zero/model.safetensors")).expect("a model")
    };
    let plain = learned("plain", "zero.steps=3");
    assert!(plain == learned("again", "zero.steps=3"), "the same again");
    let sets = [
        "zero.objective=bnpo",
        "zero.objective=dr_grpo",
        "zero.objective=gspo",
        "zero.objective=sapo",
        "zero.epsilon=0.01",
        "zero.epsilon_high=0.01",
        "zero.dual_clip=1.2001",
        "zero.beta=0",
        "zero.kl=k2",
        "zero.kl_in=reward",
        "zero.kl_in=weighted_loss",
        "zero.entropy_bonus=0.1",
        "zero.advantage_scale=none",
        "zero.baseline=leave_one_out",
        "zero.reward_parts=decoupled",
        "zero.truncated=mask",
        "zero.overlong=12",
        "zero.reference_every=1",
    ];
    for (i, set) in sets.iter().enumerate() {
        assert!(
            plain != learned(&format!("set-{i}"), set),
            "{set} changes nothing"
        );
    }
}

#[test]
fn tied_groups_are_drawn_anew() {
    // Two answers are often both right or both wrong.
    let two = ["zero.group=2", "zero.resample=2"];
    let lines = metrics("resample", &two);
    assert!(
        lines.iter().any(|line| number(line, "/resampled") > 0.0),
        "{lines:?}"
    );
    let kept = metrics("kept", &two[..1]);
    assert!(kept.iter().all(|line| number(line, "/resampled") == 0.0));
    let tied = |lines: &[Value]| {
        lines
            .iter()
            .map(|line| number(line, "/groups_tied"))
            .sum::<f64>()
    };
    assert!(tied(&kept) > 0.0 && tied(&lines) == 0.0, "{lines:?}");
}

#[test]
fn a_reference_stays_follows_or_is_mixed() {
    let kl = |name: &str, sets: &[&str]| number(&metrics(name, sets)[2], "/kl");
    let frozen = kl("frozen", &[]);
    let follows = kl("follows", &["zero.reference_every=1"]);
    let mixed = kl(
        "mixed",
        &["zero.reference_every=1", "zero.reference_mix=0.5"],
    );
    assert!(
        follows.abs() < 1e-6,
        "the reference is the policy that sampled: {follows}"
    );
    assert!(mixed > 1e-5 && frozen > mixed, "{frozen} {mixed}");
}

#[test]
fn metrics_say_where_the_advantages_come_from() {
    for line in metrics("metrics", &[]) {
        let share = |part: &str| number(&line, &format!("/parts/{part}/share"));
        let sum = share("accuracy") + share("format") + share("language");
        assert!((sum - 1.0).abs() < 1e-6 || sum == 0.0, "{line}");
        assert!(number(&line, "/sampler_gap_mean") <= number(&line, "/sampler_gap_max"));
        assert!(number(&line, "/sampler_gap_max") < 1e-3);
        let groups = ["/groups_right", "/groups_wrong", "/groups_tied"];
        assert!(
            groups
                .iter()
                .all(|key| (0.0..=1.0).contains(&number(&line, key)))
        );
        assert!(number(&line, "/sample_tokens_per_second") > 0.0);
        assert!(number(&line, "/train_tokens_per_second") > 0.0);
    }
}

#[test]
fn a_kl_that_explodes_stops_the_run_and_leaves_the_last_good_policy() {
    let (dir, output) = zero("explodes", &["zero.kl_limit=1e-3"]);
    let errors = errors(&output);
    assert_eq!(output.status.code(), Some(1), "{errors}");
    let good = dir.join("2-r1-zero.partial/last-good");
    for part in [
        "was not taken",
        "the policy of step",
        "KL",
        "sample",
        &good.display().to_string(),
    ] {
        assert!(errors.contains(part), "{errors}");
    }
    assert!(!dir.join("2-r1-zero").exists());
    Decoder::load(&good, &r1::backend::device().expect("a device")).expect("a checkpoint");
    // Further on under other settings, nothing of it is left.
    let output = run(&dir, "2-r1-zero", &[]);
    assert!(output.status.success());
    assert!(dir.join("2-r1-zero/model.safetensors").exists() && !good.exists());
}

#[test]
fn a_sampler_that_is_not_the_policy_stops_the_run() {
    // Cutting the tail off changes what is sampled from, and with it the log-probs.
    let (dir, output) = zero("gap", &["zero.gap_limit=1e-4", "zero.top_p=0.5"]);
    let errors = errors(&output);
    assert_eq!(output.status.code(), Some(1), "{errors}");
    let start = dir.join("1-base").display().to_string();
    for part in ["step 1", "log-probs", "top_p", &start] {
        assert!(errors.contains(part), "{errors}");
    }
}

#[test]
fn the_policies_with_the_highest_rewards_are_kept() {
    let sets = ["checkpoints.best=1", "zero.checkpoint_every=1"];
    let (dir, output) = zero("best", &sets);
    assert!(output.status.success(), "{}", errors(&output));
    let lines = fs::read_to_string(dir.join("2-r1-zero/metrics.jsonl")).expect("metrics");
    let rewards = lines.lines().map(|line| {
        let line: Value = serde_json::from_str(line).expect("JSON");
        number(&line, "/reward")
    });
    let (step, reward) = (1..)
        .zip(rewards)
        .reduce(|best, next| if next.1 > best.1 { next } else { best })
        .expect("steps");
    let all = fs::read_dir(dir.join("2-r1-zero.best")).expect("the best");
    let all: Vec<PathBuf> = all.map(|entry| entry.expect("an entry").path()).collect();
    let [best] = &all[..] else { panic!("{all:?}") };
    assert!(best.ends_with(format!("{step:08}")), "{best:?}, not {step}");
    let score = fs::read_to_string(best.join("score.json")).expect("a score");
    let score: Value = serde_json::from_str(&score).expect("JSON");
    assert_eq!(number(&score, "/score"), reward);
    Decoder::load(best, &r1::backend::device().expect("a device")).expect("a model");
    // A file that is changed later is named by whoever uses the model.
    let path = best.join("tokenizer.json");
    let mut bytes = fs::read(&path).expect("a tokenizer");
    bytes.push(b' ');
    fs::write(&path, bytes).expect("a tokenizer");
    let output = finished(r1(&["export"]).arg(best).arg(dir.join("exported")));
    let errors = errors(&output);
    assert_eq!(output.status.code(), Some(1), "{errors}");
    let path = path.display().to_string();
    assert!(
        errors.contains(&path) && errors.contains("changed"),
        "{errors}"
    );
}
