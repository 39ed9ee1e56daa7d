//! The folder of one measurement: what was planned, said and graded.
//!
//! | file | |
//! | --- | --- |
//! | `plan.json` | the [`Plan`], written before the first question |
//! | `completions.jsonl` | every [`Stored`] reply, in the order they came |
//! | `grades.jsonl` | a [`Graded`] record of each, in the order they were graded |
//! | `manifest.json` | the [`crate::Manifest`], written last: where it is, the result is whole |
//!
//! Both JSONL files are appended to only. A killed run loses at most the line it was writing; opened
//! again, the store knows what is left to ask and to grade.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use data::files::sha256;
use data::lines::{Lines, LinesError};
use data::{Finish, Reply};
use serde::{Deserialize, Serialize};

use crate::difference::{Difference, between, listed};
use crate::graded::Graded;
use crate::lines::{self, read_whole, write_whole};
use crate::manifest::MANIFEST;
use crate::plan::Plan;

/// The name of the plan's file.
pub(crate) const PLAN: &str = "plan.json";
/// The name of the replies' file.
pub(crate) const COMPLETIONS: &str = "completions.jsonl";
const GRADES: &str = "grades.jsonl";

/// A problem's id and the number of one of its samples.
pub(crate) type Key = (String, u32);

/// A reply as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// The problem's id.
    pub problem: String,
    /// Which of its samples, from 0.
    pub sample: u32,
    /// What the model said.
    pub text: String,
    /// Its reasoning, where it was given apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<String>,
    /// Why it stopped.
    pub finish: Finish,
    /// Tokens said.
    pub tokens: usize,
    /// Tokens read.
    pub prompt_tokens: usize,
}

impl Stored {
    fn new(key: &Key, reply: &Reply) -> Self {
        Self {
            problem: key.0.clone(),
            sample: key.1,
            text: reply.text.clone(),
            reasoning: reply.reasoning.clone(),
            finish: reply.finish,
            tokens: reply.tokens,
            prompt_tokens: reply.prompt_tokens,
        }
    }

    fn into_reply(self) -> (Key, Reply) {
        let reply = Reply {
            text: self.text,
            reasoning: self.reasoning,
            finish: self.finish,
            tokens: self.tokens,
            prompt_tokens: self.prompt_tokens,
        };
        ((self.problem, self.sample), reply)
    }

    /// What two runs must have in common to have said the same.
    fn digest(&self) -> String {
        sha256(&serde_json::to_vec(self).unwrap_or_default())
    }
}

/// The open folder of a measurement. One process has it at a time.
#[derive(Debug)]
pub struct Store {
    dir: PathBuf,
    plan: Plan,
    completions: Lines,
    grades: Lines,
    /// The digest of every reply.
    said: BTreeMap<Key, String>,
    graded: BTreeMap<Key, Graded>,
    /// Replies stored but not graded.
    ungraded: Vec<(Key, Reply)>,
}

impl Store {
    /// Opens the folder, which is made where there is none.
    ///
    /// # Errors
    /// When the folder holds another plan, is in use, or cannot be read and written.
    pub fn open(dir: &Path, plan: &Plan) -> Result<Self, StoreError> {
        std::fs::create_dir_all(dir).map_err(|source| StoreError::io(dir, source))?;
        let file = dir.join(PLAN);
        if file.exists() {
            let differences = between(&read_whole(&file)?, plan, &["tasks.path"]);
            if !differences.is_empty() {
                return Err(StoreError::OtherPlan { file, differences });
            }
        } else if dir.join(COMPLETIONS).exists() {
            return Err(StoreError::NoPlan(dir.into()));
        } else {
            write_whole(&file, plan)?;
        }
        Self::read(dir, plan.clone())
    }

    /// Opens a folder with the plan it has.
    ///
    /// # Errors
    /// When it is no folder of a measurement, is in use, or cannot be read and written.
    pub fn existing(dir: &Path) -> Result<Self, StoreError> {
        Self::read(dir, read_whole(&dir.join(PLAN))?)
    }

    fn read(dir: &Path, plan: Plan) -> Result<Self, StoreError> {
        let mut graded: BTreeMap<Key, Graded> = BTreeMap::new();
        let mut grades = lines::open(&dir.join(GRADES), &mut |grade: Graded| {
            graded.insert((grade.problem.clone(), grade.sample), grade);
        })?;
        let mut said = BTreeMap::new();
        let mut ungraded = Vec::new();
        let completions = lines::open(&dir.join(COMPLETIONS), &mut |stored: Stored| {
            let digest = stored.digest();
            let (key, reply) = stored.into_reply();
            if said.insert(key.clone(), digest).is_none() && !graded.contains_key(&key) {
                ungraded.push((key, reply));
            }
        })?;
        // A grade without its reply: the reply's line was lost, and what is said instead of it must not
        // be taken for graded.
        let count = graded.len();
        graded.retain(|key, _| said.contains_key(key));
        if graded.len() < count {
            grades.clear()?;
            for grade in graded.values() {
                grades.append(grade)?;
            }
        }
        Ok(Self {
            dir: dir.into(),
            plan,
            completions,
            grades,
            said,
            graded,
            ungraded,
        })
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// What is asked.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// How many replies there are.
    pub fn len(&self) -> usize {
        self.said.len()
    }

    /// Whether there is no reply.
    pub fn is_empty(&self) -> bool {
        self.said.is_empty()
    }

    /// SHA-256 over all replies in the order of problems and samples, whatever order they came in.
    pub fn digest(&self) -> String {
        let lines = self.said.iter();
        let list: String = lines
            .map(|((problem, sample), digest)| format!("{problem}\0{sample}\0{digest}\n"))
            .collect();
        sha256(list.as_bytes())
    }

    pub(crate) fn has(&self, key: &Key) -> bool {
        self.said.contains_key(key)
    }

    pub(crate) fn graded(&self) -> impl Iterator<Item = &Graded> {
        self.graded.values()
    }

    /// The replies that are still to be graded; they are given once.
    pub(crate) fn take_ungraded(&mut self) -> Vec<(Key, Reply)> {
        std::mem::take(&mut self.ungraded)
    }

    pub(crate) fn put_reply(&mut self, key: Key, reply: &Reply) -> Result<(), StoreError> {
        let stored = Stored::new(&key, reply);
        self.completions.append(&stored)?;
        self.said.insert(key, stored.digest());
        Ok(())
    }

    pub(crate) fn put_grade(&mut self, grade: Graded) -> Result<(), StoreError> {
        self.grades.append(&grade)?;
        self.graded
            .insert((grade.problem.clone(), grade.sample), grade);
        Ok(())
    }

    /// Forgets all grades and takes another plan, for grading anew.
    pub(crate) fn start_over(&mut self, plan: Plan) -> Result<(), StoreError> {
        let (mut replies, mut seen) = (Vec::new(), BTreeSet::new());
        let path = self.dir.join(COMPLETIONS);
        let text = std::fs::read(&path).map_err(|source| StoreError::io(&path, source))?;
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            // Every line was read when the store was opened.
            if let Ok(stored) = serde_json::from_slice::<Stored>(line) {
                let (key, reply) = stored.into_reply();
                if seen.insert(key.clone()) {
                    replies.push((key, reply));
                }
            }
        }
        let manifest = self.dir.join(MANIFEST);
        if manifest.exists() {
            std::fs::remove_file(&manifest).map_err(|source| StoreError::io(&manifest, source))?;
        }
        write_whole(&self.dir.join(PLAN), &plan)?;
        self.grades.clear()?;
        self.plan = plan;
        self.graded.clear();
        self.ungraded = replies;
        Ok(())
    }

    pub(crate) fn sync(&self) -> Result<(), StoreError> {
        self.completions.sync()?;
        Ok(self.grades.sync()?)
    }
}

/// What is wrong with the folder of a measurement.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// A line is not what this library wrote.
    #[error("{path}, line {number}: {reason}; remove the line, and its sample is had anew")]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        number: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// Another process has it.
    #[error("{0} is in use by another process, or cannot be locked")]
    InUse(PathBuf),
    /// There are completions nobody can say the origin of.
    #[error("{0} has completions and no plan.json; measure into another folder")]
    NoPlan(PathBuf),
    /// The folder belongs to another measurement.
    #[error(
        "{file} is the plan of another measurement ({}); measure into another folder, or as was \
         planned",
        listed(differences)
    )]
    OtherPlan {
        /// The plan's file.
        file: PathBuf,
        /// In what it differs.
        differences: Vec<Difference>,
    },
}

impl From<LinesError> for StoreError {
    fn from(error: LinesError) -> Self {
        match error {
            LinesError::Io { path, source } => Self::Io { path, source },
            LinesError::InUse(path) => Self::InUse(path),
        }
    }
}

impl StoreError {
    pub(crate) fn io(path: &Path, source: io::Error) -> Self {
        Self::Io {
            path: path.into(),
            source,
        }
    }
}
