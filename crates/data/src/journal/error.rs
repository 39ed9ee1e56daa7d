//! Why a journal cannot be used, and what helps.

use std::path::PathBuf;

use crate::lines::LinesError;

/// What is wrong with a journal.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// It cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: std::io::Error,
    },
    /// Another process has it open.
    #[error("{path}: in use by another process; wait until it ends, or name another file")]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// A line is none of a journal's.
    #[error("{path}, line {line}: {reason}; mend or remove the line, or name another file")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// It was written by another model or under other settings.
    #[error(
        "{path}: holds answers given under other settings ({differs}); set them back to go on with \
         it, or name another file"
    )]
    Other {
        /// The file.
        path: PathBuf,
        /// What differs, field by field.
        differs: String,
    },
}

impl From<LinesError> for JournalError {
    fn from(error: LinesError) -> Self {
        match error {
            LinesError::Io { path, source } => Self::Io { path, source },
            LinesError::InUse(path) => Self::InUse { path },
        }
    }
}
