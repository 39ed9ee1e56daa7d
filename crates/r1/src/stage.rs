//! A stage: one box of the figure, and what it is given to work with.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use anyhow::{Context, Result};
use serde::Serialize;
use serde_json::Value;

use crate::artifact::{Artifact, METRICS};
use crate::memory::Budget;
use crate::progress::{Console, Progress};

/// The samples a stage drew, one JSON object per line.
pub(crate) const COMPLETIONS: &str = "completions.jsonl";

/// One box of the figure: a plain value whose fields are its settings and the artifacts it reads.
///
/// Equal settings, inputs and seed must give equal files; only `metrics.jsonl` may hold times.
pub trait Stage {
    /// The artifacts it reads: every one, since a change in any makes the stage run again.
    fn inputs(&self) -> Vec<&Artifact>;
    /// Everything else its result depends on.
    fn settings(&self) -> Value;
    /// Does the work, leaving its files in `cx.dir`.
    ///
    /// After an interruption it is called again with the files it had left: see
    /// [`StageContext::resumed`].
    ///
    /// # Errors
    ///
    /// Whatever keeps it from finishing; the run then ends.
    fn run(&self, cx: &StageContext) -> Result<()>;
    /// What it does, in a few words for the terminal.
    fn describe(&self) -> &'static str;
}

/// What a running stage is given.
#[derive(Debug)]
pub struct StageContext {
    /// Where its files go.
    pub dir: PathBuf,
    /// The seed of this stage alone, derived from the run's seed and the stage's name.
    pub seed: u64,
    /// Whether `dir` holds what an interrupted attempt at the very same stage left.
    pub resumed: bool,
    /// What the run may take.
    pub(crate) memory: Budget,
    name: String,
    console: Console,
    metrics: Lines,
    completions: Lines,
}

impl StageContext {
    pub(crate) fn new(
        name: &str,
        dir: PathBuf,
        seed: u64,
        resumed: bool,
        console: Console,
        memory: Budget,
    ) -> Self {
        Self {
            metrics: Lines::new(dir.join(METRICS)),
            completions: Lines::new(dir.join(COMPLETIONS)),
            name: name.to_owned(),
            dir,
            seed,
            resumed,
            memory,
            console,
        }
    }

    /// Appends one line to `metrics.jsonl`; a field `step` counts from 1.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn metric(&self, line: &impl Serialize) -> Result<()> {
        self.metrics.append(line)
    }

    /// Appends one line to `completions.jsonl`.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn completion(&self, line: &impl Serialize) -> Result<()> {
        self.completions.append(line)
    }

    /// Drops the lines of every step after `step`, which a resumed stage is going to do again.
    ///
    /// Lines without a `step` stay; a last line cut off by the interruption goes.
    ///
    /// # Errors
    ///
    /// A file cannot be read or written.
    pub fn rewind(&self, step: usize) -> Result<()> {
        self.metrics.rewind(step)?;
        self.completions.rewind(step)
    }

    /// Says something about the stage on the terminal.
    pub fn log(&self, text: impl AsRef<str>) {
        self.console
            .line(&format!("{}: {}", self.name, text.as_ref()));
    }

    /// Where things are said.
    pub(crate) fn console(&self) -> &Console {
        &self.console
    }

    /// Shows how far along the stage is: `total` of what, as in `steps`.
    #[must_use]
    pub fn progress(&self, total: usize, unit: &'static str) -> Progress {
        self.console.progress(&self.name, total, unit)
    }
}

/// A file of JSON lines that is only appended to.
#[derive(Debug)]
struct Lines {
    path: PathBuf,
    file: Mutex<Option<File>>,
}

impl Lines {
    fn new(path: PathBuf) -> Self {
        Self {
            path,
            file: Mutex::new(None),
        }
    }

    fn append(&self, value: &impl Serialize) -> Result<()> {
        let mut line = serde_json::to_vec(value)
            .with_context(|| format!("{}: a line that is not JSON", self.path.display()))?;
        line.push(b'\n');
        let mut file = self.file.lock().expect("no thread panics while appending");
        let writing = || format!("writing {}", self.path.display());
        if file.is_none() {
            let options = OpenOptions::new()
                .create(true)
                .append(true)
                .open(&self.path);
            *file = Some(options.with_context(writing)?);
        }
        // One write per line, so an interruption cuts off one line at most.
        file.iter_mut()
            .try_for_each(|file| file.write_all(&line))
            .with_context(writing)
    }

    fn rewind(&self, step: usize) -> Result<()> {
        let mut file = self.file.lock().expect("no thread panics while rewinding");
        *file = None;
        if !self.path.exists() {
            return Ok(());
        }
        let rewinding = || format!("rewinding {}", self.path.display());
        let text = fs::read_to_string(&self.path).with_context(rewinding)?;
        let kept: String = text
            .split_inclusive('\n')
            .filter(|line| belongs(line, step))
            .collect();
        replace(&self.path, &kept).with_context(rewinding)
    }
}

/// Whether a whole line is of `step` or before.
fn belongs(line: &str, step: usize) -> bool {
    let Ok(value) = serde_json::from_str::<Value>(line) else {
        return false;
    };
    let limit = u64::try_from(step).unwrap_or(u64::MAX);
    line.ends_with('\n') && value["step"].as_u64().is_none_or(|step| step <= limit)
}

fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let new = path.with_extension("rewound");
    fs::write(&new, text)?;
    fs::rename(new, path)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn context(dir: &Path) -> StageContext {
        StageContext::new(
            "1-base",
            dir.to_owned(),
            1,
            false,
            Console::new(true),
            Budget::new(None),
        )
    }

    #[test]
    fn lines_are_appended_across_contexts() {
        let dir = tempfile::tempdir().unwrap();
        for step in [1, 2] {
            context(dir.path())
                .metric(&json!({ "step": step }))
                .unwrap();
        }
        let text = fs::read_to_string(dir.path().join(METRICS)).unwrap();
        assert_eq!(text, "{\"step\":1}\n{\"step\":2}\n");
    }

    #[test]
    fn rewinding_drops_later_steps_and_a_torn_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(COMPLETIONS);
        let lines = "{\"step\":1}\n{\"note\":0}\n{\"step\":2}\n{\"step\":1}\n{\"st";
        fs::write(&path, lines).unwrap();
        let cx = context(dir.path());
        cx.rewind(1).unwrap();
        cx.completion(&json!({ "step": 2, "again": true })).unwrap();
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            "{\"step\":1}\n{\"note\":0}\n{\"step\":1}\n{\"step\":2,\"again\":true}\n"
        );
    }
}
