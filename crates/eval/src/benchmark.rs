//! What a benchmark is: tasks, how they are asked, and how one reply is graded.
//!
//! A benchmark is a small value with no model: [`crate::evaluate`] asks, stores, resumes and counts for
//! all of them, and asks on where a benchmark does ([`Benchmark::follow_up`]).

use std::path::{Path, PathBuf};

use data::chat::Message;
use data::dataset::{ReadError, Skipped};
use data::{Problem, Reply};
use rewards::{Extracted, NoAnswer, Verdict};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::graded::{Graded, Outcome};
use crate::protocol::{Date, Protocol};

/// A benchmark. `examples/benchmark.rs` has one outside this crate.
pub trait Benchmark: Send + Sync {
    /// What it is called on a command line: lower case, digits and hyphens, as `aime-2024`.
    fn name(&self) -> &str;

    /// One line on what it measures and which file it reads.
    fn description(&self) -> &str;

    /// Raised whenever prompts or grading change; manifests of another version are not replayed.
    fn version(&self) -> u32 {
        1
    }

    /// Figures others published, each with the protocol it was measured by.
    fn published(&self) -> &[Published] {
        &[]
    }

    /// How it is measured unless the user says otherwise.
    fn protocol(&self) -> Protocol {
        Protocol::default()
    }

    /// The settings grading depends on, time limits for instance, as the manifest records them.
    fn settings(&self) -> Value {
        Value::Null
    }

    /// Reads the tasks of a file, a folder or a data set of the hub. Ids must be distinct. `protocol`
    /// may serve to leave out early what lies outside its window; what is left is dropped by the
    /// caller.
    ///
    /// # Errors
    /// When the file cannot be read or has no usable task.
    fn load(&self, file: &Path, protocol: &Protocol) -> Result<Loaded, LoadError>;

    /// Makes what grading `tasks` needs, a sandbox for instance, and tries it out; called before the
    /// first question, so that nothing is asked in vain.
    ///
    /// # Errors
    /// Why they could not be graded here, and what would help.
    fn ready(&self, tasks: &[Task]) -> Result<(), NotReady> {
        let _ = tasks;
        Ok(())
    }

    /// What the model is asked; the last turn is the user's.
    fn messages(&self, task: &Task) -> Vec<Message>;

    /// Grades one reply; called from several threads at a time. `earlier` are the replies of the turns
    /// before, none in the first. The same arguments must give the same grade.
    fn grade(&self, task: &Task, reply: &Reply, earlier: &[Reply]) -> Judged;

    /// What the model is asked after `reply`, in the same conversation; `None` where nothing more is asked,
    /// as by default: then the grade of this reply is the sample's. `judged` is its grade; a model must
    /// not learn more of it than the benchmark means it to. Called as [`Benchmark::grade`] is.
    fn follow_up(
        &self,
        task: &Task,
        reply: &Reply,
        earlier: &[Reply],
        judged: &Judged,
    ) -> Option<String> {
        let _ = (task, reply, earlier, judged);
        None
    }

    /// Further figures of all graded completions, a rating for instance: every turn of every sample, in
    /// the order of problems, samples and turns. `seed` draws what is drawn.
    fn metrics(&self, tasks: &[Task], graded: &[Graded], seed: u64) -> Vec<Metric> {
        let _ = (tasks, graded, seed);
        Vec::new()
    }
}

/// One task: a problem, and what a benchmark knows of it beyond that.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// The problem; its id is the task's.
    pub problem: Problem,
    /// When it was made public, for windows that keep a model from having seen it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released: Option<Date>,
    /// What else the benchmark needs: a repository, a formal statement, options to choose from.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub extra: Map<String, Value>,
}

impl Task {
    /// A problem with a record of what else there is to know.
    ///
    /// # Errors
    /// When the record is no JSON object.
    pub fn with(problem: Problem, record: &impl Serialize) -> Result<Self, String> {
        match serde_json::to_value(record) {
            Ok(Value::Object(extra)) => Ok(Self {
                extra,
                ..Self::from(problem)
            }),
            Ok(other) => Err(format!("a task's record is an object, not {other}")),
            Err(error) => Err(error.to_string()),
        }
    }

    /// The record [`Task::with`] was given.
    ///
    /// # Errors
    /// When it is another.
    pub fn record<T: DeserializeOwned>(&self) -> Result<T, String> {
        let record = Value::Object(self.extra.clone());
        serde_json::from_value(record).map_err(|error| error.to_string())
    }
}

impl From<Problem> for Task {
    fn from(problem: Problem) -> Self {
        Self {
            problem,
            released: None,
            extra: Map::new(),
        }
    }
}

/// What a file gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// The tasks, in the file's order.
    pub tasks: Vec<Task>,
    /// The records that could not be used.
    pub skipped: Vec<Skipped>,
}

impl From<data::import::Imported> for Loaded {
    fn from(imported: data::import::Imported) -> Self {
        Self {
            tasks: imported.problems.into_iter().map(Task::from).collect(),
            skipped: imported.skipped,
        }
    }
}

/// The grade of one reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    /// Right, wrong, or not to be judged (the task's fault, never the model's).
    pub verdict: Outcome,
    /// The final answer, where there is one; equal answers vote together.
    pub answer: Option<String>,
    /// What found the answer, or `none`.
    pub rule: String,
    /// Why the verdict is what it is.
    pub reason: String,
}

impl Judged {
    /// The grade of what cannot be judged, which is not the model's fault.
    pub fn unjudged(reason: impl Into<String>) -> Self {
        Self::new(&Verdict::unjudged(reason), None, "none")
    }

    /// The grade of a verdict with the answer it is about, as [`rewards::Accuracy`] gives them.
    pub fn of((verdict, found): (Verdict, Result<Extracted, NoAnswer>)) -> Self {
        let rule = found.as_ref().map_or("none", |found| found.rule.name());
        Self::new(&verdict, found.ok().map(|found| found.text), rule)
    }

    /// The grade a verdict of `rewards` gives. `rule` says what found the answer.
    pub fn new(verdict: &Verdict, answer: Option<String>, rule: &str) -> Self {
        Self {
            verdict: Outcome::of(verdict.score()),
            answer,
            rule: rule.to_owned(),
            reason: verdict.reason().to_owned(),
        }
    }
}

/// A figure somebody published.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Published {
    /// The model, as its authors call it.
    pub model: &'static str,
    /// What was measured: `pass@1`, `cons@64`, `rating`.
    pub metric: &'static str,
    /// The figure: per cent for shares.
    pub value: f64,
    /// Samples, temperature, date window, language of the answers, as far as they were stated.
    pub protocol: &'static str,
    /// Where it stands: paper, version, table.
    pub source: &'static str,
}

/// A figure beyond those every benchmark has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// Its name, as in [`Published::metric`].
    pub name: String,
    /// Its value: per cent for shares.
    pub value: f64,
    /// Its 95 % interval, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ci95: Option<[f64; 2]>,
}

/// Why there are no tasks.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file cannot be read, or its columns are others.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The file can be read, but is not what the benchmark takes.
    #[error("{path}: {reason}")]
    Unfit {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what would help.
        reason: String,
    },
}

/// Why nothing can be graded here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{benchmark}` cannot be graded here: {reason}")]
pub struct NotReady {
    /// The benchmark.
    pub benchmark: String,
    /// Why, and what would help.
    pub reason: String,
}
