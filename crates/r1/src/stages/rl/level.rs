//! When the next level of problems comes in.

use grpo::Group;
use serde::{Deserialize, Serialize};

/// Steps whose mean accuracy decides.
const WINDOW: usize = 10;

/// The accuracies since the level last rose.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Level {
    /// The mean above which it rises.
    up: f64,
    accuracies: Vec<f64>,
}

impl Level {
    /// A level that rises where the mean accuracy of a window is above `up`.
    pub(super) fn new(up: f64) -> Self {
        Self {
            up,
            accuracies: Vec::new(),
        }
    }

    /// Takes in the groups of a step; whether the level rises now.
    pub(super) fn rises<'a>(&mut self, groups: impl Iterator<Item = &'a Group>) -> bool {
        self.is_due(accuracy(groups))
    }

    fn is_due(&mut self, accuracy: f64) -> bool {
        self.accuracies.push(accuracy);
        let Some(last) = self.accuracies.last_chunk::<WINDOW>() else {
            return false;
        };
        let due = last.iter().sum::<f64>() > self.up * WINDOW as f64;
        if due {
            self.accuracies.clear();
        }
        due
    }
}

/// Share of right answers among the judged.
fn accuracy<'a>(groups: impl Iterator<Item = &'a Group>) -> f64 {
    let scores = groups.flat_map(|group| &group.scores);
    let judged: Vec<f64> = scores.filter_map(|s| s.accuracy).map(f64::from).collect();
    judged.iter().sum::<f64>() / judged.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_window_decides_and_then_another() {
        let mut level = Level::new(0.5);
        let mut rises = |accuracy: f64, steps: usize| -> Vec<usize> {
            (1..=steps).filter(|_| level.is_due(accuracy)).collect()
        };
        assert!(rises(0.4, 15).is_empty());
        // Six at 0.6 and four at 0.4 are 0.52.
        assert_eq!(rises(0.6, 6), [6]);
        assert_eq!(rises(0.6, 20), [10, 20]);
        let mut never = Level::new(1.0);
        assert!((0..50).all(|_| !never.is_due(1.0)));
    }
}
