//! Signs that a run goes wrong though no number is out of range: a reward that is gamed, a sampler
//! that is not the policy that is trained.
//!
//! What a step reports swings; an alarm looks at the mean of [`WINDOW`] steps, and having gone off
//! it is silent for as many. Left out: stopping. A limit in [`GrpoConfig`](crate::GrpoConfig) stops.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::advantage::mean;
use crate::report::GrpoReport;

/// Steps an alarm looks at.
pub const WINDOW: usize = 10;
/// Share of the squared advantages that a part may have on groups where accuracy is tied.
const ON_TIES: f64 = 0.25;
/// How far accuracy may fall from one window to the next while the reward rises.
const FALL: f64 = 0.05;
/// What counts as a rise of the reward.
const RISE: f64 = 0.02;
/// The largest difference between log-probs in sampling and in training.
const GAP: f64 = 1e-3;
/// The part that is never gamed: being right.
const ACCURACY: &str = "accuracy";

/// Something to look at.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Alarm {
    /// A part other than accuracy moves the policy where no answer is better than another.
    #[error(
        "{:.0} % of the advantages are `{part}`'s in groups whose answers are all right or all \
         wrong: the policy learns to earn `{part}` there. Lower its weight, or let reward_parts = \
         \"decoupled\" hold it to its weight", 100.0 * share
    )]
    Ties {
        /// The part's name.
        part: String,
        /// Its share of the squared advantages there, mean of the window.
        share: f64,
    },
    /// The reward rises at accuracy's expense.
    #[error(
        "the reward rose from {:.2} to {:.2} while accuracy fell from {:.2} to {:.2}: a part of the \
         reward pays better than being right. Read the completions of these steps",
        reward[0], reward[1], accuracy[0], accuracy[1]
    )]
    Gamed {
        /// Mean reward of the window before and of this one.
        reward: [f64; 2],
        /// Mean accuracy of both.
        accuracy: [f64; 2],
    },
    /// No group has told its responses apart for a window: there is nothing to compare.
    #[error(
        "for {WINDOW} steps all rewards within a group were equal ({:.0} % of the answers right): nothing \
         is learned from comparing them. Give problems the policy solves sometimes, or sample more of each",
        100.0 * accuracy
    )]
    Tied {
        /// Mean accuracy of the window.
        accuracy: f64,
    },
    /// The policy that is trained is not quite the one that sampled.
    #[error(
        "log-probs in training are up to {max:.1e} nats from those in sampling ({mean:.1e} in the \
         mean), more than {GAP:.0e}: the ratio begins away from 1"
    )]
    SamplerGap {
        /// Mean over tokens.
        mean: f64,
        /// The largest.
        max: f64,
    },
}

/// Watches a run. It can be stored with the run's state, and then goes on as if it had seen it all.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Watch {
    /// The last reports, two windows of them at most.
    recent: VecDeque<Seen>,
    step: usize,
    /// When each alarm went off last.
    last: BTreeMap<String, usize>,
}

/// What is looked at of a report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Seen {
    reward: f64,
    accuracy: f64,
    /// Whether every group's rewards were equal, as those of no group are.
    #[serde(default)]
    tied: bool,
    /// The share of each part on ties.
    on_ties: BTreeMap<String, f64>,
}

impl Seen {
    fn of(report: &GrpoReport) -> Self {
        let parts = report.parts.iter();
        Self {
            reward: report.reward,
            accuracy: report.accuracy,
            tied: report.groups_tied == 1.0 || report.reward_std == 0.0,
            on_ties: parts
                .map(|(name, part)| (name.clone(), part.share_on_ties))
                .collect(),
        }
    }
}

impl Watch {
    /// Takes in a step's report and says what is to be said.
    pub fn observe(&mut self, report: &GrpoReport) -> Vec<Alarm> {
        self.step += 1;
        self.recent.push_back(Seen::of(report));
        if self.recent.len() > 2 * WINDOW {
            self.recent.pop_front();
        }
        let mut alarms = Vec::new();
        if report.sampler_gap_max > GAP {
            let (mean, max) = (report.sampler_gap_mean, report.sampler_gap_max);
            alarms.push(("gap".to_owned(), Alarm::SamplerGap { mean, max }));
        }
        alarms.extend(self.ties());
        alarms.extend(self.gamed());
        alarms.extend(self.tied());
        alarms.retain(|(name, _)| self.is_news(name));
        for (name, _) in &alarms {
            self.last.insert(name.clone(), self.step);
        }
        alarms.into_iter().map(|(_, alarm)| alarm).collect()
    }

    fn is_news(&self, name: &str) -> bool {
        let last = self.last.get(name);
        last.is_none_or(|last| self.step >= last + WINDOW)
    }

    fn ties(&self) -> Vec<(String, Alarm)> {
        let Some([_, now]) = self.windows(1) else {
            return Vec::new();
        };
        let parts = now.iter().flat_map(|report| report.on_ties.keys());
        let mut parts: Vec<&String> = parts.filter(|part| *part != ACCURACY).collect();
        parts.sort();
        parts.dedup();
        let share = |part: &String| {
            let shares = now.iter().map(|report| report.on_ties.get(part));
            mean(
                &shares
                    .map(|share| share.copied().unwrap_or(0.0))
                    .collect::<Vec<_>>(),
            )
        };
        parts
            .into_iter()
            .map(|part| (part, share(part)))
            .filter(|(_, share)| *share > ON_TIES)
            .map(|(part, share)| {
                let part = part.clone();
                (format!("ties {part}"), Alarm::Ties { part, share })
            })
            .collect()
    }

    fn gamed(&self) -> Option<(String, Alarm)> {
        let windows = self.windows(2)?;
        let of = |value: fn(&Seen) -> f64| {
            windows.each_ref().map(|reports| {
                mean(
                    &reports
                        .iter()
                        .map(|report| value(report))
                        .collect::<Vec<_>>(),
                )
            })
        };
        let reward = of(|report| report.reward);
        let accuracy = of(|report| report.accuracy);
        let gamed = reward[1] - reward[0] > RISE && accuracy[0] - accuracy[1] > FALL;
        gamed.then(|| ("gamed".to_owned(), Alarm::Gamed { reward, accuracy }))
    }

    fn tied(&self) -> Option<(String, Alarm)> {
        let [_, now] = self.windows(1)?;
        let accuracies: Vec<f64> = now.iter().map(|report| report.accuracy).collect();
        let accuracy = mean(&accuracies);
        let all = now.iter().all(|report| report.tied);
        all.then(|| ("tied".to_owned(), Alarm::Tied { accuracy }))
    }

    /// The window before and the last one, where `wanted` of the two are full.
    fn windows(&self, wanted: usize) -> Option<[Vec<&Seen>; 2]> {
        let all = self.recent.len();
        (all >= wanted * WINDOW).then(|| {
            let (before, now) = (all.saturating_sub(2 * WINDOW), all - WINDOW);
            let of = |range: std::ops::Range<usize>| self.recent.range(range).collect();
            [of(before..now), of(now..all)]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parts::PartReport;

    fn report(reward: f64, accuracy: f64, share_on_ties: f64) -> GrpoReport {
        let part = PartReport {
            share_on_ties,
            ..PartReport::default()
        };
        GrpoReport {
            reward,
            accuracy,
            reward_std: 0.1,
            parts: [("format".to_owned(), part)].into(),
            ..GrpoReport::default()
        }
    }

    /// The steps at which something is said of `reports`.
    fn said(reports: impl Iterator<Item = GrpoReport>) -> Vec<(usize, Alarm)> {
        let mut watch = Watch::default();
        let mut said = Vec::new();
        for (step, report) in reports.enumerate() {
            // It may be stored at any time.
            let stored = serde_json::to_string(&watch).unwrap();
            watch = serde_json::from_str(&stored).unwrap();
            said.extend(
                watch
                    .observe(&report)
                    .into_iter()
                    .map(|alarm| (step + 1, alarm)),
            );
        }
        said
    }

    #[test]
    fn a_part_that_moves_tied_groups_is_named_once_a_window() {
        let said = said((0..25).map(|_| report(0.5, 0.5, 0.4)));
        let steps: Vec<usize> = said.iter().map(|(step, _)| *step).collect();
        assert_eq!(steps, [10, 20]);
        let text = said[0].1.to_string();
        assert!(text.contains("40 %") && text.contains("`format`"), "{text}");
    }

    #[test]
    fn a_part_within_its_share_is_not() {
        // Nine steps of ten are quiet: the mean is 0.06.
        let reports = (0..30).map(|i| report(0.5, 0.5, if i % 10 == 0 { 0.6 } else { 0.0 }));
        assert_eq!(said(reports), []);
    }

    #[test]
    fn a_reward_that_rises_against_accuracy_is_gamed() {
        let falls = |i: usize| report(0.3 + 0.01 * i as f64, 0.4 - 0.01 * i as f64, 0.0);
        let found = said((0..20).map(falls));
        assert_eq!(found.len(), 1);
        let (step, Alarm::Gamed { reward, accuracy }) = &found[0] else {
            panic!("{found:?}");
        };
        // Means of steps 1 to 10 and 11 to 20.
        assert_eq!(*step, 20);
        for (a, b) in [
            (reward[1], 0.445),
            (accuracy[0], 0.355),
            (accuracy[1], 0.255),
        ] {
            assert!((a - b).abs() < 1e-9, "{found:?}");
        }
        let both = |i: usize| report(0.3 + 0.01 * i as f64, 0.4 + 0.01 * i as f64, 0.0);
        assert_eq!(said((0..30).map(both)), []);
        let worse = |i: usize| report(0.5 - 0.01 * i as f64, 0.5 - 0.01 * i as f64, 0.0);
        assert_eq!(said((0..30).map(worse)), []);
    }

    #[test]
    fn groups_that_tell_nothing_apart_are_said_once_a_window() {
        let tied = |i: usize| GrpoReport {
            groups_tied: if i == 12 { 0.9 } else { 1.0 },
            ..report(0.5, 0.25, 0.0)
        };
        let found = said((0..30).map(tied));
        assert_eq!(
            found,
            [
                (10, Alarm::Tied { accuracy: 0.25 }),
                (23, Alarm::Tied { accuracy: 0.25 })
            ]
        );
        // Where tied groups are drawn anew there may be none.
        let none = || GrpoReport::default();
        assert_eq!(
            said((0..10).map(|_| none())),
            [(10, Alarm::Tied { accuracy: 0.0 })]
        );
    }

    #[test]
    fn a_gap_is_said_at_once() {
        let gap = |max| GrpoReport {
            sampler_gap_mean: 1e-4,
            sampler_gap_max: max,
            ..report(0.5, 0.5, 0.0)
        };
        assert_eq!(said([gap(9e-4)].into_iter()), []);
        let found = said([gap(2e-3), gap(2e-3)].into_iter());
        assert_eq!(found.len(), 1);
        assert!(found[0].1.to_string().contains("2.0e-3"), "{found:?}");
    }
}
