//! Checkers as programs of this machine: where they are, what they may use up, how they complain.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use rewards::code::{Limits, Outcome};

use super::statement::System;

/// Two minutes at most for a question, and memory for Mathlib, which is mapped and not read.
pub(super) fn limits(system: System) -> Limits {
    let (seconds, memory) = match system {
        System::Coq => (100, 4 << 30),
        System::Lean => (120, 32 << 30),
    };
    Limits {
        cpu: Duration::from_secs(seconds),
        wall: Duration::from_secs(seconds),
        memory,
        threads: 32,
        ..Limits::default()
    }
}

/// Why a file was not accepted: the first error, or how the checker ended.
pub(super) fn complaint(outcome: &Outcome) -> String {
    if let Some(limit) = outcome.killed_by {
        return format!("the checker {limit}");
    }
    let said = format!("{}\n{}", outcome.stderr, outcome.stdout);
    let error = said
        .lines()
        .skip_while(|line| !line.to_lowercase().contains("error"));
    let error: Vec<&str> = error.take(3).map(str::trim).collect();
    match error.is_empty() {
        true => format!("the checker ends with {:?}", outcome.status),
        false => error.join(" ").chars().take(300).collect(),
    }
}

/// A program of the PATH.
pub(super) fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let mut found = std::env::split_paths(&path).map(|folder| folder.join(name));
    found.find(|file| file.is_file())
}

/// What a program, which is trusted, writes to standard output; `None` where it fails.
pub(super) fn said(program: &Path, args: &[&str], folder: Option<&Path>) -> Option<String> {
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null());
    if let Some(folder) = folder {
        command.current_dir(folder);
    }
    let output = command.output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then_some(text)
}
