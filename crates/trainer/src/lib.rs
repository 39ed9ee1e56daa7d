//! One optimizer step: gradients summed over micro-batches, clipped by their global norm, applied
//! by AdamW at a scheduled rate. What is summed, and over which data, is the caller's business.
#![recursion_limit = "256"]

mod adamw;
mod gradients;
mod mix;
mod schedule;
mod state;
mod train;

pub use adamw::{AdamWConfig, OptimizerState};
pub use gradients::Apart;
pub use mix::mix;
pub use schedule::Schedule;
pub use state::{StateError, load_weights, save_weights};
pub use train::{Share, StepReport, TrainError, Trainer, TrainerConfig};
