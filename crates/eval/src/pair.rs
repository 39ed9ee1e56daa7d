//! Two measurements of the same tasks, and what their difference is worth.

use std::fmt;

use serde::Serialize;

use crate::graded::Graded;
use crate::manifest::Manifest;
use crate::stats::Comparison;
use crate::summary::compare;

/// Two models on the problems both have tried.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pair {
    /// The benchmark.
    pub benchmark: String,
    /// The one.
    pub first: String,
    /// The other.
    pub second: String,
    /// Their difference in pass@1, the first less the second, from −1 to 1.
    #[serde(flatten)]
    pub comparison: Comparison,
}

impl Pair {
    /// Holds a measurement and its grades against another; `None` where they have no problem in common.
    pub fn of(first: (&Manifest, &[Graded]), second: (&Manifest, &[Graded])) -> Option<Self> {
        let ((one, ours), (other, theirs)) = (first, second);
        Some(Self {
            benchmark: one.plan.benchmark.clone(),
            first: one.plan.model.name().to_owned(),
            second: other.plan.model.name().to_owned(),
            comparison: compare(ours, theirs, one.plan.seed)?,
        })
    }
}

impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            benchmark,
            first,
            second,
            comparison,
        } = self;
        let [low, high] = comparison.ci95.map(|end| 100.0 * end);
        write!(
            f,
            "{first} against {second}, {benchmark}: {:+.1} points ({low:+.1} to {high:+.1}), p = {:.4}, \
             paired by {} problems",
            100.0 * comparison.difference,
            comparison.p_value,
            comparison.problems
        )
    }
}
