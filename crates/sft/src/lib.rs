//! Next-token training. Pretraining is the same with every token in the loss.
#![recursion_limit = "256"]

mod batches;
mod step;

pub use batches::Batches;
pub use step::{FurtherReport, SftReport, step};
