//! Which of the forms a file has, by its first bytes, and its records as JSON objects.

use std::path::Path;

use serde_json::{Map, Value};

use super::array::Elements;
use super::input::Input;
use super::lines::Lines;
use super::{ReadError, Unit};

/// How Parquet files begin.
const PARQUET: &[u8] = b"PAR1";
/// How the files begin that Git LFS leaves in the place of others.
const POINTER: &[u8] = b"version https://git-lfs.github.com/spec/";

/// Why there is no object where one was expected.
#[derive(Debug)]
pub(super) enum Broken {
    /// This record is no object.
    Record {
        /// Which, from 1.
        at: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// Nothing more can be read.
    File(ReadError),
}

impl From<ReadError> for Broken {
    fn from(error: ReadError) -> Self {
        Self::File(error)
    }
}

/// An object and its line, place or row, from 1.
pub(super) type Object = (usize, Map<String, Value>);

/// The objects of one file, in its order.
pub(super) enum Objects {
    Lines(Lines),
    Array(Elements),
    #[cfg(feature = "parquet")]
    Parquet(super::parquet::Rows),
}

impl Objects {
    /// Opens a file and finds out what it is.
    pub(super) fn open(path: &Path) -> Result<Self, ReadError> {
        let mut input = Input::open(path)?;
        let start = input.peek()?;
        if start.starts_with(PARQUET) {
            return parquet(path);
        }
        if start.starts_with(POINTER) {
            return Err(ReadError::Pointer { path: path.into() });
        }
        if start.starts_with("\u{feff}".as_bytes()) {
            input.pass(3);
        }
        let breaks = pass_space(&mut input)?;
        Ok(match input.peek()?.first() {
            Some(b'[') => Self::Array(Elements::new(input, breaks)),
            _ => Self::Lines(Lines::new(input, breaks)),
        })
    }

    pub(super) fn unit(&self) -> Unit {
        match self {
            Self::Lines(_) => Unit::Line,
            Self::Array(_) => Unit::Element,
            #[cfg(feature = "parquet")]
            Self::Parquet(_) => Unit::Row,
        }
    }

    pub(super) fn next(&mut self) -> Option<Result<Object, Broken>> {
        match self {
            Self::Lines(lines) => lines.next(),
            Self::Array(elements) => elements.next(),
            #[cfg(feature = "parquet")]
            Self::Parquet(rows) => rows.next(),
        }
    }
}

#[cfg(feature = "parquet")]
fn parquet(path: &Path) -> Result<Objects, ReadError> {
    super::parquet::Rows::open(path).map(Objects::Parquet)
}

#[cfg(not(feature = "parquet"))]
fn parquet(path: &Path) -> Result<Objects, ReadError> {
    Err(ReadError::Feature {
        path: path.into(),
        what: "Parquet",
        feature: "parquet",
    })
}

/// Passes white space; returns the line breaks in it.
pub(super) fn pass_space(input: &mut Input) -> Result<usize, ReadError> {
    let mut breaks = 0;
    loop {
        let bytes = input.peek()?;
        let space = bytes.iter().take_while(|b| b.is_ascii_whitespace()).count();
        breaks += line_breaks(&bytes[..space]);
        let all = space == bytes.len();
        if space == 0 {
            return Ok(breaks);
        }
        input.pass(space);
        if !all {
            return Ok(breaks);
        }
    }
}

pub(super) fn line_breaks(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte == b'\n').count()
}

/// The text of a record's bytes, which begin at `offset`.
pub(super) fn utf8<'a>(bytes: &'a [u8], input: &Input, offset: u64) -> Result<&'a str, ReadError> {
    std::str::from_utf8(bytes).map_err(|error| ReadError::Encoding {
        path: input.path(),
        at: offset + error.valid_up_to() as u64,
    })
}

/// What is said of a record that is longer than is read.
pub(super) fn too_long() -> String {
    format!("it is longer than {} MiB", super::MAX_RECORD >> 20)
}
