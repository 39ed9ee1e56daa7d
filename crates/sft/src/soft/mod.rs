//! Logit distillation: the student learns the teacher's distribution over the next token, not its choice
//! alone (arXiv 1503.02531, section 2; its reverse, arXiv 2306.08543).
//!
//! ```text
//! (1 − α) · cross entropy + α · τ² · KL,  both as a mean over the targets
//! ```
//!
//! Of the teacher's distribution at temperature τ the k likeliest tokens are known and the rest as one
//! outcome, "another token": the divergence is that of these k + 1 outcomes, at most the full one, and
//! with k = vocabulary the full one itself. Logits are made, and their gradient taken, for
//! [`SoftLoss::chunk`] targets at a time. Left out: modules for further tokens, which are not trained here.

mod divergence;
mod targets;

use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Int, Tensor, TensorData};
use lm::{CausalLm, Sequence, micro_batches, router_reports, states};
use serde::Serialize;
use trainer::{Apart, Share, TrainError, Trainer};

use crate::{SftReport, StepError};
pub use divergence::{Divergence, divergence};
pub use targets::{Kept, SoftTargets, soft_targets};

/// How much of the loss is the teacher's distribution.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SoftLoss {
    /// Which way.
    pub divergence: Divergence,
    /// α, from 0 to 1.
    pub alpha: f64,
    /// τ, above 0; the targets must have been made with the same.
    pub temperature: f64,
    /// Targets whose logits are in memory at once, at least 1.
    pub chunk: usize,
}

/// What a step did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SoftReport {
    /// Mean divergence from the teacher, in nats, without α and τ².
    pub kl: f64,
    /// The rest; its loss is the cross entropy alone.
    #[serde(flatten)]
    pub sft: SftReport,
}

/// One step as [`crate::step`] takes it, with the teacher's distribution in the loss.
///
/// # Errors
/// A loss or gradient that is not finite.
pub fn soft_step<M: CausalLm>(
    trainer: &mut Trainer<M>,
    batch: &[(&Sequence, &SoftTargets)],
    micro_tokens: usize,
    loss: &SoftLoss,
) -> Result<SoftReport, StepError> {
    let tokens: usize = batch.iter().map(|(it, _)| it.targets()).sum();
    let taken = accumulate(trainer, batch, tokens, micro_tokens, loss)
        .and_then(|seen| trainer.step().map(|step| (seen, step)));
    let (seen, step) = taken.map_err(|cause| {
        StepError::find(cause, trainer, batch.len(), |trainer, at| {
            accumulate(trainer, &batch[at..=at], tokens, micro_tokens, loss).map(|_| ())
        })
    })?;
    let sum = |of: fn(&Seen) -> f64| seen.iter().map(of).sum::<f64>();
    let routers: Vec<_> = seen.iter().map(|(_, _, routers)| &**routers).collect();
    Ok(SoftReport {
        kl: sum(|seen| seen.1),
        sft: SftReport {
            loss: sum(|seen| seen.0),
            tokens,
            further: None,
            routers: router_reports(&routers),
            step,
        },
    })
}

/// Adds the gradients of the loss over `tokens` targets, those of `batch` among them.
fn accumulate<M: CausalLm>(
    trainer: &mut Trainer<M>,
    batch: &[(&Sequence, &SoftTargets)],
    tokens: usize,
    micro_tokens: usize,
    loss: &SoftLoss,
) -> Result<Vec<Seen>, TrainError> {
    let lengths: Vec<usize> = batch.iter().map(|(it, _)| it.tokens.len()).collect();
    let parts = micro_batches(&lengths, micro_tokens);
    trainer.accumulate(&parts, |model, part| {
        let part: Vec<(&Sequence, &SoftTargets)> = part.iter().map(|&at| batch[at]).collect();
        let sequences: Vec<Sequence> = part.iter().map(|(it, _)| (*it).clone()).collect();
        let targets: usize = sequences.iter().map(Sequence::targets).sum();
        let states = states(model, &sequences);
        let soft: Vec<&SoftTargets> = part.iter().map(|(_, soft)| *soft).collect();
        let mut apart = Apart::default();
        let pulled = pull(model, &states, &soft, tokens, loss, &mut apart);
        let load = states.routers.iter().map(|it| it.load.clone()).collect();
        let total = match states.aux_loss {
            Some(aux) => pulled.loss + aux * (targets as f64 / tokens as f64),
            None => pulled.loss,
        };
        Share {
            loss: total,
            load,
            apart,
            report: (pulled.nll, pulled.kl, states.routers),
        }
    })
}

/// Cross entropy, divergence, routers of a micro-batch.
type Seen = (f64, f64, Vec<lm::RouterSums>);

/// A micro-batch's share of the means.
struct Pulled {
    /// Its value and its gradient at the hidden states, as a loss of its own.
    loss: Tensor<1>,
    nll: f64,
    kl: f64,
}

/// Takes the loss of a micro-batch and its gradients chunk by chunk, so that logits are never whole: those
/// of the output layer go to `apart`, that of the hidden states into a loss whose gradient it is.
fn pull<M: CausalLm>(
    model: &M,
    states: &lm::States,
    soft: &[&SoftTargets],
    tokens: usize,
    loss: &SoftLoss,
    apart: &mut Apart,
) -> Pulled {
    let device = model.device();
    let [n, d] = states.hidden_nd.dims();
    let k = soft.first().map_or(1, |soft| soft.k);
    let ids: Vec<i32> = soft
        .iter()
        .flat_map(|it| &it.ids)
        .map(|id| *id as i32)
        .collect();
    let log_probs: Vec<f32> = soft.iter().flat_map(|it| it.log_probs.clone()).collect();
    assert_eq!(
        (ids.len(), log_probs.len()),
        (n * k, n * k),
        "a teacher's row for each target"
    );
    let mean = 1.0 / tokens as f64;
    let (mut nll, mut kl, mut total) = (0.0, 0.0, 0.0);
    let mut gradients = Vec::new();
    let hidden_nd = states.hidden_nd.clone().detach();
    for start in (0..n).step_by(loss.chunk) {
        let rows = loss.chunk.min(n - start);
        let of = start..start + rows;
        let hidden = hidden_nd
            .clone()
            .slice([of.clone(), 0..d])
            .detach()
            .require_grad();
        let logits = model.logits(hidden.clone());
        let target = ints(&states.targets[of.clone()], [rows, 1], &device);
        let chosen = log_softmax(logits.clone(), 1).gather(1, target);
        let nll_1 = chosen.sum().neg() * mean;
        let at = start * k..(start + rows) * k;
        let kl_1 = divergence(
            logits.div_scalar(loss.temperature),
            ints(&ids[at.clone()], [rows, k], &device),
            Tensor::from_data(TensorData::new(log_probs[at].to_vec(), [rows, k]), &device),
            loss.divergence,
        )
        .sum()
            * mean;
        let weight = loss.alpha * loss.temperature * loss.temperature;
        let whole = nll_1.clone() * (1.0 - loss.alpha) + kl_1.clone() * weight;
        nll += f64::from(nll_1.into_scalar::<f32>());
        kl += f64::from(kl_1.into_scalar::<f32>());
        total += f64::from(whole.clone().into_scalar::<f32>());
        let mut found = whole.backward();
        let gradient = hidden.grad_remove(&mut found);
        gradients.push(gradient.expect("the loss comes of the hidden states"));
        apart.add(model, found);
    }
    let pulled = match gradients.is_empty() {
        true => states.hidden_nd.clone().sum() * 0.0,
        false => {
            let gradient_nd = Tensor::from_inner(Tensor::cat(gradients, 0));
            let pulled = (states.hidden_nd.clone() * gradient_nd).sum();
            let value = pulled.clone().detach();
            // The value is that of the loss, the gradient that of the product.
            pulled - value + total
        }
    };
    Pulled {
        loss: pulled,
        nll,
        kl,
    }
}

fn ints<const D: usize>(values: &[i32], shape: [usize; D], device: &Device) -> Tensor<D, Int> {
    Tensor::from_data(TensorData::new(values.to_vec(), shape), device)
}
