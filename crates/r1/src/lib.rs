//! The DeepSeek-R1 recipe end to end, and what carries it out: presets, runs of stages, the report.
//!
//! The algorithms live in crates of their own; here is only what ties them together. A [`run::Run`]
//! is a directory, a [`stage::Stage`] one box of the recipe's figure, an [`Artifact`] one arrow.

mod artifact;
pub mod preset;
mod progress;
pub mod run;
pub mod stage;
mod usage;

pub use artifact::{Artifact, ArtifactError};
pub use progress::Progress;
pub use usage::UsageError;
