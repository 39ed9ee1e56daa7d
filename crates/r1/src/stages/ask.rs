//! How a model is asked.

use data::{Problem, Tokenizer};
use grpo::SampleOptions;
use lm::Sampling;

use crate::stage::StageContext;

/// Responses sampled side by side at most.
pub(super) const MAX_ROWS: usize = 256;

/// Tokens of the longest prompt of `problems`.
pub(super) fn longest<'a>(
    problems: impl IntoIterator<Item = &'a Problem>,
    tokenizer: &Tokenizer,
) -> usize {
    let lengths = problems
        .into_iter()
        .map(|problem| tokenizer.encode_prompt(&problem.question).len());
    lengths.max().unwrap_or(0)
}

/// `samples` responses a problem from softmax(logits / `temperature`), cut to the likeliest
/// tokens that hold `top_p` of it; the caches may take what the run has to spare now.
pub(super) fn options(
    cx: &StageContext,
    samples: usize,
    (temperature, top_p): (f64, f64),
    max_new_tokens: usize,
    seed: u64,
) -> SampleOptions {
    SampleOptions {
        group: samples as u32,
        sampling: Sampling {
            temperature,
            top_p,
            ..Sampling::PLAIN
        },
        max_new_tokens,
        max_rows: MAX_ROWS.max(samples),
        memory: cx.memory.spare(),
        seed,
    }
}
