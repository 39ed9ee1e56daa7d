//! One GRPO step: from scored groups to an updated policy.

use burn::tensor::{Device, Tensor, TensorData};
use data::Finish;
use lm::{CausalLm, Sequence, micro_batches, score};
use serde::Serialize;
use trainer::{TrainError, Trainer};

use crate::advantage::{advantages, deviation, mean};
use crate::group::Group;
use crate::objective::{GrpoConfig, token_terms};

/// What a step saw and did. Means are over responses unless stated.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct GrpoReport {
    /// Step number, from 1.
    pub step: usize,
    /// Total reward.
    pub reward: f64,
    /// Its standard deviation.
    pub reward_std: f64,
    /// Share of right answers among the judged.
    pub accuracy: f64,
    /// Format score.
    pub format: f64,
    /// Language score.
    pub language: f64,
    /// KL to the reference, mean over tokens; 0 without a reference.
    pub kl: f64,
    /// Entropy of the policy in nats, mean over tokens.
    pub entropy: f64,
    /// Share of tokens whose gradient the clip cut off.
    pub clip_fraction: f64,
    /// Global gradient norm before clipping, mean over optimizer steps.
    pub grad_norm: f64,
    /// Response length in tokens.
    pub tokens_mean: f64,
    /// Share of responses cut off at the budget.
    pub truncated: f64,
    /// Share of groups whose rewards are all equal.
    pub groups_tied: f64,
    /// Share of answers that could not be judged.
    pub unjudged: f64,
    /// Learning rate of the last optimizer step.
    pub lr: f64,
    /// Largest difference between a token's log-prob when sampled and when trained on.
    pub sampler_gap_max: f64,
    /// The busiest expert's load over the mean.
    pub max_load: f64,
}

/// A response ready to be trained on.
struct Row {
    sequence: Sequence,
    old: Vec<f32>,
    advantage: f64,
}

/// Improves the policy on `groups`; `reference` is the model KL is measured against.
///
/// Responses are weighed as the objective says over the whole minibatch, so cutting it into
/// micro-batches of at most `micro_tokens` padded tokens changes nothing.
pub fn step<M: CausalLm>(
    trainer: &mut Trainer<M>,
    reference: Option<&M>,
    groups: &[Group],
    config: &GrpoConfig,
    micro_tokens: usize,
) -> Result<GrpoReport, TrainError> {
    let rows = rows(groups, config);
    let mut report = describe(groups);
    let mut passes = Passes::default();
    let size = rows.len().div_ceil(config.minibatches.max(1)).max(1);
    for epoch in 0..config.inner_epochs {
        for minibatch in rows.chunks(size) {
            let first = epoch == 0 && passes.steps == 0;
            pass(
                trainer,
                reference,
                minibatch,
                config,
                micro_tokens,
                first,
                &mut passes,
            )?;
            let stepped = trainer.step()?;
            passes.steps += 1;
            passes.grad_norm += stepped.grad_norm;
            report.lr = stepped.lr;
            report.max_load = stepped.max_load;
        }
    }
    let tokens = passes.tokens.max(1) as f64;
    report.kl = passes.kl / tokens;
    report.entropy = passes.entropy / tokens;
    report.clip_fraction = passes.clipped / tokens;
    report.grad_norm = passes.grad_norm / passes.steps.max(1) as f64;
    report.sampler_gap_max = passes.gap;
    Ok(report)
}

/// Sums over the passes of a step.
#[derive(Default)]
struct Passes {
    tokens: usize,
    steps: usize,
    kl: f64,
    entropy: f64,
    clipped: f64,
    grad_norm: f64,
    gap: f64,
}

fn pass<M: CausalLm>(
    trainer: &mut Trainer<M>,
    reference: Option<&M>,
    rows: &[Row],
    config: &GrpoConfig,
    micro_tokens: usize,
    on_policy: bool,
    passes: &mut Passes,
) -> Result<(), TrainError> {
    let total: usize = rows.iter().map(|row| row.old.len()).sum();
    let lengths: Vec<usize> = rows.iter().map(|row| row.sequence.tokens.len()).collect();
    for micro in micro_batches(&lengths, micro_tokens) {
        let rows_here: Vec<&Row> = micro.iter().map(|&i| &rows[i]).collect();
        let sequences: Vec<Sequence> = rows_here.iter().map(|row| row.sequence.clone()).collect();
        let scores = score(trainer.model(), &sequences, config.temperature);
        let device = scores.log_probs_n.device();
        let per_token = |value: &dyn Fn(&Row) -> f64| -> Tensor<1> {
            let values = rows_here
                .iter()
                .flat_map(|row| std::iter::repeat_n(value(row) as f32, row.old.len()));
            vector(values.collect(), &device)
        };
        let advantage_n = per_token(&|row| row.advantage);
        let weight_n = per_token(&|row| config.loss_scale.weight(row.old.len(), rows.len(), total));
        let old: Vec<f32> = rows_here
            .iter()
            .flat_map(|row| row.old.iter().copied())
            .collect();
        let reference_n = reference.filter(|_| config.beta > 0.0).map(|reference| {
            let scores = score(reference, &sequences, config.temperature);
            vector(
                scores.log_probs_n.into_data().iter::<f32>().collect(),
                &device,
            )
        });

        let log_probs: Vec<f32> = scores.log_probs_n.to_data().iter::<f32>().collect();
        if on_policy {
            passes.gap = largest_gap(&log_probs, &old).max(passes.gap);
        }
        let old_n = vector(old, &device);
        let terms = token_terms(scores.log_probs_n, old_n, reference_n, advantage_n, config);
        passes.tokens += log_probs.len();
        passes.entropy += sum(&scores.entropy_n);
        passes.clipped += sum(&terms.clipped_n);
        let mut loss_n = terms.surrogate_n;
        if let Some(kl_n) = terms.kl_n {
            passes.kl += sum(&kl_n);
            loss_n = loss_n + kl_n * config.beta;
        }
        let mut loss = (loss_n * weight_n).sum();
        if let Some(aux) = scores.aux_loss {
            loss = loss + aux * (log_probs.len() as f64 / total as f64);
        }
        trainer.accumulate(loss, &scores.load)?;
    }
    Ok(())
}

/// The responses to train on. One whose answer could not be judged has no reward to compare, so it
/// is left out of its group.
fn rows(groups: &[Group], config: &GrpoConfig) -> Vec<Row> {
    let judged = |group: &Group| -> Vec<usize> {
        (0..group.scores.len())
            .filter(|&i| group.scores[i].accuracy.is_some())
            .collect()
    };
    let rewards: Vec<Vec<f64>> = groups
        .iter()
        .map(|group| {
            judged(group)
                .iter()
                .map(|&i| f64::from(group.scores[i].total))
                .collect()
        })
        .collect();
    let advantages = advantages(&rewards, config.advantage_scale);
    let mut rows = Vec::new();
    for (group, advantages) in groups.iter().zip(advantages) {
        for (i, advantage) in judged(group).into_iter().zip(advantages) {
            let completion = &group.completions[i];
            let mut tokens = group.prompt.clone();
            tokens.extend(&completion.tokens);
            rows.push(Row {
                sequence: Sequence {
                    tokens,
                    context: group.prompt.len(),
                },
                old: completion.log_probs.clone(),
                advantage,
            });
        }
    }
    rows
}

fn describe(groups: &[Group]) -> GrpoReport {
    let scores: Vec<_> = groups.iter().flat_map(|group| &group.scores).collect();
    let completions: Vec<_> = groups.iter().flat_map(|group| &group.completions).collect();
    let rewards: Vec<f64> = scores.iter().map(|score| f64::from(score.total)).collect();
    let judged: Vec<f64> = scores
        .iter()
        .filter_map(|s| s.accuracy)
        .map(f64::from)
        .collect();
    let over = |count: usize, of: usize| count as f64 / of.max(1) as f64;
    let cut = completions
        .iter()
        .filter(|c| c.finish == Finish::Length)
        .count();
    let tied = groups
        .iter()
        .filter(|g| g.scores.windows(2).all(|p| p[0].total == p[1].total));
    GrpoReport {
        reward: mean(&rewards),
        reward_std: deviation(&rewards),
        accuracy: mean(&judged),
        format: mean(
            &scores
                .iter()
                .map(|s| f64::from(s.format))
                .collect::<Vec<_>>(),
        ),
        language: mean(
            &scores
                .iter()
                .map(|s| f64::from(s.language))
                .collect::<Vec<_>>(),
        ),
        tokens_mean: over(
            completions.iter().map(|c| c.tokens.len()).sum(),
            completions.len(),
        ),
        truncated: over(cut, completions.len()),
        groups_tied: over(tied.count(), groups.len()),
        unjudged: over(scores.len() - judged.len(), scores.len()),
        ..GrpoReport::default()
    }
}

fn largest_gap(new: &[f32], old: &[f32]) -> f64 {
    new.iter()
        .zip(old)
        .map(|(new, old)| f64::from((new - old).abs()))
        .fold(0.0, f64::max)
}

fn sum(tensor: &Tensor<1>) -> f64 {
    tensor.to_data().iter::<f32>().map(f64::from).sum()
}

fn vector(values: Vec<f32>, device: &Device) -> Tensor<1> {
    let length = values.len();
    Tensor::from_data(TensorData::new(values, [length]), device)
}
