//! A recorded training run as it lies on disk, in our own terms.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use lm::Sequence;
use serde::Deserialize;
use serde_json::Value;
use trainer::{AdamWConfig, Schedule, TrainerConfig};

use super::super::case::{Numbers, real, tensors};
use super::FILE;
use super::rollouts::Grpo;

pub(super) struct Case {
    pub(super) dir: PathBuf,
    pub(super) trainer: TrainerConfig,
    pub(super) run: Run,
    /// Every tensor as the run left it; those it does not save are as they were.
    pub(super) weights: BTreeMap<String, Numbers>,
}

pub(super) enum Run {
    Sft(Sft),
    Grpo(Grpo),
}

/// Next-token training: a batch a step.
pub(super) struct Sft {
    pub(super) batches: Vec<Vec<Sequence>>,
    pub(super) steps: Vec<SftStep>,
    /// The loss on the first batch after the last step.
    pub(super) final_loss: Option<f64>,
}

#[derive(Deserialize)]
pub(super) struct SftStep {
    pub(super) lr: f64,
    pub(super) loss: f64,
    #[serde(rename = "grad_norm_before_clip")]
    pub(super) grad_norm: f64,
}

#[derive(Deserialize)]
struct SftFile {
    batches: Vec<SftBatch>,
    steps: Vec<SftStep>,
    #[serde(rename = "final_loss_on_batch0")]
    final_loss: Option<f64>,
}

#[derive(Deserialize)]
struct SftBatch {
    input_ids: Vec<Vec<u32>>,
    attention_mask: Vec<Vec<u8>>,
    labels: Vec<Vec<i64>>,
}

#[derive(Deserialize)]
struct Hyper {
    lr: f64,
    betas: [f64; 2],
    eps: f64,
    weight_decay: f64,
    max_grad_norm: f64,
    schedule: Shape,
    num_warmup_steps: Option<usize>,
    num_training_steps: Option<usize>,
    num_iterations: Option<usize>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Shape {
    Constant,
    CosineWithWarmup,
}

impl Case {
    pub(super) fn open(dir: &Path) -> Result<Self> {
        let path = dir.join(FILE);
        let shown = || path.display().to_string();
        let text = fs::read_to_string(&path).with_context(shown)?;
        let mut file: Value = serde_json::from_str(&text).with_context(shown)?;
        let hyper = file.get_mut("hyper").map(Value::take);
        let hyper = hyper.with_context(|| format!("{}: `hyper` is missing", shown()))?;
        let hyper: Hyper = serde_json::from_value(hyper)
            .context("hyper")
            .with_context(shown)?;
        let run = match file.get("config") {
            Some(_) => Grpo::read(file, hyper.num_iterations.unwrap_or(1)).map(Run::Grpo),
            None => Sft::read(file).map(Run::Sft),
        };
        let mut weights = tensors(&dir.join("model.safetensors"))?;
        let ended = dir.join("final.safetensors");
        for (name, numbers) in tensors(&ended)? {
            let known = weights.insert(name.clone(), numbers).is_some();
            let path = ended.display();
            ensure!(known, "{path}: the run began without a tensor `{name}`");
        }
        Ok(Self {
            dir: dir.to_path_buf(),
            trainer: hyper.trainer().with_context(shown)?,
            run: run.with_context(shown)?,
            weights,
        })
    }
}

impl Hyper {
    fn trainer(&self) -> Result<TrainerConfig> {
        let schedule = match self.schedule {
            Shape::Constant => Schedule::constant(self.lr, self.num_warmup_steps.unwrap_or(0)),
            Shape::CosineWithWarmup => Schedule {
                peak: self.lr,
                floor: 0.0,
                warmup: self.num_warmup_steps.context("no `num_warmup_steps`")?,
                total: self.num_training_steps.context("no `num_training_steps`")?,
            },
        };
        let [beta1, beta2] = self.betas;
        Ok(TrainerConfig {
            adamw: AdamWConfig {
                beta1,
                beta2,
                eps: self.eps,
                weight_decay: self.weight_decay,
                state: trainer::OptimizerState::Float32,
            },
            schedule,
            clip: self.max_grad_norm,
            checkpointing: false,
        })
    }
}

impl Sft {
    fn read(file: Value) -> Result<Self> {
        let file: SftFile = serde_json::from_value(file)?;
        let (batches, steps) = (file.batches.len(), file.steps.len());
        ensure!(
            steps > 0 && batches == steps,
            "{batches} batches and {steps} steps; a step has a batch of its own"
        );
        let batches = file.batches.iter().enumerate();
        let batches = batches.map(|(at, batch)| batch.sequences().context(format!("batch {at}")));
        Ok(Self {
            batches: batches.collect::<Result<_>>()?,
            steps: file.steps,
            final_loss: file.final_loss,
        })
    }
}

impl SftBatch {
    fn sequences(&self) -> Result<Vec<Sequence>> {
        ensure!(
            self.labels.len() == self.input_ids.len(),
            "as many rows of labels as of ids"
        );
        let rows = real(&self.input_ids, &self.attention_mask)?;
        let sequence = |((places, tokens), labels): ((Vec<usize>, Vec<u32>), &Vec<i64>)| {
            let labels: Option<Vec<i64>> =
                places.iter().map(|&at| labels.get(at).copied()).collect();
            let labels = labels.context("as many labels as ids")?;
            let context = labels.iter().take_while(|label| **label < 0).count();
            let rest = labels[context..].iter().zip(&tokens[context..]);
            ensure!(
                rest.clone()
                    .all(|(&label, &token)| label == i64::from(token)),
                "labels that are not the ids from one place on to the end"
            );
            Ok(Sequence { tokens, context })
        };
        rows.into_iter().zip(&self.labels).map(sequence).collect()
    }
}
