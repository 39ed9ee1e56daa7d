//! What is asked for the port, and how often solving and porting come off.

use rewards::code::find;
use serde::{Deserialize, Serialize};

use super::translate::Translated;
use crate::benchmark::Metric;
use crate::graded::{Graded, Outcome};

/// What a model is asked for the port of its answer in Python.
pub fn porting(one: &Translated, solved: &str) -> String {
    let source = find(solved).map_or_else(|_| solved.to_owned(), |program| program.source);
    format!(
        "Port this Python program to Rust.\n\n```python\n{}\n```\n\nWrite the function `{}` with exactly this \
         signature:\n\n```text\n{}\n```\n\nIt must give the same results. Use the standard library alone, write \
         no `main`, and answer with the whole program in a block that begins with ```rust.\n",
        source.trim_end(),
        one.entry_point,
        one.signature
    )
}

/// How many answers are right in each language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Transfer {
    /// Answers in Python that were judged.
    pub asked: usize,
    /// Right ones among them.
    pub solved: usize,
    /// Ports to Rust that were judged.
    pub tried: usize,
    /// Right ones among them.
    pub ported: usize,
}

impl Transfer {
    /// Counts turns: the first of a sample is in Python, the second in Rust.
    pub fn of(graded: &[Graded]) -> Self {
        let mut counts = Self::default();
        for grade in graded.iter().filter(|it| it.verdict != Outcome::Unjudged) {
            let (all, right) = match grade.turn {
                0 => (&mut counts.asked, &mut counts.solved),
                _ => (&mut counts.tried, &mut counts.ported),
            };
            *all += 1;
            *right += usize::from(grade.verdict == Outcome::Right);
        }
        counts
    }

    /// Per cent of the answers `solved` in Python, and of the ports tried what is `ported` and `lost`.
    pub fn metrics(&self) -> Vec<Metric> {
        let share = |name: &str, part: usize, of: usize| {
            (of > 0).then(|| Metric {
                name: name.to_owned(),
                value: 100.0 * part as f64 / of as f64,
                ci95: None,
            })
        };
        let metrics = [
            share("solved", self.solved, self.asked),
            share("ported", self.ported, self.tried),
            share("lost", self.tried - self.ported, self.tried),
        ];
        metrics.into_iter().flatten().collect()
    }
}
