//! What was said to each problem, on the disk: in the order they are complete while it is written, in
//! that of the problems once it is whole.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use data::files::{partial, settle};
use data::lines::{Lines, LinesError};
use data::{Completion, Problem};
use distill::Sampled;
use rewards::Score;
use serde::{Deserialize, Serialize};

/// The file's name in a part's directory.
pub(super) const RESPONSES: &str = "responses.jsonl";

/// A problem with what was said to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Group {
    pub(super) problem: Problem,
    /// In the order of the samples.
    pub(super) responses: Vec<(Completion, Score)>,
    /// Samples without a reply, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) unanswered: Vec<(u32, String)>,
}

impl Group {
    /// Whether a response is right.
    pub(super) fn is_solved(&self) -> bool {
        let right = |(_, score): &(Completion, Score)| score.accuracy == Some(1.0);
        self.responses.iter().any(right)
    }
}

impl From<Sampled> for Group {
    fn from(sampled: Sampled) -> Self {
        let missing = sampled.unanswered.into_iter();
        Self {
            problem: sampled.problem,
            responses: sampled.responses,
            unanswered: missing.map(|it| (it.sample, it.reason)).collect(),
        }
    }
}

/// The file being written.
pub(super) struct Writer {
    dir: PathBuf,
    lines: Lines,
    /// The place of each problem, and where its line begins.
    begun: Vec<(usize, u64)>,
}

impl Writer {
    /// Begins in `dir`; what an interrupted attempt left is written again, from the journal.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub(super) fn new(dir: &Path) -> Result<Self> {
        let mut lines = Lines::open::<LinesError>(&unordered(dir), &mut |_| Ok(()))?;
        lines.clear()?;
        Ok(Self {
            dir: dir.to_owned(),
            lines,
            begun: Vec::new(),
        })
    }

    /// Adds a problem.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub(super) fn add(&mut self, sampled: Sampled) -> Result<()> {
        let at = sampled.at;
        let place = self.lines.append(&Group::from(sampled))?;
        self.begun.push((at, place));
        Ok(())
    }

    /// Puts the problems in order.
    ///
    /// # Errors
    /// A file that cannot be read or written.
    pub(super) fn finish(mut self) -> Result<()> {
        self.begun.sort_unstable();
        let path = self.dir.join(RESPONSES);
        let failed = || format!("writing {}", path.display());
        let mut file = BufWriter::new(File::create(partial(&path)).with_context(failed)?);
        for (_, place) in self.begun {
            file.write_all(&self.lines.read(place)?)
                .with_context(failed)?;
        }
        let file = file.into_inner().map_err(|error| error.into_error());
        let settled = settle(file.with_context(failed)?, &path);
        settled.map_err(|(path, error)| error_of(&path, error))?;
        drop(self.lines);
        std::fs::remove_file(unordered(&self.dir)).with_context(failed)
    }
}

fn unordered(dir: &Path) -> PathBuf {
    dir.join("as-they-came.jsonl")
}

/// An error of a file.
pub(super) fn error_of(path: &Path, error: std::io::Error) -> anyhow::Error {
    anyhow::Error::new(error).context(path.display().to_string())
}

/// The problems of a finished file, one at a time.
///
/// # Errors
/// A file that cannot be opened; each of its lines that is none.
pub(super) fn read(path: &Path) -> Result<impl Iterator<Item = Result<Group>> + use<>> {
    let file = File::open(path).map_err(|error| error_of(path, error))?;
    let lines = BufReader::new(file).lines().enumerate();
    let path = path.to_owned();
    Ok(lines.map(move |(at, line)| {
        let place = || format!("{} line {}", path.display(), at + 1);
        serde_json::from_str(&line.with_context(place)?).with_context(place)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sampled(at: usize) -> Sampled {
        let problem = serde_json::json!({
            "id": format!("p{at}"), "question": "?", "answer": "1", "family": "f",
            "domain": "mathematics", "level": 1, "language": "en", "check": Check::Answer,
        });
        Sampled {
            at,
            problem: serde_json::from_value(problem).unwrap(),
            responses: Vec::new(),
            unanswered: Vec::new(),
        }
    }

    use data::Check;

    #[test]
    fn problems_come_back_in_their_order() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(unordered(dir.path()), "left by a killed attempt").unwrap();
        let mut writer = Writer::new(dir.path()).unwrap();
        for at in [2, 0, 1] {
            writer.add(sampled(at)).unwrap();
        }
        writer.finish().unwrap();
        let groups = read(&dir.path().join(RESPONSES)).unwrap();
        let ids: Vec<String> = groups.map(|group| group.unwrap().problem.id).collect();
        assert_eq!(ids, ["p0", "p1", "p2"]);
        let files = std::fs::read_dir(dir.path()).unwrap().count();
        assert_eq!(files, 1, "nothing else is left");
    }
}
