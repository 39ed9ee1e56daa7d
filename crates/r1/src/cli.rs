//! The command line of `r1`.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use eval::{Benchmark, EvaluateError, ReplayError};

use crate::bench::{self, Bench};
use crate::chat::{self, Chat};
use crate::corpus::{self, Corpus};
use crate::export::{self, Export};
use crate::generate::{self, Generate};
use crate::measure::{self, Measure};
use crate::memory::bytes;
use crate::preset::Preset;
use crate::run::{Options, Run, Stopped, is_usage};
use crate::score::{self, Score};
use crate::serve::{self, Serve};
use crate::stop::{Interrupted, Stop};
use crate::teach::{self, Teach};
use crate::{count, grade, parity, recipe, report};

/// The DeepSeek-R1 recipe, end to end.
#[derive(Debug, Parser)]
#[command(name = "r1", version)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the whole recipe, or go on with it; the results end up in the run directory.
    Pipeline(Pipeline),
    /// Compare models, objectives and runs of training with what a reference recorded; exit code 1
    /// where they differ.
    Parity(Parity),
    /// Count a model's parameters, their bytes and those of its cache, without building it.
    ///
    /// Active are the parameters that one token passes through. The KV cache is what it holds of a
    /// token; expanded, what it would with a key and a value for every query head.
    Count(Count),
    /// Judge answers from a file, one JSON object a line: {id, gold, pred, opts?, expected?}.
    ///
    /// Prints {id, verdict, rule, reason} for each, and says on the standard error how far the
    /// verdicts agree with `expected`.
    Grade {
        /// The answers.
        #[arg(value_name = "FILE.jsonl")]
        file: PathBuf,
    },
    /// Score responses from a file, one JSON object a line: {id, problem, gold, completion, language?,
    /// opts?}.
    ///
    /// Prints {id, accuracy, format, language, total, rule} for each, `null` where it could not be
    /// judged, and the means on the standard error. Parts stand there without their weights.
    Score(Box<Score>),
    /// Answer the prompts of a file, several samples each, one JSON object a line.
    Generate(Generate),
    /// Measure a model on a benchmark: pass@1 with an interval, beside published figures.
    ///
    /// Replies, grades and a manifest end up in a folder of its own; the same command goes on after an
    /// interruption.
    Eval(Box<Measure>),
    /// Distil a teacher into a student: its samples, filtered, made into a set that the student learns.
    ///
    /// Every part has a directory in --out, and the same command goes on after an interruption; what the
    /// teacher said is kept, and nothing is asked twice.
    Distill(Box<Teach>),
    /// Talk with a model; through a pipe every line is a turn.
    Chat(Chat),
    /// Serve a model over OpenAI's API, with a page to talk to it.
    Serve(Serve),
    /// Write a model for others to use, in a directory of its own with a model card.
    Export(Export),
    /// Texts for pretraining: filtered, without duplicates, as tokens.
    #[command(subcommand)]
    Corpus(Corpus),
    /// Benchmarks over several seeds: a table, and a page with a curve for each.
    #[command(subcommand)]
    Bench(Bench),
}

/// The arguments of `r1 count`.
#[derive(Debug, clap::Args)]
struct Count {
    /// deepseek-v3, seed-16, small, tiny, smoke; a directory with config.json, or such a file.
    #[arg(value_name = "NAME|DIR|FILE")]
    model: String,
    /// One JSON object.
    #[arg(long)]
    json: bool,
}

/// The arguments of `r1 parity`.
#[derive(Debug, clap::Args)]
struct Parity {
    /// Cases, folders of cases, or a file of objectives' cases (grpo_cases.json).
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// One JSON object a case.
    #[arg(long)]
    json: bool,
}

/// The arguments of `r1 pipeline`.
#[derive(Debug, clap::Args)]
struct Pipeline {
    /// smoke, tiny, small, paper or smollm2-gsm8k.
    #[arg(default_value = "tiny")]
    preset: String,
    /// Where everything is written [default: runs/PRESET].
    #[arg(long, value_name = "DIR")]
    run_dir: Option<PathBuf>,
    /// The one seed every random stream is derived from.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 0,
        allow_negative_numbers = true
    )]
    seed: u64,
    /// Change one field of the preset; may be repeated.
    #[arg(long = "set", value_name = "SECTION.KEY=VALUE")]
    overrides: Vec<String>,
    /// Stop once this stage is complete.
    #[arg(long, value_name = "STAGE")]
    until: Option<String>,
    /// Bytes the run may take, such as 4G; a stage that needs more is refused before it begins
    /// [default: what the machine has left; not limited on a GPU].
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    memory: Option<u64>,
    /// No progress on the terminal, only the results.
    #[arg(long)]
    quiet: bool,
}

/// Does what the command line says. Exit code 0: done; 1: failed; 2: wrong usage; 130 or 143: stopped by SIGINT or
/// SIGTERM.
#[must_use]
pub fn main() -> ExitCode {
    main_with(Vec::new())
}

/// The same with benchmarks of one's own for `r1 eval`, which are listed, measured, replayed and put into tables as
/// the others are: `examples/own_benchmark.rs` is a whole program. Their names are others than those of [`eval`].
#[must_use]
pub fn main_with(own: Vec<Box<dyn Benchmark>>) -> ExitCode {
    let result = match Args::parse().command {
        Command::Pipeline(args) => pipeline(args).map(|()| true),
        Command::Parity(args) => parity::run(&args.paths, args.json),
        Command::Count(args) => count::run(&args.model, args.json).map(|()| true),
        Command::Grade { file } => grade::run(&file).map(|()| true),
        Command::Score(args) => score::run(&args).map(|()| true),
        Command::Generate(args) => generate::run(&args).map(|()| true),
        Command::Eval(args) => measure::run(&args, own),
        Command::Distill(args) => teach::run(&args).map(|()| true),
        Command::Chat(args) => chat::run(&args),
        Command::Serve(args) => serve::run(&args).map(|()| true),
        Command::Export(args) => export::run(&args).map(|()| true),
        Command::Corpus(command) => corpus::run(&command).map(|()| true),
        Command::Bench(bench) => bench::run(&bench).map(|()| true),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            // Nothing is left to be done if even this cannot be written.
            drop(writeln!(std::io::stderr(), "error: {}", told(&error)));
            ExitCode::from(match interrupted(&error) {
                Some(interrupted) => interrupted.code(),
                None if is_usage(&error) => 2,
                None => 1,
            })
        }
    }
}

/// The signal that ended what was to be done: between two steps of a stage, or in the midst of a measurement.
fn interrupted(error: &anyhow::Error) -> Option<Interrupted> {
    let measuring = error.downcast_ref::<EvaluateError>().or_else(|| {
        let replaying = error.downcast_ref::<ReplayError>()?;
        match replaying {
            ReplayError::Evaluate(error) => Some(error),
            _ => None,
        }
    });
    match measuring {
        Some(EvaluateError::Interrupted { .. }) => Stop::heard(),
        _ => error.downcast_ref().copied(),
    }
}

/// An error with its causes; one that the words before end in already is not said again.
fn told(error: &anyhow::Error) -> String {
    error.chain().fold(String::new(), |told, cause| {
        let cause = cause.to_string();
        match &*told {
            "" => cause,
            told if told.ends_with(&cause) => told.to_owned(),
            told => format!("{told}: {cause}"),
        }
    })
}

fn pipeline(args: Pipeline) -> Result<()> {
    let preset = Preset::load(&args.preset, &args.overrides)?;
    let dir = args
        .run_dir
        .unwrap_or_else(|| PathBuf::from("runs").join(&args.preset));
    let options = Options {
        until: args.until,
        quiet: args.quiet,
        memory: args.memory,
        stop: Stop::on_signals()?,
    };
    let run = Run::open(&dir, &preset, args.seed, options)?;
    match recipe::run(&run, &preset) {
        Err(error) if error.is::<Stopped>() => {}
        other => other?,
    }
    let report = report::write(run.dir())?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{report}")?;
    writeln!(out, "{}", dir.join("report.html").display())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn what_a_signal_ended_is_known_by_it() {
        let stage = anyhow::Error::new(Interrupted(15)).context("stage 1-base");
        assert_eq!(interrupted(&stage), Some(Interrupted(15)));
        assert_eq!(interrupted(&anyhow::anyhow!("a full disk")), None);
        // Without a signal there is none to name.
        let (answered, total) = (1, 2);
        let measuring = EvaluateError::Interrupted { answered, total };
        assert_eq!(interrupted(&measuring.into()), None);
    }

    #[test]
    fn a_cause_is_said_once() {
        let missing = std::io::Error::other("no such file");
        let path = anyhow::Error::new(missing).context("a.jsonl: no such file");
        assert_eq!(told(&path), "a.jsonl: no such file");
        let reading = path.context("reading the problems");
        assert_eq!(
            told(&reading),
            "reading the problems: a.jsonl: no such file"
        );
        assert_eq!(told(&anyhow::anyhow!("alone")), "alone");
    }

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn the_default_is_the_tiny_preset() {
        let Command::Pipeline(args) = Args::parse_from(["r1", "pipeline"]).command else {
            panic!("another command");
        };
        assert_eq!(
            (args.preset.as_str(), args.seed, args.quiet),
            ("tiny", 0, false)
        );
    }
}
