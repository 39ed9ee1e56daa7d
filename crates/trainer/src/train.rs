//! The trainer: a model, its optimizer, and the gradients collected for the next step.

use burn::tensor::Tensor;
use kernels::{lanes, side_by_side};
use lm::{CausalLm, Tape};
use serde::{Deserialize, Serialize};

use crate::adamw::{AdamWConfig, Moments, apply};
use crate::gradients::{Apart, GradientSum, spoiled};
use crate::schedule::Schedule;

/// Settings of a training run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainerConfig {
    /// The optimizer.
    pub adamw: AdamWConfig,
    /// The learning rate.
    pub schedule: Schedule,
    /// Gradients whose global norm is larger are scaled down to it.
    pub clip: f64,
    /// Whether a pass keeps the inputs of the model's blocks alone and computes each block again on
    /// its way back ([`Tape`]): the same gradients in less memory and more time.
    #[serde(default)]
    pub checkpointing: bool,
}

/// What a step did.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct StepReport {
    /// Number of this step, from 1.
    pub step: usize,
    /// Learning rate it used.
    pub lr: f64,
    /// Global gradient norm before clipping.
    pub grad_norm: f64,
    /// Tokens of the busiest expert over the mean, the highest of all layers; 1 for dense models.
    pub max_load: f64,
}

/// Why training cannot go on.
#[derive(Debug, Clone, thiserror::Error, PartialEq)]
pub enum TrainError {
    /// The loss or a gradient overflowed.
    #[error(
        "step {step}: the {what} is {value}{}; the model is as it was before this step. \
         Lower the learning rate or look at the data of this step",
        first(.tensor)
    )]
    NotFinite {
        /// The step that was not taken.
        step: usize,
        /// Loss or gradient norm.
        what: &'static str,
        /// Infinite or not a number.
        value: f64,
        /// The first parameter whose gradient overflowed, or whose weight is not finite where the loss
        /// is not.
        tensor: Option<String>,
    },
}

fn first(tensor: &Option<String>) -> String {
    match tensor {
        Some(tensor) => format!(", first in `{tensor}`"),
        None => String::new(),
    }
}

/// What one micro-batch brings to a step.
#[derive(Debug)]
pub struct Share<T> {
    /// Its part of the loss.
    pub loss: Tensor<1>,
    /// Tokens each expert received, layer by layer.
    pub load: Vec<Vec<u64>>,
    /// Gradients taken already, beside those of `loss`.
    pub apart: Apart,
    /// What the caller wants to know of it.
    pub report: T,
}

/// Gradients of micro-batches under way at once take this much memory at most. A model too large
/// for two takes one at a time, with every thread at work on it.
const REPLICA_BYTES: usize = 1 << 30;

/// A model in training.
#[derive(Debug)]
pub struct Trainer<M> {
    model: Option<M>,
    config: TrainerConfig,
    moments: Moments,
    gradients: GradientSum,
    load: Vec<Vec<u64>>,
    steps: usize,
}

impl<M: CausalLm> Trainer<M> {
    /// Starts from `model` with a fresh optimizer.
    pub fn new(model: M, config: TrainerConfig) -> Self {
        Self {
            model: Some(model.train()),
            config,
            moments: Moments::default(),
            gradients: GradientSum::default(),
            load: Vec::new(),
            steps: 0,
        }
    }

    /// The model as it stands, tracking gradients.
    pub fn model(&self) -> &M {
        self.model
            .as_ref()
            .expect("only a step takes the model, and it puts it back")
    }

    /// A copy for inference.
    pub fn snapshot(&self) -> M {
        self.model().valid()
    }

    /// Ends training.
    pub fn into_model(self) -> M {
        self.snapshot()
    }

    /// What it was made with.
    pub fn config(&self) -> &TrainerConfig {
        &self.config
    }

    /// Steps taken.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// Bytes of the moments the optimizer keeps: none of a parameter that never had a gradient.
    pub fn optimizer_bytes(&self) -> usize {
        self.moments.bytes()
    }

    /// What the optimizer remembers.
    pub(crate) fn moments(&self) -> &Moments {
        &self.moments
    }

    /// Puts a model, moments and a number of steps in the place of its own.
    pub(crate) fn change(&mut self, moments: Moments, steps: usize, model: impl FnOnce(M) -> M) {
        let taken = self.model.take();
        self.model = Some(model(taken.expect("the model is there between steps")));
        self.moments = moments;
        self.steps = steps;
        self.discard();
    }

    /// Adds the gradients of the micro-batches `parts` of one step, several at a time where the
    /// device can ([`kernels::lanes`]), and returns what `share` reports of each.
    ///
    /// Each share must bring its part of the same mean: divide by the token count of the whole
    /// step, not of the part. Gradients are added in the order of the parts, so the sum does not
    /// depend on how many ran at once.
    pub fn accumulate<P: Sync, T: Send>(
        &mut self,
        parts: &[P],
        share: impl Fn(&M, &P) -> Share<T> + Sync,
    ) -> Result<Vec<T>, TrainError> {
        let device = self.model().device();
        let bytes = 4 * self.model().parameters().0;
        let lanes = lanes(&device).min(REPLICA_BYTES / bytes.max(1)).max(1);
        let checkpointing = self.config.checkpointing;
        let mut reports = Vec::with_capacity(parts.len());
        for wave in parts.chunks(lanes) {
            // A replica shares the weights' memory; its own nodes keep the graphs apart.
            let replicas: Vec<(M, &P)> = wave
                .iter()
                .map(|part| (self.model().valid().train(), part))
                .collect();
            let run = |(model, part): (M, &P)| {
                let tape = Tape::default();
                let model = match checkpointing {
                    true => model.checkpointed(&tape),
                    false => model,
                };
                let Share {
                    loss,
                    load,
                    apart,
                    report,
                } = share(&model, part);
                let value = f64::from(loss.clone().into_scalar::<f32>());
                let gradients = value.is_finite().then(|| {
                    let mut sum = apart.0;
                    let mut found = loss.backward();
                    tape.replay(&mut found, |found| sum.add(GradientSum::of(&model, found)));
                    sum.add(GradientSum::of(&model, found));
                    sum
                });
                (value, gradients, load, report)
            };
            let done = if lanes == 1 {
                replicas.into_iter().map(run).collect()
            } else {
                side_by_side(&device, replicas, run)
            };
            for (value, gradients, load, report) in done {
                let Some(gradients) = gradients else {
                    let tensor = spoiled(&self.model().valid());
                    return Err(self.refuse("loss", value, tensor));
                };
                self.gradients.add(gradients);
                self.count(&load);
                reports.push(report);
            }
        }
        Ok(reports)
    }

    /// Adds the tokens each expert received.
    fn count(&mut self, load: &[Vec<u64>]) {
        self.load.resize(load.len(), Vec::new());
        for (total, part) in self.load.iter_mut().zip(load) {
            total.resize(part.len(), 0);
            total
                .iter_mut()
                .zip(part)
                .for_each(|(total, part)| *total += part);
        }
    }

    /// Applies what was accumulated.
    pub fn step(&mut self) -> Result<StepReport, TrainError> {
        let grad_norm = self.grad_norm();
        if !grad_norm.is_finite() {
            let tensor = self.gradients.not_finite();
            return Err(self.refuse("gradient norm", grad_norm, tensor));
        }
        let lr = self.config.schedule.rate(self.steps);
        let scale = self.config.clip / (grad_norm + 1e-6);
        self.steps += 1;
        let model = self
            .model
            .take()
            .expect("a step is not taken inside another");
        let adamw = &self.config.adamw;
        let model = apply(
            model,
            &mut self.moments,
            &mut self.gradients,
            adamw,
            lr,
            scale,
            self.steps,
        );
        let load = std::mem::take(&mut self.load);
        self.model = Some(model.after_step(&load));
        self.gradients.clear();
        Ok(StepReport {
            step: self.steps,
            lr,
            grad_norm,
            max_load: max_load(&load),
        })
    }

    /// The global norm of what was accumulated.
    pub fn grad_norm(&self) -> f64 {
        self.gradients.norm()
    }

    /// Forgets what was accumulated.
    pub fn discard(&mut self) {
        self.gradients.clear();
        self.load.clear();
    }

    fn refuse(&mut self, what: &'static str, value: f64, tensor: Option<String>) -> TrainError {
        self.discard();
        TrainError::NotFinite {
            step: self.steps + 1,
            what,
            value,
            tensor,
        }
    }
}

/// The busiest expert's tokens over the mean, the highest of all layers.
fn max_load(load: &[Vec<u64>]) -> f64 {
    load.iter()
        .map(|layer| {
            let total: u64 = layer.iter().sum();
            let most = layer.iter().max().copied().unwrap_or(0);
            most as f64 * layer.len() as f64 / total.max(1) as f64
        })
        .fold(1.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn load_is_relative_to_the_mean() {
        assert_eq!(max_load(&[]), 1.0);
        assert_eq!(max_load(&[vec![2, 2], vec![3, 1]]), 1.5);
    }
}
