//! What can be wrong with a file, and with one of its records.

use std::fmt;
use std::path::PathBuf;

/// What records are counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Lines of a file of JSON Lines.
    Line,
    /// Elements of a JSON array.
    Element,
    /// Rows of a Parquet file.
    Row,
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Line => "line",
            Self::Element => "element",
            Self::Row => "row",
        })
    }
}

/// A record that could not be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}, {unit} {line}: {reason}")]
pub struct Skipped {
    /// Its file.
    pub file: PathBuf,
    /// What `line` counts.
    pub unit: Unit,
    /// Its line, its place in the array, or its row, from 1.
    pub line: usize,
    /// Why, and what would help.
    pub reason: String,
    /// Whether it is no JSON object at all, rather than one that lacks something.
    pub malformed: bool,
}

/// Why there is no record where one was asked for.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// This record cannot be used; the next one may be.
    #[error(transparent)]
    Skipped(#[from] Skipped),
    /// The file cannot be read on; nothing follows.
    #[error(transparent)]
    Failed(#[from] ReadError),
}

/// Why a file gives no records, or no more of them.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file cannot be read.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: std::io::Error,
    },
    /// The file is not text.
    #[error("{path}: byte {at} is not UTF-8; convert the file to UTF-8")]
    Encoding {
        /// The file.
        path: PathBuf,
        /// Offset of the first bad byte, in the unpacked file.
        at: u64,
    },
    /// What stands there is not JSON, and nothing behind it can be made out.
    #[error("{path}, {unit} {line}: {reason}; every {unit} must be one JSON object")]
    Json {
        /// The file.
        path: PathBuf,
        /// What `line` counts.
        unit: Unit,
        /// Where, from 1.
        line: usize,
        /// What the parser said.
        reason: String,
    },
    /// The file ends early or was changed on its way.
    #[error("{path}: the {format} data is cut off or damaged ({reason}); download the file again")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Its packing or format.
        format: &'static str,
        /// What the decoder said.
        reason: String,
    },
    /// No record can be used.
    #[error(
        "{path}: no usable record: {reason}; found the columns {found}; a record needs {needs}, so \
         rename the columns that hold them"
    )]
    Columns {
        /// The file.
        path: PathBuf,
        /// The columns there are.
        found: String,
        /// Why the first record was skipped.
        reason: String,
        /// The columns a record needs.
        needs: &'static str,
    },
    /// There is no record.
    #[error("{path}: there is no record; every line must be one JSON object")]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// A file that stands for another one.
    #[error(
        "{path}: this is a Git LFS pointer, not the data; run `git lfs pull` where it came from"
    )]
    Pointer {
        /// The file.
        path: PathBuf,
    },
    /// A folder without a file to read.
    #[error(
        "{path}: no file here is named *.jsonl, *.json, *.ndjson or *.parquet, with or without .gz \
         or .zst"
    )]
    Folder {
        /// The folder.
        path: PathBuf,
    },
    /// Something this build was made without.
    #[error("{path}: this build does not read {what}; build `data` with the feature `{feature}`")]
    Feature {
        /// The file, or the name on the hub.
        path: PathBuf,
        /// What it is.
        what: &'static str,
        /// The cargo feature that reads it.
        feature: &'static str,
    },
    /// The hub does not give the files.
    #[cfg(feature = "hub")]
    #[error(transparent)]
    Hub(#[from] Box<crate::hub::HubError>),
}
