//! Where a stage's problems come from: a generator without end, or a file in shuffled order.

use anyhow::Result;
use data::tasks::{Split, Stream, TaskSettings};
use data::{Problem, seed};
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use super::files::{read_json, read_lines};
use super::tasks::{SETTINGS, TRAIN};
use crate::Artifact;

/// Generated problems that are looked at in advance.
const PREVIEW: usize = 256;

pub(super) enum Problems {
    Generated {
        stream: Stream,
        levels: Vec<u32>,
        /// The hardest level there is.
        highest: u32,
    },
    File {
        problems: Vec<Problem>,
        order: Vec<usize>,
        epoch: usize,
        taken: u64,
        seed: u64,
    },
}

/// Where problems are taken from next.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Position {
    /// Those taken before.
    taken: u64,
    /// The levels drawn; of a file there are none.
    levels: Vec<u32>,
}

impl Problems {
    /// Training problems, where they are generated of these levels or else of all set.
    pub(super) fn open(tasks: &Artifact, levels: Option<&[u32]>, seed: u64) -> Result<Self> {
        if tasks.file(TRAIN).exists() {
            let problems = read_lines(&tasks.file(TRAIN))?;
            return Ok(Self::File {
                problems,
                order: Vec::new(),
                epoch: 0,
                taken: 0,
                seed,
            });
        }
        let mut settings: TaskSettings = read_json(&tasks.file(SETTINGS))?;
        let highest = settings.levels.iter().copied().max().unwrap_or(0);
        if let Some(levels) = levels {
            settings.levels = levels.to_vec();
        }
        Ok(Self::Generated {
            stream: Stream::new(&settings, Split::Train, seed)?,
            levels: settings.levels,
            highest,
        })
    }

    /// The next `n` problems.
    pub(super) fn take(&mut self, n: usize) -> Vec<Problem> {
        match self {
            Self::Generated { stream, .. } => stream.take(n).map(|worked| worked.problem).collect(),
            Self::File {
                problems,
                order,
                epoch,
                taken,
                seed,
            } => (0..n)
                .map(|_| {
                    if order.is_empty() {
                        *order = (0..problems.len()).collect();
                        let mut rng = seed::stream(*seed, &["problems", &epoch.to_string()]);
                        order.shuffle(&mut rng);
                        *epoch += 1;
                    }
                    *taken += 1;
                    problems[order.pop().expect("a file has problems")].clone()
                })
                .collect(),
        }
    }

    /// All it takes to go on with the very next problem.
    pub(super) fn position(&self) -> Position {
        match self {
            Self::Generated { stream, levels, .. } => Position {
                taken: stream.position(),
                levels: levels.clone(),
            },
            Self::File { taken, .. } => Position {
                taken: *taken,
                levels: Vec::new(),
            },
        }
    }

    /// Goes on from there, from the beginning.
    ///
    /// # Errors
    /// Levels that there are not.
    pub(super) fn seek(&mut self, position: Position) -> Result<()> {
        match self {
            Self::Generated { stream, levels, .. } => {
                stream.set_levels(&position.levels)?;
                stream.seek(position.taken);
                *levels = position.levels;
            }
            Self::File { .. } => drop(self.take(position.taken as usize)),
        }
        Ok(())
    }

    /// Some problems, or all of a file, to see how long they get; those that are taken stay the same.
    pub(super) fn preview(&self) -> Vec<Problem> {
        match self {
            Self::Generated { stream, .. } => {
                let preview = stream.clone().take(PREVIEW);
                preview.map(|worked| worked.problem).collect()
            }
            Self::File { problems, .. } => problems.clone(),
        }
    }

    /// The hardest level drawn; 0 for problems of a file.
    pub(super) fn level(&self) -> u32 {
        match self {
            Self::Generated { levels, .. } => levels.iter().copied().max().unwrap_or(0),
            Self::File { .. } => 0,
        }
    }

    /// Adds the next level to those drawn, up to the hardest of `tasks.levels`. Problems of a file
    /// have no next level.
    pub(super) fn raise(&mut self) -> Result<()> {
        let next = self.level() + 1;
        match self {
            Self::Generated {
                stream,
                levels,
                highest,
            } if next <= *highest => {
                levels.push(next);
                Ok(stream.set_levels(levels)?)
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn levels_rise_to_the_hardest_there_is() {
        let dir = tempfile::tempdir().unwrap();
        let settings = TaskSettings {
            levels: vec![1, 1, 2],
            ..TaskSettings::default()
        };
        let text = serde_json::to_string(&settings).unwrap();
        fs::write(dir.path().join(SETTINGS), text).unwrap();
        let tasks = Artifact {
            dir: dir.path().into(),
            fingerprint: String::new(),
        };
        let mut problems = Problems::open(&tasks, Some(&[1]), 0).unwrap();
        let hard = |problems: &mut Problems| {
            let asked = problems.take(200);
            asked.iter().filter(|problem| problem.level == 2).count()
        };
        assert_eq!((problems.level(), hard(&mut problems)), (1, 0));
        problems.raise().unwrap();
        assert_eq!(problems.level(), 2);
        assert!((70..130).contains(&hard(&mut problems)));
        problems.raise().unwrap();
        assert_eq!(problems.level(), 2);
        // Of all levels set, the one named twice comes up twice as often.
        let mut all = Problems::open(&tasks, None, 0).unwrap();
        assert!((45..90).contains(&hard(&mut all)));
    }

    #[test]
    fn a_position_gives_the_very_next_problem() {
        let dir = tempfile::tempdir().unwrap();
        let settings = TaskSettings {
            levels: vec![1, 2],
            ..TaskSettings::default()
        };
        fs::write(
            dir.path().join(SETTINGS),
            serde_json::to_string(&settings).unwrap(),
        )
        .unwrap();
        let tasks = Artifact {
            dir: dir.path().into(),
            fingerprint: String::new(),
        };
        let open = || Problems::open(&tasks, Some(&[1]), 5).unwrap();
        let ids = |problems: &mut Problems| -> Vec<String> {
            problems
                .take(9)
                .into_iter()
                .map(|problem| problem.id)
                .collect()
        };
        let check = |whole: &mut Problems| {
            for _ in 0..3 {
                ids(whole);
            }
            whole.raise().unwrap();
            ids(whole);
            let mut other = open();
            other.seek(whole.position()).unwrap();
            assert_eq!(other.level(), whole.level());
            assert_eq!(ids(&mut other), ids(whole));
            assert_eq!(other.position(), whole.position());
        };
        let mut generated = open();
        check(&mut generated);
        assert_eq!(generated.level(), 2);
        // The same from a file, whose order is shuffled anew each time around.
        let lines: Vec<String> = open()
            .take(7)
            .iter()
            .map(|problem| serde_json::to_string(problem).unwrap())
            .collect();
        fs::write(dir.path().join(TRAIN), lines.join("\n")).unwrap();
        check(&mut open());
    }
}
