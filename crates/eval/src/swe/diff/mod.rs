//! Unified diffs: read, written and applied to a tree.
//!
//! Written for what `git diff` writes and what models make of it: extended headers, new, deleted, renamed
//! and copied files, modes, quoted paths, missing newlines at the end, CRLF. Left out: binary contents
//! (such a file is read, and refused when applied), combined diffs, context diffs, and hunks whose
//! counts are wrong, which are malformed as `git apply` says.

mod apply;
mod parse;
mod place;
mod print;
mod quote;
#[cfg(test)]
mod reference;

use serde::{Deserialize, Serialize};

pub use apply::{AppliedFile, ApplyError, apply, touched};
pub use parse::{Malformed, parse};
pub use place::{Ends, MOST_FUZZ, Placed};

/// Changes of files, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Patch {
    /// The files, as the diff has them; one may come twice.
    pub files: Vec<FileDiff>,
}

/// What becomes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// It stays where it is.
    Modify,
    /// It is new.
    Create,
    /// It is gone.
    Delete,
    /// It is moved.
    Rename,
    /// It is new and made of another.
    Copy,
}

/// The changes of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileDiff {
    /// What becomes of it.
    pub change: Change,
    /// Its path before; of a new file, its path.
    pub old: String,
    /// Its path after; of a deleted file, its path.
    pub new: String,
    /// Its mode before, such as 0o100644, where the diff says so.
    pub old_mode: Option<u32>,
    /// Its mode after, where the diff says so.
    pub new_mode: Option<u32>,
    /// Per cent of a moved or copied file that is unchanged.
    pub similarity: Option<u8>,
    /// The `index` line, to the letter.
    pub index: Option<String>,
    /// What changes in it.
    pub content: Content,
}

/// What changes in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Lines of text; none where the path or the mode alone changes.
    Text(Vec<Hunk>),
    /// Bytes, which are not read.
    Binary,
}

/// Lines that change together, with the lines around them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunk {
    /// The first line before, from 1; 0 in an empty file. Where `old` lines are none, the line before.
    pub old_start: usize,
    /// The first line after, likewise.
    pub new_start: usize,
    /// What follows the second `@@`, blank included.
    pub section: String,
    /// The lines.
    pub lines: Vec<Line>,
}

/// What becomes of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It stays.
    Context,
    /// It goes.
    Removed,
    /// It comes.
    Added,
}

/// A line of a hunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What becomes of it.
    pub kind: Kind,
    /// Its text without `\n`; a `\r` before it belongs to the text.
    pub text: String,
    /// Whether a `\n` ends it.
    pub newline: bool,
}

impl Hunk {
    /// The lines before.
    pub fn before(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| line.kind != Kind::Added)
    }

    /// The lines after.
    pub fn after(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| line.kind != Kind::Removed)
    }
}
