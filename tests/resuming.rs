//! Runs that are killed or told to stop, and the same command again.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::Duration;

use data::seed;
use rand::RngExt;
use tempfile::TempDir;

use crate::program::{finished, r1};
use crate::smoke::{self, same};

/// Stages that train, in the order they run, and their steps.
const TRAINING: [(&str, usize); 7] = [
    ("1-base", 12),
    ("2-r1-zero", 2),
    ("3-cold-start", 5),
    ("4-reasoning-rl", 2),
    ("8a-student-base", 12),
    ("8-distill", 2),
    ("8b-student-rl", 2),
];

pub(crate) fn spawn(dir: &Path, more: &[&str]) -> Child {
    let mut command = r1(&["pipeline", "smoke", "--seed", smoke::SEED, "--quiet"]);
    command.args(more).arg("--run-dir").arg(dir);
    command.stderr(Stdio::null()).stdout(Stdio::null());
    command.spawn().expect("r1 starts")
}

/// A base that leaves many states, and nothing after it.
pub(crate) const BASE_WITH_STATES: [&str; 6] = [
    "--set",
    "base.steps=200",
    "--set",
    "base.checkpoint_every=5",
    "--until",
    "1-base",
];

/// The states of a stage that are in their places, the oldest first.
pub(crate) fn states(run: &Path, stage: &str) -> Vec<PathBuf> {
    let Ok(all) = fs::read_dir(run.join(format!("{stage}.states"))) else {
        return Vec::new();
    };
    let paths = all.filter_map(|entry| entry.ok().map(|entry| entry.path()));
    let mut placed: Vec<PathBuf> = paths.filter(|path| path.extension().is_none()).collect();
    placed.sort();
    placed
}

/// Whether a state of a stage is in its place.
fn has_state(run: &Path, stage: &str) -> bool {
    !states(run, stage).is_empty()
}

/// Lines of metrics that an unfinished stage has written.
fn steps(run: &Path, stage: &str) -> usize {
    let lines = run.join(format!("{stage}.partial/metrics.jsonl"));
    fs::read_to_string(lines).map_or(0, |text| text.lines().count())
}

#[test]
fn a_run_killed_at_any_moment_comes_to_the_same_bytes() {
    let dir = TempDir::new().expect("a temporary directory");
    let mut rng = seed::stream(11, &["kills"]);
    let mut went_on = 0;
    for (stage, all) in TRAINING {
        // After some of its steps, and a moment by chance: in the midst of a step, or of writing a state.
        let wanted = rng.random_range(all / 2..=all);
        let moment = Duration::from_millis(rng.random_range(0..20));
        let mut child = spawn(dir.path(), &[]);
        while steps(dir.path(), stage) < wanted && !dir.path().join(stage).exists() {
            let ended = child.try_wait().expect("r1 can be asked");
            assert!(ended.is_none(), "r1 ended before {stage}: {ended:?}");
            sleep(Duration::from_millis(1));
        }
        sleep(moment);
        child.kill().expect("r1 can be killed");
        child.wait().expect("r1 ends");
        went_on += usize::from(has_state(dir.path(), stage));
    }
    assert!(went_on > 0, "some of the stages go on from a state");
    smoke::run(dir.path());
    same(smoke::finished_run(), dir.path());
}

#[test]
fn twenty_kills_at_random_moments_cost_nothing() {
    let mut rng = seed::stream(12, &["kills"]);
    let mut kills = 0;
    while kills < 20 {
        let dir = TempDir::new().expect("a temporary directory");
        let ended = loop {
            let mut child = spawn(dir.path(), &[]);
            if kills == 20 {
                break child.wait().expect("r1 ends");
            }
            sleep(Duration::from_millis(rng.random_range(20..1000)));
            if let Some(ended) = child.try_wait().expect("r1 can be asked") {
                break ended;
            }
            child.kill().expect("r1 can be killed");
            child.wait().expect("r1 ends");
            kills += 1;
        };
        assert!(ended.success());
        same(smoke::finished_run(), dir.path());
    }
}

#[test]
fn the_number_of_threads_does_not_change_a_byte() {
    for threads in ["1", "3"] {
        let dir = TempDir::new().expect("a temporary directory");
        let arguments = [
            "pipeline",
            "smoke",
            "--seed",
            smoke::SEED,
            "--quiet",
            "--run-dir",
        ];
        let output = finished(
            r1(&arguments)
                .arg(dir.path())
                .env("RAYON_NUM_THREADS", threads),
        );
        assert!(output.status.success(), "{threads} threads");
        same(smoke::finished_run(), dir.path());
    }
}

/// Tells a process to stop once a stage has taken a step, and gives its exit code.
#[cfg(unix)]
fn stopped(dir: &Path, signal: &str, more: &[&str]) -> Option<i32> {
    let mut child = spawn(dir, more);
    let before = steps(dir, "1-base");
    while steps(dir, "1-base") <= before {
        let ended = child.try_wait().expect("r1 can be asked");
        assert_eq!(ended, None, "r1 ended");
        sleep(Duration::from_millis(2));
    }
    let told = std::process::Command::new("kill")
        .args([signal, &child.id().to_string()])
        .status();
    assert!(told.expect("kill starts").success());
    child.wait().expect("r1 ends").code()
}

#[test]
#[cfg(unix)]
fn a_signal_lets_a_step_end_and_its_state_be_written() {
    let dir = TempDir::new().expect("a temporary directory");
    let more = [
        "--set",
        "base.steps=200",
        "--set",
        "base.checkpoint_every=0",
        "--until",
        "1-base",
    ];
    for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
        assert_eq!(stopped(dir.path(), signal, &more), Some(code));
        let steps = steps(dir.path(), "1-base");
        let state = dir
            .path()
            .join(format!("1-base.states/{steps:08}/state.json"));
        assert!(state.is_file(), "{}", state.display());
    }
    let mut last = spawn(dir.path(), &more);
    assert!(last.wait().expect("r1 ends").success());
    let other = TempDir::new().expect("a temporary directory");
    let mut at_one_go = spawn(other.path(), &more);
    assert!(at_one_go.wait().expect("r1 ends").success());
    let fingerprint = |dir: &Path| {
        r1::Artifact::open(dir.join("1-base"))
            .expect("whole")
            .fingerprint
    };
    assert_eq!(fingerprint(dir.path()), fingerprint(other.path()));
}

#[test]
fn a_directory_that_lost_lines_is_named() {
    let dir = TempDir::new().expect("a temporary directory");
    let more = BASE_WITH_STATES;
    let mut child = spawn(dir.path(), &more);
    while !has_state(dir.path(), "1-base") {
        sleep(Duration::from_millis(2));
    }
    child.kill().expect("r1 can be killed");
    child.wait().expect("r1 ends");
    fs::write(dir.path().join("1-base.partial/metrics.jsonl"), "").expect("lines are lost");
    let mut command = r1(&["pipeline", "smoke", "--seed", smoke::SEED, "--quiet"]);
    let output = finished(command.args(more).arg("--run-dir").arg(dir.path()));
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert!(
        errors.contains("metrics.jsonl") && errors.contains("remove it"),
        "{errors}"
    );
}
