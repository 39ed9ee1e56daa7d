//! Disks that fill up, folders that are not writable, files that cannot be read: what is there stays, and the same
//! command goes on. The faults are real ones, in a mount namespace of the test's own; where the system grants none, the
//! tests say so and pass.
#![cfg(target_os = "linux")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};
use std::thread::sleep;
use std::time::Duration;

use tempfile::TempDir;

use crate::program::{finished, r1};
use crate::resuming::{BASE_WITH_STATES, spawn, states};
use crate::smoke::{self, same};
use crate::transformers::say;

/// A shell in a namespace of users and mounts, `script` its program and `$1`, `$2` … the arguments; `$R1` is the binary.
fn shell(script: &str, arguments: &[&Path]) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-euc"]);
    command.arg(script).arg("sh").args(arguments);
    command.env("R1", env!("CARGO_BIN_EXE_r1-under-test"));
    command
}

/// Whether `command` does what it is to do here.
fn can(mut command: Command) -> bool {
    let can = command.output().is_ok_and(|output| output.status.success());
    if !can {
        say("skipped: this system grants no namespaces to tests");
    }
    can
}

fn can_mount() -> bool {
    let dir = TempDir::new().expect("a temporary directory");
    can(shell(
        "mount -t tmpfs -o size=1m tmpfs \"$1\"",
        &[dir.path()],
    ))
}

/// `r1` without the powers of the superuser over files.
fn without_powers(arguments: &[&str]) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--user", env!("CARGO_BIN_EXE_r1-under-test")]);
    command.args(arguments);
    command
}

fn pipeline(dir: &Path, more: &[&str]) -> Output {
    let arguments = ["pipeline", "smoke", "--seed", smoke::SEED, "--quiet"];
    finished(r1(&arguments).args(more).arg("--run-dir").arg(dir))
}

/// The run fails with exit code 1 and words about `path`; gives them.
#[track_caller]
fn refused(output: &Output, path: &Path, why: &str) -> String {
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{errors}");
    let path = path.display().to_string();
    assert!(errors.contains(&path) && errors.contains(why), "{errors}");
    assert!(!errors.contains("panicked"), "{errors}");
    errors
}

#[test]
fn a_disk_that_fills_up_again_and_again_costs_nothing() {
    if !can_mount() {
        return;
    }
    let [disk, kept] = [(); 2].map(|()| TempDir::new().expect("a temporary directory"));
    // A little more room each time, until the run fits.
    let script = "
        mount -t tmpfs -o size=64k tmpfs \"$1\"
        size=64
        while ! \"$R1\" pipeline smoke --seed \"$SEED\" --quiet --run-dir \"$1/run\" >\"$2/said\" 2>\"$2/errors.$size\"; do
            echo \"$size\"
            size=$((size + size / 3))
            mount -o remount,size=${size}k \"$1\"
        done
        cp -r \"$1/run\" \"$2/run\"";
    let mut command = shell(script, &[disk.path(), kept.path()]);
    let output = finished(command.env("SEED", smoke::SEED));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let failed = String::from_utf8_lossy(&output.stdout);
    assert!(failed.lines().count() > 5, "{failed}");
    for size in failed.lines() {
        let errors = fs::read_to_string(kept.path().join(format!("errors.{size}"))).expect("words");
        let disk = disk.path().display().to_string();
        assert!(
            errors.contains("No space left on device"),
            "{size} KiB: {errors}"
        );
        assert!(errors.contains(&disk), "{size} KiB: {errors}");
        assert!(!errors.contains("panicked"), "{size} KiB: {errors}");
    }
    same(smoke::finished_run(), &kept.path().join("run"));
}

#[test]
fn a_folder_that_cannot_be_written_is_named_and_left_alone() {
    if !can_mount() {
        return;
    }
    let dir = TempDir::new().expect("a temporary directory");
    let output = pipeline(dir.path(), &["--until", "3-cold-start"]);
    assert!(output.status.success());
    let script = "
        mount --bind \"$1\" \"$1\"
        mount -o remount,ro,bind \"$1\"
        exec \"$R1\" pipeline smoke --seed \"$SEED\" --quiet --run-dir \"$1\"";
    let mut command = shell(script, &[dir.path()]);
    let output = finished(command.env("SEED", smoke::SEED));
    refused(&output, dir.path(), "Read-only file system");
    smoke::run(dir.path());
    same(smoke::finished_run(), dir.path());
}

#[test]
fn what_cannot_be_read_for_now_is_not_taken_for_lost() {
    if !can(without_powers(&["--version"])) {
        return;
    }
    let dir = TempDir::new().expect("a temporary directory");
    let (run, until) = (dir.path(), ["--until", "2-r1-zero"]);
    assert!(pipeline(run, &until).status.success());
    let made = |name: &str| fs::metadata(run.join(name)).and_then(|file| file.modified());
    let before = made("1-base/model.safetensors").expect("a model");
    for name in [
        "1-base/model.safetensors",
        "1-base/stage.json",
        "2-r1-zero/config.json",
    ] {
        let path = run.join(name);
        let mode = |bits| fs::set_permissions(&path, fs::Permissions::from_mode(bits));
        mode(0o000).expect("a mode");
        let run = run.display().to_string();
        let arguments = [
            "pipeline",
            "smoke",
            "--seed",
            smoke::SEED,
            "--run-dir",
            &run,
        ];
        let output = finished(&mut without_powers(&arguments));
        mode(0o644).expect("a mode");
        refused(&output, &path, "Permission denied");
    }
    assert!(pipeline(run, &until).status.success());
    let after = made("1-base/model.safetensors").expect("a model");
    assert_eq!(before, after, "the stage is not done again");
}

#[test]
fn a_file_that_was_changed_is_said_and_its_stage_done_again() {
    let dir = TempDir::new().expect("a temporary directory");
    let until = ["--until", "1-base"];
    assert!(pipeline(dir.path(), &until).status.success());
    let path = dir.path().join("1-base/model.safetensors");
    let whole = fs::read(&path).expect("a model");
    let mut flipped = whole.clone();
    let at = flipped.len() / 2;
    flipped[at] ^= 4;
    for damaged in [&flipped[..], &whole[..at]] {
        fs::write(&path, damaged).expect("a model");
        let arguments = ["pipeline", "smoke", "--seed", smoke::SEED, "--run-dir"];
        let output = finished(r1(&arguments).arg(dir.path()).args(until));
        assert!(output.status.success());
        let said = String::from_utf8_lossy(&output.stderr);
        let words = format!(
            "1-base: done again; {} is missing or changed",
            path.display()
        );
        assert!(said.contains(&words), "{said}");
        assert_eq!(fs::read(&path).expect("a model"), whole);
    }
}

#[test]
fn damaged_states_are_named_and_passed_over() {
    let [dir, other, whole] = [(); 3].map(|()| TempDir::new().expect("a temporary directory"));
    let more = BASE_WITH_STATES;
    let states = |run: &Path| states(run, "1-base");
    let mut child = spawn(dir.path(), &more);
    while states(dir.path()).len() < 2 {
        let ended = child.try_wait().expect("r1 can be asked");
        assert_eq!(ended, None, "it ended before there were states");
        sleep(Duration::from_millis(2));
    }
    child.kill().expect("r1 can be killed");
    child.wait().expect("r1 ends");
    let mut copy = Command::new("cp");
    copy.arg("-r").arg(dir.path()).arg(other.path().join("run"));
    assert!(copy.status().expect("cp").success());

    assert!(pipeline(whole.path(), &more).status.success());
    let made = |run: &Path| r1::Artifact::open(run.join("1-base")).expect("whole");
    for (run, damaged) in [
        (dir.path(), states(dir.path()).len() - 1),
        (&*other.path().join("run"), 0),
    ] {
        let all = states(run);
        for state in &all[damaged..] {
            flip(&state.join("trainer.safetensors"));
        }
        let arguments = ["pipeline", "smoke", "--seed", smoke::SEED, "--run-dir"];
        let output = finished(r1(&arguments).arg(run).args(more));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        for (at, state) in all.iter().enumerate() {
            let words = format!("{} is damaged", state.display());
            assert_eq!(said.contains(&words), at >= damaged, "{said}");
        }
        assert_eq!(said.contains("goes on after step"), damaged > 0, "{said}");
        assert_eq!(made(run).fingerprint, made(whole.path()).fingerprint);
    }
}

/// Copies the files of a finished stage over what is there.
fn copy(stage: &str, to: &Path) {
    for entry in fs::read_dir(smoke::stage(stage)).expect("a stage") {
        let path = entry.expect("a file").path();
        if path.is_file() {
            fs::copy(&path, to.join(path.file_name().expect("a name"))).expect("a copy");
        }
    }
}

/// Flips the last bit of a digit, or of the byte in the middle where the file is no JSON.
fn flip(path: &Path) {
    let mut bytes = fs::read(path).expect("a file");
    let digit = |at: &usize| bytes[*at].is_ascii_digit() && matches!(bytes[at - 1], b' ' | b':');
    let at = match path.extension().is_some_and(|kind| kind == "json") {
        true => (1..bytes.len()).rev().find(digit).expect("a number"),
        false => bytes.len() / 2,
    };
    bytes[at] ^= 1;
    fs::write(path, bytes).expect("a file");
}

#[test]
fn a_model_with_a_flipped_bit_is_named_and_not_used() {
    let [dir, other] = [(); 2].map(|()| TempDir::new().expect("a temporary directory"));
    let (model, out) = (dir.path(), other.path());
    fs::write(
        out.join("prompts.jsonl"),
        "{\"question\": \"3 + 4?\", \"answer\": \"7\"}\n",
    )
    .expect("prompts");
    let uses = |of: &str| -> [Command; 5] {
        let mut uses = ["generate", "chat", "serve", "export", "eval"].map(|name| r1(&[name]));
        let [generate, chat, serve, export, eval] = &mut uses;
        generate.arg("--max-new-tokens=2").arg(model);
        generate.arg("--prompts").arg(out.join("prompts.jsonl"));
        chat.arg(model).stdin(std::process::Stdio::null());
        // Refused once the model is read.
        serve.arg(model).arg("--rows=0");
        export.arg(model).arg(out.join("exported"));
        eval.args(["problems", "--samples=1", "--max-tokens=2"]);
        eval.arg(out.join("prompts.jsonl"));
        eval.arg("--model").arg(model);
        eval.arg("--out").arg(out.join(of));
        uses
    };
    for name in ["model.safetensors", "tokenizer.json", "config.json"] {
        copy("7-r1", model);
        flip(&model.join(name));
        for mut by in uses(name) {
            let output = finished(&mut by);
            refused(&output, &model.join(name), "is missing or changed");
        }
        assert!(!out.join("exported").exists(), "nothing is exported");
    }
    // Lines that a stage left are no part of its model.
    copy("7-r1", model);
    fs::write(model.join("metrics.jsonl"), "").expect("a file");
    for (mut by, code) in uses("whole").into_iter().zip([0, 0, 2, 0, 0]) {
        let output = finished(&mut by);
        assert_eq!(output.status.code(), Some(code), "{by:?}: {output:?}");
    }
}
