//! States of a stage that trains, on disk: from each it can go on as if it had never stopped.
//!
//! A state is a directory named by its step, beside the stage's own: the files its stage fills it with and
//! `state.json`, which is written last and lists them with their hashes. It comes into its place whole, by a rename.
//! Left out: what the files are, which is the stage's to know.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::artifact::{ArtifactError, FileRecord, is_missing, record, verify};
use crate::placed::{put, remove};

/// The file that makes a state whole.
const STATE: &str = "state.json";

/// The states of a stage.
#[derive(Debug)]
pub(crate) struct States {
    dir: PathBuf,
    /// How many are kept; at least one is.
    keep: usize,
}

/// A state that is whole.
#[derive(Debug)]
pub(crate) struct State<P> {
    /// The step it was taken after.
    pub(crate) step: usize,
    /// What the stage wants to know besides its files.
    pub(crate) progress: P,
    /// Where its files lie.
    pub(crate) dir: PathBuf,
}

/// Where there is to go on from.
#[derive(Debug)]
pub(crate) struct Last<P> {
    /// The last state that is whole, and how far lines had come.
    pub(crate) state: Option<(State<P>, Lengths)>,
    /// Newer ones that are not.
    pub(crate) damaged: Vec<PathBuf>,
}

/// How far the files of lines had come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lengths {
    /// Bytes of `metrics.jsonl`.
    pub(crate) metrics: u64,
    /// Bytes of `completions.jsonl`.
    pub(crate) completions: u64,
}

/// `state.json`.
#[derive(Debug, Serialize, Deserialize)]
struct Manifest {
    step: usize,
    lines: Lengths,
    progress: Value,
    files: BTreeMap<String, FileRecord>,
}

impl States {
    /// Those in `dir`, which need not be there yet.
    pub(crate) fn new(dir: PathBuf, keep: usize) -> Self {
        Self { dir, keep }
    }

    /// The last state that is whole. What is newer and not whole is removed, so that it is not in the way of what
    /// comes in its place.
    ///
    /// # Errors
    /// The directory cannot be read; a state that is whole does not hold what this stage writes.
    pub(crate) fn last<P: DeserializeOwned>(&self) -> Result<Last<P>> {
        let mut damaged = Vec::new();
        for (_, dir) in self.all()?.into_iter().rev() {
            let Some(manifest) = read(&dir)? else {
                remove(&dir)?;
                damaged.push(dir);
                continue;
            };
            let progress = serde_json::from_value(manifest.progress);
            let state = State {
                step: manifest.step,
                progress: progress.with_context(|| dir.join(STATE).display().to_string())?,
                dir,
            };
            let state = Some((state, manifest.lines));
            return Ok(Last { state, damaged });
        }
        let state = None;
        Ok(Last { state, damaged })
    }

    /// Adds the state after `step`, with the files that `fill` writes into a directory, and then removes the oldest
    /// above the number that is kept.
    ///
    /// # Errors
    /// A file cannot be written or removed.
    pub(crate) fn add(
        &self,
        step: usize,
        lines: Lengths,
        progress: &impl Serialize,
        fill: impl FnOnce(&Path) -> Result<()>,
    ) -> Result<()> {
        let place = self.dir.join(format!("{step:08}"));
        let writing = || format!("writing the state of step {step} to {}", place.display());
        let seal = |partial: &Path| {
            let manifest = Manifest {
                step,
                lines,
                progress: serde_json::to_value(progress)?,
                files: record(partial)?,
            };
            Ok((STATE, serde_json::to_string_pretty(&manifest)? + "\n"))
        };
        put(&place, writing, fill, seal)?;
        let all = self.all()?;
        let above = all.len().saturating_sub(self.keep.max(1));
        all[..above].iter().try_for_each(|(_, dir)| remove(dir))
    }

    /// Directories by their steps, the oldest first.
    fn all(&self) -> Result<Vec<(usize, PathBuf)>> {
        if !self.dir.exists() {
            return Ok(Vec::new());
        }
        let mut all = Vec::new();
        let reading = || self.dir.display().to_string();
        for entry in fs::read_dir(&self.dir).with_context(reading)? {
            let path = entry.with_context(reading)?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            if let Some(step) = name.and_then(|name| name.parse().ok()) {
                all.push((step, path));
            }
        }
        all.sort();
        Ok(all)
    }
}

/// The manifest of a state that is whole. One that cannot be read now may be whole all the same.
fn read(dir: &Path) -> Result<Option<Manifest>> {
    let path = dir.join(STATE);
    let bytes = match fs::read(&path) {
        Err(error) if is_missing(&error) => return Ok(None),
        bytes => bytes.with_context(|| path.display().to_string())?,
    };
    let Ok(manifest) = serde_json::from_slice::<Manifest>(&bytes) else {
        return Ok(None);
    };
    match verify(dir, &manifest.files) {
        Ok(()) => Ok(Some(manifest)),
        Err(ArtifactError::Io { path, source }) => {
            Err(source).with_context(|| path.display().to_string())
        }
        Err(_) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn add(states: &States, step: usize) {
        let lines = Lengths {
            metrics: 10 * step as u64,
            completions: 0,
        };
        let fill = |dir: &Path| Ok(fs::write(dir.join("weights"), step.to_string())?);
        states
            .add(step, lines, &json!({ "cost": 0.1 }), fill)
            .unwrap();
    }

    fn steps(states: &States) -> Vec<usize> {
        states
            .all()
            .unwrap()
            .iter()
            .map(|(step, _)| *step)
            .collect()
    }

    #[test]
    fn the_last_is_found_and_the_oldest_go() {
        let dir = tempfile::tempdir().unwrap();
        let states = States::new(dir.path().join("states"), 2);
        assert!(states.last::<Value>().unwrap().state.is_none());
        for step in [9, 10, 110] {
            add(&states, step);
        }
        assert_eq!(steps(&states), [10, 110]);
        let (state, lines) = states.last::<Value>().unwrap().state.unwrap();
        assert_eq!((state.step, lines.metrics), (110, 1100));
        assert_eq!(state.progress["cost"], 0.1);
        assert_eq!(
            fs::read_to_string(state.dir.join("weights")).unwrap(),
            "110"
        );
    }

    #[test]
    fn a_damaged_or_half_written_one_is_passed_over() {
        let dir = tempfile::tempdir().unwrap();
        let states = States::new(dir.path().to_owned(), 3);
        for step in [1, 2, 3] {
            add(&states, step);
        }
        fs::create_dir(dir.path().join("00000004.partial")).unwrap();
        fs::write(dir.path().join("00000003/weights"), "4").unwrap();
        fs::remove_file(dir.path().join("00000002").join(STATE)).unwrap();
        let last = states.last::<Value>().unwrap();
        let place = |name: &str| dir.path().join(name);
        assert_eq!(last.damaged, [place("00000003"), place("00000002")]);
        let (state, _) = last.state.unwrap();
        assert_eq!((state.step, steps(&states)), (1, vec![1]));
        add(&states, 4);
        assert_eq!(steps(&states), [1, 4]);
        for name in ["00000001", "00000004"] {
            fs::write(place(name).join("weights"), "").unwrap();
        }
        let last = states.last::<Value>().unwrap();
        assert_eq!(last.damaged, [place("00000004"), place("00000001")]);
        assert!(last.state.is_none() && steps(&states).is_empty());
    }

    #[test]
    fn one_is_always_kept() {
        let dir = tempfile::tempdir().unwrap();
        let states = States::new(dir.path().to_owned(), 0);
        add(&states, 1);
        assert_eq!(steps(&states), [1]);
    }
}
