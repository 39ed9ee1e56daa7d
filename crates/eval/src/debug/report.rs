//! What a chain did for the answers, in both directions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::benchmark::Metric;
use crate::graded::{Graded, Outcome};

/// What the chain did for the answers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Report {
    /// Samples whose first and last answers were judged.
    pub judged: usize,
    /// First answers that are right.
    pub right_first: usize,
    /// Last answers that are right.
    pub right_last: usize,
    /// Wrong at first, right at last.
    pub repaired: usize,
    /// Right at first, wrong at last.
    pub spoiled: usize,
    /// Answers that are right, of those tried.
    pub tried_right: usize,
    /// Those the chain's tests found fault with.
    pub false_alarms: usize,
    /// Answers that are wrong, of those tried.
    pub tried_wrong: usize,
    /// Those they found no fault with.
    pub missed: usize,
    /// Answers beyond the first.
    pub further_answers: usize,
    /// Their tokens.
    pub further_tokens: usize,
    /// After each round, the first answers being 0: answers that are right, of those not asked again too.
    pub right_after: Vec<usize>,
}

impl Report {
    /// Counts the turns from number `first` on of every sample, in the order of problems, samples and
    /// turns. Answers are tried for `rounds` rounds; one that was asked on after was found fault with. A
    /// sample that waits for an answer, or has one that was not judged, is left out.
    pub fn of(graded: &[Graded], first: u32, rounds: u32) -> Self {
        let mut samples: BTreeMap<(&str, u32), Vec<&Graded>> = BTreeMap::new();
        for grade in graded.iter().filter(|grade| grade.turn >= first) {
            let sample = samples.entry((&grade.problem, grade.sample));
            sample.or_default().push(grade);
        }
        let whole = |turns: &Vec<&Graded>| {
            let ends = turns.first().zip(turns.last());
            let judged = |grade: &Graded| grade.verdict != Outcome::Unjudged;
            ends.is_some_and(|(a, b)| judged(a) && judged(b) && !b.followed_up)
        };
        let samples: Vec<Vec<&Graded>> = samples.into_values().filter(whole).collect();
        let longest = samples.iter().map(Vec::len).max().unwrap_or(0);
        let mut report = Self {
            right_after: vec![0; longest],
            ..Self::default()
        };
        for turns in &samples {
            report.add(turns, first + rounds);
        }
        report
    }

    fn add(&mut self, turns: &[&Graded], untried: u32) {
        let right = |grade: &Graded| grade.verdict == Outcome::Right;
        let (first, last) = (right(turns[0]), right(turns[turns.len() - 1]));
        self.judged += 1;
        self.right_first += usize::from(first);
        self.right_last += usize::from(last);
        self.repaired += usize::from(!first && last);
        self.spoiled += usize::from(first && !last);
        self.further_answers += turns.len() - 1;
        self.further_tokens += turns[1..].iter().map(|turn| turn.tokens).sum::<usize>();
        for turn in turns.iter().filter(|turn| turn.turn < untried) {
            let doubted = turn.followed_up;
            match turn.verdict {
                Outcome::Right => {
                    self.tried_right += 1;
                    self.false_alarms += usize::from(doubted);
                }
                Outcome::Wrong => {
                    self.tried_wrong += 1;
                    self.missed += usize::from(!doubted);
                }
                Outcome::Unjudged => {}
            }
        }
        for (round, count) in self.right_after.iter_mut().enumerate() {
            let turn = turns[round.min(turns.len() - 1)];
            *count += usize::from(right(turn));
        }
    }

    /// The same as figures, shares in per cent: of the samples what is `right at first`, `repaired` and
    /// `spoiled`; of the right answers tried the `false alarms`, of the wrong ones the `missed`; and the
    /// answers a sample beyond the first.
    pub fn metrics(&self) -> Vec<Metric> {
        let share = |name: &str, part: usize, of: usize, unit: f64| {
            (of > 0).then(|| Metric {
                name: name.to_owned(),
                value: unit * part as f64 / of as f64,
                ci95: None,
            })
        };
        let all = self.judged;
        let metrics = [
            share("right at first", self.right_first, all, 100.0),
            share("repaired", self.repaired, all, 100.0),
            share("spoiled", self.spoiled, all, 100.0),
            share("false alarms", self.false_alarms, self.tried_right, 100.0),
            share("missed", self.missed, self.tried_wrong, 100.0),
            share("further answers", self.further_answers, all, 1.0),
        ];
        metrics.into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problems::tests::record;

    /// The turns of one sample: whether each is right and whether it was doubted.
    fn sample(id: &str, turns: &[(bool, bool)]) -> Vec<Graded> {
        let turn = |(at, (right, doubted)): (u32, &(bool, bool))| Graded {
            turn: at,
            followed_up: *doubted,
            ..record(id, 0, if *right { "12" } else { "13" })
        };
        (0..).zip(turns).map(turn).collect()
    }

    /// Repaired in two rounds; right and left alone; right, doubted, spoiled; wrong and missed; waiting.
    #[test]
    fn a_report_counts_both_directions() {
        let graded = [
            sample("a", &[(false, true), (false, true), (true, false)]),
            sample("b", &[(true, false)]),
            sample("c", &[(true, true), (false, false)]),
            sample("d", &[(false, false)]),
            sample("e", &[(false, true)]),
        ];
        let wanted = Report {
            judged: 4,
            right_first: 2,
            right_last: 2,
            repaired: 1,
            spoiled: 1,
            tried_right: 2,
            false_alarms: 1,
            tried_wrong: 4,
            missed: 2,
            further_answers: 3,
            further_tokens: 30,
            right_after: vec![2, 1, 2],
        };
        let graded = graded.concat();
        assert_eq!(Report::of(&graded, 0, 2), wanted);
        let values: Vec<f64> = wanted.metrics().iter().map(|it| it.value).collect();
        assert_eq!(values, [50.0, 25.0, 25.0, 50.0, 50.0, 0.75]);
        // After one round the last answers are tried no more.
        let one = Report::of(&graded, 0, 1);
        assert_eq!((one.tried_wrong, one.missed), (2, 1));
        assert_eq!(Report::of(&[], 0, 3).metrics(), []);
    }
}
