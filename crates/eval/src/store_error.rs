//! What goes wrong with the folder of a measurement.

use std::io;
use std::path::{Path, PathBuf};

use data::lines::LinesError;

use crate::difference::{Difference, listed};

/// What is wrong with the folder of a measurement.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// A line is not what this library wrote.
    #[error("{path}, line {number}: {reason}; remove the line, and its sample is had anew")]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        number: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// A plan or a manifest is not what this library wrote.
    #[error(
        "{path}: {reason}; it is no plan or manifest that this version reads, give one as it was written \
         or measure into another folder"
    )]
    Record {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Another process has it.
    #[error("{0} is in use by another process, or cannot be locked")]
    InUse(PathBuf),
    /// There are completions nobody can say the origin of.
    #[error("{0} has completions and no plan.json; measure into another folder")]
    NoPlan(PathBuf),
    /// The folder belongs to another measurement.
    #[error(
        "{file} is the plan of another measurement ({}); measure into another folder, or as was \
         planned",
        listed(differences)
    )]
    OtherPlan {
        /// The plan's file.
        file: PathBuf,
        /// In what it differs.
        differences: Vec<Difference>,
    },
}

impl From<LinesError> for StoreError {
    fn from(error: LinesError) -> Self {
        match error {
            LinesError::Io { path, source } => Self::Io { path, source },
            LinesError::InUse(path) => Self::InUse(path),
        }
    }
}

impl StoreError {
    pub(crate) fn io(path: &Path, source: io::Error) -> Self {
        Self::Io {
            path: path.into(),
            source,
        }
    }
}
