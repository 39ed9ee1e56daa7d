//! Proof that the objectives of reinforcement learning compute what a reference did.
//!
//! A file holds cases: rewards, log-probs and settings, with the advantages, the KL estimates, the
//! loss, its gradient with respect to the log-probs and the metrics that came of them. Where the
//! device has double precision everything is computed in it and may differ by 1e-6, elsewhere in
//! single precision by 1e-4.

mod case;
mod measure;
mod metrics;

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::Serialize;
use serde_json::Value;

use crate::backend::device;
use case::Case;
pub(super) use case::Settings;

/// The name such a file has in a folder.
pub(super) const FILE: &str = "grpo_cases.json";

/// Largest relative differences from the reference.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ObjectiveDifferences {
    /// The file.
    pub file: String,
    /// The case in it.
    pub case: String,
    /// Of an advantage.
    pub advantages: f64,
    /// Of a token's KL estimate.
    pub kl: f64,
    /// Of the loss.
    pub loss: f64,
    /// Of the loss's derivative with respect to a log-prob.
    pub gradient: f64,
    /// Of a metric.
    pub metrics: f64,
    /// The metric with that difference.
    pub metric: String,
    /// What each may be.
    pub allowed: f64,
}

impl ObjectiveDifferences {
    /// Whether all are within the tolerance.
    pub fn pass(&self) -> bool {
        let all = [
            self.advantages,
            self.kl,
            self.loss,
            self.gradient,
            self.metrics,
        ];
        // A comparison does not hold for what is not a number.
        all.iter().all(|&difference| difference <= self.allowed)
    }

    fn line(&self) -> String {
        let metric = match self.metric.as_str() {
            "" => String::new(),
            metric => format!(" ({metric})"),
        };
        format!(
            "{} {} {}: advantages {:.1e}, KL {:.1e}, loss {:.1e}, gradient {:.1e}, metrics \
             {:.1e}{metric}, of {:.0e}",
            if self.pass() { "pass" } else { "FAIL" },
            self.file,
            self.case,
            self.advantages,
            self.kl,
            self.loss,
            self.gradient,
            self.metrics,
            self.allowed,
        )
    }
}

/// The file of cases that `path` is or has.
pub(super) fn file(path: &Path) -> Option<PathBuf> {
    if path.is_file() {
        return Some(path.to_path_buf());
    }
    Some(path.join(FILE)).filter(|file| file.is_file())
}

/// Compares every case of `file` and prints a line for each; whether all passed.
pub(super) fn run(file: &Path, json: bool, out: &mut dyn Write) -> Result<bool> {
    let mut passed = true;
    for found in compare(file)? {
        passed &= found.pass();
        if json {
            writeln!(out, "{}", serde_json::to_string(&found)?)?;
        } else {
            writeln!(out, "{}", found.line())?;
        }
    }
    Ok(passed)
}

/// Compares every case of a file.
///
/// # Errors
/// A file that cannot be read or has no cases, a field that is missing, unknown or has a value that
/// is, named with its case.
pub fn compare(file: &Path) -> Result<Vec<ObjectiveDifferences>> {
    let shown = file.display().to_string();
    let text = std::fs::read_to_string(file).with_context(|| shown.clone())?;
    let value: Value = serde_json::from_str(&text).with_context(|| shown.clone())?;
    let cases = value.get("cases").and_then(Value::as_array);
    let cases = cases.with_context(|| format!("{shown}: no list `cases`"))?;
    ensure!(!cases.is_empty(), "{shown}: `cases` is empty");
    let device = device()?;
    let one = |value: &Value| -> Result<ObjectiveDifferences> {
        let found = measure::measure(&Case::read(value)?, &device)?;
        Ok(ObjectiveDifferences {
            file: shown.clone(),
            ..found
        })
    };
    let all = cases.iter().map(one).collect::<Result<_>>();
    all.with_context(|| shown.clone())
}

#[cfg(test)]
mod tests;
