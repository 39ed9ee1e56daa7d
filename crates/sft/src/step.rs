//! One step of masked next-token training.

use lm::{CausalLm, RouterReport, RouterSums, Sequence, micro_batches, router_reports, score};
use serde::Serialize;
use trainer::{Apart, Share, StepReport, TrainError, Trainer};

use crate::error::StepError;

/// What a step did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SftReport {
    /// Mean negative log-probability of the targets, in nats.
    pub loss: f64,
    /// Target tokens.
    pub tokens: usize,
    /// What modules for further tokens learned, where the model has them.
    #[serde(flatten)]
    pub further: Option<FurtherReport>,
    /// What the router of each mixture layer did, those of modules for further tokens last.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub routers: Vec<RouterReport>,
    /// The optimizer's side.
    #[serde(flatten)]
    pub step: StepReport,
}

/// What the modules that predict further tokens made of their targets.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct FurtherReport {
    /// Mean negative log-probability of the targets within their reach, in nats, without weight.
    pub mtp_loss: f64,
    /// Share of those targets that were a module's first choice, before the step.
    pub draft_accuracy: f64,
}

/// Takes one step on the mean loss over all targets of `batch`:
/// −(1/N) Σ log π(target), N counted over the whole batch, so that cutting it into micro-batches
/// of at most `micro_tokens` padded tokens changes nothing. The architecture's own losses are added.
///
/// # Errors
/// A loss or gradient that is not finite.
pub fn step<M: CausalLm>(
    trainer: &mut Trainer<M>,
    batch: &[&Sequence],
    micro_tokens: usize,
) -> Result<SftReport, StepError> {
    let tokens: usize = batch.iter().map(|sequence| sequence.targets()).sum();
    let taken = accumulate(trainer, batch, tokens, micro_tokens)
        .and_then(|seen| trainer.step().map(|step| (seen, step)));
    let (seen, step) = taken.map_err(|cause| {
        StepError::find(cause, trainer, batch.len(), |trainer, at| {
            accumulate(trainer, &batch[at..=at], tokens, micro_tokens).map(|_| ())
        })
    })?;
    Ok(SftReport {
        loss: seen.iter().map(|part| part.loss).sum(),
        tokens,
        further: further(&seen),
        routers: router_reports(&seen.iter().map(|part| &*part.routers).collect::<Vec<_>>()),
        step,
    })
}

/// Adds the gradients of the mean loss over `tokens` targets, those of `batch` among them.
fn accumulate<M: CausalLm>(
    trainer: &mut Trainer<M>,
    batch: &[&Sequence],
    tokens: usize,
    micro_tokens: usize,
) -> Result<Vec<Seen>, TrainError> {
    let lengths: Vec<usize> = batch.iter().map(|sequence| sequence.tokens.len()).collect();
    let parts = micro_batches(&lengths, micro_tokens);
    trainer.accumulate(&parts, |model, part| {
        let sequences: Vec<Sequence> = part.iter().map(|&i| batch[i].clone()).collect();
        let targets: usize = sequences.iter().map(Sequence::targets).sum();
        let scores = score(model, &sequences, 1.0);
        let load = scores.load();
        let nll = scores.log_probs_n.sum() / -(tokens as f64);
        let report = Seen {
            routers: scores.routers,
            loss: f64::from(nll.clone().into_scalar::<f32>()),
            further: scores.further.map(|further| {
                let right: i64 = further.first_choices.into_scalar();
                let nll: f32 = further.nll.into_scalar();
                [f64::from(nll), right as f64, further.targets as f64]
            }),
        };
        let loss = match scores.aux_loss {
            Some(aux) => nll + aux * (targets as f64 / tokens as f64),
            None => nll,
        };
        Share {
            loss,
            load,
            apart: Apart::default(),
            report,
        }
    })
}

/// What a micro-batch saw.
struct Seen {
    /// Its share of the loss.
    loss: f64,
    routers: Vec<RouterSums>,
    /// Sums of its modules for further tokens: loss, first choices, targets.
    further: Option<[f64; 3]>,
}

fn further(seen: &[Seen]) -> Option<FurtherReport> {
    let sum = |at: usize| -> f64 {
        seen.iter()
            .flat_map(|part| part.further)
            .map(|s| s[at])
            .sum()
    };
    let targets = sum(2);
    (targets > 0.0).then(|| FurtherReport {
        mtp_loss: sum(0) / targets,
        draft_accuracy: sum(1) / targets,
    })
}
