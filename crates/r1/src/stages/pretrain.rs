//! Pretraining: a model with random weights reads texts about the problems, or a packed corpus.

mod packed;
mod shape;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, ensure};
use data::corpus::{Corpus, Document, from_problems};
use data::tasks::TaskSettings;
use data::{Domain, Tokenizer};
use lm::Sequence;
use moe_model::Decoder;
use rayon::prelude::*;
use serde_json::{Value, json};
use trainer::{AdamWConfig, Schedule, Trainer, TrainerConfig};

use self::packed::Packed;
pub use self::shape::Shape;
pub(crate) use self::shape::decoder_config;
use super::checkpoint::save;
use super::cost::Cost;
use super::experts;
use super::feed::{Feed, Shuffled};
use super::files::{read_json, read_lines};
use super::shards::Shards;
use super::tasks::{SETTINGS, TRAIN, mixture};
use super::training::{Course, identity, train};
use crate::Artifact;
use crate::backend::{MICRO_TOKENS, device};
use crate::preset;
use crate::stage::{Stage, StageContext};

/// Trains a base model from scratch.
pub struct Pretrain<'a> {
    /// The model.
    shape: Shape<'a>,
    /// Problems and tokenizer.
    tasks: &'a Artifact,
    /// What the corpus is mixed of.
    corpus: &'a preset::Corpus,
    /// How long and how fast.
    plan: &'a preset::Pretraining,
    /// What is read instead of the corpus.
    shards: Option<&'a Shards>,
}

impl<'a> Pretrain<'a> {
    /// A model of this shape reads the mixture `corpus` of `tasks`.
    pub fn new(
        shape: Shape<'a>,
        tasks: &'a Artifact,
        corpus: &'a preset::Corpus,
        plan: &'a preset::Pretraining,
    ) -> Self {
        Self {
            shape,
            tasks,
            corpus,
            plan,
            shards: None,
        }
    }

    /// Reads `shards` instead, where there are any.
    pub fn reading(self, shards: Option<&'a Shards>) -> Self {
        Self { shards, ..self }
    }
}

impl Stage for Pretrain<'_> {
    fn inputs(&self) -> Vec<&Artifact> {
        vec![self.tasks]
    }

    fn settings(&self) -> Value {
        let shape = match self.shape {
            Shape::Mixture(model) => json!(model),
            Shape::Dense(student) => json!(student),
        };
        let mut settings =
            json!({ "shape": shape, "corpus": self.corpus, "plan": identity(self.plan) });
        if let Some(shards) = self.shards {
            settings["shards"] = shards.settings();
        }
        settings
    }

    fn describe(&self) -> &'static str {
        match self.shape {
            Shape::Mixture(_) => "pretraining the mixture of experts",
            Shape::Dense(_) => "pretraining the dense student",
        }
    }

    fn run(&self, cx: &StageContext) -> Result<()> {
        let state = cx.resume()?;
        let tokenizer = Tokenizer::open(&self.tasks.dir)?;
        let config = decoder_config(self.shape, tokenizer.vocab_size());
        let model = Decoder::init(&config, cx.seed, &device()?)?;
        let mut trainer = Trainer::new(model, trainer_config(self.plan));
        let mut cost = Cost::default();
        let plan = self.plan;
        let course = Course {
            batch: plan.batch,
            steps: plan.steps,
            checkpoint_every: plan.checkpoint_every,
        };
        let learn = |feed: &mut dyn Feed| train(cx, &mut trainer, feed, &course, state, &mut cost);
        match self.shards {
            Some(shards) => {
                let mut packed = Packed::open(shards, plan, cx)?;
                learn(&mut packed)?;
                packed.write(&cx.dir)?;
                let texts = packed.by_domain(LOAD_DOCUMENTS);
                experts::write(&cx.dir, trainer.model(), &texts, MICRO_TOKENS)?;
            }
            None => {
                let documents = self.documents(cx)?;
                let sequences = encode(&documents, &tokenizer, plan.length);
                learn(&mut Shuffled::new(
                    &self.kept(&sequences, cx)?,
                    plan.batch,
                    cx.seed,
                ))?;
                let texts = by_domain(&documents, &sequences);
                experts::write(&cx.dir, trainer.model(), &texts, MICRO_TOKENS)?;
            }
        }
        let model = trainer.into_model();
        super::sft::show(cx, &model, &tokenizer, self.tasks)?;
        cost.write(&cx.dir)?;
        save(&cx.dir, &model, &tokenizer)
    }
}

impl Pretrain<'_> {
    /// The documents that are not too long.
    fn kept(&self, sequences: &[Option<Sequence>], cx: &StageContext) -> Result<Vec<Sequence>> {
        let length = self.plan.length;
        let kept: Vec<Sequence> = sequences.iter().flatten().cloned().collect();
        ensure!(
            !kept.is_empty(),
            "no document has at most base.length = {length}"
        );
        let tokens: usize = kept.iter().map(|sequence| sequence.tokens.len()).sum();
        cx.log(format!("{} documents, {tokens} tokens", kept.len()));
        let longer = sequences.len() - kept.len();
        if longer > 0 {
            cx.log(format!(
                "{longer} documents longer than {length} tokens are left out; raise the length to read them"
            ));
        }
        Ok(kept)
    }

    /// As many documents as the steps will read.
    fn documents(&self, cx: &StageContext) -> Result<Vec<Document>> {
        let (mixture, count) = (mixture(self.corpus), self.plan.steps * self.plan.batch);
        let train = self.tasks.file(TRAIN);
        if train.exists() {
            let problems: Vec<data::Problem> = read_lines(&train)?;
            return Ok(from_problems(&problems, &mixture, cx.seed)?
                .take(count)
                .collect());
        }
        let settings: TaskSettings = read_json(Path::new(&self.tasks.file(SETTINGS)))?;
        Ok(Corpus::new(&settings, &mixture, cx.seed)?
            .take(count)
            .collect())
    }
}

fn trainer_config(plan: &preset::Pretraining) -> TrainerConfig {
    TrainerConfig {
        adamw: AdamWConfig {
            beta1: plan.beta1,
            beta2: plan.beta2,
            weight_decay: plan.weight_decay,
            ..AdamWConfig::default()
        },
        schedule: Schedule {
            peak: plan.lr,
            floor: plan.min_lr,
            warmup: plan.warmup,
            total: plan.steps,
        },
        clip: plan.clip,
        checkpointing: false,
    }
}

/// Every token of a document counts; those longer than `length` are left out.
fn encode(documents: &[Document], tokenizer: &Tokenizer, length: usize) -> Vec<Option<Sequence>> {
    documents
        .par_iter()
        .map(|document| {
            let (tokens, _) =
                tokenizer.encode_document(document.question.as_deref(), &document.text);
            (tokens.len() <= length).then_some(Sequence { tokens, context: 1 })
        })
        .collect()
}

/// Documents a domain on which the experts' load is measured.
const LOAD_DOCUMENTS: usize = 64;

fn by_domain(
    documents: &[Document],
    sequences: &[Option<Sequence>],
) -> BTreeMap<Domain, Vec<Sequence>> {
    let mut texts: BTreeMap<Domain, Vec<Sequence>> = BTreeMap::new();
    for (document, sequence) in documents.iter().zip(sequences) {
        let Some(sequence) = sequence else { continue };
        let texts = texts.entry(document.domain).or_default();
        if texts.len() < LOAD_DOCUMENTS {
            texts.push(sequence.clone());
        }
    }
    texts
}
