//! The last policy whose responses could be trained on, kept for the day a step cannot be taken.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Error, Result};
use data::Tokenizer;
use moe_model::Decoder;

use crate::stages::checkpoint::save;

/// Where it is written, in the stage's directory.
const DIR: &str = "last-good";

/// The last good policy.
pub(super) struct LastGood {
    dir: PathBuf,
    /// The checkpoint the stage began with.
    start: PathBuf,
    /// The policy that sampled the last step that could be taken, and that step.
    kept: Option<(usize, Decoder)>,
}

impl LastGood {
    /// At the start of a stage in `dir` from the checkpoint `start`; removes what an earlier attempt
    /// left.
    pub(super) fn begin(dir: &Path, start: &Path) -> Result<Self> {
        let dir = dir.join(DIR);
        if dir.exists() {
            fs::remove_dir_all(&dir).with_context(|| format!("removing {}", dir.display()))?;
        }
        Ok(Self {
            dir,
            start: start.to_owned(),
            kept: None,
        })
    }

    /// Step `step` could be taken on the responses of `policy`.
    pub(super) fn keep(&mut self, step: usize, policy: Decoder) {
        self.kept = Some((step, policy));
    }

    /// Writes it down, since step `step` cannot be taken, and says why and where it is.
    pub(super) fn refuse(
        &self,
        error: impl Into<Error>,
        step: usize,
        tokenizer: &Tokenizer,
    ) -> Error {
        let good = match &self.kept {
            None => format!("the one this stage began with, {}", self.start.display()),
            Some((step, policy)) => match self.write(policy, tokenizer) {
                Ok(()) => format!("{}, the policy of step {step}", self.dir.display()),
                Err(error) => format!("lost ({error:#}); {} is left", self.start.display()),
            },
        };
        let message = format!("step {step} was not taken. The last good checkpoint is {good}");
        error.into().context(message)
    }

    fn write(&self, policy: &Decoder, tokenizer: &Tokenizer) -> Result<()> {
        fs::create_dir_all(&self.dir).with_context(|| self.dir.display().to_string())?;
        save(&self.dir, policy, tokenizer)
    }
}
