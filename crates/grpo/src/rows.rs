//! The responses of a step as they are trained on: which, and with what advantages.

use burn::tensor::{Device, Tensor, TensorData};
use data::Finish;
use lm::Sequence;

use crate::advantage::{RewardParts, advantages, decoupled_advantages};
use crate::config::GrpoConfig;
use crate::group::Group;
use crate::parts::{Earned, earned};
use crate::shaping::Truncated;

/// A response ready to be trained on.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) sequence: Sequence,
    /// Log-probs at the policy that sampled.
    pub(crate) old: Vec<f32>,
    /// The advantage of each token.
    pub(crate) advantages: Vec<f32>,
    /// Whether its tokens are left out of the loss.
    pub(crate) masked: bool,
    /// Its group, and which of that group's responses it is.
    pub(crate) of: (usize, usize),
}

/// The responses to train on; `token_advantages` are of each token of each response that could be
/// judged, group by group.
pub(crate) fn rows(
    groups: &[Group],
    config: &GrpoConfig,
    token_advantages: Vec<Vec<Vec<f32>>>,
) -> Vec<Row> {
    let mut rows = Vec::new();
    for (g, (group, advantages)) in groups.iter().zip(token_advantages).enumerate() {
        for (i, advantages) in judged(group).into_iter().zip(advantages) {
            let completion = &group.completions[i];
            let cut = completion.finish == Finish::Length;
            rows.push(Row {
                sequence: sequence(group, i),
                old: completion.log_probs.clone(),
                advantages,
                masked: cut && config.truncated == Truncated::Mask,
                of: (g, i),
            });
        }
    }
    rows
}

/// One advantage for all tokens of a response.
pub(crate) fn spread(groups: &[Group], advantages: &[Vec<f64>]) -> Vec<Vec<Vec<f32>>> {
    let of_group = |(group, advantages): (&Group, &Vec<f64>)| {
        let responses = judged(group).into_iter().zip(advantages);
        responses
            .map(|(i, &advantage)| vec![advantage as f32; group.completions[i].tokens.len()])
            .collect()
    };
    groups.iter().zip(advantages).map(of_group).collect()
}

/// The advantage of each response that could be judged. One that could not has no reward to
/// compare, so it is left out of its group.
pub(crate) fn response_advantages(
    groups: &[Group],
    config: &GrpoConfig,
    kl_sums: Option<&[Vec<f64>]>,
) -> Vec<Vec<f64>> {
    match config.reward_parts {
        RewardParts::Sum => {
            let rewards: Vec<Vec<f64>> = (0..groups.len())
                .map(|g| rewards(&groups[g], config, kl_sums.map(|sums| &*sums[g])))
                .collect();
            advantages(&rewards, config.advantage_scale, config.baseline)
        }
        RewardParts::Decoupled => by_parts(groups, config),
    }
}

/// The responses of `group` that could be judged.
pub(crate) fn judged(group: &Group) -> Vec<usize> {
    (0..group.scores.len())
        .filter(|&i| group.scores[i].is_judged())
        .collect()
}

/// Their rewards: what they scored, less what they lose by their length and by β·KL.
pub(crate) fn rewards(group: &Group, config: &GrpoConfig, kl_sums: Option<&[f64]>) -> Vec<f64> {
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

/// Advantages of rewards part by part.
fn by_parts(groups: &[Group], config: &GrpoConfig) -> Vec<Vec<f64>> {
    let earned: Vec<Vec<Vec<Earned>>> = groups
        .iter()
        .map(|group| {
            let judged = judged(group).into_iter();
            judged.map(|i| earned(group, i, config, None)).collect()
        })
        .collect();
    let first = earned.iter().flatten().next();
    let weights: Vec<f64> = first
        .map(|parts| parts.iter().map(|part| part.weight).collect())
        .unwrap_or_default();
    let values = earned
        .iter()
        .map(|group| {
            let response = |parts: &Vec<Earned>| parts.iter().map(|part| part.value).collect();
            group.iter().map(response).collect()
        })
        .collect::<Vec<Vec<Vec<f64>>>>();
    decoupled_advantages(&values, &weights)
}

/// A prompt with its `i`-th response.
pub(crate) fn sequence(group: &Group, i: usize) -> Sequence {
    let mut tokens = group.prompt.clone();
    tokens.extend(&group.completions[i].tokens);
    Sequence {
        tokens,
        context: group.prompt.len(),
    }
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
