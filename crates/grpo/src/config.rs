//! What is optimised: the settings of the objective, and the named objectives they make up.

use serde::{Deserialize, Serialize};

use crate::advantage::{AdvantageScale, Baseline, RewardParts};
use crate::average::LossScale;
use crate::error::{Offender, StepError};
use crate::kl::{Kl, KlIn};
use crate::ratio::Importance;
use crate::shaping::{Overlong, Truncated};
use crate::surrogate::Surrogate;

/// Objectives by name: a surrogate, what its ratio is taken of, and a mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Objective {
    /// arXiv 2402.03300, equation 3.
    Grpo,
    /// GRPO with the mean over the tokens of an optimizer step.
    Bnpo,
    /// GRPO with the sum over tokens divided by a constant (arXiv 2503.20783v2, section 3.2 and
    /// listing 1). Its paper takes [`AdvantageScale::None`] with it.
    DrGrpo,
    /// GRPO with the mean over the tokens of the rollout (arXiv 2503.14476v2, equation 8). Its
    /// paper takes ε_high = 0.28, β = 0, dynamic sampling and overlong shaping with it.
    Dapo,
    /// arXiv 2506.13585v1, equation 4.
    Cispo,
    /// GRPO with one ratio a response (arXiv 2507.18071v2, equation 5). Its paper takes ε = 3e-4
    /// and ε_high = 4e-4.
    Gspo,
    /// arXiv 2511.20347v2, equation 5.
    Sapo,
    /// GSPO with responses counted by their length (arXiv 2602.05261v1, equation 7).
    Luspo,
    /// arXiv 2602.10693v3, equation 20.
    Vespo,
}

impl Objective {
    /// All, from the plainest.
    pub const ALL: [Self; 9] = [
        Self::Grpo,
        Self::Bnpo,
        Self::DrGrpo,
        Self::Dapo,
        Self::Cispo,
        Self::Gspo,
        Self::Sapo,
        Self::Luspo,
        Self::Vespo,
    ];

    /// What it is made of, where a response has at most `longest` tokens.
    pub fn parts(self, longest: usize) -> (Surrogate, Importance, LossScale) {
        use Importance::{Sequence, Token};
        use Surrogate::{Cispo, Clip, Sapo, Vespo};

        match self {
            Self::Grpo => (Clip, Token, LossScale::Response),
            Self::Bnpo => (Clip, Token, LossScale::Token),
            Self::DrGrpo => (Clip, Token, LossScale::Constant(longest)),
            Self::Dapo => (Clip, Token, LossScale::Rollout),
            Self::Cispo => (Cispo, Token, LossScale::Rollout),
            Self::Gspo => (Clip, Sequence, LossScale::Response),
            Self::Sapo => (Sapo, Token, LossScale::Response),
            Self::Luspo => (Clip, Sequence, LossScale::Sum),
            Self::Vespo => (Vespo, Token, LossScale::Rollout),
        }
    }
}

/// Settings of the objective.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrpoConfig {
    /// The form of a token's loss.
    pub surrogate: Surrogate,
    /// What the importance ratio is taken of.
    pub importance: Importance,
    /// How token losses are averaged.
    pub loss_scale: LossScale,
    /// ε, how far the ratio may fall below 1.
    pub epsilon: f64,
    /// ε_high, how far it may rise above 1; the highest weight itself in CISPO.
    pub epsilon_high: f64,
    /// δ, the highest ratio there is, whatever the sign of the advantage; above 1 + ε_high.
    pub dual_clip: Option<f64>,
    /// β, weight of the KL term; 0 leaves the reference out.
    pub beta: f64,
    /// The estimator of the KL term.
    pub kl: Kl,
    /// Where it stands.
    pub kl_in: KlIn,
    /// Weight of the policy's mean entropy over the tokens of an optimizer step, in nats, which is
    /// taken off the loss; 0: none.
    pub entropy_bonus: f64,
    /// What advantages are divided by.
    pub advantage_scale: AdvantageScale,
    /// What is taken off a reward.
    pub baseline: Baseline,
    /// Where rewards of several parts are normalised. [`RewardParts::Decoupled`] has its own
    /// normalisation: `advantage_scale` and `baseline` then play no part.
    pub reward_parts: RewardParts,
    /// What becomes of a response that was cut off.
    pub truncated: Truncated,
    /// What long responses lose.
    pub overlong: Option<Overlong>,
    /// The highest mean KL from the reference an optimizer step may see, in nats a token.
    pub kl_limit: Option<f64>,
    /// The highest mean difference between a token's log-prob when sampled and when trained on.
    pub gap_limit: Option<f64>,
    /// Passes over the same responses.
    pub inner_epochs: usize,
    /// Optimizer steps a pass.
    pub minibatches: usize,
    /// The temperature responses were sampled at; log-probs are taken at the same.
    pub temperature: f64,
}

impl GrpoConfig {
    /// `objective` for responses of at most `longest` tokens, everything else as R1's recipe has it
    /// by default: ε 0.2 both ways, k3 with β = 0.01 in the loss, advantages by the group's mean
    /// and standard deviation, one optimizer step a rollout at temperature 1.
    pub fn of(objective: Objective, longest: usize) -> Self {
        let (surrogate, importance, loss_scale) = objective.parts(longest);
        Self {
            surrogate,
            importance,
            loss_scale,
            epsilon: 0.2,
            epsilon_high: 0.2,
            dual_clip: None,
            beta: 0.01,
            kl: Kl::K3,
            kl_in: KlIn::Loss,
            entropy_bonus: 0.0,
            advantage_scale: AdvantageScale::Group,
            baseline: Baseline::Mean,
            reward_parts: RewardParts::Sum,
            truncated: Truncated::Keep,
            overlong: None,
            kl_limit: None,
            gap_limit: None,
            inner_epochs: 1,
            minibatches: 1,
            temperature: 1.0,
        }
    }

    /// Refuses a KL beyond the limit, or one that is not a number.
    pub(crate) fn check_kl(
        &self,
        kl: f64,
        offender: impl FnOnce() -> Option<Offender>,
    ) -> Result<(), StepError> {
        match self.kl_limit {
            Some(limit) if kl.is_nan() || kl.abs() > limit => Err(StepError::Kl {
                kl,
                limit,
                offender: offender(),
            }),
            _ => Ok(()),
        }
    }

    /// Refuses a gap beyond the limit, or one that is not a number.
    pub(crate) fn check_gap(
        &self,
        gap: f64,
        offender: impl FnOnce() -> Option<Offender>,
    ) -> Result<(), StepError> {
        match self.gap_limit {
            Some(limit) if gap.is_nan() || gap > limit => Err(StepError::SamplerGap {
                gap,
                limit,
                offender: offender(),
            }),
            _ => Ok(()),
        }
    }
}
