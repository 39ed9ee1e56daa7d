//! A recorded run of reinforcement learning: rollouts, and the steps taken on each.

use anyhow::{Context, Result, bail, ensure};
use grpo::RewardParts;
use lm::Sequence;
use serde::Deserialize;
use serde_json::Value;

use super::super::case::real;
use super::super::fields::Fields;
use super::super::objectives::Settings;

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

impl Grpo {
    pub(super) fn read(file: Value, epochs: usize) -> Result<Self> {
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
        settings.grpo.inner_epochs = epochs;
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
