//! What a stage's computation amounts to, so that stages can be compared at equal compute.

use std::collections::BTreeMap;
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
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Cost {
    /// Floating point operations.
    pub(crate) flops: f64,
    /// The same by what they are for, as in `sampling`.
    pub(crate) parts: BTreeMap<String, f64>,
    /// Tokens read forward and backward.
    pub(crate) trained_tokens: usize,
    /// Tokens read forward only: sampled, or scored by a reference.
    pub(crate) sampled_tokens: usize,
}

impl Cost {
    /// Adds training of `model` on `tokens`, for `part`.
    pub(crate) fn train(&mut self, part: &str, model: &impl CausalLm, tokens: usize) {
        self.add(part, 6.0, model, tokens);
        self.trained_tokens += tokens;
    }

    /// Adds forward passes of `model` over `tokens`, for `part`.
    pub(crate) fn sample(&mut self, part: &str, model: &impl CausalLm, tokens: usize) {
        self.add(part, 2.0, model, tokens);
        self.sampled_tokens += tokens;
    }

    fn add(&mut self, part: &str, a_parameter: f64, model: &impl CausalLm, tokens: usize) {
        let flops = a_parameter * model.parameters().1 as f64 * tokens as f64;
        self.flops += flops;
        *self.parts.entry(part.to_owned()).or_default() += flops;
    }

    pub(crate) fn write(&self, dir: &Path) -> Result<()> {
        write_json(&dir.join(FILE), self)
    }

    pub(crate) fn read(artifact: &Artifact) -> Result<Self> {
        read_json(&artifact.file(FILE))
    }
}
