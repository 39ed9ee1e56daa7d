//! Sources of documents made into shards of tokens.
//!
//! ```text
//! document ─quality→ ─held out?→ ─seen before?→ ─tokens→ shard … ─all sources done→ manifest.json
//! ```
//!
//! Documents are judged and tokenised by the threads of the current rayon pool, and decided on and written in the
//! order they come in: the bytes are the same for any number of threads. What is whole is never lost: a shard
//! is written with all it takes to go on after it, so the same call after a kill goes on at the last whole
//! shard and ends with the bytes it would have had without.
//!
//! Left out: weights, which a reader gives the sources ([`crate::Windows`]), and reading ahead.

mod error;
mod judge;
mod progress;
#[cfg(test)]
mod tests;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use data::Tokenizer;
use data::ngrams::NgramSettings;
use serde::{Deserialize, Serialize};

use crate::dedup::{Dedup, DedupSettings, Seen, Sketch};
use crate::document::{Document, Documents, Source};
use crate::manifest::{MANIFEST, Manifest, ShardEntry, VERSION};
use crate::quality::QualitySettings;
use crate::report::{Counts, Report};
use crate::shard::{ShardWriter, Width};
use data::files::{hex, sha256, write_whole};
pub use error::PackError;
use judge::{Fate, Judge, Judged};
use progress::{Record, State, chained};

/// Documents that are in work together: so many bytes of text.
const BATCH: usize = 8 << 20;

/// How documents are made into shards.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PackSettings {
    /// A shard is closed after the document that brings it to so many tokens.
    pub shard_tokens: u64,
    /// What a document has to be like.
    pub quality: QualitySettings,
    /// Which documents count as seen before; without, none does.
    pub dedup: Option<DedupSettings>,
    /// How held-out texts are looked for.
    pub held_out: NgramSettings,
}

impl Default for PackSettings {
    fn default() -> Self {
        Self {
            shard_tokens: 1 << 24,
            quality: QualitySettings::default(),
            dedup: Some(DedupSettings::default()),
            held_out: NgramSettings::default(),
        }
    }
}

/// What is packed, and with what.
#[derive(Debug)]
pub struct Packing<'a> {
    /// Makes texts into tokens; every document gets its end token.
    pub tokenizer: &'a Tokenizer,
    /// How.
    pub settings: &'a PackSettings,
    /// Texts no document may have in it: the problems of every evaluation.
    pub held_out: &'a [String],
}

/// Where packing is: told after every batch and every shard.
#[derive(Debug)]
pub struct Progress<'a> {
    /// The source being read.
    pub source: &'a str,
    /// What became of the documents so far, those of earlier runs among them.
    pub report: &'a Report,
    /// Shards that are whole.
    pub shards: usize,
    /// Bytes of memory for telling duplicates.
    pub dedup_bytes: usize,
}

/// Packs sources into `dir`, which is made when missing, and says what came of it. `told` hears how far it is
/// and may stop it. Called again with the same sources it goes on where it was, and on a corpus that
/// is whole it does nothing.
///
/// # Errors
/// [`PackError`]: settings, a source that fails or has changed since, a directory of another corpus, a disk. All
/// but a change can be mended and the same call repeated.
pub fn pack(
    dir: &Path,
    packing: &Packing,
    sources: Vec<Source>,
    told: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
) -> Result<Manifest, PackError> {
    check(packing.settings, &sources)?;
    let vocabulary = packing.tokenizer.fingerprint();
    let identity = identity(packing, &sources, &vocabulary);
    if dir.join(MANIFEST).exists() {
        let manifest = Manifest::read(dir)?;
        return match manifest.identity == identity {
            true => Ok(manifest),
            false => Err(PackError::Other { dir: dir.into() }),
        };
    }
    let state = State::open(dir, &identity, packing.settings.dedup.as_ref())?;
    let mut packer = Packer {
        dir,
        packing,
        vocabulary,
        judge: Judge::new(packing),
        dedup: packing.settings.dedup.as_ref().map(Dedup::new),
        report: Report::default(),
        shards: Vec::new(),
        state,
        told,
    };
    packer.restore();
    for source in sources {
        packer.source(source)?;
    }
    let manifest = Manifest {
        version: VERSION,
        identity,
        vocabulary: hex(&vocabulary),
        vocab_size: packing.tokenizer.vocab_size(),
        width: Width::of(packing.tokenizer.vocab_size()),
        end: packing.tokenizer.end,
        shards: packer.shards,
        report: packer.report,
    };
    let mut json = serde_json::to_vec_pretty(&manifest).expect("a manifest is JSON");
    json.push(b'\n');
    write_whole(&dir.join(MANIFEST), &json).map_err(PackError::io)?;
    packer.state.finish()?;
    Ok(manifest)
}

fn check(settings: &PackSettings, sources: &[Source]) -> Result<(), PackError> {
    if settings.shard_tokens == 0 {
        return Err(PackError::Settings(
            "shard_tokens = 0: a shard has at least one".into(),
        ));
    }
    if let Some(fault) = settings.dedup.as_ref().and_then(DedupSettings::fault) {
        return Err(PackError::Settings(fault));
    }
    for (at, source) in sources.iter().enumerate() {
        let name = &source.name;
        let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
        if name.is_empty() || !name.chars().all(letter) {
            let reason = format!("source `{name}`: use lower-case letters, digits, `-` and `_`");
            return Err(PackError::Settings(reason));
        }
        if sources[..at].iter().any(|other| other.name == *name) {
            return Err(PackError::Settings(format!(
                "two sources are called `{name}`"
            )));
        }
    }
    Ok(())
}

/// What a corpus is made of, hashed; the sources by their names.
fn identity(packing: &Packing, sources: &[Source], vocabulary: &[u8; 32]) -> String {
    let names: Vec<&str> = sources.iter().map(|source| source.name.as_str()).collect();
    let held_out = serde_json::to_vec(packing.held_out).expect("texts are JSON");
    let parts = (
        VERSION,
        packing.settings,
        vocabulary,
        names,
        sha256(&held_out),
    );
    sha256(&serde_json::to_vec(&parts).expect("settings are JSON"))
}

struct Packer<'a> {
    dir: &'a Path,
    packing: &'a Packing<'a>,
    vocabulary: [u8; 32],
    judge: Judge<'a>,
    dedup: Option<Dedup>,
    report: Report,
    shards: Vec<ShardEntry>,
    state: State,
    told: &'a mut dyn FnMut(&Progress) -> ControlFlow<()>,
}

/// A shard being filled, with what has to be known to go on after it.
struct Open {
    writer: ShardWriter,
    report: Report,
    sketches: Vec<u8>,
}

impl Packer<'_> {
    /// Takes over what earlier runs made whole.
    fn restore(&mut self) {
        for (record, sketches) in std::mem::take(&mut self.state.restored) {
            self.report.add(&record.report);
            if let Some(dedup) = &mut self.dedup {
                sketches.iter().for_each(|sketch| dedup.remember(sketch));
            }
            self.shards.extend(record.shard);
        }
    }

    fn source(&mut self, source: Source) -> Result<(), PackError> {
        let Source {
            name,
            mut documents,
        } = source;
        let mut done = self.state.done(&name);
        if done.last {
            return Ok(());
        }
        skip(&name, &mut documents, done.consumed, done.chain)?;
        let mut open = self.open();
        loop {
            let batch = batch(&name, &mut documents, done.consumed)?;
            if batch.is_empty() {
                break;
            }
            for (document, decided) in self.decide(batch) {
                done.consumed += 1;
                done.chain = chained(done.chain, &document);
                open.report.read += 1;
                open.report.read_bytes += document.text.len() as u64;
                self.count(&name, &mut open, &document, decided);
                let full = open.writer.tokens() >= self.packing.settings.shard_tokens;
                if full || !open.writer.has_room() {
                    let full = std::mem::replace(&mut open, self.open());
                    self.close(&name, full, &done)?;
                }
            }
            self.tell(&name, &open)?;
        }
        done.last = true;
        self.close(&name, open, &done)
    }

    fn open(&self) -> Open {
        let width = Width::of(self.packing.tokenizer.vocab_size());
        Open {
            writer: ShardWriter::new(width, self.vocabulary),
            report: Report::default(),
            sketches: Vec::new(),
        }
    }

    /// What becomes of each document: judged side by side, held against those before in order, and
    /// tokenised side by side.
    fn decide(&mut self, batch: Vec<Document>) -> Vec<(Document, Decided)> {
        let judged = self.judge.judge(&batch);
        let kept: Vec<Result<(Judged, Option<Sketch>), Dropped>> = judged
            .into_iter()
            .map(|(judged, fate)| match (fate, &mut self.dedup) {
                (Fate::Rejected(rule), _) => Err(Dropped::Rejected(rule)),
                (Fate::HeldOut, _) => Err(Dropped::HeldOut),
                (Fate::Fit(Some(sketch)), Some(dedup)) => match dedup.see(&sketch) {
                    Seen::New => Ok((judged, Some(sketch))),
                    Seen::Exact => Err(Dropped::Exact),
                    Seen::Near { .. } => Err(Dropped::Near),
                },
                (Fate::Fit(sketch), _) => Ok((judged, sketch)),
            })
            .collect();
        let tokens = self.judge.tokens(&batch, |at| kept[at].is_ok());
        let decided = kept
            .into_iter()
            .zip(tokens)
            .map(|(kept, tokens)| match kept {
                Ok((judged, sketch)) => Decided::Kept(judged, sketch, tokens),
                Err(dropped) => Decided::Dropped(dropped),
            });
        batch.into_iter().zip(decided).collect()
    }

    fn count(&self, source: &str, open: &mut Open, document: &Document, decided: Decided) {
        let report = &mut open.report;
        match decided {
            Decided::Kept(Judged { language, domain }, sketch, tokens) => {
                let counts = Counts {
                    documents: 1,
                    bytes: document.text.len() as u64,
                    characters: document.text.chars().count() as u64,
                    tokens: tokens.len() as u64,
                };
                report.keep(source, &language, &domain, &counts);
                open.writer.push(&tokens, &language, &domain);
                if let Some(sketch) = sketch {
                    sketch.write(&mut open.sketches);
                }
            }
            Decided::Dropped(Dropped::Rejected(rule)) => {
                *report.rejected.entry(rule.to_owned()).or_default() += 1;
            }
            Decided::Dropped(Dropped::HeldOut) => report.held_out += 1,
            Decided::Dropped(Dropped::Exact) => report.exact_duplicates += 1,
            Decided::Dropped(Dropped::Near) => report.near_duplicates += 1,
        }
    }

    /// Writes a shard, and then what makes it count.
    fn close(&mut self, name: &str, open: Open, done: &progress::Done) -> Result<(), PackError> {
        let (tokens, documents) = (open.writer.tokens(), open.writer.documents());
        let shard = match documents {
            0 => None,
            _ => {
                let number = self.shards.iter().filter(|it| it.source == name).count();
                let file = format!("{name}-{number:05}.tok");
                let bytes = open.writer.into_bytes();
                write_whole(&self.dir.join(&file), &bytes).map_err(PackError::io)?;
                Some(ShardEntry {
                    file,
                    source: name.to_owned(),
                    bytes: bytes.len() as u64,
                    tokens,
                    documents,
                    sha256: sha256(&bytes),
                })
            }
        };
        let record = Record {
            source: name.to_owned(),
            done: done.clone(),
            shard,
            report: open.report,
            sketches: sha256(&open.sketches),
        };
        self.state.save(&record, &open.sketches)?;
        self.report.add(&record.report);
        self.shards.extend(record.shard);
        self.tell(name, &self.open())
    }

    fn tell(&mut self, source: &str, open: &Open) -> Result<(), PackError> {
        let mut report = self.report.clone();
        report.add(&open.report);
        let progress = Progress {
            source,
            report: &report,
            shards: self.shards.len(),
            dedup_bytes: self.dedup.as_ref().map_or(0, Dedup::bytes),
        };
        match (self.told)(&progress) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(PackError::Stopped),
        }
    }
}

/// What became of a document.
enum Decided {
    Kept(Judged, Option<Sketch>, Vec<u32>),
    Dropped(Dropped),
}

enum Dropped {
    Rejected(&'static str),
    HeldOut,
    Exact,
    Near,
}

/// The next documents, until they have [`BATCH`] bytes.
fn batch(source: &str, documents: &mut Documents, before: u64) -> Result<Vec<Document>, PackError> {
    let mut batch: Vec<Document> = Vec::new();
    let mut bytes = 0;
    while bytes < BATCH {
        let Some(document) = documents.next() else {
            break;
        };
        let document = document.map_err(|error| PackError::Source {
            name: source.to_owned(),
            document: before + batch.len() as u64,
            reason: error,
        })?;
        bytes += document.text.len() + 64;
        batch.push(document);
    }
    Ok(batch)
}

/// Leaves out the documents an earlier run has dealt with, and sees that they are the same.
fn skip(
    source: &str,
    documents: &mut Documents,
    consumed: u64,
    chain: u64,
) -> Result<(), PackError> {
    let mut found = 0;
    for at in 0..consumed {
        let document = match documents.next() {
            Some(Ok(document)) => document,
            Some(Err(reason)) => {
                return Err(PackError::Source {
                    name: source.to_owned(),
                    document: at,
                    reason,
                });
            }
            None => {
                return Err(PackError::Changed {
                    name: source.to_owned(),
                    consumed,
                });
            }
        };
        found = chained(found, &document);
    }
    match found == chain {
        true => Ok(()),
        false => Err(PackError::Changed {
            name: source.to_owned(),
            consumed,
        }),
    }
}

/// Where the state of an unfinished corpus lies.
fn progress_dir(dir: &Path) -> PathBuf {
    dir.join("progress")
}
