//! Next-token training. Pretraining is the same with every token in the loss; [`soft_step`] adds a
//! teacher's distribution over the next token.
#![recursion_limit = "256"]

mod batches;
mod error;
mod soft;
mod step;

pub use batches::Batches;
pub use error::StepError;
pub use soft::{
    Divergence, Kept, SoftLoss, SoftReport, SoftTargets, divergence, soft_step, soft_targets,
};
pub use step::{FurtherReport, SftReport, step};
