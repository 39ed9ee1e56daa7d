//! One GRPO step: from scored groups to an updated policy.

use burn::tensor::Tensor;
use data::Finish;
use lm::{
    CausalLm, RouterReport, RouterSums, Sequence, micro_batches, router_reports, score,
    score_with_entropy,
};
use serde::Serialize;
use trainer::{Share, TrainError, Trainer};

use crate::advantage::{deviation, mean};
use crate::average::Counts;
use crate::config::GrpoConfig;
use crate::group::Group;
use crate::kl::KlIn;
use crate::objective::token_terms;
use crate::rows::{Row, all_tokens, kl_sums, live_tokens, rows, vector};

/// What a step saw and did. Means are over responses unless stated.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct GrpoReport {
    /// Step number, from 1.
    pub step: usize,
    /// Total reward, before what its length and the KL may take off.
    pub reward: f64,
    /// Its standard deviation.
    pub reward_std: f64,
    /// Share of right answers among the judged.
    pub accuracy: f64,
    /// Format score.
    pub format: f64,
    /// Language score.
    pub language: f64,
    /// KL to the reference, mean over tokens; 0 without a reference. Where it is in the reward, it
    /// is that of the policy that sampled.
    pub kl: f64,
    /// Entropy of the policy in nats, mean over tokens.
    pub entropy: f64,
    /// Share of tokens whose ratio the clip or the cap held back; 0 where neither is.
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
    /// What the router of each mixture layer did, over all optimizer steps.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub routers: Vec<RouterReport>,
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
    let reference = reference.filter(|_| config.beta > 0.0);
    let in_reward = reference.filter(|_| config.kl_in == KlIn::Reward);
    let kl_sums = in_reward.map(|reference| kl_sums(reference, groups, config, micro_tokens));
    let reference = reference.filter(|_| config.kl_in != KlIn::Reward);
    let rows = rows(groups, config, kl_sums.as_deref());
    let mut report = describe(groups);
    let mut seen = Vec::new();
    let mut grad_norms = Vec::new();
    let size = rows.len().div_ceil(config.minibatches.max(1)).max(1);
    let rollout_tokens = live_tokens(&rows) as f64 / rows.chunks(size).count().max(1) as f64;
    for _ in 0..config.inner_epochs {
        for minibatch in rows.chunks(size).filter(|rows| live_tokens(rows) > 0) {
            let counts = Counts {
                responses: minibatch.len(),
                tokens: live_tokens(minibatch),
                rollout_tokens,
            };
            seen.extend(pass(
                trainer,
                reference,
                minibatch,
                &counts,
                config,
                micro_tokens,
            )?);
            if grad_norms.is_empty() {
                report.sampler_gap_max = seen.iter().map(|part| part.gap).fold(0.0, f64::max);
            }
            let stepped = trainer.step()?;
            grad_norms.push(stepped.grad_norm);
            report.lr = stepped.lr;
            report.max_load = stepped.max_load;
        }
    }
    let tokens: f64 = seen.iter().map(|part| part.tokens).sum();
    let per_token = |sum: fn(&Seen) -> f64| {
        let sums = seen.iter().map(sum);
        sums.fold(0.0, |total, part| total + part) / tokens.max(1.0)
    };
    report.kl = match &kl_sums {
        Some(sums) => sums.concat().iter().sum::<f64>() / all_tokens(groups).max(1) as f64,
        None => per_token(|part| part.kl),
    };
    report.entropy = per_token(|part| part.entropy);
    report.clip_fraction = per_token(|part| part.clipped);
    report.grad_norm = mean(&grad_norms);
    report.routers = router_reports(&seen.iter().map(|part| &*part.routers).collect::<Vec<_>>());
    Ok(report)
}

/// What a micro-batch saw: sums over its tokens, and the largest gap.
struct Seen {
    tokens: f64,
    kl: f64,
    entropy: f64,
    clipped: f64,
    gap: f64,
    routers: Vec<RouterSums>,
}

/// Accumulates the gradient of a minibatch.
fn pass<M: CausalLm>(
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
fn share<M: CausalLm>(
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
    let per_token = |value: &dyn Fn(&Row) -> f64| -> Tensor<1> {
        let values = rows
            .iter()
            .flat_map(|row| std::iter::repeat_n(value(row) as f32, row.old.len()));
        vector(values.collect(), &device)
    };
    let old: Vec<f32> = rows.iter().flat_map(|row| row.old.clone()).collect();
    let tokens = old.len();
    let old_n = vector(old, &device);
    let gap = (scores.log_probs_n.clone().detach() - old_n.clone()).abs();
    let reference_n = reference.map(|reference| {
        let scores = score(reference, &sequences, config.temperature);
        scores.log_probs_n.without_autodiff()
    });
    let advantage_n = per_token(&|row| row.advantage);
    let lengths: Vec<usize> = rows.iter().map(|row| row.old.len()).collect();
    let terms = token_terms(
        scores.log_probs_n,
        old_n,
        reference_n,
        advantage_n,
        &lengths,
        config,
    );
    let entropy = scores.entropy_n.sum();
    let mut measured = vec![gap.max(), entropy.clone().detach(), terms.clipped_n.sum()];
    let mut loss_n = terms.surrogate_n;
    if let Some(kl_n) = terms.kl_n {
        measured.push(kl_n.clone().detach().sum());
        loss_n = loss_n + kl_n * config.beta;
    }
    let weight = |row: &Row| config.loss_scale.weight(row.old.len(), counts);
    let mut loss = (loss_n * per_token(&weight)).sum();
    if config.entropy_bonus > 0.0 {
        loss = loss - entropy * (config.entropy_bonus / counts.tokens as f64);
    }
    if let Some(aux) = scores.aux_loss {
        loss = loss + aux * (tokens as f64 / counts.tokens as f64);
    }
    // One reading for all: each would make an accelerator wait.
    let measured = Tensor::cat(measured, 0).into_data();
    let measured: Vec<f64> = measured.iter::<f32>().map(f64::from).collect();
    Share {
        loss,
        load,
        report: Seen {
            routers: scores.routers,
            tokens: tokens as f64,
            gap: measured[0],
            entropy: measured[1],
            clipped: measured[2],
            kl: measured.get(3).copied().unwrap_or(0.0),
        },
    }
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
        tokens_mean: over(all_tokens(groups), completions.len()),
        truncated: over(cut, completions.len()),
        groups_tied: over(tied.count(), groups.len()),
        unjudged: over(scores.len() - judged.len(), scores.len()),
        ..GrpoReport::default()
    }
}
