//! The responses of a step as they are trained on: which, and with what advantages.

use burn::tensor::{Device, Tensor, TensorData};
use data::Finish;
use lm::{CausalLm, Sequence, micro_batches, score};

use crate::advantage::{RewardParts, advantages, decoupled_advantages};
use crate::config::GrpoConfig;
use crate::group::Group;
use crate::shaping::Truncated;

/// A response ready to be trained on.
pub(crate) struct Row {
    pub(crate) sequence: Sequence,
    /// Log-probs at the policy that sampled.
    pub(crate) old: Vec<f32>,
    pub(crate) advantage: f64,
    /// Whether its tokens are left out of the loss.
    pub(crate) masked: bool,
}

/// The responses to train on. One whose answer could not be judged has no reward to compare, so it
/// is left out of its group.
pub(crate) fn rows(
    groups: &[Group],
    config: &GrpoConfig,
    kl_sums: Option<&[Vec<f64>]>,
) -> Vec<Row> {
    let advantages = match config.reward_parts {
        RewardParts::Sum => {
            let rewards: Vec<Vec<f64>> = (0..groups.len())
                .map(|g| rewards(&groups[g], config, kl_sums.map(|sums| &*sums[g])))
                .collect();
            advantages(&rewards, config.advantage_scale, config.baseline)
        }
        RewardParts::Decoupled => by_parts(groups, config),
    };
    let mut rows = Vec::new();
    for (group, advantages) in groups.iter().zip(advantages) {
        for (i, advantage) in judged(group).into_iter().zip(advantages) {
            let completion = &group.completions[i];
            let cut = completion.finish == Finish::Length;
            rows.push(Row {
                sequence: sequence(group, i),
                old: completion.log_probs.clone(),
                advantage,
                masked: cut && config.truncated == Truncated::Mask,
            });
        }
    }
    rows
}

/// The responses of `group` that could be judged.
fn judged(group: &Group) -> Vec<usize> {
    (0..group.scores.len())
        .filter(|&i| group.scores[i].accuracy.is_some())
        .collect()
}

/// Their rewards: what they scored, less what they lose by their length and by β·KL.
fn rewards(group: &Group, config: &GrpoConfig, kl_sums: Option<&[f64]>) -> Vec<f64> {
    let reward = |i: usize| {
        let mut reward = f64::from(group.scores[i].total);
        if let Some(shape) = config.overlong {
            reward += shape.penalty(group.completions[i].tokens.len());
        }
        if let Some(sums) = kl_sums {
            reward -= config.beta * sums[i];
        }
        reward
    };
    judged(group).into_iter().map(reward).collect()
}

/// Advantages of rewards part by part; the loss by length is a part of weight 1.
fn by_parts(groups: &[Group], config: &GrpoConfig) -> Vec<Vec<f64>> {
    let mut weights: Vec<f64> = groups
        .iter()
        .find_map(|group| group.parts.first())
        .map(|parts| parts.iter().map(|part| f64::from(part.weight)).collect())
        .unwrap_or_default();
    weights.extend(config.overlong.map(|_| 1.0));
    let response = |group: &Group, i: usize| -> Vec<f64> {
        let parts = group.parts[i].iter();
        let mut values: Vec<f64> = parts
            .map(|part| part.value.map_or(f64::NAN, f64::from))
            .collect();
        let length = group.completions[i].tokens.len();
        values.extend(config.overlong.map(|shape| shape.penalty(length)));
        values
    };
    let values: Vec<Vec<Vec<f64>>> = groups
        .iter()
        .map(|group| {
            let judged = judged(group).into_iter();
            judged.map(|i| response(group, i)).collect()
        })
        .collect();
    decoupled_advantages(&values, &weights)
}

/// A prompt with its `i`-th response.
fn sequence(group: &Group, i: usize) -> Sequence {
    let mut tokens = group.prompt.clone();
    tokens.extend(&group.completions[i].tokens);
    Sequence {
        tokens,
        context: group.prompt.len(),
    }
}

/// The sum of the KL estimates over each response, at the policy that sampled it.
pub(crate) fn kl_sums<M: CausalLm>(
    reference: &M,
    groups: &[Group],
    config: &GrpoConfig,
    micro_tokens: usize,
) -> Vec<Vec<f64>> {
    let all: Vec<(&Group, usize)> = groups
        .iter()
        .flat_map(|group| (0..group.completions.len()).map(move |i| (group, i)))
        .collect();
    let sequences: Vec<Sequence> = all.iter().map(|(group, i)| sequence(group, *i)).collect();
    let lengths: Vec<usize> = sequences.iter().map(|s| s.tokens.len()).collect();
    let mut sums = vec![0.0; all.len()];
    for part in micro_batches(&lengths, micro_tokens) {
        let here: Vec<Sequence> = part.iter().map(|&i| sequences[i].clone()).collect();
        let reference_n = score(reference, &here, config.temperature)
            .log_probs_n
            .without_autodiff();
        let completions = part.iter().map(|&i| &all[i].0.completions[all[i].1]);
        let old: Vec<f32> = completions.flat_map(|c| c.log_probs.clone()).collect();
        let old_n = vector(old, &reference_n.device());
        let estimates = config.kl.estimate(reference_n - old_n).into_data();
        let mut estimates = estimates.iter::<f32>().map(f64::from);
        for i in part {
            let tokens = sequences[i].tokens.len() - sequences[i].context;
            sums[i] = estimates.by_ref().take(tokens).sum();
        }
    }
    let mut sums = sums.into_iter();
    let of_group = |group: &Group| sums.by_ref().take(group.completions.len()).collect();
    groups.iter().map(of_group).collect()
}

/// Response tokens in the loss.
pub(crate) fn live_tokens(rows: &[Row]) -> usize {
    let live = rows.iter().filter(|row| !row.masked);
    live.map(|row| row.old.len()).sum()
}

/// Response tokens, whether in the loss or not.
pub(crate) fn all_tokens(groups: &[Group]) -> usize {
    let completions = groups.iter().flat_map(|group| &group.completions);
    completions.map(|c| c.tokens.len()).sum()
}

pub(crate) fn vector(values: Vec<f32>, device: &Device) -> Tensor<1> {
    let length = values.len();
    Tensor::from_data(TensorData::new(values, [length]), device)
}
