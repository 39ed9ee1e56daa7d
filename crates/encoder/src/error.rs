//! What can be wrong with an encoder's directory.

use std::path::PathBuf;

/// Why there is no encoder.
#[derive(Debug, thiserror::Error)]
pub enum EncoderError {
    /// A file could not be read.
    #[error(
        "{path}: {source}; the directory needs config.json, model.safetensors and tokenizer.json"
    )]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's word.
        source: std::io::Error,
    },
    /// A settings file says nothing that can be followed.
    #[error("{path}: {problem}")]
    Settings {
        /// The file.
        path: PathBuf,
        /// Key and reason.
        problem: String,
    },
    /// The weights do not belong to the settings, or are damaged.
    #[error("{path}: {problem}; config.json and the weights have to be of one model")]
    Weights {
        /// The file.
        path: PathBuf,
        /// Tensor and reason.
        problem: String,
    },
    /// The tokenizer cannot be used.
    #[error("{path}: {problem}")]
    Tokenizer {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
}
