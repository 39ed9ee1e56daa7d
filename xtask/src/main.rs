//! `cargo xtask`: start the recipe with a chosen backend, and check the repository.
//!
//! It depends on nothing heavy, so it compiles in seconds; what it starts is an ordinary cargo
//! command that it prints first. It leaves out every decision of the recipe: those are `r1`'s.

mod checks;
mod pipeline;

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

/// Start the R1 recipe, and check this repository.
#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    disable_version_flag = true
)]
struct Args {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build the runner for a backend and run the whole recipe.
    Pipeline(pipeline::Args),
    /// Run the tests of the whole workspace.
    Test {
        /// Run only the tests whose name contains this.
        filter: Option<String>,
    },
    /// Formatting, lints, documentation and tests: what must hold before a change goes in.
    Check,
}

fn main() -> ExitCode {
    let result = match Args::parse().command {
        Task::Pipeline(args) => pipeline::run(&args),
        Task::Test { filter } => checks::test(filter.as_deref()),
        Task::Check => checks::all(),
    };
    result.unwrap_or_else(|error| {
        say(&format!("error: {error:#}"));
        ExitCode::FAILURE
    })
}

/// A cargo command that starts at the workspace root, whatever directory xtask was called from.
fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root()).args(arguments);
    command
}

/// Prints a command, runs it, and gives its exit code back.
fn start(command: &mut Command) -> Result<ExitCode> {
    announce(command);
    let status = command
        .status()
        .with_context(|| format!("cannot start {}", command.get_program().display()))?;
    let code = status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .unwrap_or(1);
    Ok(ExitCode::from(code))
}

fn announce(command: &Command) {
    let program = PathBuf::from(command.get_program());
    let name = program.file_stem().unwrap_or_default().to_string_lossy();
    let words: Vec<_> = command
        .get_args()
        .map(|word| word.to_string_lossy())
        .collect();
    say(&format!("$ {name} {}", words.join(" ")));
}

/// The workspace root: xtask's own manifest lies one folder below it.
fn root() -> PathBuf {
    // Asked when it runs: two checkouts that share a target directory share this binary.
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR");
    let mut root = PathBuf::from(manifest.unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into()));
    root.pop();
    root
}

#[expect(clippy::print_stderr, reason = "xtask is a command-line tool")]
fn say(line: &str) {
    eprintln!("{line}");
}
