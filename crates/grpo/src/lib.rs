//! Group relative policy optimization (DeepSeekMath, arXiv 2402.03300; R1, arXiv 2501.12948).
//!
//! For every problem the current policy writes G responses; each is rewarded, and its advantage is
//! its reward relative to the group's. No critic. The files read in that order: [`sample`] (groups),
//! `advantage`, `objective` (clipped surrogate and KL), [`step`] (one optimizer step).
#![recursion_limit = "256"]

mod advantage;
mod group;
mod objective;
mod step;

pub use advantage::{AdvantageScale, advantages};
pub use group::{Group, SampleOptions, sample};
pub use objective::{GrpoConfig, Kl, LossScale, TokenTerms, token_terms};
pub use step::{GrpoReport, step};
