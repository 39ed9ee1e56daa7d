//! What a step reports.

use std::collections::BTreeMap;

use data::Finish;
use lm::RouterReport;
use serde::Serialize;

use crate::advantage::{deviation, mean};
use crate::group::Group;
use crate::parts::PartReport;
use crate::rows::all_tokens;

/// What a step saw and did. Means are over responses unless stated.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct GrpoReport {
    /// Step number, from 1.
    pub step: usize,
    /// The loss without the architecture's own, mean over optimizer steps. Near 0 where the policy
    /// is the one that sampled, which its gradient is not.
    pub loss: f64,
    /// Total reward, before what its length and the KL may take off.
    pub reward: f64,
    /// Its standard deviation.
    pub reward_std: f64,
    /// Share of right answers among the judged.
    pub accuracy: f64,
    /// The parts of the reward by name: those of the rubric, and `length` and `kl` where they are in
    /// it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub parts: BTreeMap<String, PartReport>,
    /// KL to the reference, mean over tokens; 0 without a reference. Where it is in the reward, it
    /// is that of the policy that sampled.
    pub kl: f64,
    /// Entropy of the policy in nats, mean over tokens.
    pub entropy: f64,
    /// Share of tokens whose ratio the clip or the cap held back; 0 where neither is.
    pub clip_fraction: f64,
    /// Those of them that were held from below: their ratio is less than 1.
    pub clip_fraction_low: f64,
    /// Those held from above.
    pub clip_fraction_high: f64,
    /// Global gradient norm before clipping, mean over optimizer steps.
    pub grad_norm: f64,
    /// Response length in tokens.
    pub tokens_mean: f64,
    /// Share of responses cut off at the budget.
    pub truncated: f64,
    /// Share of groups whose answers are all right.
    pub groups_right: f64,
    /// Share of groups whose answers are all wrong.
    pub groups_wrong: f64,
    /// Share of groups whose rewards are all equal: [`Group::is_tied`].
    pub groups_tied: f64,
    /// Share of answers that could not be judged.
    pub unjudged: f64,
    /// Learning rate of the last optimizer step.
    pub lr: f64,
    /// Mean difference between a token's log-prob when sampled and when trained on, absolute, over
    /// the first optimizer step's tokens: the others are trained on by another policy.
    pub sampler_gap_mean: f64,
    /// The largest.
    pub sampler_gap_max: f64,
    /// The busiest expert's load over the mean.
    pub max_load: f64,
    /// What the router of each mixture layer did, over all optimizer steps.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub routers: Vec<RouterReport>,
}

impl GrpoReport {
    /// What can be said of `groups` before anything is trained.
    pub(crate) fn of(groups: &[Group]) -> Self {
        let scores: Vec<_> = groups.iter().flat_map(|group| &group.scores).collect();
        let completions: Vec<_> = groups.iter().flat_map(|group| &group.completions).collect();
        let rewards: Vec<f64> = scores.iter().map(|score| f64::from(score.total)).collect();
        let judged: Vec<f64> = scores
            .iter()
            .filter_map(|s| s.accuracy)
            .map(f64::from)
            .collect();
        let over = |count: usize, of: usize| count as f64 / of.max(1) as f64;
        let cut = completions.iter().filter(|c| c.finish == Finish::Length);
        let share = |holds: fn(&Group) -> bool| {
            let groups = groups.iter();
            groups.clone().filter(|group| holds(group)).count() as f64 / groups.len().max(1) as f64
        };
        Self {
            reward: mean(&rewards),
            reward_std: deviation(&rewards),
            accuracy: mean(&judged),
            tokens_mean: over(all_tokens(groups), completions.len()),
            truncated: over(cut.count(), completions.len()),
            groups_right: share(|group| all(group, 1.0)),
            groups_wrong: share(|group| all(group, 0.0)),
            groups_tied: share(Group::is_tied),
            unjudged: over(scores.len() - judged.len(), scores.len()),
            ..Self::default()
        }
    }
}

/// Whether every answer that could be judged is worth `accuracy`, and there is one.
fn all(group: &Group, accuracy: f32) -> bool {
    let mut judged = group.scores.iter().filter_map(|s| s.accuracy).peekable();
    judged.peek().is_some() && judged.all(|found| found == accuracy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::tests::group;

    #[test]
    fn groups_are_told_apart() {
        let groups = [
            group(&[Some(1.0), Some(1.0), None]),
            group(&[Some(0.0), Some(0.0)]),
            group(&[Some(0.0), Some(1.0)]),
            group(&[None, None]),
        ];
        let found = GrpoReport::of(&groups);
        assert_eq!((found.groups_right, found.groups_wrong), (0.25, 0.25));
        assert_eq!(found.groups_tied, 0.75);
        assert_eq!((found.unjudged, found.accuracy), (3.0 / 9.0, 0.5));
    }
}
