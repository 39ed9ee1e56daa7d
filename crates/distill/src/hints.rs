//! Reuse of steps: what was right in one problem, offered as a hint in those the teacher fails.
//!
//! ```text
//! solved problems ─verified steps→ StepBook ─Embed→ StepIndex
//! failed problem ─nearest→ question + steps ─teacher→ responses ─do they speak of the hint?→ kept
//! ```
//!
//! What is kept answers the plain question: the hint is in no record, and a response that speaks of it,
//! or copies a step of it, is dropped. Whether hints help is measured on the same problems, asked again
//! as often without. Left out: hints from a problem's own solution, which would be its answer.
//!
//! ```
//! use std::ops::ControlFlow;
//! use distill::{HintConfig, SampleConfig, SampleError, StepBook, sample, sample_with_hints};
//!
//! fn run(
//!     problems: Vec<data::Problem>,
//!     teacher: &dyn data::Answers,
//!     rubric: &rewards::Rubric,
//! ) -> Result<(), SampleError> {
//!     let config = SampleConfig::default();
//!     let (mut book, mut failed) = (StepBook::default(), Vec::new());
//!     sample(problems.into_iter(), teacher, rubric, &config, &mut |sampled| {
//!         match sampled.is_solved() {
//!             true => _ = book.add(&sampled.problem, &sampled.responses),
//!             false => failed.push(sampled.problem),
//!         }
//!         ControlFlow::Continue(())
//!     })?;
//!     let (index, hints) = (book.index(), HintConfig::default());
//!     let failed = failed.into_iter();
//!     let report = sample_with_hints(failed, teacher, rubric, &index, &config, &hints, &mut |_| {
//!         ControlFlow::Continue(())
//!     })?;
//!     let _gain = report.gain();
//!     Ok(())
//! }
//! ```

mod book;
mod prompt;
#[cfg(test)]
mod tests;
mod tfidf;

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};

use data::{Answers, Problem};
use rewards::Rubric;
use serde::{Deserialize, Serialize};

use crate::report::Example;
use crate::sample::{
    Passes, Plan, SampleConfig, SampleError, SampleReport, Sampled, gather, score,
};
use crate::steps::Embed;
pub use book::{Near, StepBook, StepIndex};
pub use prompt::refers_to_hint;
pub use tfidf::TfIdf;

/// Responses shown of those that speak of their hint.
const EXAMPLES: usize = 3;

/// How hints are given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HintConfig {
    /// Most problems that steps are taken from. Default 2.
    pub neighbours: usize,
    /// Least cosine between the questions, from 0 to 1. Default 0.3.
    pub min_similarity: f32,
    /// Most steps taken from one problem, its first. Default 6.
    pub steps: usize,
    /// Whether each problem is asked as often without a hint, so that the gain is known. Asking again
    /// alone solves some problems: without this the gain of hints cannot be told from that. Default true.
    pub control: bool,
}

impl Default for HintConfig {
    fn default() -> Self {
        Self {
            neighbours: 2,
            min_similarity: 0.3,
            steps: 6,
            control: true,
        }
    }
}

/// What hints did.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct HintReport {
    /// All that was asked, with hints and without.
    pub asked: SampleReport,
    /// Problems passed over because none like them is in the index.
    pub without_hint: usize,
    /// How often the teacher is right with hints. A response that speaks of its hint counts as wrong.
    pub hinted: Passes,
    /// How often it is right without, on the same problems.
    pub plain: Passes,
    /// Right responses dropped because they speak of their hint.
    pub referred: usize,
    /// The first few of them.
    pub examples: Vec<Example>,
}

impl HintReport {
    /// pass@k with hints less pass@k without, from −1 to 1; nothing where it was not measured.
    pub fn gain(&self) -> Option<f64> {
        Some(self.hinted.pass_at_k()? - self.plain.pass_at_k()?)
    }
}

/// Asks problems again that `teacher` fails, k times with steps of similar problems as a hint, and where
/// [`HintConfig::control`] says so k times without; k is `config.samples`. Samples with hints are
/// numbered from k, those without from 2k, after the first k of [`crate::sample`]. Problems that have no
/// similar one are passed over. Each problem is given with the responses that may be kept.
///
/// # Errors
/// As [`crate::sample`].
pub fn sample_with_hints<E: Embed + Sync>(
    problems: impl Iterator<Item = Problem> + Send,
    teacher: &dyn Answers,
    rubric: &Rubric,
    index: &StepIndex<E>,
    config: &SampleConfig,
    hints: &HintConfig,
    each: &mut dyn FnMut(Sampled) -> ControlFlow<()>,
) -> Result<HintReport, SampleError> {
    config.check(rubric)?;
    let without = AtomicUsize::new(0);
    let mut plans = problems.filter_map(|problem| {
        let steps: Vec<&str> = index
            .nearest(&problem, hints.neighbours, hints.min_similarity)
            .into_iter()
            .flat_map(|near| near.steps.iter().take(hints.steps).map(String::as_str))
            .collect();
        if steps.is_empty() {
            without.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        let k = config.samples;
        let text = prompt::question(&problem, &steps);
        let mut asks = config.asks(&problem.id, &text, k..2 * k);
        if hints.control {
            asks.extend(config.asks(&problem.id, &problem.question, 2 * k..3 * k));
        }
        let with: Vec<String> = steps.into_iter().map(str::to_owned).collect();
        Some(Plan {
            problem,
            asks,
            with,
        })
    });
    let mut report = HintReport::default();
    gather(&mut plans, teacher, &mut |mut gathered| {
        report.asked.add(&gathered.replies);
        let steps = std::mem::take(&mut gathered.with);
        let mut sampled = score(gathered, rubric);
        report.judge(&mut sampled, &steps, config.samples);
        each(sampled)
    })?;
    report.without_hint = without.into_inner();
    Ok(report)
}

impl HintReport {
    /// Counts a problem, and takes out the responses that speak of the hint.
    fn judge(&mut self, sampled: &mut Sampled, steps: &[String], k: u32) {
        let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
        let question = &sampled.problem.question;
        let responses = std::mem::take(&mut sampled.responses);
        let (mut hinted, mut plain) = (Vec::new(), Vec::new());
        let all = responses.iter().map(|(_, score)| score.accuracy);
        self.asked.passes.add(all);
        for (completion, score) in responses {
            if completion.sample >= 2 * k {
                plain.push(score.accuracy);
                sampled.responses.push((completion, score));
                continue;
            }
            let Some(detail) = refers_to_hint(&completion.text, question, &steps) else {
                hinted.push(score.accuracy);
                sampled.responses.push((completion, score));
                continue;
            };
            hinted.push(score.accuracy.map(|_| 0.0));
            if score.accuracy != Some(1.0) {
                continue;
            }
            self.referred += 1;
            if self.examples.len() < EXAMPLES {
                self.examples.push(Example {
                    problem: sampled.problem.id.clone(),
                    sample: completion.sample,
                    question: question.clone(),
                    response: completion.text,
                    detail,
                });
            }
        }
        self.hinted.add(hinted.into_iter());
        self.plain.add(plain.into_iter());
    }
}
