//! A packed corpus as stages are handed it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use corpus::{MANIFEST, ShardedTokens, SourceWeight, WindowSettings, Windows};
use data::Tokenizer;
use data::files::sha256;
use serde_json::{Value, json};

use crate::preset;
use crate::usage::UsageError;

/// The file that makes a directory that of a tokenizer.
const TOKENIZER: &str = "tokenizer.json";

/// Shards, open.
#[derive(Debug)]
pub struct Shards {
    dir: PathBuf,
    tokens: ShardedTokens,
    mixture: Vec<SourceWeight>,
    /// SHA-256 of the manifest, which has those of the shards.
    sha256: String,
}

impl Shards {
    /// Those a preset names; `None` where it names none.
    ///
    /// # Errors
    /// Shards that cannot be read; a mixture of sources they do not have.
    pub fn open(section: &preset::Shards) -> Result<Option<Self>> {
        if section.path.is_empty() {
            return Ok(None);
        }
        let dir = PathBuf::from(&section.path);
        let tokens = ShardedTokens::open(&dir).context("shards.path")?;
        let settings = WindowSettings {
            length: 1,
            seed: 0,
            mixture: section.weights()?,
        };
        Windows::new(&tokens, &settings)
            .map_err(|error| UsageError(format!("shards.mixture: {error}")))?;
        let path = dir.join(MANIFEST);
        let manifest = std::fs::read(&path).with_context(|| path.display().to_string())?;
        Ok(Some(Self {
            dir,
            tokens,
            mixture: settings.mixture,
            sha256: sha256(&manifest),
        }))
    }

    /// What is read from them depends on this, wherever they lie.
    pub(super) fn settings(&self) -> Value {
        json!({ "manifest": self.sha256, "mixture": self.mixture })
    }

    /// The vocabulary they are packed in, hashed.
    pub(super) fn vocabulary(&self) -> &str {
        &self.tokens.manifest().vocabulary
    }

    pub(super) fn tokens(&self) -> &ShardedTokens {
        &self.tokens
    }

    pub(super) fn mixture(&self) -> &[SourceWeight] {
        &self.mixture
    }

    /// The directory of the tokenizer they were packed with, where that lies beside them.
    pub(super) fn tokenizer(&self) -> Option<&Path> {
        self.dir.join(TOKENIZER).is_file().then_some(&*self.dir)
    }

    /// Whether they were packed with the tokenizer of the directory `of`.
    ///
    /// # Errors
    /// They were packed with another; the message names the files of both.
    pub(super) fn check(&self, tokenizer: &Tokenizer, of: &Path) -> Result<()> {
        let of = of.join(TOKENIZER);
        let differs = || format!("{} is not the tokenizer of shards.path", of.display());
        self.tokens.check_tokenizer(tokenizer).with_context(differs)
    }
}
