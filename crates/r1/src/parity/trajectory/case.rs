//! A recorded training run as it lies on disk, in our own terms.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use grpo::RewardParts;
use lm::Sequence;
use serde::Deserialize;
use serde_json::Value;
use trainer::{AdamWConfig, Schedule, TrainerConfig};

use super::super::case::{Numbers, real, tensors};
use super::super::fields::Fields;
use super::super::objectives::Settings;
use super::FILE;

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

/// Reinforcement learning: each rollout is trained on as often as the settings say.
pub(super) struct Grpo {
    pub(super) settings: Settings,
    pub(super) batches: Vec<Rollout>,
    pub(super) steps: Vec<GrpoStep>,
}

/// Responses group by group.
pub(super) struct Rollout {
    /// Prompts with their responses.
    pub(super) sequences: Vec<Sequence>,
    pub(super) rewards: Vec<f64>,
}

#[derive(Deserialize)]
pub(super) struct GrpoStep {
    pub(super) batch: usize,
    /// Which pass over the batch, from 0.
    pub(super) iteration: usize,
    /// Where the rate is constant it may be absent.
    #[serde(default)]
    pub(super) lr: Option<f64>,
    pub(super) loss: f64,
    #[serde(rename = "kl_mean")]
    pub(super) kl: f64,
    #[serde(rename = "clip_region_mean")]
    pub(super) clip_fraction: f64,
    #[serde(rename = "grad_norm_before_clip")]
    pub(super) grad_norm: f64,
    pub(super) advantages: Vec<f64>,
    /// `[B][T]`; what follows a response is padding.
    pub(super) logps: Vec<Vec<f64>>,
    pub(super) ref_logps: Vec<Vec<f64>>,
    pub(super) num_items_in_batch: f64,
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
struct GrpoFile {
    config: Value,
    batches: Vec<GrpoBatch>,
    steps: Vec<GrpoStep>,
}

#[derive(Deserialize)]
struct GrpoBatch {
    prompt_ids: Vec<Vec<u32>>,
    prompt_mask: Vec<Vec<u8>>,
    completion_ids: Vec<Vec<u32>>,
    completion_mask: Vec<Vec<u8>>,
    rewards: Vec<f64>,
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
            Some(_) => Grpo::read(file, &hyper).map(Run::Grpo),
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
            },
            schedule,
            clip: self.max_grad_norm,
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

impl Grpo {
    fn read(file: Value, hyper: &Hyper) -> Result<Self> {
        let file: GrpoFile = serde_json::from_value(file)?;
        for name in ["gradient_accumulation_steps", "steps_per_generation"] {
            let value = file.config.get(name).and_then(Value::as_u64);
            ensure!(value == Some(1), "config: `{name}` is to be 1");
        }
        let rewards = file.batches.iter().flat_map(|batch| &batch.rewards);
        let rewards: Vec<Vec<f64>> = rewards.map(|&reward| vec![reward]).collect();
        let fields = Fields::new("config".into(), file.config)?;
        let mut settings = Settings::read(fields, &rewards)?;
        ensure!(
            settings.grpo.reward_parts == RewardParts::Sum,
            "config: `multi_objective_aggregation` is to be `sum_then_normalize`"
        );
        settings.grpo.inner_epochs = hyper.num_iterations.unwrap_or(1);
        let batches = file.batches.iter().enumerate();
        let batches = batches.map(|(at, batch)| {
            let rollout = batch.rollout(settings.group);
            rollout.with_context(|| format!("batch {at}"))
        });
        let run = Self {
            batches: batches.collect::<Result<_>>()?,
            steps: file.steps,
            settings,
        };
        run.check()?;
        Ok(run)
    }

    /// Checks that the steps are those of the settings, each with all of its numbers.
    fn check(&self) -> Result<()> {
        let epochs = self.settings.grpo.inner_epochs;
        ensure!(
            !self.steps.is_empty() && self.steps.len() == self.batches.len() * epochs,
            "{} steps, not {epochs} for each of {} batches",
            self.steps.len(),
            self.batches.len()
        );
        for (at, step) in self.steps.iter().enumerate() {
            let named = || format!("step {}", at + 1);
            let order = (step.batch, step.iteration) == (at / epochs, at % epochs);
            ensure!(
                order,
                "{}: `batch` and `iteration` are out of order",
                named()
            );
            let sequences = &self.batches[step.batch].sequences;
            let tokens: usize = sequences.iter().map(Sequence::targets).sum();
            ensure!(
                step.num_items_in_batch == tokens as f64,
                "{}: `num_items_in_batch` is not the {tokens} tokens of the responses",
                named()
            );
            ensure!(
                step.advantages.len() == sequences.len(),
                "{}: `advantages` are not as many as responses",
                named()
            );
            for (name, rows) in [("logps", &step.logps), ("ref_logps", &step.ref_logps)] {
                let fits = rows.len() == sequences.len()
                    && rows
                        .iter()
                        .zip(sequences)
                        .all(|(row, s)| row.len() >= s.targets());
                ensure!(fits, "{}: `{name}` has not a number a token", named());
            }
        }
        Ok(())
    }
}

impl GrpoBatch {
    fn rollout(&self, group: usize) -> Result<Rollout> {
        let prompts = real(&self.prompt_ids, &self.prompt_mask)?;
        let responses = real(&self.completion_ids, &self.completion_mask)?;
        ensure!(
            prompts.len() == responses.len() && prompts.len() == self.rewards.len(),
            "prompts, responses and rewards are not as many"
        );
        ensure!(
            prompts.len().is_multiple_of(group),
            "responses are not in groups of {group}"
        );
        for prompts in prompts.chunks(group) {
            let same = prompts.iter().all(|(_, tokens)| *tokens == prompts[0].1);
            ensure!(same, "a group has several prompts");
            ensure!(!prompts[0].1.is_empty(), "a prompt is empty");
        }
        let rows = prompts.into_iter().zip(responses);
        let sequence = |((_, mut tokens), (places, response)): (Row, Row)| {
            let context = tokens.len();
            if places.iter().enumerate().any(|(at, &place)| at != place) {
                bail!("`completion_mask` has a gap");
            }
            tokens.extend(response);
            Ok(Sequence { tokens, context })
        };
        Ok(Rollout {
            sequences: rows.map(sequence).collect::<Result<_>>()?,
            rewards: self.rewards.clone(),
        })
    }
}

/// Where the tokens of a row stand, and the tokens.
type Row = (Vec<usize>, Vec<u32>);
