//! Everything the report needs, read from a run directory.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::{Context, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::boxes::place;
use super::experts::Experts;
use super::{ModelResult, behaviour};
use crate::artifact::{METRICS, Manifest};
use crate::run::{RunRecord, STAGES};
use crate::stage::COMPLETIONS;

/// One line of a stage's `metrics.jsonl`.
pub(super) type Metrics = Map<String, Value>;

/// A run, as far as it has come.
pub(super) struct RunFiles {
    pub(super) record: RunRecord,
    /// The resolved preset, as TOML.
    pub(super) preset: String,
    /// Every stage of the recipe, in order.
    pub(super) stages: Vec<StageFiles>,
    /// Results by model name.
    pub(super) models: Vec<(String, ModelResult)>,
    /// What the models answered.
    pub(super) answers: Vec<Answer>,
}

/// What one stage left.
pub(super) struct StageFiles {
    pub(super) name: &'static str,
    /// `None`: it has not run, or not with the inputs that are there now.
    pub(super) manifest: Option<Manifest>,
    pub(super) metrics: Vec<Metrics>,
    /// What the responses of its training show, a record a step; none where it did not sample.
    pub(super) behaviours: Vec<Metrics>,
    pub(super) experts: Option<Experts>,
    /// What it read of a packed corpus, where it read one.
    pub(super) corpus: Option<Corpus>,
    /// Floating point operations it took, where it counts them.
    pub(super) flops: Option<f64>,
    /// How many records each of its JSONL files holds, by name without ending.
    pub(super) counts: Vec<(String, usize)>,
}

/// A stage's `corpus.json`: tokens of a packed corpus.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub(super) struct Corpus {
    /// Those the stage read.
    pub(super) read: Tokens,
    /// Those there were.
    pub(super) held: Tokens,
}

/// Tokens by what they are of.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub(super) struct Tokens {
    pub(super) by_source: BTreeMap<String, u64>,
    pub(super) by_language: BTreeMap<String, u64>,
    pub(super) by_domain: BTreeMap<String, u64>,
}

/// One line of the evaluation's `completions.jsonl`, as far as it is shown.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Answer {
    pub(super) problem: String,
    pub(super) question: String,
    pub(super) gold: String,
    pub(super) completion: String,
    pub(super) verdict: String,
    pub(super) rule: String,
    pub(super) model: String,
    pub(super) sample: u32,
}

impl RunFiles {
    pub(super) fn read(dir: &Path) -> Result<Self> {
        let record: RunRecord = json(&dir.join("run.json"))?;
        let path = dir.join("preset.toml");
        let preset = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let mut stages = STAGES
            .iter()
            .map(|name| StageFiles::read(dir, name))
            .collect::<Result<Vec<_>>>()?;
        drop_outdated(&mut stages, &record);
        let evaluated = stages
            .iter()
            .any(|s| s.name == "9-eval" && s.manifest.is_some());
        let eval = dir.join("9-eval");
        let models = if evaluated {
            models(&eval)?
        } else {
            Vec::new()
        };
        let answers = if evaluated {
            lines(&eval.join(COMPLETIONS))?
        } else {
            Vec::new()
        };
        Ok(Self {
            record,
            preset,
            stages,
            models,
            answers,
        })
    }

    pub(super) fn stage(&self, name: &str) -> Option<&StageFiles> {
        self.stages.iter().find(|stage| stage.name == name)
    }

    pub(super) fn model(&self, name: &str) -> Option<&ModelResult> {
        self.models
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, result)| result)
    }
}

impl StageFiles {
    fn read(run: &Path, name: &'static str) -> Result<Self> {
        let dir = run.join(name);
        let Ok(manifest) = Manifest::read(&dir) else {
            return Ok(Self::missing(name));
        };
        let cost: Option<Value> = json_if_there(&dir.join("cost.json"))?;
        let metrics = metrics(&dir)?;
        Ok(Self {
            name,
            manifest: Some(manifest),
            flops: cost.and_then(|cost| cost["flops"].as_f64()),
            behaviours: match reinforced(&metrics) {
                true => behaviour::by_step(&dir.join(COMPLETIONS))?,
                false => Vec::new(),
            },
            metrics,
            experts: json_if_there(&dir.join("experts.json"))?,
            corpus: json_if_there(&dir.join("corpus.json"))?,
            counts: counts(&dir)?,
        })
    }

    fn missing(name: &'static str) -> Self {
        let (metrics, behaviours, counts) = (Vec::new(), Vec::new(), Vec::new());
        Self {
            name,
            manifest: None,
            metrics,
            behaviours,
            experts: None,
            corpus: None,
            flops: None,
            counts,
        }
    }
}

/// Takes out every stage that was made by another seed or from inputs that are no longer there.
fn drop_outdated(stages: &mut [StageFiles], record: &RunRecord) {
    loop {
        let current: Vec<(&str, String)> = stages
            .iter()
            .filter_map(|stage| Some((stage.name, stage.manifest.as_ref()?.fingerprint())))
            .collect();
        let outdated = stages.iter().position(|stage| {
            stage.manifest.as_ref().is_some_and(|manifest| {
                let there = |(name, fingerprint): (&String, &String)| {
                    current
                        .iter()
                        .any(|(stage, now)| stage == name && now == fingerprint)
                };
                manifest.seed != record.seed || !manifest.inputs.iter().all(there)
            })
        });
        let Some(outdated) = outdated else { return };
        stages[outdated] = StageFiles::missing(stages[outdated].name);
    }
}

fn json<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    serde_json::from_str(&text).with_context(|| path.display().to_string())
}

fn json_if_there<T: DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    path.exists().then(|| json(path)).transpose()
}

/// What an evaluation says of each model, in the order of the recipe.
pub(super) fn models(eval: &Path) -> Result<Vec<(String, ModelResult)>> {
    let path = eval.join("models.json");
    let found: Map<String, Value> = json(&path)?;
    let mut models = found
        .into_iter()
        .map(|(name, value)| {
            let result = serde_json::from_value(value)
                .with_context(|| format!("{}: {name}", path.display()))?;
            Ok((name, result))
        })
        .collect::<Result<Vec<(String, ModelResult)>>>()?;
    models.sort_by_key(|(name, _)| place(name));
    Ok(models)
}

/// What a stage measured, step by step.
pub(super) fn metrics(stage: &Path) -> Result<Vec<Metrics>> {
    lines(&stage.join(METRICS))
}

/// Whether a stage's metrics are those of reinforcement learning.
pub(super) fn reinforced(metrics: &[Metrics]) -> bool {
    metrics.iter().any(|line| line.contains_key("reward"))
}

/// The lines of a JSONL file; none where there is no file.
fn lines<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    text.lines()
        .enumerate()
        .map(|(index, line)| {
            serde_json::from_str(line)
                .with_context(|| format!("{}, line {}", path.display(), index + 1))
        })
        .collect()
}

fn counts(dir: &Path) -> Result<Vec<(String, usize)>> {
    let mut counts = Vec::new();
    for entry in fs::read_dir(dir).with_context(|| dir.display().to_string())? {
        let path = entry?.path();
        let own = path
            .file_name()
            .is_some_and(|name| name != METRICS && name != COMPLETIONS);
        if own && path.extension().is_some_and(|ending| ending == "jsonl") {
            let file = fs::File::open(&path).with_context(|| path.display().to_string())?;
            let stem = path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .replace('_', " ");
            counts.push((stem, BufReader::new(file).split(b'\n').count()));
        }
    }
    counts.sort();
    Ok(counts)
}
