//! What a causal language model is, the log-probabilities it assigns, sampling from it by an engine
//! that requests come to and go from, and greedy decoding with drafts.
//!
//! Letters in shapes: b sequences, t positions, n selected tokens, d width, v vocabulary.
#![recursion_limit = "256"]

pub use data::seed;

mod batch;
mod engine;
mod generate;
mod model;
mod multi_token;
mod path;
mod router;
mod sampling;
mod score;
mod speculate;
mod stop;
mod tape;

pub use batch::{Sequence, TokenBatch, micro_batches};
pub use engine::{
    Draw, Engine, EngineOptions, Event, NotFinite, Reason, Request, RequestError, Shortage, Spoken,
    Ticket, TopLogProbs,
};
pub use generate::{
    GenerateOptions, Heard, Prompt, Rollout, differing_tokens, generate, packed_bytes, respond,
};
pub use model::{Cache, CausalLm, Hidden, MultiToken, Routing};
pub use multi_token::FurtherScores;
pub use path::ParameterPath;
pub use router::{RouterReport, RouterSums, router_reports};
pub use sampling::{Sampler, Sampling, SamplingError};
pub use score::{Scores, States, score, score_with_entropy, states};
pub use speculate::{Drafter, Speculated, Speculation, speculate};
pub use stop::{Stop, StopStrings};
pub use tape::{Chain, Tape};
