//! Counting what a filter catches and what it costs.

use std::fmt;

use data::{Problem, seed};
use rand::RngExt;

use super::{Corruption, Reference, spoil};
use crate::semantic::{SemanticConfig, judge_reasoning};

/// What became of one kind of corruption.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Which.
    pub corruption: Corruption,
    /// Reasonings spoiled that way.
    pub spoiled: usize,
    /// Those dropped.
    pub caught: usize,
}

/// What a filter caught and lost. Written as a table in Markdown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Good reasonings.
    pub good: usize,
    /// Those dropped.
    pub lost: usize,
    /// Every corruption, in the order of [`Corruption::ALL`].
    pub rows: Vec<Row>,
}

impl Row {
    /// The share caught, from 0 to 1.
    pub fn recall(&self) -> f64 {
        share(self.caught, self.spoiled)
    }
}

fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

impl Table {
    /// The share of good reasonings lost, from 0 to 1.
    pub fn lost_share(&self) -> f64 {
        share(self.lost, self.good)
    }

    /// The share of those dropped that are spoiled, where as many are spoiled that way as are good.
    pub fn precision(&self, row: &Row) -> f64 {
        let dropped = row.recall() + self.lost_share();
        if dropped > 0.0 {
            row.recall() / dropped
        } else {
            1.0
        }
    }

    /// The share of a corruption that is caught.
    pub fn recall(&self, corruption: Corruption) -> f64 {
        let row = self.rows.iter().find(|row| row.corruption == corruption);
        row.map_or(0.0, Row::recall)
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| corruption | spoiled | caught | recall | precision |")?;
        writeln!(f, "| --- | --- | --- | --- | --- |")?;
        for row in &self.rows {
            let (recall, precision) = (100.0 * row.recall(), 100.0 * self.precision(row));
            writeln!(
                f,
                "| {} | {} | {} | {recall:.1} % | {precision:.1} % |",
                row.corruption.name(),
                row.spoiled,
                row.caught
            )?;
        }
        write!(
            f,
            "| *none: good ones lost* | {} | {} | {:.1} % | |",
            self.good,
            self.lost,
            100.0 * self.lost_share()
        )
    }
}

/// Spoils every reference in every way, once each, and counts what `drops` drops of them and of the
/// references themselves. `drops` is given a problem, a reasoning and an answer.
///
/// Foreign steps come from other references of the list; with fewer than two there are none.
pub fn evaluate(
    references: &[Reference],
    seed: u64,
    drops: &dyn Fn(&Problem, &str, &str) -> bool,
) -> Table {
    let dropped = |reference: &Reference, steps: &[String]| {
        drops(
            &reference.problem,
            &steps.join("\n"),
            &reference.problem.answer,
        )
    };
    let lost = references.iter().filter(|r| dropped(r, &r.steps)).count();
    let rows = Corruption::ALL.map(|corruption| {
        let mut row = Row {
            corruption,
            spoiled: 0,
            caught: 0,
        };
        for (at, good) in references.iter().enumerate() {
            let mut rng = seed::stream(seed, &[corruption.name(), &good.problem.id]);
            let Some(other) = other(references, at, &mut rng) else {
                continue;
            };
            if let Some(spoiled) = spoil(good, other, corruption, &mut rng) {
                row.spoiled += 1;
                row.caught += usize::from(dropped(good, &spoiled.steps));
            }
        }
        row
    });
    Table {
        good: references.len(),
        lost,
        rows: rows.to_vec(),
    }
}

/// Any reference but the one at `at`.
pub(super) fn other<'a>(
    references: &'a [Reference],
    at: usize,
    rng: &mut impl rand::Rng,
) -> Option<&'a Reference> {
    let count = references.len();
    (count > 1).then(|| &references[(at + rng.random_range(1..count)) % count])
}

/// The semantic filter as [`evaluate`] asks for it: a right answer after the reasoning.
pub fn semantic_filter(config: &SemanticConfig) -> impl Fn(&Problem, &str, &str) -> bool {
    move |problem, reasoning, answer| judge_reasoning(problem, reasoning, answer, config).is_err()
}

#[cfg(test)]
mod tests {
    use super::super::tests::reference;
    use super::*;

    #[test]
    fn shares_are_counted_by_hand() {
        let references = [
            reference("3 and 4?", &["So 3 + 4 = 7.", "Yes 7."], "7"),
            reference("5 and 4?", &["So 5 + 4 = 9.", "Yes 9."], "9"),
        ];
        // Drops the first problem's whatever it says, and nothing else.
        let table = evaluate(&references, 1, &|problem, _, _| problem.answer == "7");
        assert_eq!((table.good, table.lost, table.lost_share()), (2, 1, 0.5));
        for row in &table.rows {
            assert_eq!((row.spoiled, row.caught, row.recall()), (2, 1, 0.5));
            assert_eq!(table.precision(row), 0.5);
        }
        let written = table.to_string();
        assert!(
            written.contains("| changed number | 2 | 1 | 50.0 % | 50.0 % |"),
            "{written}"
        );
        let blind = evaluate(&references, 1, &|_, _, _| false);
        assert_eq!(blind.precision(&blind.rows[0]), 1.0);
    }
}
