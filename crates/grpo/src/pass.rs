//! One pass over a minibatch: the gradient of its loss, and what is measured on the way.

use burn::tensor::Tensor;
use lm::{CausalLm, RouterSums, Sequence, micro_batches, score, score_with_entropy};
use trainer::{Apart, Share, TrainError, Trainer};

use crate::average::Counts;
use crate::config::GrpoConfig;
use crate::objective::token_terms;
use crate::rows::{Row, vector};

/// What a micro-batch saw: sums over its tokens, and the largest gap.
pub(crate) struct Seen {
    pub(crate) loss: f64,
    pub(crate) tokens: f64,
    pub(crate) kl: f64,
    pub(crate) entropy: f64,
    pub(crate) clipped: f64,
    /// Those of them with a ratio below 1.
    pub(crate) clipped_low: f64,
    /// Differences from the log-probs of the sampler, absolute.
    pub(crate) gap: f64,
    pub(crate) gap_max: f64,
    pub(crate) routers: Vec<RouterSums>,
}

/// The mean of a sum over the tokens of all micro-batches.
pub(crate) fn per_token(seen: &[Seen], sum: fn(&Seen) -> f64) -> f64 {
    let tokens: f64 = seen.iter().map(|part| part.tokens).sum();
    // Not `sum`: of nothing it is −0.
    seen.iter().fold(0.0, |total, part| total + sum(part)) / tokens.max(1.0)
}

/// Accumulates the gradient of a minibatch.
pub(crate) fn pass<M: CausalLm>(
    trainer: &mut Trainer<M>,
    reference: Option<&M>,
    rows: &[Row],
    counts: &Counts,
    config: &GrpoConfig,
    micro_tokens: usize,
) -> Result<Vec<Seen>, TrainError> {
    let rows: Vec<&Row> = rows.iter().filter(|row| !row.masked).collect();
    let lengths: Vec<usize> = rows.iter().map(|row| row.sequence.tokens.len()).collect();
    let parts = micro_batches(&lengths, micro_tokens);
    trainer.accumulate(&parts, |model, part| {
        let here: Vec<&Row> = part.iter().map(|&i| rows[i]).collect();
        share(model, reference, &here, counts, config)
    })
}

/// The share of `rows` in a minibatch of `counts`.
pub(crate) fn share<M: CausalLm>(
    model: &M,
    reference: Option<&M>,
    rows: &[&Row],
    counts: &Counts,
    config: &GrpoConfig,
) -> Share<Seen> {
    let sequences: Vec<Sequence> = rows.iter().map(|row| row.sequence.clone()).collect();
    let scores = match config.entropy_bonus > 0.0 {
        true => score_with_entropy(model, &sequences, config.temperature),
        false => score(model, &sequences, config.temperature),
    };
    let load = scores.load();
    let device = scores.log_probs_n.device();
    let of_tokens = |values: fn(&Row) -> &[f32]| -> Tensor<1> {
        let values = rows.iter().flat_map(|row| values(row).to_vec());
        vector(values.collect(), &device)
    };
    let old_n = of_tokens(|row| &row.old);
    let gap_n = (scores.log_probs_n.clone().detach() - old_n.clone()).abs();
    let reference_n = reference.map(|reference| {
        let scores = score(reference, &sequences, config.temperature);
        scores.log_probs_n.without_autodiff()
    });
    let lengths: Vec<usize> = rows.iter().map(|row| row.old.len()).collect();
    let tokens: usize = lengths.iter().sum();
    let terms = token_terms(
        scores.log_probs_n,
        old_n,
        reference_n,
        of_tokens(|row| &row.advantages),
        &lengths,
        config,
    );
    let entropy = scores.entropy_n.sum();
    let mut loss_n = terms.surrogate_n;
    let mut kl = Tensor::zeros([1], &device);
    if let Some(kl_n) = terms.kl_n {
        kl = kl_n.clone().detach().sum();
        loss_n = loss_n + kl_n * config.beta;
    }
    let weights = lengths.iter().flat_map(|&length| {
        let weight = config.loss_scale.weight(length, counts) as f32;
        std::iter::repeat_n(weight, length)
    });
    let mut loss = (loss_n * vector(weights.collect(), &device)).sum();
    if config.entropy_bonus > 0.0 {
        loss = loss - entropy.clone() * (config.entropy_bonus / counts.tokens as f64);
    }
    // One reading for all: each would make an accelerator wait.
    let measured = [
        loss.clone().detach(),
        kl,
        entropy.detach(),
        (terms.clipped_n.clone() * terms.ratio_n.lower_elem(1.0).float()).sum(),
        terms.clipped_n.sum(),
        gap_n.clone().sum(),
        gap_n.max(),
    ];
    let measured = Tensor::cat(measured.to_vec(), 0).into_data();
    let measured: Vec<f64> = measured.iter::<f32>().map(f64::from).collect();
    if let Some(aux) = scores.aux_loss {
        loss = loss + aux * (tokens as f64 / counts.tokens as f64);
    }
    Share {
        loss,
        load,
        apart: Apart::default(),
        report: Seen {
            loss: measured[0],
            tokens: tokens as f64,
            kl: measured[1],
            entropy: measured[2],
            clipped_low: measured[3],
            clipped: measured[4],
            gap: measured[5],
            gap_max: measured[6],
            routers: scores.routers,
        },
    }
}
