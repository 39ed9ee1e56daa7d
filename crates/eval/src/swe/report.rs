//! What became of a reply, and of many.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::diff::AppliedFile;
use super::log::Results;

/// How a reason says that a patch needed fuzz.
pub(crate) const FUZZ: &str = "applied with fuzz";

/// What became of a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every listed test passes.
    Resolved,
    /// One does not.
    Unresolved,
    /// The patch does not fit the repository, or would change what it must not.
    DoesNotApply,
    /// There is no patch in the reply, or it is broken.
    Malformed,
    /// The tests ran out of time.
    Timeout,
    /// The tests could not be run, which is not the reply's fault.
    NotRun,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resolved => "resolved",
            Self::Unresolved => "unresolved",
            Self::DoesNotApply => "does not apply",
            Self::Malformed => "malformed",
            Self::Timeout => "timeout",
            Self::NotRun => "not run",
        })
    }
}

/// How the tests of a list ended.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tally {
    /// Passed, or failed as expected.
    pub success: Vec<String>,
    /// Everything else: failed, ended in an error, skipped, or not in the log.
    pub failure: Vec<String>,
}

impl Tally {
    /// Counts the tests of a list.
    pub(super) fn of(
        tests: &[String],
        name: impl Fn(&String) -> String,
        results: &Results,
    ) -> Self {
        let passes = |test: &&String| results.get(&name(test)).is_some_and(|s| s.is_pass());
        let (success, failure) = tests.iter().partition::<Vec<&String>, _>(passes);
        let own = |tests: Vec<&String>| tests.into_iter().cloned().collect();
        Self {
            success: own(success),
            failure: own(failure),
        }
    }

    /// Whether no test failed.
    pub fn all_passed(&self) -> bool {
        self.failure.is_empty()
    }
}

/// What became of a reply, and how it came to that.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The instance.
    pub instance_id: String,
    /// What became of it.
    pub verdict: Verdict,
    /// Why.
    pub reason: String,
    /// The files the model's patch changed, with every hunk's place, offset and fuzz.
    pub files: Vec<AppliedFile>,
    /// The tests that must come to pass.
    #[serde(rename = "FAIL_TO_PASS")]
    pub fail_to_pass: Tally,
    /// The tests that must still pass.
    #[serde(rename = "PASS_TO_PASS")]
    pub pass_to_pass: Tally,
    /// How long the tests ran.
    pub seconds: f64,
}

impl Report {
    pub(super) fn new(instance_id: &str) -> Self {
        Self {
            instance_id: instance_id.to_owned(),
            verdict: Verdict::NotRun,
            reason: String::new(),
            files: vec![],
            fail_to_pass: Tally::default(),
            pass_to_pass: Tally::default(),
            seconds: 0.0,
        }
    }

    /// The most fuzz a hunk needed.
    pub fn fuzz(&self) -> usize {
        let hunks = self.files.iter().flat_map(|file| &file.hunks);
        hunks.map(|hunk| hunk.fuzz).max().unwrap_or(0)
    }

    pub(super) fn counts(&self) -> String {
        let of = |tally: &Tally| {
            format!(
                "{} of {}",
                tally.success.len(),
                tally.success.len() + tally.failure.len()
            )
        };
        let (to_pass, still) = (of(&self.fail_to_pass), of(&self.pass_to_pass));
        format!("{to_pass} come to pass, {still} still pass")
    }

    /// Says in the reason how much fuzz there was, whatever came of it.
    pub(super) fn say_fuzz(&mut self) {
        let fuzz = self.fuzz();
        if fuzz > 0 {
            self.reason += &format!("; {FUZZ} {fuzz}");
        }
    }
}

/// Many replies together, one for each instance.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Summary {
    /// How many there are.
    pub instances: usize,
    /// How many of each verdict.
    pub verdicts: BTreeMap<Verdict, usize>,
    /// How many of those that apply needed fuzz.
    pub fuzzy: usize,
}

impl Summary {
    /// Counts reports.
    pub fn of(reports: &[Report]) -> Self {
        let mut summary = Self {
            instances: reports.len(),
            fuzzy: reports.iter().filter(|report| report.fuzz() > 0).count(),
            ..Self::default()
        };
        for report in reports {
            *summary.verdicts.entry(report.verdict).or_default() += 1;
        }
        summary
    }

    /// The share resolved, of all instances: those that could not be run count as the published figure
    /// counts them, against the model. `None` without instances.
    pub fn resolved(&self) -> Option<f64> {
        let resolved = self.verdicts.get(&Verdict::Resolved).copied().unwrap_or(0);
        (self.instances > 0).then(|| resolved as f64 / self.instances as f64)
    }
}
