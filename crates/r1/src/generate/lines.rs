//! Responses as lines of the output.

use std::io::Write;
use std::ops::ControlFlow;
use std::time::Instant;

use anyhow::Result;
use data::{Finish, Tokenizer, reasoning};
use lm::{Heard, Request, Rollout, respond};
use moe_model::Decoder;
use serde::Serialize;
use serde_json::Value;

use super::in_order::InOrder;
use super::prompts::Asked;
use crate::progress::Console;

/// A line of the output: one response.
#[derive(Debug, Serialize)]
struct Line<'a> {
    id: &'a Value,
    sample: u32,
    /// All of it, up to a stop string.
    text: &'a str,
    reasoning: Option<String>,
    answer: String,
    /// How many were drawn, what ended the response included.
    tokens: usize,
    finish: Finish,
    /// The sum of their log-probabilities under the sampling distribution.
    logprob: f64,
}

/// All that decides what is said, and how many samples are under way side by side, which does not.
pub(super) struct Job<'a> {
    pub(super) asked: &'a [Asked],
    /// One for each prompt, all of as many samples.
    pub(super) requests: &'a [Request],
    /// What their responses are cut at.
    pub(super) stop: &'a [String],
    pub(super) rows: usize,
}

impl Job<'_> {
    /// Writes a line for every sample and gives the number of tokens drawn.
    pub(super) fn write(
        &self,
        model: &Decoder,
        tokenizer: &Tokenizer,
        console: &Console,
        out: impl Write + Send,
    ) -> Result<usize> {
        let samples = self.requests.first().map_or(0, |it| it.samples.len());
        let total = samples * self.requests.len();
        let progress = console.progress("generate", total, "responses");
        let began = Instant::now();
        let (mut tokens, mut lines, mut failed) = (0, InOrder::new(out), None);
        let done = respond(model, self.requests, self.rows, &mut |heard| {
            match heard {
                Heard::Tokens(more) => {
                    tokens += more;
                    let rate = tokens as f64 / began.elapsed().as_secs_f64().max(1e-9);
                    progress.set_message(format!("{rate:.0} tokens/s"));
                }
                Heard::Response(rollout) => {
                    let place = rollout.prompt * samples + rollout.sample as usize;
                    progress.inc(1);
                    if let Err(error) = lines.put(place, self.line(&rollout, tokenizer)) {
                        failed = Some(error);
                        return ControlFlow::Break(());
                    }
                }
            }
            ControlFlow::Continue(())
        });
        match failed {
            Some(error) => Err(error.into()),
            None => Ok(done.map(|()| tokens)?),
        }
    }

    fn line(&self, rollout: &Rollout, tokenizer: &Tokenizer) -> String {
        let asked = &self.asked[rollout.prompt];
        let text = tokenizer.decode(&rollout.tokens);
        let text = data::before(&text, self.stop);
        let (reasoning, answer) = reasoning::split(text, asked.open);
        let log_probs = rollout.log_probs.iter();
        let line = Line {
            id: &asked.id,
            sample: rollout.sample,
            text,
            reasoning,
            answer,
            tokens: rollout.tokens.len(),
            finish: rollout.finish,
            logprob: log_probs.fold(0.0, |sum, &log_prob| sum + f64::from(log_prob)),
        };
        serde_json::to_string(&line).expect("text and numbers") + "\n"
    }
}
