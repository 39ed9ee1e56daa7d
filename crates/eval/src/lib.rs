//! How good a model is, how sure one can be of it, and how to find the same again.
//!
//! A [`Benchmark`] says what is asked and how a reply is graded; [`benchmarks`] has those of this
//! crate, and anybody may write another (`examples/benchmark.rs`). [`evaluate`] puts its questions to a
//! model, whatever the model is ([`data::Answers`]), and keeps every reply in a [`Store`]; an
//! interrupted run goes on where it was. The [`Manifest`] beside the result names all it depends on:
//! [`replay`] makes the measurement again, [`regrade`] grades its replies again.
//!
//! Completions become [`Graded`] records; records become a [`Summary`]: pass@1 with a 95 % interval,
//! pass@k, the majority vote, format, language, length. Two models are told apart by [`compare`] on the
//! problems both have tried, and a [`Table`] puts results beside [`Published`] figures.
//!
//! Random resampling takes a seed. Left out: models, sampling, and tools a model calls.

#[cfg(test)]
mod anew;
pub mod behaviour;
mod benchmark;
pub mod benchmarks;
mod conversation;
pub mod debug;
mod difference;
pub mod elo;
#[cfg(test)]
mod follow_ups;
pub mod formal;
mod graded;
#[cfg(test)]
mod grader_outputs;
mod graders;
mod hash;
mod lines;
mod manifest;
mod pair;
mod plan;
mod problems;
mod progress;
mod protocol;
mod replay;
mod row;
mod run;
pub mod stats;
mod store;
mod store_error;
mod stored;
mod summary;
pub mod swe;
mod table;
#[cfg(test)]
mod tables;
#[cfg(test)]
mod testing;
pub mod transfer;
#[cfg(test)]
mod trials;
mod under_way;

pub use benchmark::{Benchmark, Judged, LoadError, Loaded, Metric, NotReady, Published, Task};
pub use difference::Difference;
pub use graded::{Graded, Outcome, grade};
pub use hash::fingerprint;
pub use manifest::{MANIFEST, Manifest};
pub use pair::Pair;
pub use plan::{Identity, LIBRARY, Plan, TaskFile, TaskSet};
pub use progress::Progress;
pub use protocol::{Date, DateError, Protocol, Window};
pub use replay::{ReplayError, Replayed, regrade, replay, verify};
pub use row::Row;
pub use run::{EvaluateError, Evaluation, Observer, evaluate};
pub use store::{GRADES, Store};
pub use store_error::StoreError;
pub use stored::Stored;
pub use summary::{NothingToSummarise, Summary, compare};
pub use table::{Section, Table};
