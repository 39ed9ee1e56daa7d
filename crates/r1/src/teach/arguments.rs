//! The words of `r1 distill`.

use std::path::PathBuf;

use sft::Divergence;

use crate::memory::bytes;
use crate::preset::Logits;
use crate::usage::UsageError;

/// The arguments of `r1 distill`.
#[derive(Debug, clap::Args)]
pub(crate) struct Teach {
    /// Who is learned from: a directory of a model, a GGUF file, or hub:OWNER/NAME[@REVISION]; or where an
    /// OpenAI-compatible API begins, as https://api.deepseek.com/v1, or a TOML file of its settings.
    pub(super) teacher: String,
    /// Problems with answers or tests: a file, a folder, or hub:OWNER/NAME.
    pub(super) prompts: String,
    /// Where everything is written; the same command goes on where it was.
    #[arg(long, value_name = "DIR")]
    pub(super) out: PathBuf,
    /// Who learns: a directory, a GGUF file, hub:OWNER/NAME, or preset:NAME for that preset's dense
    /// student with random weights.
    #[arg(long, value_name = "MODEL", required_unless_present = "no_train")]
    pub(super) student: Option<String>,
    /// Make the data set and stop there.
    #[arg(long, conflicts_with_all = ["student", "held_out"])]
    pub(super) no_train: bool,
    /// Problems to measure the student on, before and after; none of them is learned from.
    #[arg(long, value_name = "FILE")]
    pub(super) held_out: Option<PathBuf>,
    /// Conversations to learn beside the teacher's samples, 3:1.
    #[arg(long, value_name = "FILE")]
    pub(super) general: Option<String>,
    /// Evaluations whose texts must not be learned from.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(super) against: Vec<String>,
    /// What the columns of the problems and the general data are called, as in
    /// question=prompt,answer=final.
    #[arg(long, value_name = "NAME=COLUMN,…", default_value = "")]
    pub(super) columns: String,
    /// Ask the problems the teacher failed once more, with verified steps of similar ones.
    #[arg(long)]
    pub(super) hints: bool,
    /// A sentence encoder (all-MiniLM-L6-v2) for the semantic filter and for finding similar problems.
    #[arg(long, value_name = "DIR")]
    pub(super) encoder: Option<PathBuf>,
    /// A model whose surprise at a step and at a response the filter weighs.
    #[arg(long, value_name = "MODEL")]
    pub(super) reference: Option<PathBuf>,
    /// Drops responses of a higher perplexity under the reference.
    #[arg(long, value_name = "P", requires = "reference")]
    pub(super) max_perplexity: Option<f64>,
    /// Change one setting (crates/r1/presets/distill.toml lists them); may be repeated.
    #[arg(long = "set", value_name = "SECTION.KEY=VALUE")]
    pub(super) changes: Vec<String>,
    /// The one seed every random stream is derived from.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(super) seed: u64,
    /// Stop once this part is complete, as 4-set.
    #[arg(long, value_name = "PART")]
    pub(super) until: Option<String>,
    /// Samples under way at once on this machine.
    #[arg(long, value_name = "N", default_value_t = 64)]
    pub(super) rows: usize,
    /// Bytes training may take, such as 4G [default: what the machine has left].
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    pub(super) memory: Option<u64>,
    /// No progress on the terminal, only the result.
    #[arg(long)]
    pub(super) quiet: bool,
    #[command(flatten)]
    pub(super) logits: LogitsArgs,
    #[command(flatten)]
    pub(super) endpoint: EndpointArgs,
}

/// The teacher's distribution over the next token in the student's loss.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Learning the teacher's logits")]
pub(super) struct LogitsArgs {
    /// Learn the probabilities of the teacher's K likeliest tokens too; it must be on this machine and
    /// share its tokenizer with the student.
    #[arg(long = "logits", value_name = "K", conflicts_with = "no_train")]
    k: Option<usize>,
    /// KL(teacher ‖ student) or KL(student ‖ teacher) [default: forward].
    #[arg(long, value_enum, requires = "k")]
    kl: Option<Way>,
    /// Its share of the loss, from 0 to 1; the rest is cross entropy [default: 0.5].
    #[arg(long, value_name = "SHARE", requires = "k")]
    alpha: Option<f64>,
    /// What the logits of both are divided by [default: 1].
    #[arg(long, value_name = "T", requires = "k")]
    tau: Option<f64>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Way {
    Forward,
    Reverse,
}

impl LogitsArgs {
    /// What was asked for, if anything.
    ///
    /// # Errors
    /// A value outside its range.
    pub(super) fn wanted(&self) -> Result<Option<Logits>, UsageError> {
        let Some(k) = self.k else {
            return Ok(None);
        };
        if k == 0 {
            return Err(UsageError("--logits must be at least 1".into()));
        }
        let logits = Logits {
            k,
            kl: match self.kl {
                Some(Way::Reverse) => Divergence::Reverse,
                _ => Divergence::Forward,
            },
            alpha: self.alpha.unwrap_or(0.5),
            temperature: self.tau.unwrap_or(1.0),
        };
        logits.validate("--logits")?;
        Ok(Some(logits))
    }
}

/// What an endpoint needs to know, and may cost.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "A teacher behind an endpoint")]
pub(super) struct EndpointArgs {
    /// The model's name at the endpoint.
    #[arg(long)]
    pub(super) name: Option<String>,
    /// The environment variable that holds the key.
    #[arg(long, value_name = "VARIABLE")]
    pub(super) key_env: Option<String>,
    /// Requests under way at once [default: 8].
    #[arg(long, value_name = "N")]
    pub(super) concurrency: Option<usize>,
    /// Requests in any minute at most.
    #[arg(long, value_name = "N")]
    pub(super) requests_per_minute: Option<usize>,
    /// Tokens in any minute at most, read and said.
    #[arg(long, value_name = "N")]
    pub(super) tokens_per_minute: Option<u64>,
    /// Price of a million tokens read.
    #[arg(long, value_name = "PRICE")]
    pub(super) prompt_price: Option<f64>,
    /// Price of a million tokens said.
    #[arg(long, value_name = "PRICE")]
    pub(super) completion_price: Option<f64>,
    /// What may be spent, in the currency of the prices; what the journal holds counts.
    #[arg(long, value_name = "COST")]
    pub(super) max_cost: Option<f64>,
}

impl EndpointArgs {
    /// The first flag that was given, if any.
    pub(super) fn given(&self) -> Option<&'static str> {
        let flags = [
            ("--name", self.name.is_some()),
            ("--key-env", self.key_env.is_some()),
            ("--concurrency", self.concurrency.is_some()),
            ("--requests-per-minute", self.requests_per_minute.is_some()),
            ("--tokens-per-minute", self.tokens_per_minute.is_some()),
            ("--prompt-price", self.prompt_price.is_some()),
            ("--completion-price", self.completion_price.is_some()),
            ("--max-cost", self.max_cost.is_some()),
        ];
        flags
            .into_iter()
            .find(|(_, given)| *given)
            .map(|(flag, _)| flag)
    }

    /// Puts what was given in the place of a file's or the default settings.
    pub(super) fn apply(&self, settings: &mut endpoint::Settings) {
        let Self {
            concurrency,
            prompt_price,
            completion_price,
            ..
        } = self;
        settings.concurrency = concurrency.unwrap_or(settings.concurrency);
        settings.prompt_price = prompt_price.unwrap_or(settings.prompt_price);
        settings.completion_price = completion_price.unwrap_or(settings.completion_price);
        settings.requests_per_minute = self.requests_per_minute.or(settings.requests_per_minute);
        settings.tokens_per_minute = self.tokens_per_minute.or(settings.tokens_per_minute);
        settings.cost_limit = self.max_cost.or(settings.cost_limit);
    }
}
