//! Supervised fine-tuning: the loss falls on responses alone.

use anyhow::Result;
use data::{Sample, Tokenizer};
use lm::Sequence;
use moe_model::Decoder;
use rewards::RubricConfig;
use serde_json::Value;
use trainer::{AdamWConfig, Schedule, Trainer, TrainerConfig};

use super::ask;
use super::checkpoint::{Checkpoint, save};
use super::cost::Cost;
use super::feed::Shuffled;
use super::files::read_lines;
use super::judging;
use super::means::{Means, finish};
use super::problems::Problems;
use super::rehearsal::{Longest, rehearse};
use super::responses::Line;
use super::tasks::{COLD_START, GENERAL, HELD_OUT};
use super::training::{Course, Progress, identity, train};
use crate::Artifact;
use crate::preset;
use crate::stage::{Stage, StageContext};
use crate::states::State;

/// Reasoning samples for each general one (arXiv 2501.12948, section 2.3.3: 600k and 200k).
const REASONING_PER_GENERAL: f64 = 3.0;

/// Trains a model on samples.
pub struct Sft<'a> {
    init: &'a Artifact,
    tasks: &'a Artifact,
    /// Curated samples of a teacher; `None` for the cold start's own.
    curated: Option<&'a Artifact>,
    plan: &'a preset::Supervised,
    means: Means,
}

impl<'a> Sft<'a> {
    /// SFT on the few curated examples in the strict template.
    pub fn cold_start(
        init: &'a Artifact,
        tasks: &'a Artifact,
        plan: &'a preset::Supervised,
    ) -> Self {
        Self {
            init,
            tasks,
            curated: None,
            plan,
            means: Means::default(),
        }
    }

    /// SFT on what rejection sampling kept, with general samples 3:1.
    pub fn curated(
        init: &'a Artifact,
        tasks: &'a Artifact,
        curated: &'a Artifact,
        plan: &'a preset::Supervised,
    ) -> Self {
        Self {
            init,
            tasks,
            curated: Some(curated),
            plan,
            means: Means::default(),
        }
    }

    /// Trains what `means` says, as it says.
    pub fn by(self, means: &Means) -> Self {
        let means = means.clone();
        Self { means, ..self }
    }
}

impl Stage for Sft<'_> {
    fn inputs(&self) -> Vec<&Artifact> {
        [self.init, self.tasks]
            .into_iter()
            .chain(self.curated)
            .collect()
    }

    fn settings(&self) -> Value {
        self.means.join(identity(self.plan))
    }

    fn describe(&self) -> &'static str {
        match self.curated {
            None => "SFT on curated examples",
            Some(_) => "SFT of the base on curated and general samples",
        }
    }

    fn run(&self, cx: &StageContext) -> Result<()> {
        let state = cx.resume()?;
        let samples: Vec<Sample> = match self.curated {
            None => read_lines(&self.tasks.file(COLD_START))?,
            Some(curated) => assemble(
                read_lines(&curated.file(super::curate::SAMPLES))?,
                self.tasks,
                cx,
            )?,
        };
        let Checkpoint { model, tokenizer } = Checkpoint::open(self.init)?;
        let mut cost = Cost::default();
        let how = FineTuning {
            plan: self.plan,
            means: &self.means,
            base: self.init,
        };
        let samples = sequences(&tokenizer, &samples);
        let model = fine_tune(cx, model, &samples, &how, state, &mut cost)?;
        show(cx, &model, &tokenizer, self.tasks)?;
        cost.write(&cx.dir)?;
        save(&cx.dir, &model, &tokenizer)
    }
}

/// Joins reasoning with general samples 3:1 and drops what is held out.
pub(crate) fn assemble(
    reasoning: Vec<Sample>,
    tasks: &Artifact,
    cx: &StageContext,
) -> Result<Vec<Sample>> {
    let held_out: Vec<data::Problem> = read_lines(&tasks.file(HELD_OUT))?;
    let (reasoning, dropped) = distill::decontaminate(reasoning, &held_out);
    let reasoning = if reasoning.is_empty() {
        cx.log("the teacher's samples were all dropped; the curated examples take their place");
        read_lines(&tasks.file(COLD_START))?
    } else {
        reasoning
    };
    let general: Vec<Sample> = read_lines(&tasks.file(GENERAL))?;
    let counts = (reasoning.len(), general.len());
    let samples = distill::assemble(reasoning, general, REASONING_PER_GENERAL, cx.seed);
    cx.log(format!(
        "{} samples to learn from ({} reasoning and {} general at hand, {dropped} held out)",
        samples.len(),
        counts.0,
        counts.1
    ));
    Ok(samples)
}

/// How a model learns from samples.
pub(crate) struct FineTuning<'a> {
    pub(crate) plan: &'a preset::Supervised,
    pub(crate) means: &'a Means,
    /// What the model was.
    pub(crate) base: &'a Artifact,
}

/// Samples as sequences whose responses are learned.
pub(super) fn sequences(tokenizer: &Tokenizer, samples: &[Sample]) -> Vec<Sequence> {
    let sequence = |sample: &Sample| {
        let question = Some(&*sample.question);
        let (tokens, context) = tokenizer.encode_document(question, &sample.response);
        Sequence { tokens, context }
    };
    samples.iter().map(sequence).collect()
}

/// Trains `model` on the responses of `sequences`, from `state` on where there is one; adapters are left in
/// the stage's directory, and merged.
pub(crate) fn fine_tune(
    cx: &StageContext,
    model: Decoder,
    sequences: &[Sequence],
    how: &FineTuning<'_>,
    state: Option<State<Progress>>,
    cost: &mut Cost,
) -> Result<Decoder> {
    let FineTuning { plan, base, .. } = *how;
    let (mut trainer, steps) = begin(cx, model, sequences.len(), how)?;
    let course = Course {
        batch: plan.batch,
        steps,
        checkpoint_every: plan.checkpoint_every,
    };
    let mut feed = Shuffled::new(sequences, plan.batch, cx.seed);
    train(cx, &mut trainer, &mut feed, &course, state, cost)?;
    finish(&cx.dir, trainer.into_model(), base)
}

/// A trainer of `model`, and the steps it is to take over so many sequences.
pub(super) fn begin(
    cx: &StageContext,
    model: Decoder,
    sequences: usize,
    how: &FineTuning<'_>,
) -> Result<(Trainer<Decoder>, usize)> {
    let FineTuning { plan, means, .. } = *how;
    let steps = plan.epochs * sequences.div_ceil(plan.batch);
    let config = TrainerConfig {
        adamw: AdamWConfig {
            weight_decay: plan.weight_decay,
            ..AdamWConfig::default()
        },
        schedule: Schedule {
            peak: plan.lr,
            floor: plan.min_lr,
            warmup: plan.warmup,
            total: steps,
        },
        clip: plan.clip,
        checkpointing: false,
    };
    let model = means.prepare(model, cx.seed)?;
    Ok((Trainer::new(model, means.settings(config)), steps))
}

/// Whether there is the memory for the longest of `sequences`.
pub(super) fn rehearse_for(
    cx: &StageContext,
    trainer: &mut Trainer<Decoder>,
    sequences: &[Sequence],
    batch: usize,
) -> Result<()> {
    let longest = sequences.iter().map(|sequence| sequence.tokens.len());
    let longest = Longest {
        prompt: 1,
        response: longest.max().unwrap_or(1).saturating_sub(1),
        sequences: batch,
        copies: 0,
        rows: 0,
    };
    rehearse(cx, trainer, &longest).map(|_| ())
}

/// Problems a trained model is shown answering.
const SHOWN: usize = 20;

/// Lets the model answer a few training problems, for people to read in `completions.jsonl`.
pub(crate) fn show(
    cx: &StageContext,
    model: &Decoder,
    tokenizer: &Tokenizer,
    tasks: &Artifact,
) -> Result<()> {
    let problems = Problems::open(tasks, None, cx.seed)?.take(SHOWN);
    let options = ask::options(cx, 1, (0.6, 0.95), 128, cx.seed);
    let rubric = judging::rubric(&RubricConfig::default(), tasks)?;
    let groups = grpo::sample(model, tokenizer, problems, &rubric, &options, &mut |_| ())?;
    for group in &groups {
        Line::write_all(cx, None, group)?;
    }
    Ok(())
}
