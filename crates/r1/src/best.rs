//! The best policies a stage came by, beside its own directory: models to use, while states are for going on.
//!
//! Each is a directory named by its step, with `score.json`, which lists its files with their hashes, written last; it
//! comes into its place whole, by a rename.
//! Left out: what makes a policy good, which is the stage's to say.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::artifact::{FileRecord, SCORE, is_missing, record};
use crate::placed::{put, remove};

/// The best policies of a stage.
#[derive(Debug)]
pub(crate) struct Best {
    dir: PathBuf,
    /// How many are kept; 0: none.
    keep: usize,
}

/// `score.json`.
#[derive(Debug, Serialize, Deserialize)]
struct Score {
    step: usize,
    score: f64,
    /// Those of the policy.
    #[serde(default)]
    files: BTreeMap<String, FileRecord>,
}

impl Best {
    /// Those in `dir`, which need not be there yet.
    pub(crate) fn new(dir: PathBuf, keep: usize) -> Self {
        Self { dir, keep }
    }

    /// Keeps the policy after `step`, which `fill` writes into a directory, where its score is among the highest; the
    /// lowest of those above the number that is kept goes once the new one is in its place. Of equals the earlier stays.
    ///
    /// # Errors
    /// A file cannot be written, read or removed.
    pub(crate) fn offer(
        &self,
        step: usize,
        score: f64,
        fill: impl FnOnce(&Path) -> Result<()>,
    ) -> Result<()> {
        let mut kept = self.all()?;
        // One of an attempt that was cut off after it.
        kept.retain(|known| known.step != step);
        let better = kept.iter().filter(|known| known.score >= score).count();
        if better >= self.keep {
            return Ok(());
        }
        let place = self.place(step);
        let writing = || format!("writing {}, one of the best policies", place.display());
        let seal = |partial: &Path| {
            let files = record(partial)?;
            let score = Score { step, score, files };
            Ok((SCORE, serde_json::to_string_pretty(&score)? + "\n"))
        };
        put(&place, writing, fill, seal)?;
        kept.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.step.cmp(&b.step)));
        let mut above = kept.iter().skip(self.keep - 1);
        above.try_for_each(|lowest| remove(&self.place(lowest.step)))
    }

    fn place(&self, step: usize) -> PathBuf {
        self.dir.join(format!("{step:08}"))
    }

    /// Those that are whole.
    fn all(&self) -> Result<Vec<Score>> {
        let reading = || self.dir.display().to_string();
        let entries = match fs::read_dir(&self.dir) {
            Err(error) if is_missing(&error) => return Ok(Vec::new()),
            entries => entries.with_context(reading)?,
        };
        let mut all = Vec::new();
        for entry in entries {
            let path = entry.with_context(reading)?.path();
            if path.extension().is_none() {
                let score = fs::read(path.join(SCORE)).ok();
                let score = score.and_then(|bytes| serde_json::from_slice::<Score>(&bytes).ok());
                all.extend(score);
            }
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::check_model;

    /// The steps that are kept of these, offered in order.
    fn kept(keep: usize, offers: &[(usize, f64)]) -> Vec<usize> {
        let dir = tempfile::tempdir().unwrap();
        let best = Best::new(dir.path().join("2-r1-zero.best"), keep);
        for (step, score) in offers {
            let fill = |dir: &Path| Ok(fs::write(dir.join("weights"), step.to_string())?);
            best.offer(*step, *score, fill).unwrap();
        }
        let mut steps: Vec<usize> = best.all().unwrap().iter().map(|it| it.step).collect();
        steps.sort_unstable();
        for step in &steps {
            let weights = fs::read_to_string(best.place(*step).join("weights")).unwrap();
            assert_eq!(weights, step.to_string());
            check_model(&best.place(*step)).unwrap();
            fs::write(best.place(*step).join("weights"), "0").unwrap();
            assert!(check_model(&best.place(*step)).is_err());
        }
        steps
    }

    #[test]
    fn the_highest_stay() {
        let offers = [(10, 0.2), (20, 0.5), (30, 0.1), (40, 0.5), (50, 0.4)];
        assert_eq!(kept(1, &offers), [20]);
        assert_eq!(kept(2, &offers), [20, 40]);
        assert_eq!(kept(3, &offers), [20, 40, 50]);
        assert_eq!(kept(9, &offers), [10, 20, 30, 40, 50]);
        assert_eq!(kept(0, &offers), [0; 0]);
    }

    #[test]
    fn steps_taken_again_change_nothing() {
        let offers = [(10, 0.2), (20, 0.5), (10, 0.2), (20, 0.5), (30, 0.3)];
        assert_eq!(kept(1, &offers), [20]);
        assert_eq!(kept(2, &offers), [20, 30]);
    }

    #[test]
    fn one_that_cannot_be_written_costs_none() {
        let dir = tempfile::tempdir().unwrap();
        let best = Best::new(dir.path().join("best"), 1);
        best.offer(1, 0.5, |_| Ok(())).unwrap();
        let error = best.offer(2, 0.9, |_| anyhow::bail!("a full disk"));
        let error = format!("{:#}", error.unwrap_err());
        assert!(
            error.contains("00000002") && error.contains("a full disk"),
            "{error}"
        );
        let kept = best.all().unwrap();
        let kept: Vec<_> = kept.iter().map(|it| (it.step, it.score)).collect();
        assert_eq!(kept, [(1, 0.5)]);
    }
}
