//! Everything a result depends on, written down before the first question.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use data::dataset::{Dataset, ReadError, Skipped};
use data::files::sha256;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::benchmark::{Benchmark, LoadError, Task};
use crate::hash;
use crate::protocol::Protocol;

/// The version of this library, as plans and manifests record it.
pub const LIBRARY: &str = concat!("eval ", env!("CARGO_PKG_VERSION"));

/// Which model was measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "kind")]
pub enum Identity {
    /// Weights on this machine.
    Weights {
        /// What to call the model in tables.
        name: String,
        /// [`crate::fingerprint`] of their folder or file.
        sha256: String,
    },
    /// A model behind an interface, which may change unseen.
    Endpoint {
        /// Where it is asked.
        url: String,
        /// What it is called there.
        model: String,
        /// What its replies depend on beyond the protocol and the seed: texts that end them, further fields
        /// of the request, what the limit on tokens is called.
        #[serde(default)]
        settings: Map<String, Value>,
    },
}

impl Identity {
    /// The model's name in tables.
    pub fn name(&self) -> &str {
        match self {
            Self::Weights { name, .. } => name,
            Self::Endpoint { model, .. } => model,
        }
    }
}

/// The tasks of a file that a protocol is about.
#[derive(Debug, Clone)]
pub struct TaskSet {
    /// The tasks, in the file's order; their ids are distinct.
    pub tasks: Vec<Task>,
    /// The file.
    pub file: TaskFile,
    /// The records that could not be used.
    pub skipped: Vec<Skipped>,
}

/// Where tasks were read from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskFile {
    /// The file, folder or data set of the hub. It may lie elsewhere when a manifest is replayed.
    pub path: PathBuf,
    /// [`crate::fingerprint`] of it.
    pub sha256: String,
    /// How many tasks are asked.
    pub tasks: usize,
    /// How many it has within the protocol's window: more where only the first are asked.
    #[serde(default)]
    pub found: usize,
    /// How many records could not be used.
    pub skipped: usize,
}

impl TaskSet {
    /// Reads what `protocol` selects of the tasks that `benchmark` finds in `file`.
    ///
    /// # Errors
    /// When the file cannot be read, has ids that come twice, or has no task that is selected.
    pub fn load(
        benchmark: &dyn Benchmark,
        file: &Path,
        protocol: &Protocol,
    ) -> Result<Self, LoadError> {
        let unfit = |reason: String| LoadError::Unfit {
            path: file.into(),
            reason,
        };
        let sha256 = fingerprint_of(file)?;
        let loaded = benchmark.load(file, protocol)?;
        let count = loaded.tasks.len();
        let covered = loaded.tasks.iter().filter(|task| protocol.covers(task));
        let found = covered.count();
        let tasks = protocol.select(loaded.tasks);
        if tasks.is_empty() {
            return Err(unfit(format!(
                "none of its {count} tasks is selected; widen the window or leave it out"
            )));
        }
        let mut ids = BTreeSet::new();
        if let Some(twice) = tasks.iter().find(|task| !ids.insert(&task.problem.id)) {
            let id = &twice.problem.id;
            return Err(unfit(format!(
                "the id `{id}` comes twice; make ids distinct"
            )));
        }
        Ok(Self {
            file: TaskFile {
                path: file.into(),
                sha256,
                tasks: tasks.len(),
                found,
                skipped: loaded.skipped.len(),
            },
            tasks,
            skipped: loaded.skipped,
        })
    }
}

/// [`crate::fingerprint`], or that of the files of a data set of the hub.
fn fingerprint_of(file: &Path) -> Result<String, LoadError> {
    let hashed = match file.to_string_lossy().starts_with("hub:") {
        true => {
            let files: Vec<PathBuf> = Dataset::open(file)?
                .files()
                .map(Path::to_path_buf)
                .collect();
            let root = files.first().and_then(|first| first.parent());
            let root = root.map(Path::to_path_buf).unwrap_or_default();
            hash::of_files(&root, files)
        }
        false => hash::fingerprint(file),
    };
    hashed.map_err(|source| {
        LoadError::Read(ReadError::Io {
            path: file.into(),
            source,
        })
    })
}

/// What is asked, how, and of whom. Equal plans may share completions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The benchmark's name.
    pub benchmark: String,
    /// Its version.
    pub version: u32,
    /// The settings grading depends on.
    pub settings: Value,
    /// The model.
    pub model: Identity,
    /// The tasks.
    pub tasks: TaskFile,
    /// SHA-256 of all that is said to the model, task by task.
    pub prompts: String,
    /// How messages become the model's prompt: a name, or the text of a chat template.
    pub template: String,
    /// Samples, sampling, window.
    pub protocol: Protocol,
    /// Seeds the model's random streams and the intervals.
    pub seed: u64,
    /// The library that asked.
    pub library: String,
}

impl Plan {
    /// The plan to ask `model` the tasks of `set`.
    pub fn new(
        benchmark: &dyn Benchmark,
        set: &TaskSet,
        protocol: &Protocol,
        model: Identity,
        template: impl Into<String>,
        seed: u64,
    ) -> Self {
        Self {
            benchmark: benchmark.name().to_owned(),
            version: benchmark.version(),
            settings: benchmark.settings(),
            model,
            tasks: set.file.clone(),
            prompts: prompts(benchmark, &set.tasks),
            template: template.into(),
            protocol: protocol.clone(),
            seed,
            library: LIBRARY.to_owned(),
        }
    }
}

fn prompts(benchmark: &dyn Benchmark, tasks: &[Task]) -> String {
    let mut list = String::new();
    for task in tasks {
        list += &task.problem.id;
        for message in benchmark.messages(task) {
            let (role, content) = (message.role.name(), &message.content);
            list += &format!("\0{role}\0{}\0{content}", content.len());
        }
        list.push('\n');
    }
    sha256(list.as_bytes())
}
