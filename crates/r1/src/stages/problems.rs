//! Where a stage's problems come from: a generator without end, or a file in shuffled order.

use anyhow::Result;
use data::tasks::{Split, Stream, TaskSettings};
use data::{Problem, seed};
use rand::seq::SliceRandom;

use super::files::{read_json, read_lines};
use super::tasks::{SETTINGS, TRAIN};
use crate::Artifact;

pub(super) enum Problems {
    Generated {
        stream: Stream,
        levels: Vec<u32>,
    },
    File {
        problems: Vec<Problem>,
        order: Vec<usize>,
        epoch: usize,
        seed: u64,
    },
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
                seed,
            });
        }
        let mut settings: TaskSettings = read_json(&tasks.file(SETTINGS))?;
        if let Some(levels) = levels {
            settings.levels = levels.to_vec();
        }
        Ok(Self::Generated {
            stream: Stream::new(&settings, Split::Train, seed)?,
            levels: settings.levels,
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
                seed,
            } => (0..n)
                .map(|_| {
                    if order.is_empty() {
                        *order = (0..problems.len()).collect();
                        let mut rng = seed::stream(*seed, &["problems", &epoch.to_string()]);
                        order.shuffle(&mut rng);
                        *epoch += 1;
                    }
                    problems[order.pop().expect("a file has problems")].clone()
                })
                .collect(),
        }
    }

    /// The hardest level drawn; 0 for problems of a file.
    pub(super) fn level(&self) -> u32 {
        match self {
            Self::Generated { levels, .. } => levels.iter().copied().max().unwrap_or(0),
            Self::File { .. } => 0,
        }
    }

    /// Adds the next level to those drawn. Problems of a file have no next level.
    pub(super) fn raise(&mut self) -> Result<()> {
        let next = self.level() + 1;
        if let Self::Generated { stream, levels } = self {
            levels.push(next);
            stream.set_levels(levels)?;
        }
        Ok(())
    }
}
