//! How a model is asked.

use grpo::SampleOptions;
use lm::Sampling;

/// Responses sampled side by side at most.
const MAX_ROWS: usize = 256;

/// `samples` responses a problem from softmax(logits / `temperature`), cut to the likeliest
/// tokens that hold `top_p` of it.
pub(super) fn options(
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
        seed,
    }
}
