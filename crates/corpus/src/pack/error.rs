//! Why a corpus could not be packed.

use std::path::PathBuf;

use crate::document::SourceError;
use crate::manifest::ManifestError;

/// Why a corpus could not be packed to its end.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// A setting is out of range.
    #[error("{0}")]
    Settings(String),
    /// A source could not go on.
    #[error("source `{name}`, document {document}: {reason}")]
    Source {
        /// The source.
        name: String,
        /// Which of its documents, from 0.
        document: u64,
        /// What it said.
        reason: SourceError,
    },
    /// A source has other documents than when it was packed in part.
    #[error(
        "source `{name}`: its first {consumed} documents are not those packed before; bring them back, or remove \
         the directory and begin again"
    )]
    Changed {
        /// The source.
        name: String,
        /// How many documents were dealt with.
        consumed: u64,
    },
    /// The directory has another corpus.
    #[error(
        "{dir}: this corpus was begun with other settings, sources, held-out texts or another tokenizer; pack \
         into another directory, or remove this one"
    )]
    Other {
        /// The directory.
        dir: PathBuf,
    },
    /// Another process packs into the directory.
    #[error("{dir}: another process is packing here; wait for it")]
    Locked {
        /// The directory.
        dir: PathBuf,
    },
    /// A file of an unfinished corpus is not what it was.
    #[error("{path}: {reason}; remove the directory and begin again")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The manifest of a corpus that is whole cannot be read.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: std::io::Error,
    },
    /// Whoever is told how far it is said to stop; the same call goes on.
    #[error("stopped; the same command goes on at the last whole shard")]
    Stopped,
}

impl PackError {
    pub(super) fn io((path, source): (PathBuf, std::io::Error)) -> Self {
        Self::Io { path, source }
    }
}
