//! Why a set could not be made.

use std::path::PathBuf;

use corpus::SourceError;

use crate::setting::SettingError;

/// Why a set could not be made to its end.
#[derive(Debug, thiserror::Error)]
pub enum AssemblyError {
    /// A setting is out of range.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// An input could not go on.
    #[error("input `{name}`, entry {entry}: {reason}")]
    Input {
        /// The input.
        name: String,
        /// Which of its entries, from 0.
        entry: u64,
        /// What it said.
        reason: SourceError,
    },
    /// An input has other entries than when it was read in part.
    #[error(
        "input `{name}`: its first {consumed} entries are not those read before; bring them back, or remove the \
         directory and begin again"
    )]
    Changed {
        /// The input.
        name: String,
        /// How many were read.
        consumed: u64,
    },
    /// The directory has another set.
    #[error(
        "{dir}: this set was begun with other settings, inputs or held-out texts; write to another directory, or \
         remove this one"
    )]
    Other {
        /// The directory.
        dir: PathBuf,
    },
    /// Another process writes to the directory.
    #[error("{dir}: another process is making a set here; wait for it")]
    Locked {
        /// The directory.
        dir: PathBuf,
    },
    /// Nothing is left to learn from.
    #[error("no entry is left of {read}: {gates}; look at the inputs and the settings")]
    Empty {
        /// Entries read.
        read: u64,
        /// What stopped them.
        gates: String,
    },
    /// A file is not what was written.
    #[error("{path}: {reason}; remove the directory and begin again")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: std::io::Error,
    },
    /// Whoever is told how far it is said to stop; the same call goes on.
    #[error("stopped; the same call goes on where it was")]
    Stopped,
}

impl AssemblyError {
    pub(super) fn io((path, source): (PathBuf, std::io::Error)) -> Self {
        Self::Io { path, source }
    }
}
