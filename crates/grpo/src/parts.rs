//! Which part of the reward the advantages come from.
//!
//! Normalisation hides the weights: where all answers of a group are equally right, 0.3 times a
//! format that varies by a hundredth is divided by its own deviation, and moves the policy as far
//! as a right answer among wrong ones would. So each part is held against what it moves.
//!
//! An advantage is linear in the parts of the rewards of its group, A_i = Σ_k c_ik, where c_ik is
//! part k's weighted distance from its mean in the group, over the group's divisor. Part k's share
//! of a step is Σ c_ik·A_i / Σ A_i². The shares sum to 1; one is negative where a part is a brake on
//! what the others pay for.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::advantage::{RewardParts, deviation, mean, normal};
use crate::config::GrpoConfig;
use crate::group::Group;
use crate::rows::judged;

/// One part of the reward over a step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct PartReport {
    /// Its mean over the responses where it could be judged, without its weight.
    pub mean: f64,
    /// Its standard deviation over them.
    pub std: f64,
    /// The share of the squared advantages that comes from it; those of all parts sum to 1, or are
    /// 0 where no advantage is different from 0.
    pub share: f64,
    /// How much of that share is earned in groups whose answers are all right or all wrong.
    pub share_on_ties: f64,
}

/// What a response earned of one part.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Earned {
    pub(crate) name: String,
    pub(crate) weight: f64,
    /// Not a number where it could not be judged.
    pub(crate) value: f64,
}

/// What response `i` earned, part by part: those of the rubric, then `length`, what it loses by
/// being too long, and `kl`, minus its summed KL, with weight β.
pub(crate) fn earned(
    group: &Group,
    i: usize,
    config: &GrpoConfig,
    kl_sums: Option<&[f64]>,
) -> Vec<Earned> {
    let parts = group.parts.get(i).into_iter().flatten();
    let mut earned: Vec<Earned> = parts
        .map(|part| Earned {
            name: part.name.clone(),
            weight: f64::from(part.weight),
            value: part.value.map_or(f64::NAN, f64::from),
        })
        .collect();
    let mut add = |name: &str, weight, value| {
        earned.push(Earned {
            name: name.to_owned(),
            weight,
            value,
        });
    };
    if let Some(shape) = config.overlong {
        let length = group.completions[i].tokens.len();
        add("length", 1.0, shape.penalty(length));
    }
    if let Some(sums) = kl_sums {
        add("kl", config.beta, -sums[i]);
    }
    earned
}

/// Reports every part, given the advantage of each judged response; empty where groups come
/// without parts.
pub(crate) fn parts(
    groups: &[Group],
    config: &GrpoConfig,
    kl_sums: Option<&[Vec<f64>]>,
    advantages: &[Vec<f64>],
) -> BTreeMap<String, PartReport> {
    let mut found: BTreeMap<String, Sums> = BTreeMap::new();
    for (g, (group, advantages)) in groups.iter().zip(advantages).enumerate() {
        let earned: Vec<Vec<Earned>> = judged(group)
            .into_iter()
            .map(|i| earned(group, i, config, kl_sums.map(|sums| &*sums[g])))
            .collect();
        let Some(first) = earned.first() else {
            continue;
        };
        let right: Vec<Option<f32>> = judged(group)
            .into_iter()
            .map(|i| group.scores[i].accuracy)
            .collect();
        let tied = right.windows(2).all(|pair| pair[0] == pair[1]);
        let each: Vec<Vec<f64>> = (0..first.len())
            .map(|k| contributions(&earned, k, config.reward_parts))
            .collect();
        let factor = factor(&each, advantages);
        for (k, (part, contributions)) in first.iter().zip(&each).enumerate() {
            let sums = found.entry(part.name.clone()).or_default();
            let values = earned.iter().map(|parts| parts[k].value);
            sums.values.extend(values.filter(|value| !value.is_nan()));
            let moved = factor * dot(contributions, advantages);
            sums.moved += moved;
            sums.on_ties += if tied { moved } else { 0.0 };
        }
    }
    let all: f64 = advantages.iter().flatten().map(|a| a * a).sum();
    let share = |moved: f64| if all > 0.0 { moved / all } else { 0.0 };
    found
        .into_iter()
        .map(|(name, sums)| {
            let report = PartReport {
                mean: mean(&sums.values),
                std: deviation(&sums.values),
                share: share(sums.moved),
                share_on_ties: share(sums.on_ties),
            };
            (name, report)
        })
        .collect()
}

#[derive(Default)]
struct Sums {
    values: Vec<f64>,
    moved: f64,
    on_ties: f64,
}

/// What part `k` adds to the advantages of a group, up to a factor that is the same for all parts.
fn contributions(earned: &[Vec<Earned>], k: usize, of: RewardParts) -> Vec<f64> {
    let weight = earned.first().map_or(0.0, |parts| parts[k].weight);
    let values = earned.iter().map(|parts| parts[k].value);
    let values: Vec<f64> = match of {
        // A sum passes over what could not be judged.
        RewardParts::Sum => values.map(|v| if v.is_nan() { 0.0 } else { v }).collect(),
        RewardParts::Decoupled => normal(&values.collect::<Vec<f64>>()),
    };
    let mean = mean(&values);
    let of = |value: &f64| weight * (value - mean);
    values.iter().map(of).collect()
}

/// What the contributions of all parts must be multiplied by to give the advantages.
fn factor(each: &[Vec<f64>], advantages: &[f64]) -> f64 {
    let sum = |i: usize| each.iter().map(|part| part[i]).sum::<f64>();
    let sums: Vec<f64> = (0..advantages.len()).map(sum).collect();
    let squares = dot(&sums, &sums);
    match squares > 0.0 {
        true => dot(&sums, advantages) / squares,
        false => 0.0,
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use rewards::Part;

    use super::*;
    use crate::advantage::{AdvantageScale, Baseline};
    use crate::config::Objective;
    use crate::group::tests::group;
    use crate::rows::response_advantages;

    /// Responses that are right or not, with a format each.
    fn marked(responses: &[(f32, f32)]) -> Group {
        let rewards: Vec<Option<f32>> = responses.iter().map(|&(right, _)| Some(right)).collect();
        let mut group = group(&rewards);
        let part = |name: &str, weight, value| Part {
            name: name.into(),
            weight,
            value: Some(value),
        };
        for (score, &(right, format)) in group.scores.iter_mut().zip(responses) {
            score.total = right + 0.5 * format;
            group.parts.push(vec![
                part("accuracy", 1.0, right),
                part("format", 0.5, format),
            ]);
        }
        group
    }

    fn reported(groups: &[Group], config: &GrpoConfig) -> BTreeMap<String, PartReport> {
        let advantages = response_advantages(groups, config, None);
        parts(groups, config, None, &advantages)
    }

    #[test]
    fn shares_worked_by_hand() {
        // Accuracy −½ ½, format −¼ ¼ of the reward's ∓¾: two thirds and one third. In the second
        // group accuracy is tied, and the format moves as far as both do in the first.
        let groups = [
            marked(&[(0.0, 0.0), (1.0, 1.0)]),
            marked(&[(1.0, 0.9), (1.0, 1.0)]),
        ];
        let config = GrpoConfig::of(Objective::Grpo, 4);
        let found = reported(&groups, &config);
        let expected = [("accuracy", 1.0 / 3.0, 0.0), ("format", 2.0 / 3.0, 0.5)];
        for (name, share, on_ties) in expected {
            let part = &found[name];
            assert!((part.share - share).abs() < 2e-3, "{found:?}");
            assert!((part.share_on_ties - on_ties).abs() < 2e-3, "{found:?}");
        }
        assert!((found["format"].mean - 0.725).abs() < 1e-6);
        assert!((found["accuracy"].std - 0.5).abs() < 1e-6);
    }

    #[test]
    fn shares_sum_to_one_whatever_the_normalisation() {
        let groups = [
            marked(&[(0.0, 0.2), (1.0, 0.3), (1.0, 1.0)]),
            marked(&[(1.0, 0.9), (1.0, 0.1), (0.0, 0.6)]),
            marked(&[(1.0, 0.5), (1.0, 0.5), (1.0, 0.5)]),
        ];
        let plain = GrpoConfig::of(Objective::Grpo, 4);
        for config in [
            plain,
            GrpoConfig {
                advantage_scale: AdvantageScale::Batch,
                baseline: Baseline::LeaveOneOut,
                ..plain
            },
            GrpoConfig {
                reward_parts: RewardParts::Decoupled,
                ..plain
            },
        ] {
            let found = reported(&groups, &config);
            let sum: f64 = found.values().map(|part| part.share).sum();
            assert!((sum - 1.0).abs() < 1e-9, "{config:?}: {found:?}");
        }
    }

    #[test]
    fn length_and_kl_are_parts_too() {
        let groups = [marked(&[(1.0, 1.0), (1.0, 1.0)])];
        let config = GrpoConfig {
            overlong: Some(crate::Overlong {
                longest: 2,
                cache: 1,
            }),
            ..GrpoConfig::of(Objective::Grpo, 4)
        };
        let kl = [vec![1.0, 3.0]];
        let advantages = response_advantages(&groups, &config, Some(&kl));
        let found = parts(&groups, &config, Some(&kl), &advantages);
        assert_eq!(found["length"].mean, -1.0, "both are as long as allowed");
        assert_eq!(found["kl"].mean, -2.0);
        assert!((found["kl"].share - 1.0).abs() < 1e-9, "{found:?}");
    }
}
