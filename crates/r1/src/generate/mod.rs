//! Responses to the prompts of a file: `r1 generate`.
//!
//! One JSON object a line comes in ([`prompts`]) and one a sample goes out ([`lines`]), in the order
//! of the prompts. Every prompt is read and checked before the first token is drawn. Left out: a
//! cache shared by prompts that begin alike, and going on with an interrupted file.

mod in_order;
mod lines;
mod prompts;
pub(crate) mod speaker;
#[cfg(test)]
pub(crate) mod testing;

use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result};
use data::Tokenizer;
use lm::{CausalLm, Request, Stop, StopStrings};
use moe_model::Decoder;

use crate::memory::bytes;
use crate::progress::{Console, duration};
use crate::sampling_args::SamplingArgs;
use crate::usage::{self, UsageError};
use lines::Job;
use prompts::Asked;
use speaker::{Speaker, engine_options};

/// Samples under way at once at most, where nothing is said of it.
const ROWS: usize = 64;

/// The arguments of `r1 generate`.
#[derive(Debug, clap::Args)]
pub(crate) struct Generate {
    /// A directory with config.json, model.safetensors and tokenizer.json, such as a stage's of a
    /// run; a GGUF file; or hub:OWNER/NAME[@REVISION].
    model: PathBuf,
    /// The prompts, one JSON object a line: {id?, prompt}, {id?, messages} or {id?, text}.
    #[arg(long, value_name = "FILE.jsonl")]
    prompts: PathBuf,
    /// Responses to each prompt.
    #[arg(long, value_name = "N", default_value_t = 1)]
    samples: u32,
    /// The one seed every random stream is derived from.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 0,
        allow_negative_numbers = true
    )]
    seed: u64,
    #[command(flatten)]
    sampling: SamplingArgs,
    /// Cuts a response off after so many tokens [default: what the model's positions leave, 1024
    /// at most].
    #[arg(long, value_name = "N")]
    max_new_tokens: Option<usize>,
    /// Ends a response before this text; may be repeated.
    #[arg(long, value_name = "STRING")]
    stop: Vec<String>,
    /// Samples under way at once [default: 64, fewer where the memory asks for it].
    #[arg(long, value_name = "N")]
    rows: Option<usize>,
    /// Bytes the cache of keys and values may take, such as 512M or 2G [default: not limited].
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    memory: Option<u64>,
    /// Where the responses are written [default: standard output].
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace the output if it is there.
    #[arg(long, requires = "output")]
    force: bool,
    /// No progress on the terminal.
    #[arg(long)]
    quiet: bool,
}

/// Answers the prompts of a file.
///
/// # Errors
/// Wrong arguments, a missing model or file, or an output that exists ([`UsageError`]); prompts that
/// cannot be asked, by file and line; too little memory; an output that cannot be written.
pub(crate) fn run(args: &Generate) -> Result<()> {
    check(args)?;
    let console = Console::new(args.quiet || !std::io::stderr().is_terminal());
    let speaker = Speaker::find(&args.model, &console)?;
    let asked = prompts::read(&args.prompts, &speaker, args.max_new_tokens)?;
    let requests = requests(args, &asked, &speaker.tokenizer)?;
    let model = speaker.load()?.packed();
    let job = Job {
        asked: &asked,
        requests: &requests,
        stop: &args.stop,
        rows: rows(args, &requests, &model)?,
    };
    let began = Instant::now();
    let written = match &args.output {
        None => job.write(&model, &speaker.tokenizer, &console, std::io::stdout()),
        Some(path) => {
            let file = open(path, args.force)?;
            job.write(&model, &speaker.tokenizer, &console, file)
        }
    };
    let tokens = match written {
        Ok(tokens) => tokens,
        Err(error) => {
            let error: io::Error = error.downcast()?;
            return match &args.output {
                // Whoever reads has read enough.
                None if error.kind() == ErrorKind::BrokenPipe => Ok(()),
                None => Err(error).context("cannot write the responses"),
                Some(path) => {
                    Err(error).with_context(|| format!("cannot write {}", path.display()))
                }
            };
        }
    };
    let seconds = began.elapsed().as_secs_f64();
    console.line(&format!(
        "{} responses, {tokens} tokens in {} ({:.0} tokens/s)",
        asked.len() * args.samples as usize,
        duration(seconds),
        tokens as f64 / seconds.max(1e-9)
    ));
    Ok(())
}

/// What can be refused without a model.
fn check(args: &Generate) -> Result<()> {
    let refuse = |message: String| Err(UsageError(message).into());
    args.sampling.sampling()?;
    if args.samples == 0 {
        return refuse("--samples is 0; it must be at least 1".into());
    }
    if args.max_new_tokens == Some(0) {
        return refuse("--max-new-tokens is 0; it must be at least 1".into());
    }
    if args.rows == Some(0) {
        return refuse("--rows is 0; it must be at least 1".into());
    }
    if args.stop.iter().any(String::is_empty) {
        return refuse("--stop is empty; give the text that ends a response".into());
    }
    usage::readable(&args.prompts)?;
    match &args.output {
        Some(path) if path.exists() && !args.force => refuse(taken(path)),
        _ => Ok(()),
    }
}

fn taken(path: &Path) -> String {
    format!(
        "{} exists; give another --output, or --force to replace it",
        path.display()
    )
}

fn open(path: &Path, force: bool) -> Result<File> {
    let opened = if force {
        File::create(path)
    } else {
        File::create_new(path)
    };
    match opened {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            Err(UsageError(taken(path)).into())
        }
        opened => opened.with_context(|| format!("cannot write {}", path.display())),
    }
}

fn requests(
    args: &Generate,
    asked: &[Asked],
    tokenizer: &Arc<Tokenizer>,
) -> Result<Vec<Request>, UsageError> {
    let sampling = args.sampling.sampling()?;
    let stop = || Box::new(StopStrings::new(tokenizer, &args.stop)) as Box<dyn Stop>;
    let request = |asked: &Asked| Request {
        samples: 0..args.samples,
        sampling,
        end_tokens: tokenizer.ends().to_vec(),
        seed: args.seed,
        stop: (!args.stop.is_empty()).then(stop),
        ..Request::new(
            asked.name.clone(),
            asked.tokens.clone(),
            asked.max_new_tokens,
        )
    };
    Ok(asked.iter().map(request).collect())
}

/// Rows asked for, or as many as the memory allows.
fn rows(args: &Generate, requests: &[Request], model: &Decoder) -> Result<usize> {
    let lengths = requests.iter();
    let lengths = lengths.map(|request| request.tokens.len() + request.max_new_tokens);
    let capacity = lengths.max().unwrap_or(0);
    let total = requests.len() * args.samples as usize;
    let rows = args.rows.unwrap_or(ROWS).clamp(1, total.max(1));
    let options = engine_options(model, (args.rows, rows), capacity, args.memory)?;
    Ok(options.max_rows)
}

#[cfg(test)]
mod tests;
