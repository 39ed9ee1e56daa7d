//! What a stage's computation amounts to, so that stages can be compared at equal compute.

use std::path::Path;

use anyhow::Result;
use lm::CausalLm;
use serde::{Deserialize, Serialize};

use super::files::{read_json, write_json};
use crate::Artifact;

const FILE: &str = "cost.json";

/// Tokens through the model and the operations they cost: 2 a parameter a token passes through for
/// a forward pass, 4 for a backward pass (arXiv 2001.08361, section 2.1). Modules for further tokens
/// are left out: no stage that is compared trains any.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(super) struct Cost {
    /// Floating point operations.
    pub(super) flops: f64,
    /// Tokens read forward and backward.
    pub(super) trained_tokens: usize,
    /// Tokens read forward only: sampled, or scored by a reference.
    pub(super) sampled_tokens: usize,
}

impl Cost {
    /// Adds training of `model` on `tokens`.
    pub(super) fn train(&mut self, model: &impl CausalLm, tokens: usize) {
        self.flops += 6.0 * model.parameters().1 as f64 * tokens as f64;
        self.trained_tokens += tokens;
    }

    /// Adds forward passes of `model` over `tokens`.
    pub(super) fn sample(&mut self, model: &impl CausalLm, tokens: usize) {
        self.flops += 2.0 * model.parameters().1 as f64 * tokens as f64;
        self.sampled_tokens += tokens;
    }

    pub(super) fn write(&self, dir: &Path) -> Result<()> {
        write_json(&dir.join(FILE), self)
    }

    pub(super) fn read(artifact: &Artifact) -> Result<Self> {
        read_json(&artifact.file(FILE))
    }
}
