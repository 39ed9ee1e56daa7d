//! A case as it lies in the file, in our own terms.

use std::collections::BTreeMap;

use anyhow::{Result, anyhow};
use grpo::{AdvantageScale, GrpoConfig, KlIn, LossScale, Objective, RewardParts};
use serde_json::Value;

use super::super::fields::Fields;

/// Rows of a batch; B of T numbers.
pub(super) type Rows = Vec<Vec<f64>>;

pub(super) struct Case {
    pub(super) name: String,
    pub(super) settings: Settings,
    /// `[B][F]`; not a number where a reward could not judge.
    pub(super) rewards: Rows,
    /// `[B][T]`: which tokens are a response's.
    pub(super) mask: Vec<Vec<bool>>,
    pub(super) log_probs: Rows,
    /// Of the policy that sampled; `None`: they are the policy's own.
    pub(super) old: Option<Rows>,
    /// Of the reference; there where β is not 0.
    pub(super) reference: Option<Rows>,
    pub(super) expected: Expected,
}

/// How the loss is computed.
pub(in crate::parity) struct Settings {
    pub(in crate::parity) grpo: GrpoConfig,
    /// G.
    pub(in crate::parity) group: usize,
    /// Weights of the rewards.
    pub(in crate::parity) weights: Vec<f64>,
    /// Batches of which gradients are added; a loss that is a mean over one is divided by them.
    pub(super) accumulation: f64,
    /// Tokens an optimizer step has on average, over its batches.
    pub(super) step_tokens: f64,
}

/// What the reference computed.
pub(super) struct Expected {
    pub(super) advantages: Vec<f64>,
    pub(super) kl: Option<Rows>,
    pub(super) loss: f64,
    pub(super) gradient: Rows,
    pub(super) metrics: BTreeMap<String, f64>,
}

impl Case {
    pub(super) fn read(value: &Value) -> Result<Self> {
        let name = value.get("name").and_then(Value::as_str);
        let name = name.ok_or_else(|| anyhow!("a case without `name`"))?;
        let mut fields = Fields::new(format!("case {name}"), value.clone())?;
        let rewards: Vec<Vec<Option<f64>>> = fields.take("rewards_per_func")?;
        let rewards: Rows = rewards
            .into_iter()
            .map(|row| row.into_iter().map(|r| r.unwrap_or(f64::NAN)).collect())
            .collect();
        let mask: Rows = fields.take("mask")?;
        let case = Self {
            name: fields.take("name")?,
            settings: Settings::read(fields.object("config")?, &rewards)?,
            mask: mask
                .iter()
                .map(|row| row.iter().map(|&m| m != 0.0).collect())
                .collect(),
            log_probs: fields.take("logps")?,
            old: fields.maybe("old_logps")?,
            reference: fields.maybe("ref_logps")?,
            expected: Expected::read(fields.object("expected")?)?,
            rewards,
        };
        let iteration: u32 = fields.take("iteration")?;
        case.check(iteration, &fields)?;
        fields.end()?;
        Ok(case)
    }

    /// Checks that everything is there and has the batch's shape.
    fn check(&self, iteration: u32, fields: &Fields) -> Result<()> {
        let refuse = |holds: bool, message: &str| match holds {
            true => Ok(()),
            false => Err(fields.error(message)),
        };
        refuse(iteration > 0, "`iteration` begins with 1")?;
        let width = self.mask.first().map_or(0, Vec::len);
        refuse(width > 0, "`mask` is empty")?;
        let shaped = |rows: &Rows| {
            rows.len() == self.mask.len() && rows.iter().all(|row| row.len() == width)
        };
        let mask = self.mask.iter().all(|row| row.len() == width);
        refuse(mask, "`mask` has rows of several lengths")?;
        let all = [
            ("logps", Some(&self.log_probs)),
            ("old_logps", self.old.as_ref()),
            ("ref_logps", self.reference.as_ref()),
            ("expected.grad", Some(&self.expected.gradient)),
            ("expected.kl", self.expected.kl.as_ref()),
        ];
        for (name, rows) in all {
            let message = format!("`{name}` has not the shape of `mask`");
            refuse(rows.is_none_or(shaped), &message)?;
        }
        let rows = self.mask.len();
        let message = "`rewards_per_func` has not the rows of `mask`";
        refuse(self.rewards.len() == rows, message)?;
        let message = "`expected.advantages` has not the rows of `mask`";
        refuse(self.expected.advantages.len() == rows, message)?;
        let needed = self.settings.grpo.beta != 0.0;
        let message = "`ref_logps` is needed where `beta` is not 0";
        refuse(!needed || self.reference.is_some(), message)?;
        let message = "`expected.kl` is to be there where `beta` is not 0, and nowhere else";
        refuse(needed == self.expected.kl.is_some(), message)
    }
}

const OBJECTIVES: [(&str, Objective); 8] = [
    ("grpo", Objective::Grpo),
    ("bnpo", Objective::Bnpo),
    ("dr_grpo", Objective::DrGrpo),
    ("dapo", Objective::Dapo),
    ("cispo", Objective::Cispo),
    ("sapo", Objective::Sapo),
    ("luspo", Objective::Luspo),
    ("vespo", Objective::Vespo),
];

impl Settings {
    pub(in crate::parity) fn read(mut fields: Fields, rewards: &Rows) -> Result<Self> {
        use grpo::Importance::{Sequence, Token};

        let objective = fields.choice("loss_type", &OBJECTIVES)?;
        let importance = fields.choice(
            "importance_sampling_level",
            &[("token", Token), ("sequence", Sequence)],
        )?;
        let epsilon = fields.take("epsilon")?;
        let advantage_scale = fields.choice(
            "scale_rewards",
            &[
                ("group", AdvantageScale::Group),
                ("batch", AdvantageScale::Batch),
                ("none", AdvantageScale::None),
            ],
        )?;
        let reward_parts = fields.choice(
            "multi_objective_aggregation",
            &[
                ("sum_then_normalize", RewardParts::Sum),
                ("normalize_then_sum", RewardParts::Decoupled),
            ],
        )?;
        let weighted = fields.maybe("use_bias_correction_kl")?.unwrap_or(false);
        let longest = fields.take("max_completion_length")?;
        let grpo = GrpoConfig {
            importance,
            epsilon,
            epsilon_high: fields.maybe("epsilon_high")?.unwrap_or(epsilon),
            dual_clip: fields.maybe("delta")?,
            beta: fields.take("beta")?,
            kl_in: if weighted {
                KlIn::WeightedLoss
            } else {
                KlIn::Loss
            },
            advantage_scale,
            reward_parts,
            temperature: fields.maybe("temperature")?.unwrap_or(1.0),
            ..GrpoConfig::of(objective, longest)
        };
        let accumulation: f64 = fields.take("gradient_accumulation_steps")?;
        let of_rollout: f64 = fields.take("steps_per_generation")?;
        let tokens: Option<f64> = fields.maybe("num_items_in_batch")?;
        let group: usize = fields.take("num_generations")?;
        let parts = rewards.first().map_or(0, Vec::len);
        let weights: Option<Vec<f64>> = fields.maybe("reward_weights")?;
        let weights = weights.unwrap_or_else(|| vec![1.0; parts]);

        let refuse = |holds: bool, message: &str| match holds {
            true => Ok(()),
            false => Err(fields.error(message)),
        };
        let divides = group > 0 && rewards.len().is_multiple_of(group);
        refuse(divides, "`num_generations` does not divide the batch")?;
        let fit = parts > 0 && rewards.iter().all(|row| row.len() == weights.len());
        refuse(fit, "`reward_weights` are not as many as rewards")?;
        refuse(
            accumulation > 0.0,
            "`gradient_accumulation_steps` is not above 0",
        )?;
        refuse(of_rollout > 0.0, "`steps_per_generation` is not above 0")?;
        refuse(longest > 0, "`max_completion_length` is not above 0")?;
        let counted = grpo.loss_scale != LossScale::Rollout || tokens.is_some();
        refuse(
            counted,
            "`num_items_in_batch` is needed by this `loss_type`",
        )?;
        fields.end()?;
        Ok(Self {
            grpo,
            group,
            weights,
            accumulation,
            // A rollout has its tokens spread over `steps_per_generation` batches.
            step_tokens: tokens.unwrap_or(1.0).max(1.0) * accumulation / of_rollout,
        })
    }
}

impl Expected {
    fn read(mut fields: Fields) -> Result<Self> {
        let expected = Self {
            advantages: fields.take("advantages")?,
            kl: fields.maybe("kl")?,
            loss: fields.take("loss")?,
            gradient: fields.take("grad")?,
            metrics: fields.maybe("metrics")?.unwrap_or_default(),
        };
        fields.end()?;
        Ok(expected)
    }
}
