//! Runs that are killed or told to stop, and the same command again.

use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use data::seed;
use rand::RngExt;
use tempfile::TempDir;

use crate::program::{finished, r1};
use crate::smoke::{self, same};

/// Processes that are killed before one is left to come to the end.
const KILLS: usize = 8;

fn spawn(dir: &Path, more: &[&str]) -> Child {
    let mut command = r1(&["pipeline", "smoke", "--seed", smoke::SEED, "--quiet"]);
    command.args(more).arg("--run-dir").arg(dir);
    command.stderr(Stdio::null()).stdout(Stdio::null());
    command.spawn().expect("r1 starts")
}

/// How many stages are complete, and how many have a state to go on from.
fn came_to(dir: &Path) -> (usize, usize) {
    let count = |ending: &str| {
        let there = |stage: &&&str| dir.join(format!("{stage}{ending}")).is_dir();
        r1::run::STAGES.iter().filter(there).count()
    };
    (count(""), count(".states"))
}

#[test]
fn a_run_killed_at_any_moment_comes_to_the_same_bytes() {
    let dir = TempDir::new().expect("a temporary directory");
    let mut rng = seed::stream(11, &["kills"]);
    let mut in_the_midst = 0;
    for _ in 0..KILLS {
        let (before, _) = came_to(dir.path());
        let mut child = spawn(dir.path(), &[]);
        // One more stage at most, then a moment by chance: in the midst of something.
        let moment = Duration::from_millis(rng.random_range(0..400));
        let began = Instant::now();
        while came_to(dir.path()).0 == before && began.elapsed() < Duration::from_secs(5) {
            if child.try_wait().expect("r1 can be asked").is_some() {
                break;
            }
            sleep(Duration::from_millis(2));
        }
        sleep(moment);
        child.kill().expect("r1 can be killed");
        child.wait().expect("r1 ends");
        in_the_midst += usize::from(came_to(dir.path()).1 > 0);
    }
    assert!(
        in_the_midst > 0,
        "some of the kills are in the midst of training"
    );
    smoke::run(dir.path());
    same(smoke::finished_run(), dir.path());
}

/// Tells a process to stop once a stage has taken a step, and gives its exit code.
#[cfg(unix)]
fn stopped(dir: &Path, signal: &str, more: &[&str]) -> Option<i32> {
    let mut child = spawn(dir, more);
    let lines = dir.join("1-base.partial/metrics.jsonl");
    let steps = || fs::read_to_string(&lines).map_or(0, |text| text.lines().count());
    let before = steps();
    while steps() <= before {
        assert_eq!(child.try_wait().expect("r1 can be asked"), None, "r1 ended");
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
        "base.steps=600",
        "--set",
        "base.checkpoint_every=0",
        "--until",
        "1-base",
    ];
    for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
        assert_eq!(stopped(dir.path(), signal, &more), Some(code));
        let lines = fs::read_to_string(dir.path().join("1-base.partial/metrics.jsonl"));
        let steps = lines.expect("metrics").lines().count();
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
    let more = [
        "--set",
        "base.steps=600",
        "--set",
        "base.checkpoint_every=5",
        "--until",
        "1-base",
    ];
    let mut child = spawn(dir.path(), &more);
    while came_to(dir.path()).1 == 0 {
        sleep(Duration::from_millis(2));
    }
    // Until the first state is in its place.
    while fs::read_dir(dir.path().join("1-base.states")).is_ok_and(|mut all| {
        !all.any(|entry| entry.is_ok_and(|entry| entry.path().extension().is_none()))
    }) {
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
