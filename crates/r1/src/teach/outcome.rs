//! What came of a distillation: `results.json`, and a table for people.

use std::collections::BTreeMap;

use anyhow::Result;
use distill::assembly::{CARD, Card};
use distill::{CurationReport, HintReport, Passes, SampleReport};
use eval::{MANIFEST, Manifest};
use serde::{Deserialize, Serialize};

use super::filter::CURATION;
use super::sampling::REPORT;
use crate::Artifact;
use crate::report::table::boxed;
use crate::stages::files::read_json;

/// The file's name in the run's directory.
pub(super) const RESULTS: &str = "results.json";

/// What came of it, so far as it went.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Outcome {
    /// Problems asked, and what was asked of them.
    pub(super) sampling: SampleReport,
    /// What hints did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) hints: Option<HintReport>,
    /// Responses left after each gate, in order.
    pub(super) gates: Vec<(String, usize)>,
    /// Samples to train on, by where they come from.
    pub(super) set: BTreeMap<String, u64>,
    /// Samples to train on, and to validate with.
    pub(super) train: usize,
    pub(super) validation: usize,
    /// The student on the held-out problems.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) before: Option<Measured>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) after: Option<Measured>,
}

/// A model on the held-out problems.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Measured {
    pub(super) pass_at_1: f64,
    pub(super) ci95: [f64; 2],
    pub(super) problems: usize,
    pub(super) samples: usize,
    pub(super) missing: usize,
}

impl Outcome {
    /// Adds the first round.
    ///
    /// # Errors
    /// A report that cannot be read, as of all that follow.
    pub(super) fn sampled(&mut self, artifact: &Artifact) -> Result<()> {
        self.sampling = read_json(&artifact.file(REPORT))?;
        Ok(())
    }

    pub(super) fn hinted(&mut self, artifact: &Artifact) -> Result<()> {
        self.hints = Some(read_json(&artifact.file(REPORT))?);
        Ok(())
    }

    pub(super) fn curated(&mut self, artifact: &Artifact) -> Result<()> {
        let report: CurationReport = read_json(&artifact.file(CURATION))?;
        let gates = report.gates.iter();
        self.gates = gates
            .map(|it| (it.gate.name().to_owned(), it.left))
            .collect();
        Ok(())
    }

    pub(super) fn assembled(&mut self, artifact: &Artifact) -> Result<()> {
        let card: Card = read_json(&artifact.file(CARD))?;
        self.set = card
            .inputs
            .iter()
            .map(|it| (it.name.clone(), it.kept))
            .collect();
        (self.train, self.validation) = (card.train, card.validation);
        Ok(())
    }

    /// Responses that passed every gate.
    pub(super) fn kept(&self) -> usize {
        self.gates.last().map_or(0, |(_, left)| *left)
    }

    /// What each gate stopped, as in `answer 3, claims 1`.
    pub(super) fn stopped(&self) -> String {
        let mut before = self.responses();
        let mut words = Vec::new();
        for (gate, left) in &self.gates {
            if *left < before {
                words.push(format!("{gate} {}", before - left));
            }
            before = *left;
        }
        words.join(", ")
    }

    /// Responses of both rounds.
    fn responses(&self) -> usize {
        self.sampling.answered + self.hints.as_ref().map_or(0, |hints| hints.asked.answered)
    }

    /// The table.
    pub(super) fn table(&self) -> String {
        let mut rows: Vec<[String; 2]> = Vec::new();
        let mut row = |what: &str, value: String| rows.push([what.to_owned(), value]);
        row("problems", self.sampling.problems.to_string());
        row("responses", self.responses().to_string());
        let missing: usize = self.sampling.unanswered.values().sum();
        if missing > 0 {
            row("without a reply", missing.to_string());
        }
        row(
            "teacher pass@1",
            passes(&self.sampling.passes, Passes::pass_at_1),
        );
        row(
            "teacher pass@k",
            passes(&self.sampling.passes, Passes::pass_at_k),
        );
        if let Some(hints) = &self.hints {
            row(
                "failed, with hints pass@k",
                passes(&hints.hinted, Passes::pass_at_k),
            );
            row(
                "failed, without pass@k",
                passes(&hints.plain, Passes::pass_at_k),
            );
        }
        let mut before = self.responses();
        for (gate, left) in &self.gates {
            // A gate that stopped nothing says nothing.
            if *left < before {
                row(&format!("left after {gate}"), left.to_string());
            }
            before = *left;
        }
        for (name, kept) in &self.set {
            row(&format!("in the set from {name}"), kept.to_string());
        }
        row("to train on", self.train.to_string());
        if self.validation > 0 {
            row("to validate with", self.validation.to_string());
        }
        if let Some(measured) = &self.before {
            row("student before", measured.words());
        }
        if let Some(measured) = &self.after {
            row("student after", measured.words());
        }
        boxed(["distillation", ""], &rows)
    }
}

fn passes(passes: &Passes, rate: fn(&Passes) -> Option<f64>) -> String {
    rate(passes).map_or_else(|| "–".to_owned(), |rate| format!("{:.1} %", 100.0 * rate))
}

impl Measured {
    /// What the manifest of a measurement says.
    ///
    /// # Errors
    /// A manifest that cannot be read.
    pub(super) fn of(artifact: &Artifact) -> Result<Self> {
        let manifest = Manifest::read(&artifact.file(MANIFEST))?;
        Ok(Self {
            pass_at_1: manifest.summary.pass_at_1,
            ci95: manifest.summary.ci95,
            problems: manifest.summary.problems,
            samples: manifest.summary.samples,
            missing: manifest.missing,
        })
    }

    fn words(&self) -> String {
        let [low, high] = self.ci95.map(|bound| 100.0 * bound);
        format!("{:.1} % ({low:.1}–{high:.1})", 100.0 * self.pass_at_1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_says_what_came_of_it() {
        let measured = |pass_at_1| Measured {
            pass_at_1,
            ci95: [pass_at_1 - 0.1, pass_at_1 + 0.1],
            problems: 9,
            samples: 1,
            missing: 0,
        };
        let outcome = Outcome {
            sampling: SampleReport {
                problems: 3,
                answered: 11,
                unanswered: [("busy".to_owned(), 1)].into(),
                passes: Passes {
                    problems: 3,
                    solved: 2,
                    judged: 8,
                    right: 4,
                },
                ..SampleReport::default()
            },
            gates: [("answer", 6), ("template", 6), ("claims", 5)]
                .map(|(gate, left)| (gate.to_owned(), left))
                .into(),
            set: [("teacher".to_owned(), 5)].into(),
            train: 5,
            before: Some(measured(0.25)),
            after: Some(measured(0.5)),
            ..Outcome::default()
        };
        assert_eq!(outcome.kept(), 5);
        assert_eq!(outcome.stopped(), "answer 5, claims 1");
        let table = outcome.table();
        let cells: Vec<Vec<&str>> = table
            .lines()
            .filter(|line| line.starts_with('│'))
            .map(|line| {
                line.split('│')
                    .map(str::trim)
                    .filter(|it| !it.is_empty())
                    .collect()
            })
            .collect();
        let expected = [
            vec!["distillation"],
            vec!["problems", "3"],
            vec!["responses", "11"],
            vec!["without a reply", "1"],
            vec!["teacher pass@1", "50.0 %"],
            vec!["teacher pass@k", "66.7 %"],
            vec!["left after answer", "6"],
            vec!["left after claims", "5"],
            vec!["in the set from teacher", "5"],
            vec!["to train on", "5"],
            vec!["student before", "25.0 % (15.0–35.0)"],
            vec!["student after", "50.0 % (40.0–60.0)"],
        ];
        assert_eq!(cells, expected);
    }
}
