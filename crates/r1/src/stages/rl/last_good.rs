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
    /// A policy that a step could be taken on, or that a state has, and which it is.
    kept: Option<(String, Decoder)>,
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
        self.kept = Some((format!("the policy of step {step}"), policy));
    }

    /// `policy` is that of the state after `step`, which this attempt goes on from.
    pub(super) fn restored(&mut self, step: usize, policy: Decoder) {
        let which = format!("the policy after step {step}, which this attempt went on from");
        self.kept = Some((which, policy));
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
            Some((which, policy)) => match self.write(policy, tokenizer) {
                Ok(()) => format!("{}, {which}", self.dir.display()),
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

#[cfg(test)]
mod tests {
    use moe_model::Preset;

    use super::*;

    #[test]
    fn the_policy_left_is_named_by_its_step() {
        let tokenizer = Tokenizer::train(["one and two".to_owned()].into_iter(), 300).unwrap();
        let mut config = Preset::Smoke.config();
        config.vocabulary = tokenizer.vocab_size();
        let device = crate::backend::device().unwrap();
        let policy = Decoder::init(&config, 1, &device).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let mut good = LastGood::begin(dir.path(), Path::new("runs/a/1-base")).unwrap();
        let said = |good: &LastGood, step| {
            let error = good.refuse(anyhow::anyhow!("no"), step, &tokenizer);
            format!("{error:#}")
        };
        let left = dir.path().join(DIR);
        assert!(said(&good, 1).contains("began with, runs/a/1-base"));
        assert!(!left.exists());
        good.restored(6, policy.clone());
        let after = said(&good, 7);
        assert!(after.contains("step 7 was not taken"), "{after}");
        assert!(
            after.contains("last-good, the policy after step 6"),
            "{after}"
        );
        assert!(left.join("model.safetensors").exists());
        good.keep(7, policy);
        assert!(said(&good, 8).contains("last-good, the policy of step 7"));
    }
}
