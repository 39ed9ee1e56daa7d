//! The student before it learns: a checkpoint, or random weights in the shape of a preset's student.

use anyhow::Result;
use data::dataset::Dataset;
use data::{Tokenizer, template};
use distill::assembly::Entry;
use moe_model::Decoder;
use serde_json::{Value, json};

use super::learning::files;
use crate::Artifact;
use crate::backend::device;
use crate::generate::speaker::{Speaker, tokenizer};
use crate::preset::{self, Preset};
use crate::stage::{Stage, StageContext};
use crate::stages::Shape;
use crate::stages::checkpoint::save;
use crate::stages::pretrain::decoder_config;
use crate::usage::UsageError;

/// What names a preset in the place of a model.
const PRESET: &str = "preset:";

/// Who learns.
pub(super) enum Student {
    /// A checkpoint by name.
    Checkpoint(String),
    /// A shape.
    Scratch(Box<Preset>),
}

impl Student {
    /// Finds out what `name` means.
    ///
    /// # Errors
    /// An unknown preset.
    pub(super) fn named(name: &str) -> Result<Self, UsageError> {
        match name.strip_prefix(PRESET) {
            Some(preset) => Ok(Self::Scratch(Box::new(Preset::load(preset, &[])?))),
            None => Ok(Self::Checkpoint(name.to_owned())),
        }
    }
}

/// Makes a student with random weights. Its tokenizer is the teacher's, where the teacher is on this
/// machine, and else learned from the set.
pub(super) struct Scratch<'a> {
    pub(super) preset: &'a Preset,
    pub(super) teacher: Option<&'a Speaker>,
    pub(super) set: &'a Artifact,
}

impl Stage for Scratch<'_> {
    fn inputs(&self) -> Vec<&Artifact> {
        vec![self.set]
    }

    fn settings(&self) -> Value {
        let shape: &preset::Student = &self.preset.student;
        let tokenizer = self.teacher.map(|it| it.tokenizer.fingerprint());
        json!({
            "shape": shape,
            "tokenizer": tokenizer,
            "vocabulary": self.preset.tasks.vocabulary,
        })
    }

    fn describe(&self) -> &'static str {
        "a student with random weights"
    }

    fn run(&self, cx: &StageContext) -> Result<()> {
        let tokenizer = match self.teacher {
            Some(teacher) => tokenizer(&teacher.dir)?,
            None => self.learned()?,
        };
        let config = decoder_config(Shape::Dense(&self.preset.student), tokenizer.vocab_size());
        let model = Decoder::init(&config, cx.seed, &device()?)?;
        cx.log(format!("{} parameters", model.count().total));
        save(&cx.dir, &model, &tokenizer)
    }
}

impl Scratch<'_> {
    fn learned(&self) -> Result<Tokenizer> {
        let mut texts = Vec::new();
        for file in files(self.set)? {
            for entry in Dataset::open(file)?.records::<Entry>().gather()?.records {
                let said = entry
                    .messages
                    .last()
                    .map_or("", |turn| turn.content.as_str());
                texts.push(template::document(entry.question(), said));
            }
        }
        Ok(Tokenizer::train(
            texts.into_iter(),
            self.preset.tasks.vocabulary,
        )?)
    }
}
