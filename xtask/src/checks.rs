//! `cargo xtask test` and `cargo xtask check`.
//!
//! Everything runs in the release profile: one profile means the tensor library is compiled once.

use std::process::ExitCode;

use anyhow::Result;

use crate::{cargo, say, start};

/// Runs the tests of every crate, or those whose name contains `filter`.
pub(crate) fn test(filter: Option<&str>) -> Result<ExitCode> {
    let mut command = cargo(&["test", "--release", "--workspace"]);
    start(command.args(filter))
}

/// Formatting, lints, documentation, what is depended on, tests; stops at the first that fails.
pub(crate) fn all() -> Result<ExitCode> {
    let format = cargo(&["fmt", "--all", "--check"]);
    let mut lints = cargo(&["clippy", "--release", "--workspace", "--all-targets"]);
    lints.args(["--", "-D", "warnings"]);
    let mut docs = cargo(&["doc", "--release", "--workspace", "--no-deps"]);
    docs.env("RUSTDOCFLAGS", "-D warnings");
    let mut commands = vec![format, lints, docs];
    // Licences, sources and duplicates; advisories. Both ask the network for what is known.
    for (name, arguments) in [
        ("deny", &["deny", "--all-features", "check"][..]),
        ("audit", &["audit"]),
    ] {
        match is_there(name) {
            true => commands.push(cargo(arguments)),
            false => say(&format!(
                "skipped: `cargo install cargo-{name}` for `cargo {name}`"
            )),
        }
    }
    for mut command in commands {
        if start(&mut command)? != ExitCode::SUCCESS {
            return Ok(ExitCode::FAILURE);
        }
    }
    test(None)
}

/// Whether a cargo command of this name is installed.
fn is_there(name: &str) -> bool {
    let asked = cargo(&[name, "--version"]).output();
    asked.is_ok_and(|output| output.status.success())
}
