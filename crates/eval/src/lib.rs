//! How good a model is, and how sure one can be of it.
//!
//! Completions become [`Graded`] records, one line of `completions.jsonl` each; records become a
//! [`Summary`]: pass@1 with a 95 % interval, pass@k, the majority vote, format, language, length.
//! Two models are told apart by [`stats::compare`] on the problems both have tried.
//!
//! Everything here is a pure function of its arguments; random resampling takes a seed.

pub mod behaviour;
pub mod debug;
pub mod elo;
pub mod formal;
mod graded;
mod problems;
pub mod stats;
mod summary;
pub mod swe;
pub mod transfer;

pub use graded::{Graded, Outcome, grade};
pub use summary::{NothingToSummarise, Summary, compare};
