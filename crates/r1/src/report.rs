//! The report of a run, from its directory alone.
//!
//! `results.json` for programs, `report.html` for people (one file, nothing fetched), a table for
//! the terminal. Stages know nothing of it: everything is derived, here, from the files they leave
//! anyway. A stage that has not run, or whose inputs have changed since, is shown as not run.

mod behaviour;
mod boxes;
pub(crate) mod chart;
mod corpus;
mod curves;
mod experts;
mod figure;
pub(crate) mod html;
mod read;
mod samples;
pub(crate) mod svg;
pub(crate) mod table;

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Artifact;
use read::RunFiles;

/// What a run comes to; shown, it is the table of its models.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Working time of all stages, in seconds.
    pub seconds: f64,
    /// The most memory a process of the run has held, in MB (10⁶ bytes), where the system tells.
    pub peak_rss_mb: Option<f64>,
    /// The run's seed.
    pub seed: u64,
    /// The preset's name.
    pub preset: String,
    /// Each model's results by its name, in the order they were measured.
    #[serde(serialize_with = "as_object")]
    pub models: Vec<(String, ModelResult)>,
    /// What stages read of a packed corpus, where they did: tokens by source, language and domain.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub corpus: BTreeMap<String, Value>,
}

/// What one model measures, as `9-eval/models.json` has it for each model's name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelResult {
    /// Mean over problems of the share of right samples, in [0, 1].
    pub pass_at_1: f64,
    /// Its 95 % interval.
    pub ci95: [f64; 2],
    /// Share of responses in the template.
    pub format: f64,
    /// Mean share of the reasoning in the language asked for.
    pub language: f64,
    /// Mean length of a response in tokens.
    pub tokens_mean: f64,
    /// Parameters.
    pub params: u64,
    /// Parameters that take part in one token.
    pub active_params: u64,
    /// Problems measured with.
    pub problems: usize,
    /// Samples per problem.
    pub samples: usize,
    /// Whatever else was measured, passed on as it is.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// Writes `results.json` and `report.html` into a run directory.
///
/// # Errors
///
/// A file that a finished stage left cannot be read or is damaged; the two cannot be written.
pub fn write(run_dir: &Path) -> Result<Report> {
    let files = RunFiles::read(run_dir)?;
    let report = Report::new(&files);
    put(
        &run_dir.join("results.json"),
        serde_json::to_string_pretty(&report)? + "\n",
    )?;
    put(&run_dir.join("report.html"), html::page(&files, &report)?)?;
    Ok(report)
}

/// Puts a file in its place whole: what an earlier one said stays until then.
pub(crate) fn put(path: &Path, text: String) -> Result<()> {
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    fs::write(&new, text)
        .and_then(|()| fs::rename(&new, path))
        .with_context(|| format!("writing {}", path.display()))
}

/// What a stage measured under `key`, as (step, value) for every step that has it.
pub(crate) fn curve(stage: &Artifact, key: &str) -> Result<Vec<(f64, f64)>> {
    Ok(curves::points(&read::metrics(&stage.dir)?, key))
}

/// What an evaluation says of the model called `name`.
pub(crate) fn model(eval: &Artifact, name: &str) -> Result<ModelResult> {
    let models = read::models(&eval.dir)?;
    let found = models.into_iter().find(|(known, _)| known == name);
    let (_, result) = found.with_context(|| format!("{name} has not been evaluated"))?;
    Ok(result)
}

impl Report {
    fn new(files: &RunFiles) -> Self {
        let finished = || {
            files
                .stages
                .iter()
                .filter_map(|stage| stage.manifest.as_ref())
        };
        let seconds: f64 = finished().map(|manifest| manifest.seconds).sum();
        Self {
            seconds: (seconds * 1e3).round() / 1e3,
            peak_rss_mb: finished()
                .filter_map(|manifest| manifest.peak_rss_mb)
                .reduce(f64::max),
            seed: files.record.seed,
            preset: files.record.preset.clone(),
            models: files.models.clone(),
            corpus: files
                .stages
                .iter()
                .filter_map(|stage| {
                    let corpus = serde_json::to_value(stage.corpus.as_ref()?).ok()?;
                    Some((stage.name.to_owned(), corpus))
                })
                .collect(),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&table::terminal(self))
    }
}

fn as_object<S: serde::Serializer>(
    models: &[(String, ModelResult)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(models.iter().map(|(name, result)| (name, result)))
}

#[cfg(test)]
mod tests;
