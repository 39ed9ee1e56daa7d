//! Proximal policy optimization with a critic (arXiv 1707.06347), the thing GRPO replaces, on the
//! same responses, rewards and optimizer steps.
//!
//! A second model of the policy's size learns what a response will come to from each of its tokens
//! on; what a token adds to that is its advantage ([`gae`]), in place of the comparison with a
//! group. The surrogate, the KL term, masks and limits are those of [`crate::step`].

mod critic;
mod gae;
mod step;
mod value;

pub use critic::Critic;
pub use gae::gae;
pub use step::{CriticReport, PpoReport, step};

use serde::{Deserialize, Serialize};

/// Settings of the critic's side.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PpoConfig {
    /// γ, what a reward a token later is worth; 1 for responses that are rewarded at their end.
    pub gamma: f64,
    /// λ of the advantages: 0 trusts the critic, 1 the reward.
    pub lambda: f64,
    /// How far a value may move from what it was when the responses were sampled before the loss
    /// stops pulling (arXiv 2005.12729, section 3).
    pub value_clip: Option<f64>,
    /// Whether advantages are centred and divided by their standard deviation over all tokens.
    pub whiten: bool,
}

impl Default for PpoConfig {
    /// γ = 1, λ = 0.95, values clipped at 0.2, advantages whitened.
    fn default() -> Self {
        Self {
            gamma: 1.0,
            lambda: 0.95,
            value_clip: Some(0.2),
            whiten: true,
        }
    }
}
