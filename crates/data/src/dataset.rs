//! Training records from files as they are found in the world, read one at a time.
//!
//! A [`Dataset`] is a file, a folder of files, or a data set of the Hugging Face hub (feature `hub`).
//! Files are JSON Lines or one JSON array, as they are or packed by gzip or Zstandard (feature
//! `zstd`), and Parquet (feature `parquet`); their content says which, not their name. What a
//! record becomes is the caller's to say: [`Conversation`](crate::Conversation),
//! [`Problem`](crate::Problem), [`Text`](crate::Text), or [`Record`](crate::Record) for whichever it
//! is. Memory is bounded by the longest record ([`MAX_RECORD`]), whatever the length of a file. Left
//! out: writing, shuffling, and plain text files.

mod array;
mod columns;
mod error;
mod format;
mod input;
mod lines;
#[cfg(feature = "parquet")]
mod parquet;
mod records;
mod row;
mod source;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod world;

pub use columns::{ColumnMap, ColumnMapError};
pub use error::{Fault, ReadError, Skipped, Unit};
pub use records::{Gathered, Records};
pub use row::{FromRow, Row};
pub use source::Dataset;
#[cfg(feature = "hub")]
pub(crate) use source::is_data;

/// The longest record that is read, in bytes of JSON; a longer one is skipped.
pub const MAX_RECORD: usize = 64 << 20;
