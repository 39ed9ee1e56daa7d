//! The arguments of `r1 eval`.

use std::path::PathBuf;

use eval::{Benchmark, Protocol, Window};

use super::needs::Needs;
use crate::answers::sampling;
use crate::usage::UsageError;

/// The arguments of `r1 eval`. What a manifest or a plan says already may not be said again: those who replay or
/// regrade would be told of figures that were measured otherwise.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("mode").args(["list", "replay", "regrade", "table"]))]
pub(crate) struct Measure {
    /// What to measure; --list shows all there are.
    pub(super) benchmark: Option<String>,
    /// Its tasks: a file, a folder, or hub:OWNER/NAME.
    pub(super) tasks: Option<PathBuf>,
    /// A directory of a model, a GGUF file, or hub:OWNER/NAME[@REVISION].
    #[arg(long, value_name = "MODEL", conflicts_with_all = ["endpoint", "regrade"])]
    pub(super) model: Option<PathBuf>,
    /// Where an OpenAI-compatible API begins, as http://localhost:8000/v1; or a TOML file of
    /// settings with limits on requests, tokens and cost.
    #[arg(long, value_name = "URL|FILE.toml", conflicts_with = "regrade")]
    pub(super) endpoint: Option<String>,
    /// The model's name: at the endpoint, or in tables.
    #[arg(long)]
    pub(super) name: Option<String>,
    /// The environment variable that holds the endpoint's key.
    #[arg(long, value_name = "VARIABLE", requires = "endpoint")]
    pub(super) key: Option<String>,
    /// The folder for replies, grades and manifest.
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Samples of each task [default: the benchmark's].
    #[arg(
        long,
        value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..),
        conflicts_with = "mode"
    )]
    pub(super) samples: Option<u32>,
    /// Divides the logits; 0 takes the likeliest token [default: the benchmark's, 0.6].
    #[arg(long, value_name = "T", conflicts_with = "mode")]
    pub(super) temperature: Option<f64>,
    /// Keeps the fewest likeliest tokens whose probabilities sum to P [default: the benchmark's, 0.95].
    #[arg(long, value_name = "P", conflicts_with = "mode")]
    pub(super) top_p: Option<f64>,
    /// Tokens of a reply at most [default: the benchmark's, 32768, or what the model's positions leave].
    #[arg(long, value_name = "N", conflicts_with = "mode")]
    pub(super) max_tokens: Option<usize>,
    /// Only tasks released within it, both days included.
    #[arg(long, value_name = "2024-08-01..2025-01-31", conflicts_with = "mode")]
    pub(super) window: Option<Window>,
    /// Only so many tasks, from the front of the file.
    #[arg(long, value_name = "N", conflicts_with = "mode")]
    pub(super) first: Option<usize>,
    /// The one seed every random stream is derived from [default: 0].
    #[arg(long, value_name = "N", conflicts_with = "mode")]
    pub(super) seed: Option<u64>,
    /// Samples under way at once on this machine.
    #[arg(long, value_name = "N", default_value_t = 64)]
    pub(super) rows: usize,
    /// Show the benchmarks there are.
    #[arg(long)]
    pub(super) list: bool,
    /// Measure again what a manifest says, into --out, and tell every figure that differs; exit code 1
    /// if one does.
    #[arg(long, value_name = "manifest.json")]
    pub(super) replay: Option<PathBuf>,
    /// Grade the replies in --out again, without asking.
    #[arg(long)]
    pub(super) regrade: bool,
    /// Put measurements beside published figures.
    #[arg(long, value_name = "DIR", num_args = 1..)]
    pub(super) table: Vec<PathBuf>,
    /// How tables are written.
    #[arg(long, value_enum, default_value_t = Form::Markdown)]
    pub(super) format: Form,
    /// No progress on the terminal.
    #[arg(long)]
    pub(super) quiet: bool,
    #[command(flatten)]
    pub(super) needs: Needs,
}

/// How a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Form {
    /// For people and READMEs.
    Markdown,
    /// A page.
    Html,
    /// For programs.
    Json,
}

impl Measure {
    /// The benchmark's protocol, with what the arguments change of it.
    pub(super) fn protocol(&self, benchmark: &dyn Benchmark) -> Result<Protocol, UsageError> {
        let usual = benchmark.protocol();
        let protocol = Protocol {
            samples: self.samples.unwrap_or(usual.samples),
            temperature: self.temperature.unwrap_or(usual.temperature),
            top_p: self.top_p.unwrap_or(usual.top_p),
            max_tokens: self.max_tokens.unwrap_or(usual.max_tokens),
            window: self.window.or(usual.window),
            first: self.first.or(usual.first),
        };
        if protocol.max_tokens == 0 || self.rows == 0 || protocol.first == Some(0) {
            let words = "--max-tokens, --rows and --first must be at least 1";
            return Err(UsageError(words.into()));
        }
        sampling(protocol.temperature, protocol.top_p)?;
        Ok(protocol)
    }
}
