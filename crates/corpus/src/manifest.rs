//! What a packed corpus consists of. The manifest is written last: where there is one, the corpus is whole.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::report::Report;
use crate::shard::Width;

/// The file's name in the directory of a corpus.
pub const MANIFEST: &str = "manifest.json";
/// What this program writes and reads.
pub(crate) const VERSION: u32 = 1;

/// `manifest.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Of the format.
    pub version: u32,
    /// SHA-256 of what was asked for: settings, vocabulary, sources by name, held-out texts.
    pub identity: String,
    /// SHA-256 of the vocabulary, [`data::Tokenizer::fingerprint`] in hexadecimal.
    pub vocabulary: String,
    /// Ids are below this.
    pub vocab_size: usize,
    /// How wide a token is in the shards.
    pub width: Width,
    /// The token every document ends in.
    pub end: u32,
    /// The shards, those of a source next to each other and in order.
    pub shards: Vec<ShardEntry>,
    /// What became of every document.
    pub report: Report,
}

/// A shard as the manifest has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShardEntry {
    /// Its name in the directory.
    pub file: String,
    /// Whose documents it has.
    pub source: String,
    /// Its size.
    pub bytes: u64,
    /// Its tokens.
    pub tokens: u64,
    /// Its documents.
    pub documents: u64,
    /// SHA-256 of the file.
    pub sha256: String,
}

/// Why a manifest cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// There is none.
    #[error("{path}: {source}; a corpus without a manifest is not packed to its end")]
    Io {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: std::io::Error,
    },
    /// It is not one.
    #[error("{path}: {source}")]
    Json {
        /// The file.
        path: PathBuf,
        /// What the parser said, with line and column.
        source: serde_json::Error,
    },
    /// It is of another version.
    #[error("{path}: version {found}, and this program reads {VERSION}; pack the corpus again")]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
}

impl Manifest {
    /// Reads the manifest of a directory.
    ///
    /// # Errors
    /// [`ManifestError`], with the path.
    pub fn read(dir: &Path) -> Result<Self, ManifestError> {
        let path = dir.join(MANIFEST);
        let text = std::fs::read(&path).map_err(|source| ManifestError::Io {
            path: path.clone(),
            source,
        })?;
        let manifest: Self =
            serde_json::from_slice(&text).map_err(|source| ManifestError::Json {
                path: path.clone(),
                source,
            })?;
        if manifest.version != VERSION {
            return Err(ManifestError::Version {
                path,
                found: manifest.version,
            });
        }
        Ok(manifest)
    }
}
