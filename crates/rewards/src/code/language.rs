//! The languages programs are written in.

/// What a program is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    /// Python 3, with the standard library.
    Python,
    /// Rust, one file, with the standard library.
    Rust,
}
