//! `r1 export`: a model as others expect it, in a directory of its own with a card that says what it is.
//!
//! Left out: sending it anywhere.

mod card;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::ValueEnum;
use moe_model::{SaveOptions, Storage};

use crate::generate::speaker::Speaker;
use crate::usage::UsageError;

/// The arguments of `r1 export`.
#[derive(Debug, clap::Args)]
pub(crate) struct Export {
    /// A directory with config.json, model.safetensors and tokenizer.json, such as a stage's of a
    /// run.
    model: PathBuf,
    /// Where the export is written; it must not be there yet, or be empty.
    output: PathBuf,
    /// The type weights are stored in.
    #[arg(long, value_enum, default_value_t = Kind::Bf16)]
    storage: Kind,
    /// Bytes above which the weights are split into shards, such as 2G.
    #[arg(long, value_name = "BYTES", value_parser = crate::memory::bytes, default_value = "5G")]
    shard: u64,
}

/// Types of stored weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// 32 bits, nothing lost.
    F32,
    /// 16 bits with the range of f32.
    Bf16,
    /// 16 bits up to 65504, more exact.
    F16,
}

impl From<Kind> for Storage {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::F32 => Self::F32,
            Kind::Bf16 => Self::Bf16,
            Kind::F16 => Self::F16,
        }
    }
}

/// Writes a Hugging Face directory with a model card, and says what is in it.
///
/// # Errors
/// A model that is missing or an output that is not empty ([`UsageError`]); a model that is damaged; a
/// weight too large for the storage; an output that cannot be written.
pub(crate) fn run(args: &Export) -> Result<()> {
    let taken = fs::read_dir(&args.output).is_ok_and(|mut entries| entries.next().is_some());
    if taken || args.output.is_file() {
        let shown = args.output.display();
        return Err(UsageError(format!("{shown} is not empty; give another output")).into());
    }
    let speaker = Speaker::find(&args.model)?;
    let model = speaker.load()?;
    fs::create_dir_all(&args.output)
        .with_context(|| format!("making {}", args.output.display()))?;
    let options = SaveOptions {
        end_token: Some(speaker.tokenizer.end),
        storage: args.storage.into(),
        max_shard_bytes: args.shard,
    };
    model.save(&args.output, &options)?;
    speaker.tokenizer.save(&args.output)?;
    let text = card::write(&args.model, &model)?;
    put(&args.output.join("README.md"), &text)?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", args.output.display())?;
    Ok(())
}

fn put(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("writing {}", path.display()))
}
