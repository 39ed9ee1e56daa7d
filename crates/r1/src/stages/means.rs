//! What fine-tuning and reinforcement learning train, and in how much memory.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use moe_model::{Decoder, LoraConfig};
use serde_json::{Value, json};
use trainer::TrainerConfig;

use crate::Artifact;
use crate::preset::{Lora, Memory, Preset};

/// Where a stage's adapter lies in its directory.
const DIR: &str = "adapter";

/// The sections `memory` and `lora` of a preset. Without them everything is trained and kept.
#[derive(Debug, Clone, Default)]
pub struct Means {
    memory: Memory,
    lora: Lora,
}

impl Means {
    /// What these sections say.
    pub(crate) fn new(memory: Memory, lora: Lora) -> Self {
        Self { memory, lora }
    }

    /// Those of a preset.
    pub fn of(preset: &Preset) -> Self {
        Self::new(preset.memory.clone(), preset.lora.clone())
    }

    /// Adds itself to a stage's settings, an object, as far as it makes a difference: stages that
    /// were done without it stay done.
    pub(crate) fn join(&self, mut settings: Value) -> Value {
        if self.memory != Memory::default() {
            settings["memory"] = json!(self.memory);
        }
        if self.lora.rank > 0 {
            settings["lora"] = json!(self.lora);
        }
        settings
    }

    /// The model as it is to be trained.
    pub(crate) fn prepare(&self, model: Decoder, seed: u64) -> Result<Decoder> {
        if self.lora.rank == 0 {
            return Ok(model);
        }
        let config = LoraConfig {
            rank: self.lora.rank,
            alpha: self.lora.alpha,
            targets: self.lora.targets.clone(),
            rslora: false,
        };
        let adapted = model.with_adapter(&config, seed);
        adapted.context("adapting the model (section lora)")
    }

    /// How it is trained.
    pub(crate) fn settings(&self, mut config: TrainerConfig) -> TrainerConfig {
        config.checkpointing = self.memory.checkpointing;
        config.adamw.state = self.memory.optimizer_state;
        config
    }
}

/// Writes the adapter of a trained model, which began as that of `base`, into `dir`, and gives the
/// model with the adapter merged.
pub(crate) fn finish(dir: &Path, model: Decoder, base: &Artifact) -> Result<Decoder> {
    if model.adapter().is_some() {
        let dir = dir.join(DIR);
        fs::create_dir_all(&dir).with_context(|| dir.display().to_string())?;
        // Of the run, not of the machine: runs lie anywhere.
        let name = base.dir.file_name().unwrap_or_default().to_string_lossy();
        model
            .save_adapter(&dir, &name)
            .context("saving the adapter")?;
    }
    Ok(model.merge())
}
