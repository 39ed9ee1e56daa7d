//! What a causal language model is, the log-probabilities it assigns, and sampling from it.
//!
//! Letters in shapes: b sequences, t positions, n selected tokens, d width, v vocabulary.
#![recursion_limit = "256"]

pub use data::seed;

mod batch;
mod generate;
mod model;
mod path;
mod sampling;
mod score;

pub use batch::{Sequence, TokenBatch, micro_batches};
pub use generate::{GenerateOptions, Prompt, Rollout, generate};
pub use model::{Cache, CausalLm, Hidden};
pub use path::ParameterPath;
pub use sampling::{Sampler, Sampling, SamplingError};
pub use score::{Scores, score};
