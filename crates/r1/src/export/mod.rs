//! `r1 export`: a model as others expect it, in a directory of its own with a card that says what it is.
//!
//! Left out: sending it anywhere.

mod card;
mod generation;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::ValueEnum;
use moe_model::{Decoder, SaveOptions, Storage};

use crate::artifact::check_model;
use crate::generate::speaker::Speaker;
use crate::progress::Console;
use crate::usage::UsageError;

/// The arguments of `r1 export`.
#[derive(Debug, clap::Args)]
pub(crate) struct Export {
    /// A directory with config.json, model.safetensors and tokenizer.json, such as a stage's of a
    /// run; a GGUF file; or hub:OWNER/NAME[@REVISION].
    model: PathBuf,
    /// Where the export is written; it must not be there yet, or be empty.
    output: PathBuf,
    /// An adapter to merge into the weights, in PEFT's layout: a directory with adapter_config.json
    /// and adapter_model.safetensors, such as a stage's `adapter`.
    #[arg(long, value_name = "DIR")]
    adapter: Option<PathBuf>,
    /// The type weights are stored in.
    #[arg(long, value_enum, default_value_t = Kind::Bf16)]
    storage: Kind,
    /// Write one GGUF file for llama.cpp, of a Llama, Qwen2 or Qwen3: OUTPUT is the file.
    #[arg(long)]
    gguf: bool,
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
    /// 8 bits and a scale for 32 numbers, as GGUF alone.
    #[value(name = "q8_0")]
    Q8_0,
}

impl Kind {
    /// As a directory has it.
    fn storage(self) -> Option<Storage> {
        match self {
            Self::F32 => Some(Storage::F32),
            Self::Bf16 => Some(Storage::Bf16),
            Self::F16 => Some(Storage::F16),
            Self::Q8_0 => None,
        }
    }

    /// As GGUF has it.
    fn gguf(self) -> gguf::Kind {
        match self {
            Self::F32 => gguf::Kind::F32,
            Self::Bf16 => gguf::Kind::Bf16,
            Self::F16 => gguf::Kind::F16,
            Self::Q8_0 => gguf::Kind::Q8_0,
        }
    }
}

/// Writes a Hugging Face directory with a model card, or a GGUF file, and says where.
///
/// # Errors
/// An output that is there already, flags that do not go together or a model that is missing
/// ([`UsageError`]); a model that is damaged; an adapter that is missing or of another model; a weight too
/// large for the storage; a model or tokenizer that GGUF does not have; an output that cannot be written.
pub(crate) fn run(args: &Export) -> Result<()> {
    let taken = fs::read_dir(&args.output).is_ok_and(|mut entries| entries.next().is_some());
    if taken || args.output.is_file() {
        let shown = args.output.display();
        return Err(UsageError(format!("{shown} is there already; give another output")).into());
    }
    if !args.gguf && args.storage.storage().is_none() {
        return Err(UsageError("--storage q8_0 goes with --gguf alone".into()).into());
    }
    let speaker = Speaker::find(&args.model, &Console::new(false))?;
    match args.storage.storage().filter(|_| !args.gguf) {
        Some(storage) => write_directory(args, &speaker, storage)?,
        None => write_gguf(args, &speaker)?,
    }
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", args.output.display())?;
    Ok(())
}

fn write_directory(args: &Export, speaker: &Speaker, storage: Storage) -> Result<()> {
    let model = load(args, speaker)?;
    save(&model, speaker, storage, args.shard, &args.output)?;
    put(
        &args.output.join(generation::FILE),
        &generation::write(&speaker.tokenizer),
    )?;
    let text = card::write(&args.model, &model)?;
    put(&args.output.join("README.md"), &text)
}

/// The model, with the adapter in it.
fn load(args: &Export, speaker: &Speaker) -> Result<Decoder> {
    let model = speaker.load()?;
    match &args.adapter {
        Some(dir) => {
            check_model(dir)?;
            Ok(model.load_adapter(dir)?.merge())
        }
        None => Ok(model),
    }
}

/// By way of a directory beside it.
fn write_gguf(args: &Export, speaker: &Speaker) -> Result<()> {
    let parent = args.output.parent().filter(|it| !it.as_os_str().is_empty());
    let parent = parent.unwrap_or(Path::new("."));
    let way = tempfile::Builder::new()
        .prefix(".r1-export")
        .tempdir_in(parent);
    let way = way.with_context(|| format!("writing in {}", parent.display()))?;
    save(
        &load(args, speaker)?,
        speaker,
        Storage::F32,
        u64::MAX,
        way.path(),
    )?;
    let name = args
        .output
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy();
    moe_model::to_gguf(way.path(), &args.output, args.storage.gguf(), &name)
        .with_context(|| format!("{} as GGUF", args.model.display()))
}

fn save(model: &Decoder, speaker: &Speaker, storage: Storage, shard: u64, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("making {}", to.display()))?;
    let options = SaveOptions {
        end_token: Some(speaker.tokenizer.end),
        storage,
        max_shard_bytes: shard,
    };
    model.save(to, &options)?;
    Ok(speaker.tokenizer.save(to)?)
}

fn put(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("writing {}", path.display()))
}
