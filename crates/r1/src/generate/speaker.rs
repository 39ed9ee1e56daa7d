//! A model that can be talked to: its directory, its tokenizer, and its weights once they are read.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use data::Tokenizer;
use lm::EngineOptions;
use moe_model::{Decoder, DecoderConfig};

use crate::artifact::check_model;
use crate::backend::device;
use crate::progress::Console;
use crate::source;
use crate::usage::UsageError;

/// A model's directory or GGUF file, read but for the weights.
#[derive(Debug)]
pub(crate) struct Speaker {
    /// The directory or the GGUF file.
    pub(crate) dir: PathBuf,
    /// Tokens of the longest sequence, prompt and response together.
    pub(crate) positions: usize,
    pub(crate) tokenizer: Arc<Tokenizer>,
}

impl Speaker {
    /// Reads `config.json` and the tokenizer, or what a GGUF file says of both; a model of the hub is
    /// fetched first.
    ///
    /// # Errors
    /// A model that the hub does not give; a directory that is none, or not of a model ([`UsageError`]);
    /// files that cannot be read or do not belong together.
    pub(crate) fn find(model: &Path, console: &Console) -> Result<Self> {
        let dir = source::model(model, console)?;
        Self::read(&dir).or_else(|error| {
            // A stage's own record of what was changed says more.
            check_model(&dir)?;
            Err(error)
        })
    }

    fn read(dir: &Path) -> Result<Self> {
        let file = dir.join("config.json");
        let config = if gguf::File::is_gguf(dir) {
            DecoderConfig::read(dir)?
        } else if file.is_file() {
            DecoderConfig::read(&file)?
        } else {
            return Err(UsageError(no_model(dir)).into());
        };
        let tokenizer = tokenizer(dir)?;
        belong_together(dir, &tokenizer, config.vocabulary)?;
        Ok(Self {
            dir: dir.to_owned(),
            positions: config.max_positions,
            tokenizer: Arc::new(tokenizer),
        })
    }

    /// Reads the weights, onto the device of this build, while another thread holds the model's files to the hashes
    /// that its stage left, where there are any.
    ///
    /// # Errors
    /// A device that cannot be used; weights that are missing or damaged; a file that was changed.
    pub(crate) fn load(&self) -> Result<Decoder> {
        let device = device()?;
        let (model, checked) = std::thread::scope(|scope| {
            let checked = scope.spawn(|| check_model(&self.dir));
            (Decoder::load(&self.dir, &device), checked.join())
        });
        checked.expect("hashing does not panic")?;
        Ok(model?)
    }
}

/// The tokenizer of a directory or a GGUF file.
///
/// # Errors
/// One that is missing or cannot be read.
pub(crate) fn tokenizer(model: &Path) -> Result<Tokenizer> {
    if gguf::File::is_gguf(model) {
        let parts = gguf::File::open(model)?.tokenizer()?;
        let json = serde_json::to_vec(&parts.tokenizer)?;
        return Ok(Tokenizer::from_parts(&json, parts.config, model)?);
    }
    Ok(Tokenizer::open(model)?)
}

/// An engine of the rows asked for; where none were, of `rows` or as many as the memory allows.
///
/// # Errors
/// Too little memory for the rows asked for, or for one.
pub(crate) fn engine_options(
    model: &Decoder,
    (asked, rows): (Option<usize>, usize),
    capacity: usize,
    memory: Option<u64>,
) -> Result<EngineOptions> {
    let options = |rows| EngineOptions {
        memory,
        ..EngineOptions::new(rows, capacity)
    };
    match options(rows).check(model) {
        Err(shortage) if asked.is_none() && shortage.fitting > 0 => Ok(options(shortage.fitting)),
        checked => {
            checked.with_context(|| format!("--memory {}", memory.unwrap_or_default()))?;
            Ok(options(rows))
        }
    }
}

/// Whether tokenizer and model belong together.
///
/// # Errors
/// A tokenizer with more tokens than the model.
pub(crate) fn belong_together(dir: &Path, tokenizer: &Tokenizer, vocabulary: usize) -> Result<()> {
    ensure!(
        tokenizer.vocab_size() <= vocabulary,
        "{}: tokenizer.json has {} tokens, config.json a vocabulary of {vocabulary}: they do not belong \
         together",
        dir.display(),
        tokenizer.vocab_size(),
    );
    Ok(())
}

/// Why there is no model, with the models that are near.
fn no_model(dir: &Path) -> String {
    let shown = dir.display();
    if dir.is_file() {
        return format!("{shown} is no GGUF file; give one, or the directory of a model");
    }
    let Ok(entries) = std::fs::read_dir(dir) else {
        return format!("there is no directory {shown}; give that of a model");
    };
    let mut inside: Vec<String> = entries
        .filter_map(|entry| entry.ok())
        .filter(|entry| entry.path().join("config.json").is_file())
        .map(|entry| entry.path().display().to_string())
        .collect();
    inside.sort();
    if inside.is_empty() {
        format!("{shown} has no config.json; give the directory of a model")
    } else {
        format!("{shown} is no model; there are: {}", inside.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_no_model_but_has_some() {
        let dir = tempfile::tempdir().unwrap();
        let error = |path: &Path| {
            let error = Speaker::find(path, &Console::Quiet).unwrap_err();
            assert!(error.is::<UsageError>());
            error.to_string()
        };
        assert!(error(&dir.path().join("none")).contains("there is no directory"));
        assert!(error(dir.path()).contains("has no config.json"));
        for stage in ["7-r1", "1-base"] {
            std::fs::create_dir(dir.path().join(stage)).unwrap();
            std::fs::write(dir.path().join(stage).join("config.json"), "{}").unwrap();
        }
        let said = error(dir.path());
        let (base, r1) = (said.find("/1-base"), said.find("/7-r1"));
        assert!(base.is_some() && base < r1, "{said}");
    }
}
