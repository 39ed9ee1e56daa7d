//! What is kept beside a corpus until it is whole: `progress/`, with a record and the sketches of every shard.
//!
//! The record is written last, after the shard and the sketches, so a shard counts if and only if its
//! record is there. Left out: the hashes of shards on resuming; sizes are compared.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::PackError;
use super::progress_dir;
use crate::dedup::{DedupSettings, Sketch};
use crate::document::Document;
use crate::files::{Claim, Unclaimed, chained as chained_text};
use crate::manifest::ShardEntry;
use crate::report::Report;
use data::files::{sha256, write_whole};

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
    claim: Claim,
}

impl State {
    /// Opens the state of a corpus, or begins one.
    pub(super) fn open(
        corpus: &Path,
        identity: &str,
        dedup: Option<&DedupSettings>,
    ) -> Result<Self, PackError> {
        let dir = progress_dir(corpus);
        let claim = Claim::new(&dir, identity).map_err(|error| match error {
            Unclaimed::Held => PackError::Locked { dir: corpus.into() },
            Unclaimed::Other => PackError::Other { dir: corpus.into() },
            Unclaimed::Io(path, source) => PackError::Io { path, source },
        })?;
        let mut state = Self {
            dir,
            records: Vec::new(),
            restored: Vec::new(),
            claim,
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
        self.claim.finish().map_err(PackError::io)
    }
}

/// The hash of the documents so far, and one more, with its labels.
pub(super) fn chained(chain: u64, document: &Document) -> u64 {
    let labels = [&document.language, &document.domain];
    let labels = labels.map(|label| label.as_deref().unwrap_or("\0"));
    [labels[0], labels[1], &document.text]
        .into_iter()
        .fold(chain, chained_text)
}
