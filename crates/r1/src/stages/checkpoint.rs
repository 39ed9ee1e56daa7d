//! Models in and out of artifacts.

use std::path::Path;

use anyhow::{Context, Result};
use data::Tokenizer;
use lm::CausalLm;
use moe_model::{Decoder, SaveOptions};

use crate::Artifact;
use crate::backend::device;
use crate::generate::speaker::belong_together;

/// A model with the tokenizer it was trained with.
pub(crate) struct Checkpoint {
    pub(crate) model: Decoder,
    pub(crate) tokenizer: Tokenizer,
}

impl Checkpoint {
    /// Opens the model of an artifact.
    pub(crate) fn open(artifact: &Artifact) -> Result<Self> {
        let model = Decoder::load(&artifact.dir, &device()?)?;
        let tokenizer = Tokenizer::open(&artifact.dir)?;
        belong_together(&artifact.dir, &tokenizer, model.vocabulary())?;
        Ok(Self { model, tokenizer })
    }
}

/// Writes a model and its tokenizer as a Hugging Face directory.
pub(crate) fn save(dir: &Path, model: &Decoder, tokenizer: &Tokenizer) -> Result<()> {
    let options = SaveOptions {
        end_token: Some(tokenizer.end),
        ..SaveOptions::default()
    };
    model.save(dir, &options).context("saving the model")?;
    tokenizer.save(dir).context("saving the tokenizer")
}
