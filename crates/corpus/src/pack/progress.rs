//! What is kept beside a corpus until it is whole: `progress/`, with a record and the sketches of every shard.
//!
//! The record is written last, after the shard and the sketches, so a shard counts if and only if its
//! record is there. Left out: the hashes of shards on resuming; sizes are compared.

use std::fs::File;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::PackError;
use super::progress_dir;
use crate::dedup::{DedupSettings, Sketch};
use crate::document::Document;
use crate::files::{sha256, write_whole};
use crate::manifest::ShardEntry;
use crate::report::Report;

/// How far a source is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Done {
    /// Its documents that were dealt with, the dropped ones too.
    pub(super) consumed: u64,
    /// Their hash.
    pub(super) chain: u64,
    /// Whether there are no more.
    pub(super) last: bool,
}

/// A shard that is whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    pub(super) source: String,
    /// How far its source is after it.
    pub(super) done: Done,
    /// The last documents of a source may all have been dropped.
    pub(super) shard: Option<ShardEntry>,
    /// What became of the documents since the record before.
    pub(super) report: Report,
    /// SHA-256 of the sketches.
    pub(super) sketches: String,
}

/// The records so far, on the disk.
#[derive(Debug)]
pub(super) struct State {
    dir: PathBuf,
    records: Vec<(String, Done)>,
    /// Those of earlier runs.
    pub(super) restored: Vec<(Record, Vec<Sketch>)>,
    /// Held as long as this process packs.
    _lock: File,
}

impl State {
    /// Opens the state of a corpus, or begins one.
    pub(super) fn open(
        corpus: &Path,
        identity: &str,
        dedup: Option<&DedupSettings>,
    ) -> Result<Self, PackError> {
        let dir = progress_dir(corpus);
        let io = |path: &Path| {
            let path = path.to_owned();
            move |source| PackError::Io { path, source }
        };
        std::fs::create_dir_all(&dir).map_err(io(&dir))?;
        let lock = dir.join("lock");
        let file = File::create(&lock).map_err(io(&lock))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => {
                return Err(PackError::Locked { dir: corpus.into() });
            }
            Err(std::fs::TryLockError::Error(error)) => return Err(io(&lock)(error)),
        }
        let plan = dir.join("identity");
        match std::fs::read_to_string(&plan) {
            Ok(found) if found == identity => {}
            Ok(_) => return Err(PackError::Other { dir: corpus.into() }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                write_whole(&plan, identity.as_bytes()).map_err(PackError::io)?;
            }
            Err(error) => return Err(io(&plan)(error)),
        }
        let mut state = Self {
            dir,
            records: Vec::new(),
            restored: Vec::new(),
            _lock: file,
        };
        while let Some(restored) = state.restore(corpus, dedup)? {
            let done = restored.0.done.clone();
            state.records.push((restored.0.source.clone(), done));
            state.restored.push(restored);
        }
        Ok(state)
    }

    /// The next record, if it is there.
    fn restore(
        &self,
        corpus: &Path,
        dedup: Option<&DedupSettings>,
    ) -> Result<Option<(Record, Vec<Sketch>)>, PackError> {
        let [record, sketches] = self.paths();
        let io = |path: &Path| {
            let path = path.to_owned();
            move |source| PackError::Io { path, source }
        };
        let damaged = |path: &Path, reason: String| PackError::Damaged {
            path: path.to_owned(),
            reason,
        };
        let json = match std::fs::read(&record) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            read => read.map_err(io(&record))?,
        };
        let json: Record =
            serde_json::from_slice(&json).map_err(|error| damaged(&record, error.to_string()))?;
        let bytes = std::fs::read(&sketches).map_err(io(&sketches))?;
        let read = match dedup {
            Some(settings) => Sketch::read_all(settings, &bytes),
            None => Some(Vec::new()),
        };
        let Some(read) = read.filter(|_| sha256(&bytes) == json.sketches) else {
            return Err(damaged(
                &sketches,
                "not the sketches that were written".into(),
            ));
        };
        if let Some(shard) = &json.shard {
            let path = corpus.join(&shard.file);
            let size = std::fs::metadata(&path).map_err(io(&path))?.len();
            if size != shard.bytes {
                let reason = format!("it has {size} bytes, and {} were written", shard.bytes);
                return Err(damaged(&path, reason));
            }
        }
        Ok(Some((json, read)))
    }

    /// How far a source is.
    pub(super) fn done(&self, source: &str) -> Done {
        let records = self.records.iter().rev();
        let last = records
            .map(|(name, done)| (name, done))
            .find(|(name, _)| *name == source);
        last.map_or_else(Done::default, |(_, done)| done.clone())
    }

    /// Makes a shard that was written count.
    pub(super) fn save(&mut self, record: &Record, sketches: &[u8]) -> Result<(), PackError> {
        let [path, beside] = self.paths();
        write_whole(&beside, sketches).map_err(PackError::io)?;
        let json = serde_json::to_vec(record).expect("a record is JSON");
        write_whole(&path, &json).map_err(PackError::io)?;
        self.records
            .push((record.source.clone(), record.done.clone()));
        Ok(())
    }

    /// The files of the next record.
    fn paths(&self) -> [PathBuf; 2] {
        let number = self.records.len();
        ["json", "sketches"].map(|kind| self.dir.join(format!("{number:05}.{kind}")))
    }

    /// Removes what a whole corpus has no more use for.
    pub(super) fn finish(self) -> Result<(), PackError> {
        let dir = self.dir.clone();
        drop(self);
        std::fs::remove_dir_all(&dir).map_err(|source| PackError::Io { path: dir, source })
    }
}

/// The hash of the documents so far, and one more: eight bytes at a time, with its labels.
pub(super) fn chained(chain: u64, document: &Document) -> u64 {
    let labels = [&document.language, &document.domain];
    let labels = labels.map(|label| label.as_deref().unwrap_or("\0"));
    let mut hash = chain;
    for text in [labels[0], labels[1], &document.text] {
        let mut chunks = text.as_bytes().chunks_exact(8);
        for chunk in &mut chunks {
            let word = u64::from_le_bytes(chunk.try_into().expect("eight bytes"));
            hash = (hash ^ word)
                .wrapping_mul(0x9e37_79b9_7f4a_7c15)
                .rotate_left(31);
        }
        let mut last = [0; 8];
        last[..chunks.remainder().len()].copy_from_slice(chunks.remainder());
        hash ^= u64::from_le_bytes(last) ^ ((text.len() as u64) << 32);
        hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
        hash ^= hash >> 33;
    }
    hash
}
