//! How much better a response is than its group.
//!
//! A reward that is not a number stands for a response that could not be judged: it is left out of
//! means and deviations, and its advantage is 0. Left out: advantages that differ from token to
//! token; a response has one.

use serde::{Deserialize, Serialize};

/// What a group's centred rewards are divided by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdvantageScale {
    /// The group's standard deviation (arXiv 2402.03300, section 4.1.2).
    Group,
    /// The standard deviation over all rewards of the step.
    Batch,
    /// Nothing (Dr. GRPO, arXiv 2503.20783v2, section 3.2).
    None,
}

/// What is taken off a reward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Baseline {
    /// The mean of the group (arXiv 2402.03300, section 4.1.2).
    Mean,
    /// The mean of the group's other responses: RLOO (arXiv 2402.14740v2, section 2.3) with
    /// [`AdvantageScale::None`]. It is n / (n − 1) times what the group's mean gives.
    LeaveOneOut,
}

/// Where rewards of several parts are normalised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RewardParts {
    /// Their weighted sum is ([`advantages`]).
    Sum,
    /// Each is for itself, before they are weighed ([`decoupled_advantages`]).
    Decoupled,
}

/// Keeps a nearly tied group from being blown up.
const EPS: f64 = 1e-4;

/// Advantages A = (R − baseline) / (std + 1e-4) of each group, std with Bessel's correction.
///
/// A group whose rewards are all equal gets zeros, as does a group of one.
pub fn advantages(groups: &[Vec<f64>], scale: AdvantageScale, baseline: Baseline) -> Vec<Vec<f64>> {
    let over_batch = deviation(&judged(&groups.concat()));
    groups
        .iter()
        .map(|rewards| {
            let judged = judged(rewards);
            let divisor = match scale {
                AdvantageScale::Group => deviation(&judged) + EPS,
                AdvantageScale::Batch => over_batch + EPS,
                AdvantageScale::None => 1.0,
            };
            let mean = mean(&judged);
            let others = match baseline {
                Baseline::Mean => 1.0,
                Baseline::LeaveOneOut if judged.len() < 2 => 0.0,
                Baseline::LeaveOneOut => judged.len() as f64 / (judged.len() - 1) as f64,
            };
            rewards
                .iter()
                .map(|reward| or_zero((reward - mean) * others / divisor))
                .collect()
        })
        .collect()
}

/// Advantages of rewards in parts (GDPO, arXiv 2601.05242v1): each part is normalised within its
/// group as in [`advantages`] (equation 4), the parts are weighed and summed (7), and the sums are
/// centred and divided by their standard deviation + 1e-4 over the whole step (6).
///
/// `groups` holds a value per part and response. A part that is tied in a group says nothing there,
/// whatever its weight, and one that varies counts by its weight alone, not by its spread.
pub fn decoupled_advantages(groups: &[Vec<Vec<f64>>], weights: &[f64]) -> Vec<Vec<f64>> {
    let sums: Vec<Vec<f64>> = groups
        .iter()
        .map(|responses| normalised_sums(responses, weights))
        .collect();
    let all = judged(&sums.concat());
    let (mean, divisor) = (mean(&all), deviation(&all) + EPS);
    let scaled = |sum: &f64| or_zero((sum - mean) / divisor);
    sums.iter()
        .map(|group| group.iter().map(scaled).collect())
        .collect()
}

/// The weighted sum of a response's parts; those that were not judged add nothing, and where none
/// was, the sum is not a number.
pub fn weighted_sum(parts: &[f64], weights: &[f64]) -> f64 {
    if parts.iter().all(|part| part.is_nan()) {
        return f64::NAN;
    }
    let weighed = parts
        .iter()
        .zip(weights)
        .map(|(part, weight)| part * weight);
    weighed.filter(|value| !value.is_nan()).sum()
}

/// Each response's sum of parts that were normalised over `responses`.
fn normalised_sums(responses: &[Vec<f64>], weights: &[f64]) -> Vec<f64> {
    let of_part = |k: usize| normal(&responses.iter().map(|parts| parts[k]).collect::<Vec<f64>>());
    let parts: Vec<Vec<f64>> = (0..weights.len()).map(of_part).collect();
    (0..responses.len())
        .map(|i| {
            let of_response: Vec<f64> = parts.iter().map(|part| part[i]).collect();
            weighted_sum(&of_response, weights)
        })
        .collect()
}

/// Values less their mean, divided by their standard deviation + 1e-4.
pub(crate) fn normal(values: &[f64]) -> Vec<f64> {
    let judged = judged(values);
    let (mean, divisor) = (mean(&judged), deviation(&judged) + EPS);
    values
        .iter()
        .map(|value| (value - mean) / divisor)
        .collect()
}

fn judged(rewards: &[f64]) -> Vec<f64> {
    let judged = rewards.iter().copied().filter(|reward| !reward.is_nan());
    judged.collect()
}

fn or_zero(advantage: f64) -> f64 {
    if advantage.is_nan() { 0.0 } else { advantage }
}

pub(crate) fn mean(values: &[f64]) -> f64 {
    // Not `sum`: of nothing it is −0.
    let sum = values.iter().fold(0.0, |sum, value| sum + value);
    sum / values.len().max(1) as f64
}

/// Sample standard deviation; 0 for fewer than two values.
pub(crate) fn deviation(values: &[f64]) -> f64 {
    if values.len() < 2 {
        return 0.0;
    }
    let mean = mean(values);
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (squares / (values.len() - 1) as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: &[f64], expected: &[f64]) {
        assert_eq!(found.len(), expected.len());
        for (a, b) in found.iter().zip(expected) {
            assert!((a - b).abs() < 5e-4, "{found:?} and not {expected:?}");
        }
    }

    #[test]
    fn worked_by_hand() {
        // mean 1, deviations −1 −1 −1 3, variance 12/3 = 4, std 2
        let groups = [vec![0.0, 0.0, 0.0, 4.0], vec![5.0, 5.0]];
        let scaled = advantages(&groups, AdvantageScale::Group, Baseline::Mean);
        close(&scaled[0], &[-0.5, -0.5, -0.5, 1.5]);
        assert_eq!(scaled[1], [0.0, 0.0], "a tied group says nothing");
        let centred = advantages(&groups, AdvantageScale::None, Baseline::Mean);
        assert_eq!(centred[0], [-1.0, -1.0, -1.0, 3.0]);
        let batch = advantages(&groups, AdvantageScale::Batch, Baseline::Mean);
        let std = deviation(&[0.0, 0.0, 0.0, 4.0, 5.0, 5.0]);
        assert!((batch[0][3] - 3.0 / (std + 1e-4)).abs() < 1e-12);
    }

    #[test]
    fn a_response_is_compared_with_the_others() {
        // 4 against the mean 1 of 0, 1 and 2; 0 against 7/3.
        let groups = [vec![0.0, 1.0, 2.0, 4.0], vec![3.0]];
        let found = advantages(&groups, AdvantageScale::None, Baseline::LeaveOneOut);
        close(&found[0], &[-7.0 / 3.0, -1.0, 1.0 / 3.0, 3.0]);
        assert_eq!(found[1], [0.0], "nothing to compare with");
    }

    #[test]
    fn what_was_not_judged_is_left_out() {
        let groups = [vec![0.0, f64::NAN, 4.0], vec![f64::NAN, f64::NAN]];
        let found = advantages(&groups, AdvantageScale::None, Baseline::Mean);
        assert_eq!(found, [vec![-2.0, 0.0, 2.0], vec![0.0, 0.0]]);
    }

    #[test]
    fn parts_count_by_their_weight_and_not_by_their_spread() {
        // Both parts of the first group become ∓1/√2 (std of 0, 1 is 1/√2), however far apart; the
        // sums are ∓1/√2·(2 − 1), and 0 in the second group, which is tied.
        let groups = [
            vec![vec![0.0, 100.0], vec![1.0, 0.0]],
            vec![vec![3.0, 3.0], vec![3.0, 3.0]],
        ];
        let found = decoupled_advantages(&groups, &[2.0, 1.0]);
        // std of −a, a, 0, 0 is a·√(2/3)
        let expected = 1.5_f64.sqrt();
        close(&found[0], &[-expected, expected]);
        assert_eq!(found[1], [0.0, 0.0]);
    }

    #[test]
    fn a_sum_passes_over_what_was_not_judged() {
        assert_eq!(weighted_sum(&[1.0, f64::NAN], &[2.0, 5.0]), 2.0);
        assert!(weighted_sum(&[f64::NAN, f64::NAN], &[2.0, 5.0]).is_nan());
    }
}
