//! The arguments of `r1 score`.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use data::Tokenizer;
use rewards::{
    JudgeConfig, LengthConfig, Mode, OverlongConfig, ProgramConfig, RepetitionConfig, Rubric,
    RubricConfig,
};

use crate::usage::{UsageError, unknown};

const MODES: [&str; 4] = ["sum", "gated", "form_gated", "per_part"];

/// The arguments of `r1 score`.
#[derive(Debug, clap::Args)]
pub struct Score {
    /// The responses, one JSON object a line.
    #[arg(value_name = "FILE.jsonl")]
    pub(super) file: PathBuf,
    /// How the parts combine: sum, gated, form_gated, per_part.
    #[arg(long, default_value = "sum", value_parser = mode)]
    mode: Mode,
    /// Weight of the accuracy.
    #[arg(
        long,
        value_name = "WEIGHT",
        default_value_t = 1.0,
        allow_negative_numbers = true
    )]
    accuracy: f32,
    /// Weight of the format.
    #[arg(
        long,
        value_name = "WEIGHT",
        default_value_t = 0.3,
        allow_negative_numbers = true
    )]
    format: f32,
    /// Weight of the language.
    #[arg(
        long,
        value_name = "WEIGHT",
        default_value_t = 0.2,
        allow_negative_numbers = true
    )]
    language: f32,
    /// The languages a text may be in, parted by commas [default: fifteen common ones].
    #[arg(long, value_name = "CODES", value_delimiter = ',')]
    languages: Option<Vec<String>>,
    /// What the prompt already wrote of every response, such as `<think>`.
    #[arg(long, value_name = "TEXT", default_value = "")]
    prefill: String,
    /// Weight of the repetition penalty.
    #[arg(long, value_name = "WEIGHT")]
    repetition: Option<f32>,
    /// Words of a phrase whose repetition costs.
    #[arg(long, value_name = "N", default_value_t = 3, requires = "repetition")]
    repetition_ngram: usize,
    /// Weight of the penalty for another length than --length-target.
    #[arg(long, value_name = "WEIGHT", requires_all = ["length_target", "tokenizer"])]
    length: Option<f32>,
    /// Tokens a response should have.
    #[arg(long, value_name = "TOKENS", default_value_t = 0, requires = "length")]
    length_target: usize,
    /// What a token more or less costs.
    #[arg(
        long,
        value_name = "PRICE",
        default_value_t = 3e-4,
        requires = "length"
    )]
    length_alpha: f32,
    /// Weight of the penalty for nearing --overlong-longest.
    #[arg(long, value_name = "WEIGHT", requires_all = ["overlong_longest", "tokenizer"])]
    overlong: Option<f32>,
    /// Tokens a response may have.
    #[arg(
        long,
        value_name = "TOKENS",
        default_value_t = 0,
        requires = "overlong"
    )]
    overlong_longest: usize,
    /// Tokens before that at which the penalty begins.
    #[arg(
        long,
        value_name = "TOKENS",
        default_value_t = 0,
        requires = "overlong"
    )]
    overlong_cache: usize,
    /// A directory with the tokenizer.json that lengths are counted by.
    #[arg(long, value_name = "DIR")]
    tokenizer: Option<PathBuf>,
    /// A program that scores as well, over JSON lines (docs/rewards.md).
    #[arg(long, value_name = "COMMAND")]
    program: Option<String>,
    /// The name its scores are reported under.
    #[arg(
        long,
        value_name = "NAME",
        default_value = "program",
        requires = "program"
    )]
    program_name: String,
    /// Their weight.
    #[arg(
        long,
        value_name = "WEIGHT",
        default_value_t = 1.0,
        allow_negative_numbers = true,
        requires = "program"
    )]
    program_weight: f32,
    /// Seconds it may take for a response.
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 30.0,
        requires = "program"
    )]
    program_timeout: f64,
    /// A model that judges as well: where its interface begins, as http://localhost:8000/v1.
    #[arg(long, value_name = "URL", requires = "judge_model")]
    judge: Option<String>,
    /// The model's name.
    #[arg(long, value_name = "NAME", default_value = "", requires = "judge")]
    judge_model: String,
    /// The weight of its verdict.
    #[arg(long, value_name = "WEIGHT", default_value_t = 1.0, requires = "judge")]
    judge_weight: f32,
    /// The environment variable that holds its key.
    #[arg(long, value_name = "VARIABLE", default_value = "", requires = "judge")]
    judge_key: String,
    /// Seconds a request may take.
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 60.0,
        requires = "judge"
    )]
    judge_timeout: f64,
    /// How often a failed request is sent again.
    #[arg(long, value_name = "N", default_value_t = 4, requires = "judge")]
    judge_retries: u32,
}

fn mode(text: &str) -> Result<Mode, UsageError> {
    let name = text.replace('-', "_");
    serde_json::from_value(name.as_str().into()).map_err(|_| unknown("mode", text, &MODES))
}

impl Score {
    fn config(&self) -> RubricConfig {
        RubricConfig {
            accuracy: self.accuracy,
            format: self.format,
            language: self.language,
            mode: self.mode,
            languages: self.languages.clone().unwrap_or_default(),
            prefill: self.prefill.clone(),
            length: self.length.map(|weight| LengthConfig {
                weight,
                target: self.length_target,
                alpha: self.length_alpha,
            }),
            repetition: self.repetition.map(|weight| RepetitionConfig {
                weight,
                ngram: self.repetition_ngram,
            }),
            overlong: self.overlong.map(|weight| OverlongConfig {
                weight,
                longest: self.overlong_longest,
                cache: self.overlong_cache,
            }),
            judge: self.judge.as_ref().map(|url| JudgeConfig {
                weight: self.judge_weight,
                url: url.clone(),
                model: self.judge_model.clone(),
                key: self.judge_key.clone(),
                timeout: self.judge_timeout,
                retries: self.judge_retries,
            }),
            programs: self
                .program
                .iter()
                .map(|command| ProgramConfig {
                    name: self.program_name.clone(),
                    weight: self.program_weight,
                    command: command.clone(),
                    timeout: self.program_timeout,
                })
                .collect(),
        }
    }

    /// The rubric the arguments describe.
    ///
    /// # Errors
    /// On arguments that cannot be ([`UsageError`]), and a tokenizer that cannot be read.
    pub(super) fn rubric(&self) -> Result<Rubric> {
        let config = self.config();
        config
            .validate()
            .map_err(|error| UsageError(error.to_string()))?;
        let Some(dir) = &self.tokenizer else {
            return Ok(Rubric::new(&config));
        };
        let tokenizer =
            Tokenizer::open(dir).with_context(|| format!("--tokenizer {}", dir.display()))?;
        let count = move |text: &str| tokenizer.encode_text(text).len();
        Ok(Rubric::counting(&config, Arc::new(count)))
    }
}
