//! How much was asked, what came, and how much of it is right.

use std::collections::BTreeMap;

use data::{Reply, Unanswered};
use serde::{Deserialize, Serialize};

/// Reasons told apart; further ones are counted together.
const REASONS: usize = 32;

/// How often a teacher is right. Responses that could not be judged do not count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passes {
    /// Problems with a response that could be judged.
    pub problems: usize,
    /// Of them, those with a right response.
    pub solved: usize,
    /// Responses that could be judged.
    pub judged: usize,
    /// Of them, right ones.
    pub right: usize,
}

impl Passes {
    /// Adds the accuracies of a problem's responses.
    pub(crate) fn add(&mut self, accuracies: impl Iterator<Item = Option<f32>>) {
        let judged: Vec<f32> = accuracies.flatten().collect();
        let right = judged.iter().filter(|accuracy| **accuracy == 1.0).count();
        self.problems += usize::from(!judged.is_empty());
        self.solved += usize::from(right > 0);
        self.judged += judged.len();
        self.right += right;
    }

    /// pass@1: the share of the responses that is right, from 0 to 1. Nothing of nothing.
    pub fn pass_at_1(&self) -> Option<f64> {
        (self.judged > 0).then(|| self.right as f64 / self.judged as f64)
    }

    /// pass@k, k being how often each problem was asked: the share of the problems with a right response.
    pub fn pass_at_k(&self) -> Option<f64> {
        (self.problems > 0).then(|| self.solved as f64 / self.problems as f64)
    }
}

/// What became of the samples asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SampleReport {
    /// Problems complete.
    pub problems: usize,
    /// Their samples with a reply.
    pub answered: usize,
    /// Those without, by reason; after the first 32 reasons under `others`.
    pub unanswered: BTreeMap<String, usize>,
    /// Tokens read.
    pub prompt_tokens: u64,
    /// Tokens said.
    pub tokens: u64,
    /// How often the teacher was right.
    pub passes: Passes,
}

impl SampleReport {
    pub(crate) fn add(&mut self, replies: &[(u32, Result<Reply, Unanswered>)]) {
        self.problems += 1;
        for (_, reply) in replies {
            match reply {
                Ok(reply) => {
                    self.answered += 1;
                    self.prompt_tokens += reply.prompt_tokens as u64;
                    self.tokens += reply.tokens as u64;
                }
                Err(none) => {
                    let known = self.unanswered.contains_key(&none.reason);
                    let reason = match known || self.unanswered.len() < REASONS {
                        true => &*none.reason,
                        false => "others",
                    };
                    *self.unanswered.entry(reason.to_owned()).or_default() += 1;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_are_counted_by_hand() {
        let mut passes = Passes::default();
        assert_eq!((passes.pass_at_1(), passes.pass_at_k()), (None, None));
        passes.add([Some(1.0), Some(0.0), None].into_iter());
        passes.add([Some(0.0), Some(0.0)].into_iter());
        passes.add([None].into_iter());
        // One of four judged responses, one of two problems.
        assert_eq!(passes.pass_at_1(), Some(0.25));
        assert_eq!(passes.pass_at_k(), Some(0.5));
    }

    #[test]
    fn many_reasons_do_not_fill_memory() {
        let mut report = SampleReport::default();
        for at in 0..100 {
            let reason = format!("request {at} failed");
            let none = |reason| Unanswered {
                id: "a".into(),
                sample: 0,
                reason,
            };
            report.add(&[(0, Err(none(reason))), (1, Err(none("busy".into())))]);
        }
        assert_eq!(report.unanswered.len(), 33);
        assert_eq!(
            (report.unanswered["busy"], report.unanswered["others"]),
            (100, 69)
        );
    }
}
