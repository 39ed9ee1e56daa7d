//! Pretraining: a model with random weights reads the corpus.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, ensure};
use data::corpus::{Corpus, Document, from_problems};
use data::tasks::TaskSettings;
use data::{Domain, Tokenizer};
use lm::Sequence;
use moe_model::{
    AttentionConfig, Decoder, DecoderConfig, GroupedConfig, LatentConfig, MixtureConfig, MtpConfig,
    RopeConfig, Scores,
};
use rayon::prelude::*;
use serde_json::{Value, json};
use trainer::{AdamWConfig, Schedule, Trainer, TrainerConfig};

use super::checkpoint::save;
use super::cost::Cost;
use super::experts;
use super::files::{read_json, read_lines};
use super::sft::train;
use super::tasks::{SETTINGS, TRAIN, mixture};
use crate::Artifact;
use crate::backend::{MICRO_TOKENS, device};
use crate::preset;
use crate::stage::{Stage, StageContext};

/// Which model is trained.
#[derive(Debug, Clone, Copy)]
pub enum Shape<'a> {
    /// A mixture of experts with latent attention.
    Mixture(&'a preset::Model),
    /// A dense model with grouped-query attention.
    Dense(&'a preset::Student),
}

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
        }
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
        json!({ "shape": shape, "corpus": self.corpus, "plan": self.plan })
    }

    fn describe(&self) -> &'static str {
        match self.shape {
            Shape::Mixture(_) => "pretraining the mixture of experts",
            Shape::Dense(_) => "pretraining the dense student",
        }
    }

    fn run(&self, cx: &StageContext) -> Result<()> {
        cx.rewind(0)?;
        let tokenizer = Tokenizer::open(&self.tasks.dir)?;
        let config = decoder_config(self.shape, tokenizer.vocab_size());
        let model = Decoder::init(&config, cx.seed, &device()?)?;
        let documents = self.documents(cx)?;
        let sequences = encode(&documents, &tokenizer, self.plan.length);
        let kept: Vec<Sequence> = sequences.iter().flatten().cloned().collect();
        ensure!(
            !kept.is_empty(),
            "no document has at most base.length = {}",
            self.plan.length
        );
        let tokens: usize = kept.iter().map(|sequence| sequence.tokens.len()).sum();
        cx.log(format!("{} documents, {tokens} tokens", kept.len()));
        let longer = documents.len() - kept.len();
        if longer > 0 {
            cx.log(format!(
                "{longer} documents longer than {} tokens are left out; raise the length to read them",
                self.plan.length
            ));
        }

        let plan = self.plan;
        let config = TrainerConfig {
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
        };
        let mut trainer = Trainer::new(model, config);
        let mut cost = Cost::default();
        train(cx, &mut trainer, &kept, plan.batch, plan.steps, &mut cost)?;
        let model = trainer.into_model();
        let texts = by_domain(&documents, &sequences);
        experts::write(&cx.dir, &model, &texts, MICRO_TOKENS)?;
        super::sft::show(cx, &model, &tokenizer, self.tasks)?;
        cost.write(&cx.dir)?;
        save(&cx.dir, &model, &tokenizer)
    }
}

impl Pretrain<'_> {
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

pub(crate) fn decoder_config(shape: Shape<'_>, vocabulary: usize) -> DecoderConfig {
    match shape {
        Shape::Mixture(model) => DecoderConfig {
            vocabulary,
            width: model.width,
            layers: model.layers,
            inner: model.dense_inner,
            inner_bias: false,
            attention: AttentionConfig::Latent(LatentConfig {
                heads: model.heads,
                query_rank: (model.q_rank > 0).then_some(model.q_rank),
                latent_rank: model.kv_rank,
                nope_dim: model.nope_dim,
                rope_dim: model.rope_dim,
                value_dim: model.value_dim,
                bias: false,
                interleaved: true,
            }),
            mixture: Some(MixtureConfig {
                dense_layers: (0..model.dense_layers).collect(),
                scores: Scores::Sigmoid,
                experts: model.experts,
                active: model.active_experts,
                shared: model.shared_experts,
                inner: model.expert_inner,
                groups: model.groups,
                active_groups: model.active_groups,
                normalise: true,
                scaling: model.routed_scaling,
                bias_speed: model.bias_speed,
                balance_weight: model.balance_alpha,
            }),
            mtp: (model.mtp_depth > 0).then_some(MtpConfig {
                depth: model.mtp_depth,
                weight: model.mtp_weight,
            }),
            rope: RopeConfig::plain(10_000.0),
            norm_eps: 1e-6,
            tied: false,
            max_positions: model.max_positions,
            init_std: INIT_STD,
        },
        Shape::Dense(student) => DecoderConfig {
            vocabulary,
            width: student.width,
            layers: student.layers,
            inner: student.inner,
            inner_bias: false,
            attention: AttentionConfig::Grouped(GroupedConfig::new(
                student.heads,
                student.kv_heads,
                student.width / student.heads,
            )),
            mixture: None,
            mtp: None,
            rope: RopeConfig::plain(10_000.0),
            norm_eps: 1e-6,
            tied: true,
            max_positions: 4096,
            init_std: INIT_STD,
        },
    }
}

/// Standard deviation of the initial weights, for models far narrower than DeepSeek-V3 (0.006).
const INIT_STD: f64 = 0.09;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preset::Preset;

    fn of_run(name: &str) -> DecoderConfig {
        let preset = Preset::load(name, &[]).unwrap();
        decoder_config(Shape::Mixture(&preset.model), preset.tasks.vocabulary)
    }

    #[test]
    fn a_model_has_the_shape_of_the_run_of_its_name() {
        for name in ["smoke", "tiny", "small"] {
            let model = moe_model::Preset::named(name).unwrap();
            assert_eq!(of_run(name), model.config(), "{name}");
        }
    }

    #[test]
    fn the_paper_runs_deepseek_v3() {
        let published = moe_model::Preset::DeepseekV3.config();
        // Trained without stretched positions; the length is that of R1's responses.
        let as_run = DecoderConfig {
            rope: RopeConfig::plain(10_000.0),
            max_positions: 69_632,
            init_std: INIT_STD,
            ..published
        };
        assert_eq!(of_run("paper"), as_run);
    }
}
