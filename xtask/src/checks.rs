//! `cargo xtask test` and `cargo xtask check`.
//!
//! Everything runs in the release profile: one profile means the tensor library is compiled once.

use std::process::ExitCode;

use anyhow::Result;

use crate::{cargo, start};

/// Runs the tests of every crate, or those whose name contains `filter`.
pub(crate) fn test(filter: Option<&str>) -> Result<ExitCode> {
    let mut command = cargo(&["test", "--release", "--workspace"]);
    start(command.args(filter))
}

/// Formatting, lints, documentation, tests; stops at the first that fails.
pub(crate) fn all() -> Result<ExitCode> {
    let format = cargo(&["fmt", "--all", "--check"]);
    let mut lints = cargo(&["clippy", "--release", "--workspace", "--all-targets"]);
    lints.args(["--", "-D", "warnings"]);
    let mut docs = cargo(&["doc", "--release", "--workspace", "--no-deps"]);
    docs.env("RUSTDOCFLAGS", "-D warnings");
    for mut command in [format, lints, docs] {
        if start(&mut command)? != ExitCode::SUCCESS {
            return Ok(ExitCode::FAILURE);
        }
    }
    test(None)
}
