//! The files of a set: lines of JSON, packed or not, or Parquet; each whole or not there.

use std::fs::File;
use std::io::{BufWriter, Error, Write};
use std::path::Path;

use data::files::{hex, partial, settle};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::error::AssemblyError;
use super::settings::Format;

/// The level of Zstandard, for both forms.
#[cfg(any(feature = "zstd", feature = "parquet"))]
const LEVEL: i32 = 3;

/// A file of a set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrittenFile {
    /// Its name in the directory of the set.
    pub name: String,
    /// Entries in it.
    pub entries: usize,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
}

/// Lines of JSON, each an entry, some at a time.
pub(super) type Batch = Result<Vec<Vec<u8>>, AssemblyError>;

/// What went wrong on either end.
#[derive(Debug)]
pub(super) enum Failed {
    File(Error),
    Lines(AssemblyError),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::File(error)
    }
}

/// Writes `batches` to `path`, and tells its size and SHA-256.
pub(super) fn write(
    path: &Path,
    format: Format,
    batches: impl Iterator<Item = Batch>,
) -> Result<(u64, String), AssemblyError> {
    whole(path, format, batches).map_err(|failed| match failed {
        Failed::File(error) => AssemblyError::io((path.to_owned(), error)),
        Failed::Lines(error) => error,
    })
}

fn whole(
    path: &Path,
    format: Format,
    batches: impl Iterator<Item = Batch>,
) -> Result<(u64, String), Failed> {
    let mut hashed = Hashed {
        file: BufWriter::with_capacity(1 << 20, File::create(partial(path))?),
        hash: Sha256::new(),
        bytes: 0,
    };
    match format {
        Format::Jsonl => lines(&mut hashed, batches)?,
        #[cfg(feature = "zstd")]
        Format::JsonlZst => {
            let mut encoder = zstd::Encoder::new(&mut hashed, LEVEL)?;
            lines(&mut encoder, batches)?;
            encoder.finish()?;
        }
        #[cfg(feature = "parquet")]
        Format::Parquet => super::table::write(&mut hashed, LEVEL, batches)?,
        #[allow(unreachable_patterns)]
        other => unreachable!("settings refuse {}", other.extension()),
    }
    let file = hashed
        .file
        .into_inner()
        .map_err(|error| error.into_error())?;
    settle(file, path).map_err(|(_, error)| error)?;
    Ok((hashed.bytes, hex(&hashed.hash.finalize())))
}

fn lines(to: &mut impl Write, batches: impl Iterator<Item = Batch>) -> Result<(), Failed> {
    for batch in batches {
        for line in batch.map_err(Failed::Lines)? {
            to.write_all(&line)?;
        }
    }
    Ok(())
}

/// A file that knows what was written to it.
struct Hashed {
    file: BufWriter<File>,
    hash: Sha256,
    bytes: u64,
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Error> {
        self.file.write_all(bytes)?;
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), Error> {
        self.file.flush()
    }
}
