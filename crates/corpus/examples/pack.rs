//! Packs text of files and prints what came of it and how fast, as a line of JSON.
//!
//! ```text
//! pack OUT TOKENIZER MEGABYTES [--bare] [--check] PATH…
//! ```
//!
//! TOKENIZER is a tokenizer.json, or the size of a vocabulary to train on the first 4 MB. The texts of JSON Lines
//! files are documents, those of other files pieces of about 4 KB; folders are gone through. `--bare` leaves out
//! filters and duplicates, `--check` compares the ids of every fiftieth document with those of `tokenizers`.
//! What is read from disk is read before the clock starts.
#![allow(clippy::print_stdout)]

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

use corpus::{
    Document, PackSettings, Packing, QualitySettings, ShardedTokens, Source, SourceError,
};
use data::Tokenizer;
use serde_json::{Value, json};

fn main() -> Result<(), SourceError> {
    let (flags, rest): (Vec<String>, Vec<String>) = std::env::args()
        .skip(1)
        .partition(|it| it.starts_with("--"));
    let [out, tokenizer, megabytes, paths @ ..] = &rest[..] else {
        return Err("usage: pack OUT TOKENIZER MEGABYTES [--bare] [--check] PATH…".into());
    };
    let limit = megabytes.parse::<usize>()? * 1_000_000;
    let mut documents = Vec::new();
    let mut bytes = 0;
    for path in paths {
        read(Path::new(path), limit, &mut bytes, &mut documents)?;
    }
    let tokenizer = open(tokenizer, &documents)?;
    let flag = |name: &str| flags.iter().any(|it| it == name);
    let settings = match flag("--bare") {
        true => PackSettings {
            quality: QualitySettings::off(),
            dedup: None,
            ..PackSettings::default()
        },
        false => PackSettings::default(),
    };
    let out = Path::new(out);
    let packing = Packing {
        tokenizer: &tokenizer,
        settings: &settings,
        held_out: &[],
    };
    let mut dedup_bytes = 0;
    let begin = Instant::now();
    let source = Source::new("files", documents.iter().cloned().map(Ok));
    let manifest = corpus::pack(out, &packing, vec![source], &mut |progress| {
        dedup_bytes = progress.dedup_bytes;
        ControlFlow::Continue(())
    })?;
    let seconds = begin.elapsed().as_secs_f64();
    let begin = Instant::now();
    ShardedTokens::open(out)?.verify()?;
    let verified = begin.elapsed().as_secs_f64();
    let checked = match flag("--check") {
        true => check(&tokenizer, &documents)?,
        false => Value::Null,
    };
    let report = &manifest.report;
    let line = json!({
        "megabytes": report.read_bytes as f64 / 1e6,
        "seconds": seconds,
        "megabytes_per_second": report.read_bytes as f64 / 1e6 / seconds,
        "threads": std::thread::available_parallelism()?.get(),
        "fast": tokenizer.bulk().is_fast(),
        "verify_seconds": verified,
        "dedup_bytes_per_document": dedup_bytes as f64 / report.kept.documents.max(1) as f64,
        "tokens_per_second": report.kept.tokens as f64 / seconds,
        "checked": checked,
        "report": report,
    });
    println!("{line}");
    Ok(())
}

/// Texts until they have `limit` bytes.
fn read(
    path: &Path,
    limit: usize,
    bytes: &mut usize,
    documents: &mut Vec<Document>,
) -> Result<(), SourceError> {
    if path.is_dir() {
        let mut inside: Vec<PathBuf> = std::fs::read_dir(path)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<_, _>>()?;
        inside.sort();
        for path in inside {
            read(&path, limit, bytes, documents)?;
        }
        return Ok(());
    }
    let Ok(text) = std::fs::read_to_string(path) else {
        return Ok(());
    };
    let lines = path.extension().is_some_and(|it| it == "jsonl");
    let found: Vec<Document> = match lines {
        true => text.lines().map(record).collect::<Result<_, _>>()?,
        false => corpus::plain(&text, 4000).collect::<Result<_, _>>()?,
    };
    for document in found {
        if *bytes < limit {
            *bytes += document.text.len();
            documents.push(document);
        }
    }
    Ok(())
}

/// A line with its text, and its language where it has one, which the declaration of human rights calls `code`.
fn record(line: &str) -> Result<Document, SourceError> {
    let record: Value = serde_json::from_str(line)?;
    let field = |name: &str| record[name].as_str().map(str::to_owned);
    Ok(Document {
        text: field("text").unwrap_or_default(),
        language: field("lang").or(field("code").filter(|it| it.len() < 16)),
        ..Document::default()
    })
}

fn open(tokenizer: &str, documents: &[Document]) -> Result<Tokenizer, SourceError> {
    let Ok(size) = tokenizer.parse() else {
        return Ok(Tokenizer::open(tokenizer)?);
    };
    let every = documents.len().div_ceil(1000);
    let some = documents.iter().step_by(every);
    Ok(Tokenizer::train(some.map(|it| it.text.clone()), size)?)
}

fn check(tokenizer: &Tokenizer, documents: &[Document]) -> Result<Value, SourceError> {
    let encoder = tokenizer.bulk();
    let mut scratch = encoder.scratch();
    let (mut checked, mut bytes, mut seconds) = (0, 0, 0.0);
    for document in documents.iter().step_by(50) {
        let mut ids = Vec::new();
        encoder.encode(&document.text, &mut scratch, &mut ids);
        let begin = Instant::now();
        let expected = tokenizer.encode_text(&document.text);
        seconds += begin.elapsed().as_secs_f64();
        if ids != expected {
            return Err(format!("other ids for {:?}", document.text).into());
        }
        checked += 1;
        bytes += document.text.len();
    }
    Ok(json!({
        "documents": checked,
        "tokenizers_megabytes_per_second_one_thread": bytes as f64 / 1e6 / seconds,
    }))
}
