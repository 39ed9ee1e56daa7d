//! `cargo xtask pipeline`: build `r1` with one backend, then start it with the same arguments.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use clap::ValueEnum;

use crate::{cargo, root, say, start};

/// What the tensors are computed with.
#[derive(Clone, Copy, ValueEnum)]
enum Backend {
    /// The CPU, in pure Rust.
    Flex,
    /// Any GPU with Vulkan.
    Wgpu,
    /// NVIDIA GPUs.
    Cuda,
}

impl Backend {
    /// The cargo feature of `r1` that brings the backend in.
    fn feature(self) -> &'static str {
        match self {
            Self::Flex => "flex",
            Self::Wgpu => "wgpu",
            Self::Cuda => "cuda",
        }
    }
}

/// The arguments of `cargo xtask pipeline`; all but the backend are handed on to `r1 pipeline`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// A preset: a name out of crates/r1/presets.
    #[arg(default_value = "tiny")]
    preset: String,
    /// What the tensors are computed with.
    #[arg(long, value_enum, default_value = "flex")]
    backend: Backend,
    /// Where everything is written [default: runs/PRESET].
    #[arg(long, value_name = "DIR")]
    run_dir: Option<PathBuf>,
    /// The one seed every random stream is derived from.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Change one field of the preset; may be repeated.
    #[arg(long = "set", value_name = "SECTION.KEY=VALUE")]
    overrides: Vec<String>,
    /// Stop once this stage is complete.
    #[arg(long, value_name = "STAGE")]
    until: Option<String>,
    /// Bytes the run may take, such as 4G [default: what the machine has left; not limited on a GPU].
    #[arg(long, value_name = "BYTES")]
    memory: Option<String>,
    /// No progress on the terminal, only the results.
    #[arg(long)]
    quiet: bool,
}

impl Args {
    /// The same arguments as `r1 pipeline` understands them.
    fn handed_on(&self) -> Vec<OsString> {
        let mut words: Vec<OsString> = vec!["pipeline".into(), self.preset.clone().into()];
        let mut option = |name: &str, value: OsString| words.extend([name.into(), value]);
        if let Some(dir) = &self.run_dir {
            option("--run-dir", dir.into());
        }
        if let Some(seed) = self.seed {
            option("--seed", seed.to_string().into());
        }
        for change in &self.overrides {
            option("--set", change.into());
        }
        if let Some(stage) = &self.until {
            option("--until", stage.into());
        }
        if let Some(bytes) = &self.memory {
            option("--memory", bytes.into());
        }
        if self.quiet {
            words.push("--quiet".into());
        }
        words
    }
}

/// Builds and starts the runner. Its exit code is the result: 0 done, 1 failed, 2 wrong usage.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    // A misspelt preset is refused before a build that may take minutes.
    let presets = presets()?;
    if !presets.contains(&args.preset) {
        say(&format!(
            "error: there is no preset `{}`; there are {}",
            args.preset,
            presets.join(", ")
        ));
        return Ok(ExitCode::from(2));
    }
    let feature = args.backend.feature();
    let build = [
        "build",
        "--release",
        "-p",
        "r1",
        "--no-default-features",
        "--features",
        feature,
    ];
    if start(&mut cargo(&build))? != ExitCode::SUCCESS {
        return Ok(ExitCode::FAILURE);
    }
    replace(Command::new(binary()?).args(args.handed_on()))
}

/// Prints a command and becomes it where the system can, so that a signal reaches it and nobody else answers for it.
#[cfg(unix)]
fn replace(command: &mut Command) -> Result<ExitCode> {
    use std::os::unix::process::CommandExt;

    crate::announce(command);
    let error = command.exec();
    Err(error).with_context(|| format!("cannot start {}", command.get_program().display()))
}

#[cfg(not(unix))]
fn replace(command: &mut Command) -> Result<ExitCode> {
    start(command)
}

/// Names of the presets in crates/r1/presets, sorted.
fn presets() -> Result<Vec<String>> {
    let folder = root().join("crates/r1/presets");
    let entries = fs::read_dir(&folder).with_context(|| format!("reading {}", folder.display()))?;
    let mut names = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            names.extend(
                path.file_stem()
                    .map(|stem| stem.to_string_lossy().into_owned()),
            );
        }
    }
    names.sort();
    Ok(names)
}

/// The runner lies beside xtask: one target directory and one profile hold both.
fn binary() -> Result<PathBuf> {
    let xtask = std::env::current_exe().context("finding the target directory")?;
    Ok(xtask.with_file_name(format!("r1{}", std::env::consts::EXE_SUFFIX)))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn handed_on(words: &[&str]) -> Vec<OsString> {
        Line::parse_from([&["pipeline"], words].concat())
            .args
            .handed_on()
    }

    #[test]
    fn the_default_is_the_tiny_preset() {
        assert_eq!(handed_on(&[]), ["pipeline", "tiny"]);
    }

    #[test]
    fn every_argument_but_the_backend_is_handed_on() {
        let words = [
            "smoke",
            "--run-dir",
            "/tmp/x y",
            "--seed",
            "7",
            "--set",
            "zero.steps=3",
            "--set",
            "eval.samples=2",
            "--until",
            "1-base",
            "--memory",
            "4G",
            "--quiet",
        ];
        let expected: Vec<&str> = std::iter::once("pipeline").chain(words).collect();
        assert_eq!(
            handed_on(&[&words[..], &["--backend", "cuda"]].concat()),
            expected
        );
    }

    #[test]
    fn the_default_preset_exists() {
        assert!(presets().unwrap().contains(&"tiny".to_owned()));
    }
}
