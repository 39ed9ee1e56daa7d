//! The boxes of the figure: each stage turns artifacts into an artifact.

mod ask;
pub(crate) mod checkpoint;
pub(crate) mod cost;
mod curate;
mod distill;
mod evaluate;
mod experts;
mod feed;
pub(crate) mod files;
mod import;
pub(crate) mod judging;
pub(crate) mod means;
pub(crate) mod pretrain;
mod problems;
mod rehearsal;
mod responses;
mod rl;
pub(crate) mod sft;
mod shards;
pub(crate) mod soft;
pub(crate) mod sources;
mod tasks;
pub(crate) mod training;

pub use curate::Curate;
pub use distill::Distill;
pub use evaluate::Evaluate;
pub use import::Import;
pub use means::Means;
pub use pretrain::{Pretrain, Shape};
pub use rl::Rl;
pub use sft::Sft;
pub use shards::Shards;
pub use tasks::Tasks;

#[cfg(test)]
mod tests;
