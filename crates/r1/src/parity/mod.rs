//! Proof that a model computes what a reference did: `r1 parity`.
//!
//! A case is a directory with a checkpoint, `case.json` (batches of token ids, losses, greedy
//! continuations) and the reference's numbers in `expected.safetensors` and, where gradients are to
//! be compared, `grads_nopad.safetensors`. The objectives of reinforcement learning have cases of
//! their own ([`objectives`]), and so have runs of training ([`trajectory`]).

mod case;
mod fields;
mod measure;
pub mod objectives;
pub mod trajectory;

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Serialize;

use crate::UsageError;
use crate::backend::device;
use case::{CASE, Case};

/// Largest differences from the reference.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Differences {
    /// Directory of the case.
    pub case: String,
    /// Between logits of whole sequences, in absolute value.
    pub logits: f64,
    /// Between logits when the tokens are read one at a time through the cache.
    pub cached_logits: f64,
    /// What both may be.
    pub logits_allowed: f64,
    /// Of a loss, relative.
    pub loss: f64,
    /// Of a parameter's gradient, relative in the L2 norm.
    pub gradient: f64,
    /// The parameter with that gradient.
    pub gradient_of: String,
    /// Of the norm of a parameter's gradient, relative.
    pub gradient_norm: f64,
    /// Of a router's balance loss, alone and in the loss, relative.
    pub balance_loss: f64,
    /// Of the norm of a router's gradient with it, relative.
    pub balance_gradient_norm: f64,
    /// Tokens of greedy continuations that differ.
    pub tokens: usize,
}

/// Largest relative difference of a loss.
const LOSS: f64 = 1e-5;
/// Largest relative difference of a gradient and of its norm.
const GRADIENT: f64 = 1e-3;

impl Differences {
    /// Whether all are within their tolerance.
    pub fn pass(&self) -> bool {
        let logits = self.logits.max(self.cached_logits);
        // `max` passes over what is not a number, comparisons do not.
        self.logits <= self.logits_allowed
            && self.cached_logits <= self.logits_allowed
            && logits.is_finite()
            && self.loss <= LOSS
            && self.gradient <= GRADIENT
            && self.gradient_norm <= GRADIENT
            && self.balance_loss <= LOSS
            && self.balance_gradient_norm <= GRADIENT
            && self.tokens == 0
    }
}

/// Compares every case under `paths` and prints a line for each; whether all passed.
///
/// # Errors
/// A path without a case, or a case that cannot be read.
pub fn run(paths: &[PathBuf], json: bool) -> Result<bool> {
    let mut out = std::io::stdout().lock();
    let mut passed = true;
    for path in paths {
        let objectives = objectives::file(path);
        if let Some(file) = &objectives {
            passed &= objectives::run(file, json, &mut out)?;
        }
        for dir in cases(path, objectives.is_some())? {
            if dir.join(trajectory::FILE).exists() {
                passed &= trajectory::run(&dir, json, &mut out)?;
            }
            if !dir.join(CASE).exists() {
                continue;
            }
            let found = compare(&dir)?;
            passed &= found.pass();
            if json {
                writeln!(out, "{}", serde_json::to_string(&found)?)?;
            } else {
                writeln!(out, "{}", line(&found))?;
            }
        }
    }
    Ok(passed)
}

/// Compares one case.
///
/// # Errors
/// A file that is missing, damaged or not of the schema, named.
pub fn compare(dir: &Path) -> Result<Differences> {
    let case = Case::open(dir)?;
    measure::measure(&case, &device()?).with_context(|| dir.display().to_string())
}

fn line(found: &Differences) -> String {
    format!(
        "{} {}: logits {:.1e} and cached {:.1e} of {:.1e}, loss {:.1e}, gradient {:.1e}, \
         its norm {:.1e}, balance {:.1e} and its gradient {:.1e}, tokens {}",
        if found.pass() { "pass" } else { "FAIL" },
        found.case,
        found.logits,
        found.cached_logits,
        found.logits_allowed,
        found.loss,
        found.gradient,
        found.gradient_norm,
        found.balance_loss,
        found.balance_gradient_norm,
        found.tokens,
    )
}

/// Whether a directory is a case of a model or of training.
fn is_case(dir: &Path) -> bool {
    dir.join(CASE).exists() || dir.join(trajectory::FILE).exists()
}

/// The path itself where it is a case, otherwise the cases right in it; it may have none where it
/// has `others`.
fn cases(path: &Path, others: bool) -> Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(Vec::new());
    }
    if is_case(path) {
        return Ok(vec![path.to_path_buf()]);
    }
    let entries = std::fs::read_dir(path)
        .map_err(|error| UsageError(format!("{}: {error}", path.display())))?;
    let mut found: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|dir| is_case(dir))
        .collect();
    found.sort();
    if found.is_empty() && !others {
        let message = format!(
            "{}: neither it nor a folder in it has a {CASE} or a {}, and it has no {}",
            path.display(),
            trajectory::FILE,
            objectives::FILE
        );
        return Err(UsageError(message).into());
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fine() -> Differences {
        Differences {
            logits_allowed: 2e-4,
            ..Differences::default()
        }
    }

    #[test]
    fn every_difference_counts() {
        assert!(fine().pass());
        let cases: [fn(&mut Differences); 8] = [
            |d| d.logits = 1e-3,
            |d| d.cached_logits = f64::NAN,
            |d| d.loss = 1e-4,
            |d| d.gradient = 0.1,
            |d| d.gradient_norm = f64::INFINITY,
            |d| d.balance_loss = 2e-5,
            |d| d.balance_gradient_norm = f64::NAN,
            |d| d.tokens = 1,
        ];
        for spoil in cases {
            let mut found = fine();
            spoil(&mut found);
            assert!(
                !found.pass() && line(&found).starts_with("FAIL"),
                "{found:?}"
            );
        }
    }

    #[test]
    fn a_folder_without_cases_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let error = cases(dir.path(), false).unwrap_err();
        assert!(error.is::<UsageError>() && error.to_string().contains(CASE));
    }

    /// Every reference case at hand; none where the folder is missing.
    #[test]
    fn the_reference_cases_pass() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/parity/models");
        if !root.exists() {
            return;
        }
        for dir in cases(&root, false).unwrap() {
            let found = compare(&dir).unwrap();
            assert!(found.pass(), "{found:?}");
        }
    }
}
