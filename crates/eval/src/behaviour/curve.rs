//! How behaviours change over training.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Counts, Means, count};

/// One step of training.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// The step.
    pub step: u64,
    /// Its completions.
    pub completions: usize,
    /// Their counts, on average.
    pub means: Means,
    /// The share of completions that verify, take back or start over at least once.
    pub reflective: f64,
}

/// The behaviours of completions `(step, text)`, in any order, as a series over the steps.
pub fn curve<T: AsRef<str>>(completions: impl IntoIterator<Item = (u64, T)>) -> Vec<Point> {
    let mut steps: BTreeMap<u64, (Counts, usize, usize)> = BTreeMap::new();
    for (step, text) in completions {
        let one = count(text.as_ref());
        let (sum, completions, reflective) = steps.entry(step).or_default();
        *sum = sum.with(&one, |sum, one| sum + one);
        *completions += 1;
        *reflective += usize::from(one.verifications + one.backtracks + one.restarts > 0);
    }
    let point = |(step, (sum, completions, reflective)): (u64, (Counts, usize, usize))| {
        let mean = |total: usize| total as f64 / completions as f64;
        Point {
            step,
            completions,
            means: sum.map(mean),
            reflective: mean(reflective),
        }
    };
    steps.into_iter().map(point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_averaged_in_order() {
        let completions = [
            (20, "Wait, 3 + 4 = 7. Let me check."),
            (0, "3 + 4 = 8."),
            (20, "Wait, no. Wait, yes. 3 + 4 = 7."),
        ];
        let points = curve(completions);
        assert_eq!(
            points.iter().map(|point| point.step).collect::<Vec<_>>(),
            [0, 20]
        );
        assert_eq!(
            (points[0].completions, points[0].means.wrong_steps),
            (1, 1.0)
        );
        assert_eq!(points[0].reflective, 0.0);
        let later = points[1];
        assert_eq!(
            (later.means.backtracks, later.means.verifications),
            (1.5, 0.5)
        );
        assert_eq!((later.means.right_steps, later.reflective), (1.0, 1.0));
        assert_eq!(curve(Vec::<(u64, String)>::new()), []);
    }
}
