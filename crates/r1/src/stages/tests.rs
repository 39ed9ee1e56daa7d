//! Stages that are stopped in their midst and gone on with come to the same bytes as at one go.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use anyhow::Result;
use data::seed;
use rand::RngExt;
use serde_json::Value;
use tempfile::TempDir;

use super::Rl;
use crate::Artifact;
use crate::artifact::METRICS;
use crate::preset::Preset;
use crate::recipe;
use crate::run::{Options, Run, STAGES, Stopped};
use crate::stage::COMPLETIONS;
use crate::stop::{Interrupted, Stop};

/// The smallest preset with a few more steps of reinforcement learning, whose reference moves in the midst.
const PLAIN: &[&str] = &[
    "zero.steps=5",
    "zero.reference_every=2",
    "zero.reference_mix=0.5",
    "zero.checkpoint_every=2",
    "base.checkpoint_every=3",
    "zero.resample=1",
];
/// The same with adapters, moments of a byte each, blocks computed twice, and a student of logits.
const LEAN: &[&str] = &[
    "lora.rank=2",
    "memory.optimizer_state=int8",
    "memory.checkpointing=true",
    "zero.steps=5",
    "distill_logits.k=4",
];

fn preset(changes: &[&str]) -> Preset {
    let changes: Vec<String> = changes.iter().map(ToString::to_string).collect();
    Preset::load("smoke", &changes).unwrap()
}

fn open(dir: &Path, preset: &Preset, until: Option<&str>, stop: Stop) -> Run {
    let options = Options {
        until: until.map(str::to_owned),
        quiet: true,
        memory: None,
        stop,
    };
    Run::open(dir, preset, 5, options).unwrap()
}

/// Carries the recipe out up to a stage.
fn until(dir: &Path, preset: &Preset, stage: &str, stop: Stop) -> Result<()> {
    match recipe::run(&open(dir, preset, Some(stage), stop), preset) {
        Err(error) if error.is::<Stopped>() => Ok(()),
        other => other,
    }
}

/// A run at one go, as far as R1-Zero, SFT and the student.
fn whole(changes: &'static [&str]) -> &'static Path {
    static PLAIN_RUN: OnceLock<TempDir> = OnceLock::new();
    static LEAN_RUN: OnceLock<TempDir> = OnceLock::new();
    let run = match changes == PLAIN {
        true => &PLAIN_RUN,
        false => &LEAN_RUN,
    };
    let run = run.get_or_init(|| {
        let dir = TempDir::new().unwrap();
        until(dir.path(), &preset(changes), "8-distill", Stop::default()).unwrap();
        dir
    });
    run.path()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        match path.is_dir() {
            true => copy(&path, &target),
            false => drop(fs::copy(&path, target).unwrap()),
        }
    }
}

/// What a stage measured, without how long it took.
fn metrics(stage: &Path) -> Vec<Value> {
    let text = fs::read_to_string(stage.join(METRICS)).unwrap();
    let lines = text.lines().map(|line| {
        let mut line: Value = serde_json::from_str(line).unwrap();
        let fields = line.as_object_mut().unwrap();
        fields.retain(|name, _| !name.contains("second") && name != "peak_rss_mb");
        line
    });
    lines.collect()
}

/// The states of a stage, the newest last.
fn states(run: &Path, stage: &str) -> Vec<PathBuf> {
    let found = fs::read_dir(run.join(format!("{stage}.states")));
    let mut found: Vec<PathBuf> = found.unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    found
}

/// Stops a stage after steps that a seed decides, loses its newest state as if the process had been killed later on,
/// stops it again, and compares what it comes to.
fn comes_to_the_same(changes: &'static [&str], stage: &str) {
    let (whole, preset) = (whole(changes), preset(changes));
    let expected = Artifact::open(whole.join(stage)).unwrap();
    let dir = TempDir::new().unwrap();
    for before in STAGES.iter().take_while(|name| **name != stage) {
        copy(&whole.join(before), &dir.path().join(before));
    }
    let steps = metrics(&expected.dir).len();
    let mut rng = seed::stream(1, &["stopping", stage]);
    let first = rng.random_range(1..steps);
    let error = until(dir.path(), &preset, stage, Stop::after(first)).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&Interrupted(15)), "{error:#}");
    let newest = states(dir.path(), stage).pop().unwrap();
    assert!(
        newest.ends_with(format!("{first:08}")),
        "{}",
        newest.display()
    );
    fs::remove_dir_all(newest).unwrap();
    let partial = dir.path().join(format!("{stage}.partial"));
    assert_eq!(metrics(&partial).len(), first, "lines that no state counts");

    let again = states(dir.path(), stage);
    let done = again.last().map_or(0, |state| {
        let name = state.file_name().unwrap().to_str().unwrap();
        name.parse().unwrap()
    });
    let left = rng.random_range(1..=steps - done);
    let stopped = until(dir.path(), &preset, stage, Stop::after(left));
    assert!(stopped.unwrap_err().is::<Interrupted>());
    until(dir.path(), &preset, stage, Stop::default()).unwrap();

    let found = Artifact::open(dir.path().join(stage)).unwrap();
    assert_eq!(found.fingerprint, expected.fingerprint, "{stage}");
    assert_eq!(metrics(&found.dir), metrics(&expected.dir), "{stage}");
    let lines = |artifact: &Artifact| fs::read(artifact.file(COMPLETIONS)).unwrap_or_default();
    assert!(lines(&found) == lines(&expected), "{stage}");
    assert!(!dir.path().join(format!("{stage}.states")).exists());
}

#[test]
fn pretraining_goes_on_where_it_was() {
    comes_to_the_same(PLAIN, "1-base");
    comes_to_the_same(PLAIN, "8a-student-base");
}

#[test]
fn fine_tuning_goes_on_where_it_was() {
    comes_to_the_same(PLAIN, "3-cold-start");
    comes_to_the_same(LEAN, "3-cold-start");
}

#[test]
fn distillation_goes_on_where_it_was() {
    comes_to_the_same(PLAIN, "8-distill");
    comes_to_the_same(LEAN, "8-distill");
}

#[test]
fn reinforcement_learning_goes_on_where_it_was() {
    comes_to_the_same(PLAIN, "2-r1-zero");
    comes_to_the_same(LEAN, "2-r1-zero");
}

#[test]
fn a_critic_goes_on_where_it_was() {
    let (whole, preset) = (whole(PLAIN), preset(PLAIN));
    let [tasks, base] = ["0-tasks", "1-base"].map(|name| Artifact::open(whole.join(name)).unwrap());
    let stage = || Rl::new(&base, &tasks, &preset.zero, &preset.rubric).with_critic(&preset.ppo);
    let dir = TempDir::new().unwrap();
    let run = |name: &str, stop| {
        open(&dir.path().join(name), &preset, None, stop).stage("2-r1-zero", stage())
    };
    let expected = run("whole", Stop::default()).unwrap();
    assert!(
        run("parts", Stop::after(3))
            .unwrap_err()
            .is::<Interrupted>()
    );
    let found = run("parts", Stop::default()).unwrap();
    assert_eq!(found.fingerprint, expected.fingerprint);
    assert_eq!(metrics(&found.dir), metrics(&expected.dir));
}
