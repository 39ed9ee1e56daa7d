//! Starting `r1` as its users do, and finding the workspace.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use toml::Table;

/// `r1` with arguments.
pub(crate) fn r1(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_r1-under-test"));
    command.args(arguments);
    command
}

/// Runs a command to its end.
pub(crate) fn finished(command: &mut Command) -> Output {
    command.output().expect("the tests' own binary starts")
}

/// The workspace root.
pub(crate) fn root() -> PathBuf {
    // Asked when it runs: two checkouts that share a target directory share these tests.
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR");
    Path::new(&manifest.unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into())).join("..")
}

/// A TOML file of the workspace.
pub(crate) fn toml(path: &str) -> Table {
    let path = root().join(path);
    let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    text.parse()
        .unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}
