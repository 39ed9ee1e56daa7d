//! A result with everything it takes to have it again.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::benchmark::{Benchmark, Metric, Task};
use crate::graded::Graded;
use crate::lines::{read_whole, write_whole};
use crate::plan::{LIBRARY, Plan};
use crate::store::Store;
use crate::store_error::StoreError;
use crate::summary::{NothingToSummarise, Summary};

/// The name of its file in the folder of a measurement.
pub const MANIFEST: &str = "manifest.json";

/// What was asked, and what came of it. How often each rule found the answer is in
/// [`Summary::rules`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// What was asked.
    pub plan: Plan,
    /// The library that graded.
    pub graded_by: String,
    /// How many replies there are, those to follow-ups included.
    pub completions: usize,
    /// How many samples have no reply, or none to a follow-up; what is measured is measured on the others.
    pub missing: usize,
    /// [`Store::digest`]: two runs with the same said the same, word for word.
    pub completions_sha256: String,
    /// The statistics.
    pub summary: Summary,
    /// The benchmark's further figures.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<Metric>,
}

impl Manifest {
    pub(crate) fn new(
        store: &Store,
        benchmark: &dyn Benchmark,
        tasks: &[Task],
        graded: &[Graded],
    ) -> Result<Self, NothingToSummarise> {
        let plan = store.plan().clone();
        let asked = tasks.len() * plan.protocol.samples as usize;
        Ok(Self {
            graded_by: LIBRARY.to_owned(),
            completions: store.len(),
            missing: asked.saturating_sub(store.finished()),
            completions_sha256: store.digest(),
            summary: Summary::new(graded, plan.seed)?,
            metrics: benchmark.metrics(tasks, graded, plan.seed),
            plan,
        })
    }

    /// Reads a manifest.
    ///
    /// # Errors
    /// When the file cannot be read or is none.
    pub fn read(path: &Path) -> Result<Self, StoreError> {
        read_whole(path)
    }

    pub(crate) fn write(&self, dir: &Path) -> Result<(), StoreError> {
        write_whole(&dir.join(MANIFEST), self)
    }
}
