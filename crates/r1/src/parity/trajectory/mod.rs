//! Proof that training goes the way a reference's went: the same batches, step by step, from the
//! same weights to the same weights.
//!
//! A case is a directory with a checkpoint, the weights it ended with (`final.safetensors`) and
//! `trajectory.json`: settings, batches, and what each optimizer step had as learning rate, loss and
//! gradient norm; in reinforcement learning also KL, clipped tokens, advantages and log-probs.
//! The steps are those of training itself: [`sft::step`], [`grpo::step`] and their trainer. A
//! mixture is trained without balancing, as the reference does.

mod case;
mod rl;
mod rollouts;
mod supervised;
mod weights;

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use moe_model::Decoder;
use serde::Serialize;

use super::measure::worse;
use crate::backend::device;
use case::{Case, Run};

/// The file that makes a directory such a case.
pub(super) const FILE: &str = "trajectory.json";

/// Differences from a reference's training run.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct TrajectoryDifferences {
    /// Directory of the case.
    pub case: String,
    /// Step by step.
    pub steps: Vec<StepDifferences>,
    /// Of the loss on the first batch after the last step, relative; 0 where it is not recorded.
    pub final_loss: f64,
    /// Of a tensor after the last step, relative in the L2 norm.
    pub weights: f64,
    /// The tensor with that difference.
    pub weights_of: String,
}

/// Differences of an optimizer step. All but those of log-probs are relative, to 0.001 where the
/// reference's number is smaller than that.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct StepDifferences {
    /// Of the learning rate.
    pub lr: f64,
    /// Of the loss.
    pub loss: f64,
    /// Of the gradient norm before clipping.
    pub grad_norm: f64,
    /// Of the mean KL estimate.
    pub kl: f64,
    /// Of the share of clipped tokens.
    pub clip_fraction: f64,
    /// Of an advantage, relative to it or to 1.
    pub advantages: f64,
    /// Of a token's log-prob under the policy or the reference, in nats.
    pub log_probs: f64,
}

/// Values smaller than this are compared as if they were this large.
const SMALL: f64 = 1e-3;
/// Largest difference of a learning rate.
const LR: f64 = 1e-9;
/// Largest difference of what is measured of a step.
const MEASURED: f64 = 1e-4;
/// Largest difference of a tensor. Four steps at a rate of 2e-4 move one by as little as 4e-4 of it,
/// so that one left untrained is seen.
const WEIGHTS: f64 = 5e-5;

impl StepDifferences {
    fn pass(&self) -> bool {
        let measured = [
            self.loss,
            self.grad_norm,
            self.kl,
            self.clip_fraction,
            self.advantages,
            self.log_probs,
        ];
        // A comparison does not hold for what is not a number.
        self.lr <= LR && measured.iter().all(|&difference| difference <= MEASURED)
    }
}

impl TrajectoryDifferences {
    /// Whether all are within their tolerance.
    pub fn pass(&self) -> bool {
        self.steps.iter().all(StepDifferences::pass)
            && self.final_loss <= MEASURED
            && self.weights <= WEIGHTS
    }

    fn line(&self) -> String {
        let most = |of: fn(&StepDifferences) -> f64| self.steps.iter().map(of).fold(0.0, worse);
        let failed = match self.steps.iter().position(|step| !step.pass()) {
            Some(at) => format!(", step {} is the first to differ", at + 1),
            None => String::new(),
        };
        format!(
            "{} {}: {} steps, learning rate {:.1e}, loss {:.1e}, gradient norm {:.1e}, KL {:.1e}, \
             clipped {:.1e}, advantages {:.1e}, log-probs {:.1e}, loss at the end {:.1e}, weights \
             {:.1e} ({}){failed}",
            if self.pass() { "pass" } else { "FAIL" },
            self.case,
            self.steps.len(),
            most(|step| step.lr),
            most(|step| step.loss),
            most(|step| step.grad_norm),
            most(|step| step.kl),
            most(|step| step.clip_fraction),
            most(|step| step.advantages),
            most(|step| step.log_probs),
            self.final_loss,
            self.weights,
            self.weights_of,
        )
    }
}

/// Compares the run in `dir` and prints a line; whether it passed.
pub(super) fn run(dir: &Path, json: bool, out: &mut dyn Write) -> Result<bool> {
    let found = compare(dir)?;
    if json {
        writeln!(out, "{}", serde_json::to_string(&found)?)?;
    } else {
        writeln!(out, "{}", found.line())?;
    }
    Ok(found.pass())
}

/// Repeats a recorded run and compares it, step by step.
///
/// # Errors
/// A file that is missing, damaged or not of the schema, named; a step that overflows.
pub fn compare(dir: &Path) -> Result<TrajectoryDifferences> {
    let case = Case::open(dir)?;
    let model = Decoder::load(dir, &device()?)?.without_balancing();
    let found = match &case.run {
        Run::Sft(run) => supervised::measure(&case, run, model),
        Run::Grpo(run) => rl::measure(&case, run, model),
    };
    found.with_context(|| dir.display().to_string())
}

/// Padded tokens in a micro-batch: a recorded batch takes several, as batches of training do.
const MICRO_TOKENS: usize = 48;

fn relative(found: f64, expected: f64) -> f64 {
    (found - expected).abs() / expected.abs().max(SMALL)
}

#[cfg(test)]
mod tests;
