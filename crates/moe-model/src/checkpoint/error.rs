//! What can go wrong with a checkpoint.

use std::path::PathBuf;

use crate::config::ConfigError;

/// What went wrong with a checkpoint.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's word.
        source: std::io::Error,
    },
    /// `config.json` does not describe a model we have.
    #[error("{path}: {problem}")]
    Config {
        /// The file.
        path: PathBuf,
        /// Key and reason.
        problem: String,
    },
    /// The settings do not fit each other.
    #[error(transparent)]
    Settings(#[from] ConfigError),
    /// The weights file is damaged.
    #[error("{path}: not a readable safetensors file ({problem})")]
    Format {
        /// The file.
        path: PathBuf,
        /// What the parser said.
        problem: String,
    },
    /// Tensors are absent, unknown, misshapen or not numbers.
    #[error("{path}: {}", .problems.join("; "))]
    Tensors {
        /// The file.
        path: PathBuf,
        /// One line a tensor.
        problems: Vec<String>,
    },
    /// `transformers` has no architecture for these settings.
    #[error("no Hugging Face architecture joins this attention with this feed-forward")]
    NoArchitecture,
}
