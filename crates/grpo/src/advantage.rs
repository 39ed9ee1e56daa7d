//! How much better a response is than its group.

use serde::{Deserialize, Serialize};

/// What a group's centred rewards are divided by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdvantageScale {
    /// The group's standard deviation (arXiv 2402.03300, section 4.1.2).
    Group,
    /// The standard deviation over all rewards of the step.
    Batch,
    /// Nothing (Dr. GRPO, arXiv 2503.20783).
    None,
}

/// Keeps a nearly tied group from being blown up.
const EPS: f64 = 1e-4;

/// Advantages A = (R − mean) / (std + 1e-4) of each group, std with Bessel's correction.
///
/// A group whose rewards are all equal gets zeros, as does a group of one.
pub fn advantages(groups: &[Vec<f64>], scale: AdvantageScale) -> Vec<Vec<f64>> {
    let all: Vec<f64> = groups.concat();
    let over_batch = deviation(&all);
    groups
        .iter()
        .map(|rewards| {
            let divisor = match scale {
                AdvantageScale::Group => deviation(rewards) + EPS,
                AdvantageScale::Batch => over_batch + EPS,
                AdvantageScale::None => 1.0,
            };
            let mean = mean(rewards);
            rewards
                .iter()
                .map(|reward| (reward - mean) / divisor)
                .collect()
        })
        .collect()
}

pub(crate) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
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

    #[test]
    fn worked_by_hand() {
        // mean 1, deviations −1 −1 −1 3, variance 12/3 = 4, std 2
        let groups = [vec![0.0, 0.0, 0.0, 4.0], vec![5.0, 5.0]];
        let scaled = advantages(&groups, AdvantageScale::Group);
        for (a, expected) in scaled[0].iter().zip([-0.5, -0.5, -0.5, 1.5]) {
            assert!((a - expected).abs() < 1e-4);
        }
        assert_eq!(scaled[1], [0.0, 0.0], "a tied group says nothing");
        let centred = advantages(&groups, AdvantageScale::None);
        assert_eq!(centred[0], [-1.0, -1.0, -1.0, 3.0]);
        let batch = advantages(&groups, AdvantageScale::Batch);
        let std = deviation(&[0.0, 0.0, 0.0, 4.0, 5.0, 5.0]);
        assert!((batch[0][3] - 3.0 / (std + 1e-4)).abs() < 1e-12);
    }
}
