//! What can go wrong with a file.

use std::path::{Path, PathBuf};

/// What went wrong with a GGUF file.
#[derive(Debug, thiserror::Error)]
pub enum GgufError {
    /// The file could not be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's word.
        source: std::io::Error,
    },
    /// The file is not GGUF, or damaged.
    #[error("{path}, byte {at}: {problem}")]
    Format {
        /// The file.
        path: PathBuf,
        /// Where.
        at: u64,
        /// What is wrong there, and what to do.
        problem: String,
    },
    /// Metadata is missing or is not what it should be.
    #[error("{path}: metadata `{key}` {problem}")]
    Metadata {
        /// The file.
        path: PathBuf,
        /// The key.
        key: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The file is whole, but nothing here reads what it holds.
    #[error("{path}: {problem}")]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// What is not read, and what to do.
        problem: String,
    },
}

/// Puts the file into an error of the system.
pub(crate) fn io(path: &Path) -> impl Fn(std::io::Error) -> GgufError {
    let path = path.to_owned();
    move |source| GgufError::Io {
        path: path.clone(),
        source,
    }
}
