//! Many graded completions in one record.
//!
//! A completion that could not be judged is counted and otherwise left out of everything that
//! speaks of right and wrong; a problem with no judged completion is left out with it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::graded::{Graded, Outcome};
use crate::problems::{Attempts, judged};
use crate::stats::{self, Comparison, RESAMPLES};

/// How a model did. Every share is between 0 and 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// The mean over problems of the share of their samples that are right (DeepSeek-R1, arXiv
    /// 2501.12948v1, section 3).
    pub pass_at_1: f64,
    /// The 95 % interval of `pass_at_1`, by the bootstrap over problems.
    pub ci95: [f64; 2],
    /// The chance that one of k samples is right, for k = 1, 2, 4, … and `samples`.
    pub pass_at_k: BTreeMap<usize, f64>,
    /// The share of problems on which the majority of the first k samples is right, for the same
    /// k.
    pub cons_at_k: BTreeMap<usize, f64>,
    /// The share of completions that keep the template strictly.
    pub format: f64,
    /// The mean share of the reasoning in the language asked for, over the completions with any
    /// words; `None` where none has.
    pub language: Option<f64>,
    /// Mean length in tokens.
    pub tokens_mean: f64,
    /// The share of completions that ran out of tokens.
    pub truncated: f64,
    /// How many problems have a judged completion.
    pub problems: usize,
    /// Judged samples per problem; the smallest number where it varies.
    pub samples: usize,
    /// How many completions could not be judged.
    pub unjudged: usize,
    /// `pass_at_1` within each task family.
    pub by_family: BTreeMap<String, f64>,
    /// `pass_at_1` within the problems of each language.
    pub by_language: BTreeMap<String, f64>,
    /// How many answers each rule found; `none` counts the completions without an answer.
    pub rules: BTreeMap<String, usize>,
}

/// There is no judged completion.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "none of {completions} completions could be judged: check that the problems were loaded and \
     have gold answers"
)]
pub struct NothingToSummarise {
    /// How many completions there were.
    pub completions: usize,
}

impl Summary {
    /// Summarises the completions of one model, of a sample of several turns the last; `seed` draws the
    /// interval. The order of `graded` does not matter.
    ///
    /// # Errors
    ///
    /// When no completion was judged.
    pub fn new(graded: &[Graded], seed: u64) -> Result<Self, NothingToSummarise> {
        let nothing = || NothingToSummarise {
            completions: graded.len(),
        };
        let problems = judged(graded);
        let last = graded.iter().filter(|record| !record.followed_up);
        let last: Vec<&Graded> = last.collect();
        let rates: Vec<f64> = problems.values().map(Attempts::rate).collect();
        let samples = problems
            .values()
            .map(|attempts| attempts.samples.len())
            .min();
        let samples = samples.ok_or_else(nothing)?;
        let share = |holds: fn(&Graded) -> bool| {
            last.iter().filter(|record| holds(record)).count() as f64 / last.len() as f64
        };
        let over_problems = |value: &dyn Fn(&Attempts<'_>) -> f64| {
            problems.values().map(value).sum::<f64>() / problems.len() as f64
        };
        let ks = ks(samples);
        let votes: Vec<Vec<bool>> = problems.values().map(|it| it.consensus(&ks)).collect();
        Ok(Self {
            pass_at_1: stats::mean(&rates).ok_or_else(nothing)?,
            ci95: stats::bootstrap(&rates, RESAMPLES, seed).ok_or_else(nothing)?,
            pass_at_k: ks
                .iter()
                .map(|&k| (k, over_problems(&|attempts| passes(attempts, k))))
                .collect(),
            cons_at_k: ks
                .iter()
                .enumerate()
                .map(|(at, &k)| {
                    let right = votes.iter().filter(|of_one| of_one[at]).count();
                    (k, right as f64 / votes.len() as f64)
                })
                .collect(),
            format: share(|record| record.format),
            language: language(&last),
            tokens_mean: last.iter().map(|record| record.tokens as f64).sum::<f64>()
                / last.len() as f64,
            truncated: share(|record| record.truncated),
            problems: problems.len(),
            samples,
            unjudged: last
                .iter()
                .filter(|r| r.verdict == Outcome::Unjudged)
                .count(),
            by_family: by(&problems, |record| &record.family),
            by_language: by(&problems, |record| &record.language_code),
            rules: rules(&last),
        })
    }
}

/// Compares two models by `pass_at_1` on the problems that both have judged completions of;
/// `None` where there is no such problem.
pub fn compare(first: &[Graded], second: &[Graded], seed: u64) -> Option<Comparison> {
    let (first, second) = (judged(first), judged(second));
    let (left, right): (Vec<f64>, Vec<f64>) = first
        .iter()
        .filter_map(|(id, attempts)| Some((attempts.rate(), second.get(id)?.rate())))
        .unzip();
    stats::compare(&left, &right, RESAMPLES, seed)
}

/// 1, 2, 4, … up to `samples`, and `samples` itself.
fn ks(samples: usize) -> Vec<usize> {
    let mut ks: Vec<usize> = std::iter::successors(Some(1_usize), |k| k.checked_mul(2))
        .take_while(|&k| k < samples)
        .collect();
    ks.push(samples);
    ks
}

fn passes(attempts: &Attempts<'_>, k: usize) -> f64 {
    stats::pass_at_k(attempts.samples.len(), attempts.right(), k).unwrap_or(0.0)
}

/// Summed in the order of problems and samples, so that the order of `graded` leaves no trace.
fn language(graded: &[&Graded]) -> Option<f64> {
    let mut shares: Vec<f64> = graded
        .iter()
        .filter_map(|r| r.language.map(f64::from))
        .collect();
    shares.sort_by(f64::total_cmp);
    stats::mean(&shares)
}

fn by(
    problems: &BTreeMap<&str, Attempts<'_>>,
    key: fn(&Graded) -> &String,
) -> BTreeMap<String, f64> {
    let mut rates: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for attempts in problems.values() {
        rates
            .entry(key(attempts.samples[0]).clone())
            .or_default()
            .push(attempts.rate());
    }
    rates
        .into_iter()
        .filter_map(|(key, rates)| Some((key, stats::mean(&rates)?)))
        .collect()
}

fn rules(graded: &[&Graded]) -> BTreeMap<String, usize> {
    let mut rules = BTreeMap::new();
    for record in graded {
        *rules.entry(record.rule.clone()).or_default() += 1;
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problems::tests::record;

    /// p: right, right, wrong, wrong; q: wrong, right, wrong, wrong, in Chinese.
    fn graded() -> Vec<Graded> {
        let mut records = Vec::new();
        for (problem, answers) in [
            ("p", ["12", "12", "13", "14"]),
            ("q", ["13", "12.0", "13", "15"]),
        ] {
            records.extend(
                (0..)
                    .zip(answers)
                    .map(|(i, answer)| record(problem, i, answer)),
            );
        }
        for record in &mut records[4..] {
            record.language_code = "zh".into();
            record.family = "puzzle".into();
            record.language = Some(0.5);
        }
        records
    }

    #[test]
    fn a_summary_is_worked_out_by_hand() {
        let mut records = graded();
        records[7].format = false;
        records[7].truncated = true;
        records[7].tokens = 18;
        records[7].language = None;
        records[7].rule = "none".into();
        let summary = Summary::new(&records, 1).unwrap();
        assert_eq!(summary.pass_at_1, 0.375);
        // p: 1 - C(2,2)/C(4,2) = 5/6; q: 1 - C(3,2)/C(4,2) = 1/2.
        assert!((summary.pass_at_k[&2] - (5.0 / 6.0 + 0.5) / 2.0).abs() < 1e-9);
        assert_eq!((summary.pass_at_k[&1], summary.pass_at_k[&4]), (0.375, 1.0));
        // First sample: p right, q wrong. All four: 12 wins p, 13 wins q.
        assert_eq!((summary.cons_at_k[&1], summary.cons_at_k[&4]), (0.5, 0.5));
        assert_eq!(
            (summary.problems, summary.samples, summary.unjudged),
            (2, 4, 0)
        );
        assert_eq!((summary.format, summary.truncated), (0.875, 0.125));
        assert_eq!(summary.tokens_mean, 11.0);
        assert_eq!(summary.language, Some((4.0 + 1.5) / 7.0));
        assert_eq!(
            (summary.by_family["sum"], summary.by_family["puzzle"]),
            (0.5, 0.25)
        );
        assert_eq!(
            (summary.by_language["en"], summary.by_language["zh"]),
            (0.5, 0.25)
        );
        assert_eq!((summary.rules["answer_tag"], summary.rules["none"]), (7, 1));
        assert!(summary.ci95[0] <= 0.375 && 0.375 <= summary.ci95[1]);
    }

    #[test]
    fn the_order_of_completions_leaves_no_trace() {
        let mut records = graded();
        let summary = Summary::new(&records, 1).unwrap();
        records.reverse();
        assert_eq!(Summary::new(&records, 1).unwrap(), summary);
    }

    #[test]
    fn what_cannot_be_judged_is_counted_and_left_out() {
        let mut records = graded();
        records.push(record("r", 0, "unjudged"));
        records[3].verdict = Outcome::Unjudged;
        let summary = Summary::new(&records, 1).unwrap();
        assert_eq!(
            (summary.problems, summary.unjudged, summary.samples),
            (2, 2, 3)
        );
        assert!((summary.pass_at_1 - (2.0 / 3.0 + 0.25) / 2.0).abs() < 1e-9);
        assert_eq!(
            summary.pass_at_k.keys().copied().collect::<Vec<_>>(),
            [1, 2, 3]
        );
        let none = Summary::new(&records[8..], 1).unwrap_err();
        assert!(none.to_string().contains("none of 1 completions"));
        assert!(Summary::new(&[], 1).is_err());
    }

    #[test]
    fn a_summary_survives_json() {
        let summary = Summary::new(&graded(), 1).unwrap();
        let text = serde_json::to_string(&summary).unwrap();
        assert_eq!(serde_json::from_str::<Summary>(&text).unwrap(), summary);
    }

    #[test]
    fn models_are_compared_on_the_problems_they_share() {
        let first = graded();
        let second: Vec<Graded> = graded().into_iter().skip(4).collect();
        let comparison = compare(&first, &second, 1).unwrap();
        assert_eq!((comparison.problems, comparison.difference), (1, 0.0));
        assert_eq!(compare(&first, &[], 1), None);
    }
}
