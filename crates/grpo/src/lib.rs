//! Group relative policy optimization (DeepSeekMath, arXiv 2402.03300; R1, arXiv 2501.12948) and the
//! objectives that came of it.
//!
//! For every problem the current policy writes G responses; each is rewarded, and its advantage is
//! its reward relative to the group's. No critic. The files read in that order: [`sample`] (groups),
//! [`draw_untied`] (dynamic sampling), `shaping` (too long), `advantage`, then the loss of a token:
//! `ratio` (importance), `surrogate` (clip, CISPO, SAPO, VESPO), `kl`, put together in `objective`;
//! `average` makes one number of all tokens, `rows` are the responses of a step, and [`step`] is one
//! rollout's worth of optimizer steps. `config` has every choice, and the named [`Objective`]s.
//!
//! Gradients are automatic differentiation's; tests hold them against finite differences.
#![recursion_limit = "256"]

mod advantage;
mod alarm;
mod average;
mod config;
mod error;
mod group;
mod kl;
mod objective;
mod offender;
mod parts;
mod pass;
pub mod ppo;
mod ratio;
mod reference;
mod report;
mod resample;
mod rows;
mod shaping;
mod step;
mod surrogate;

pub use advantage::{
    AdvantageScale, Baseline, RewardParts, advantages, decoupled_advantages, weighted_sum,
};
pub use alarm::{Alarm, WINDOW, Watch};
pub use average::{Counts, LossScale};
pub use config::{GrpoConfig, Objective};
pub use error::{Offender, StepError};
pub use group::{Group, SampleOptions, sample};
pub use kl::{Kl, KlIn};
pub use objective::{TokenTerms, token_terms};
pub use parts::PartReport;
pub use ratio::Importance;
pub use report::GrpoReport;
pub use resample::{Drawn, draw_untied};
pub use shaping::{Overlong, Truncated};
pub use step::step;
pub use surrogate::Surrogate;
