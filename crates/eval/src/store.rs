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
//! again, the store knows what is left to ask and to grade. Grades anew are written beside the old ones and
//! take their place once all are there.

mod anew;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use data::Reply;
use data::files::sha256;
use data::lines::Lines;

use crate::conversation::Dialogue;
use crate::difference::between;
use crate::graded::Graded;
use crate::lines::{self, read_whole, write_whole};
use crate::plan::Plan;
use crate::store_error::StoreError;
use crate::stored::{Key, Stored};

/// The name of the plan's file.
pub(crate) const PLAN: &str = "plan.json";
/// The name of the replies' file.
pub(crate) const COMPLETIONS: &str = "completions.jsonl";
/// The name of the file of grades in the folder of a measurement.
pub const GRADES: &str = "grades.jsonl";

/// The open folder of a measurement. One process has it at a time.
#[derive(Debug)]
pub struct Store {
    dir: PathBuf,
    plan: Plan,
    completions: Lines,
    grades: Lines,
    said: BTreeMap<Key, Said>,
    graded: BTreeMap<Key, Graded>,
    /// Whether the plan and the grades are new, and the folder still has the old.
    is_anew: bool,
}

/// A reply in the file.
#[derive(Debug)]
struct Said {
    digest: String,
    /// Where its line begins.
    at: u64,
}

/// How far a sample is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// There is no reply.
    Unasked,
    /// Its turns from this one on are to be graded.
    Ungraded(usize),
    /// All that was said is graded, and nothing more is asked.
    Finished,
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
        Self::read(dir, Self::plan_of(dir)?)
    }

    /// The plan of a folder, which is not opened.
    pub(crate) fn plan_of(dir: &Path) -> Result<Plan, StoreError> {
        read_whole(&dir.join(PLAN))
    }

    fn read(dir: &Path, plan: Plan) -> Result<Self, StoreError> {
        let mut graded: BTreeMap<Key, Graded> = BTreeMap::new();
        let mut grades = lines::open(&dir.join(GRADES), &mut |_, grade: Graded| {
            graded.insert(Key::of(&grade), grade);
        })?;
        let mut said: BTreeMap<Key, Said> = BTreeMap::new();
        let completions = lines::open(&dir.join(COMPLETIONS), &mut |at, stored: Stored| {
            let (key, digest) = (stored.key(), stored.digest());
            // A turn whose reply before was lost answers a question nobody remembers.
            let follows = key.before().is_none_or(|before| said.contains_key(&before));
            if follows && !said.contains_key(&key) {
                said.insert(key, Said { digest, at });
            }
        })?;
        // A grade without its reply: the reply's line was lost, and what is said instead of it must not
        // be taken for graded. One that was to be followed up and is not: what is asked then is known to
        // whoever grades.
        let count = graded.len();
        graded.retain(|key, grade| {
            said.contains_key(key) && (!grade.followed_up || said.contains_key(&key.after()))
        });
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
            is_anew: false,
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

    /// How many replies there are, those to follow-ups included.
    pub fn len(&self) -> usize {
        self.said.len()
    }

    /// Whether there is no reply.
    pub fn is_empty(&self) -> bool {
        self.said.is_empty()
    }

    /// How many samples have a reply.
    pub(crate) fn samples(&self) -> usize {
        self.said.keys().filter(|key| key.turn == 0).count()
    }

    /// How many samples nothing more is asked in.
    pub(crate) fn finished(&self) -> usize {
        let grades = self.graded.values();
        grades.filter(|grade| !grade.followed_up).count()
    }

    /// SHA-256 over all replies in the order of problems, samples and turns, whatever order they came in.
    pub fn digest(&self) -> String {
        let lines = self.said.iter();
        let list: String = lines
            .map(|(key, said)| format!("{}\0{}\0{}\n", key.problem, key.sample, said.digest))
            .collect();
        sha256(list.as_bytes())
    }

    /// The turns of a sample that are stored.
    fn turns(&self, problem: &str, sample: u32) -> impl Iterator<Item = Key> {
        let keys = (0..).map(move |turn| Key::new(problem, sample, turn));
        keys.take_while(move |key| self.said.contains_key(key))
    }

    pub(crate) fn standing(&self, problem: &str, sample: u32) -> Standing {
        let mut turns = self.turns(problem, sample).peekable();
        if turns.peek().is_none() {
            return Standing::Unasked;
        }
        let ungraded = turns.position(|key| !self.graded.contains_key(&key));
        ungraded.map_or(Standing::Finished, Standing::Ungraded)
    }

    /// What was said in a sample.
    pub(crate) fn dialogue(&self, problem: &str, sample: u32) -> Result<Dialogue, StoreError> {
        let mut dialogue = Dialogue::default();
        for key in self.turns(problem, sample) {
            let at = self.said[&key].at;
            let path = self.dir.join(COMPLETIONS);
            let stored: Stored = lines::record(&path, &self.completions, at)?;
            let (asked, reply) = stored.into_reply();
            dialogue.asked.extend(asked);
            dialogue.replies.push(reply);
        }
        Ok(dialogue)
    }

    pub(crate) fn graded(&self) -> impl Iterator<Item = &Graded> {
        self.graded.values()
    }

    /// Stores the last reply of a sample.
    pub(crate) fn put_reply(
        &mut self,
        key: Key,
        asked: Option<String>,
        reply: &Reply,
    ) -> Result<(), StoreError> {
        let stored = Stored::new(&key, asked, reply);
        let at = self.completions.append(&stored)?;
        let digest = stored.digest();
        self.said.insert(key, Said { digest, at });
        Ok(())
    }

    pub(crate) fn put_grade(&mut self, grade: Graded) -> Result<(), StoreError> {
        self.grades.append(&grade)?;
        self.graded.insert(Key::of(&grade), grade);
        Ok(())
    }

    pub(crate) fn sync(&self) -> Result<(), StoreError> {
        self.completions.sync()?;
        Ok(self.grades.sync()?)
    }
}
