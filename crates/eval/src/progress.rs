//! How far a measurement is, and what it shows so far.

use std::collections::BTreeMap;

use crate::graded::{Graded, Outcome};

/// What an observer is told.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Progress {
    /// Samples in all.
    pub total: usize,
    /// Samples with a reply, those of earlier runs included.
    pub answered: usize,
    /// Samples this run got no reply for.
    pub unanswered: usize,
    /// Samples that are graded; where a benchmark asks on, those it is done with.
    pub graded: usize,
    /// Right ones among them.
    pub right: usize,
    /// Those that could not be judged.
    pub unjudged: usize,
    /// The mean over problems, each by its samples judged so far, of the share that is right; `None`
    /// before the first. Problems not reached yet are not in it.
    pub pass_at_1: Option<f64>,
}

/// Keeps count.
pub(crate) struct Running {
    pub(crate) progress: Progress,
    /// Right and judged samples of each problem.
    problems: BTreeMap<String, (usize, usize)>,
    /// The sum of the problems' shares.
    rates: f64,
}

impl Running {
    pub(crate) fn new(total: usize) -> Self {
        Self {
            progress: Progress {
                total,
                ..Progress::default()
            },
            problems: BTreeMap::new(),
            rates: 0.0,
        }
    }

    pub(crate) fn count(&mut self, grade: &Graded) {
        if grade.followed_up {
            return;
        }
        let progress = &mut self.progress;
        progress.graded += 1;
        if grade.verdict == Outcome::Unjudged {
            progress.unjudged += 1;
            return;
        }
        let is_right = grade.verdict == Outcome::Right;
        progress.right += usize::from(is_right);
        let (right, judged) = self.problems.entry(grade.problem.clone()).or_default();
        let rate = |right: usize, judged: usize| right as f64 / judged.max(1) as f64;
        self.rates -= rate(*right, *judged);
        *right += usize::from(is_right);
        *judged += 1;
        self.rates += rate(*right, *judged);
        progress.pass_at_1 = Some(self.rates / self.problems.len() as f64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problems::tests::record;

    #[test]
    fn pass_at_1_is_a_mean_over_problems_while_it_runs() {
        let mut running = Running::new(6);
        let mut after = |problem, sample, answer| {
            running.count(&record(problem, sample, answer));
            running.progress.clone()
        };
        assert_eq!(after("p", 0, "unjudged").pass_at_1, None);
        assert_eq!(after("p", 1, "12").pass_at_1, Some(1.0));
        assert_eq!(after("p", 2, "13").pass_at_1, Some(0.5));
        let last = after("q", 0, "12");
        assert_eq!(last.pass_at_1, Some(0.75));
        assert_eq!((last.graded, last.right, last.unjudged), (4, 2, 1));
    }
}
