//! One step of masked next-token training.

use lm::{CausalLm, Sequence, micro_batches, score};
use serde::Serialize;
use trainer::{Share, StepReport, TrainError, Trainer};

/// What a step did.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SftReport {
    /// Mean negative log-probability of the targets, in nats.
    pub loss: f64,
    /// Target tokens.
    pub tokens: usize,
    /// The optimizer's side.
    #[serde(flatten)]
    pub step: StepReport,
}

/// Takes one step on the mean loss over all targets of `batch`:
/// −(1/N) Σ log π(target), N counted over the whole batch, so that cutting it into micro-batches
/// of at most `micro_tokens` padded tokens changes nothing.
pub fn step<M: CausalLm>(
    trainer: &mut Trainer<M>,
    batch: &[&Sequence],
    micro_tokens: usize,
) -> Result<SftReport, TrainError> {
    let lengths: Vec<usize> = batch.iter().map(|sequence| sequence.tokens.len()).collect();
    let tokens: usize = batch.iter().map(|sequence| sequence.targets()).sum();
    let parts = micro_batches(&lengths, micro_tokens);
    let losses = trainer.accumulate(&parts, |model, part| {
        let sequences: Vec<Sequence> = part.iter().map(|&i| batch[i].clone()).collect();
        let targets: usize = sequences.iter().map(Sequence::targets).sum();
        let scores = score(model, &sequences, 1.0);
        let nll = scores.log_probs_n.sum() / -(tokens as f64);
        let report = f64::from(nll.clone().into_scalar::<f32>());
        let loss = match scores.aux_loss {
            Some(aux) => nll + aux * (targets as f64 / tokens as f64),
            None => nll,
        };
        Share {
            loss,
            load: scores.load,
            report,
        }
    })?;
    Ok(SftReport {
        loss: losses.iter().sum(),
        tokens,
        step: trainer.step()?,
    })
}
