//! The DeepSeek-R1 recipe end to end, and what carries it out: presets, runs of stages, the report.
//!
//! The algorithms live in crates of their own; here is only what ties them together. A [`run::Run`]
//! is a directory, a [`stage::Stage`] one box of the recipe's figure, an [`Artifact`] one arrow.

#![recursion_limit = "256"]

mod answers;
mod artifact;
pub mod backend;
mod bench;
mod best;
mod chat;
pub mod cli;
mod corpus;
pub mod count;
mod export;
mod generate;
pub mod grade;
mod measure;
mod memory;
pub mod parity;
mod placed;
pub mod preset;
mod progress;
pub mod recipe;
pub mod report;
pub mod run;
mod sampling_args;
pub mod score;
mod serve;
mod source;
pub mod stage;
pub mod stages;
mod states;
pub mod stop;
mod teach;
mod usage;

pub use artifact::{Artifact, ArtifactError};
pub use progress::Progress;
pub use sampling_args::SamplingArgs;
pub use usage::UsageError;
