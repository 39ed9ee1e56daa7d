//! The bytes of a file, unpacked as they are read, with the place they stand at.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use super::ReadError;

/// Bytes read at once.
const BUFFER: usize = 256 << 10;

/// A buffered, unpacked file.
pub(super) struct Input {
    path: PathBuf,
    packing: Option<&'static str>,
    reader: Box<dyn BufRead + Send>,
    /// Bytes passed, of the unpacked file.
    pub(super) offset: u64,
}

impl Input {
    /// Opens `path`, and unpacks what begins as gzip and Zstandard files do.
    pub(super) fn open(path: &Path) -> Result<Self, ReadError> {
        let io = |source| ReadError::Io {
            path: path.into(),
            source,
        };
        let mut file = BufReader::with_capacity(BUFFER, File::open(path).map_err(io)?);
        let start = file.fill_buf().map_err(io)?;
        let (packing, reader): (_, Box<dyn BufRead + Send>) = match start {
            [0x1f, 0x8b, ..] => (Some("gzip"), gzip(file)),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => (Some("Zstandard"), zstandard(file, path)?),
            _ => (None, Box::new(file)),
        };
        Ok(Self {
            path: path.into(),
            packing,
            reader,
            offset: 0,
        })
    }

    pub(super) fn path(&self) -> PathBuf {
        self.path.clone()
    }

    /// What comes next, without passing it; empty at the end.
    pub(super) fn peek(&mut self) -> Result<&[u8], ReadError> {
        // Asked twice, because what is returned would keep the reader borrowed in the error's arm.
        if let Err(error) = self.reader.fill_buf() {
            return Err(self.failure(error));
        }
        self.reader.fill_buf().map_err(|source| ReadError::Io {
            path: self.path.clone(),
            source,
        })
    }

    /// Passes bytes that were peeked at.
    pub(super) fn pass(&mut self, bytes: usize) {
        self.reader.consume(bytes);
        self.offset += bytes as u64;
    }

    /// A packed file fails by its content, unless the system says otherwise.
    fn failure(&self, error: std::io::Error) -> ReadError {
        let path = self.path.clone();
        match self.packing {
            Some(format) if error.raw_os_error().is_none() => ReadError::Damaged {
                path,
                format,
                reason: error.to_string(),
            },
            _ => ReadError::Io {
                path,
                source: error,
            },
        }
    }
}

fn gzip(file: BufReader<File>) -> Box<dyn BufRead + Send> {
    let decoder = flate2::bufread::MultiGzDecoder::new(file);
    Box::new(BufReader::with_capacity(BUFFER, decoder))
}

#[cfg(feature = "zstd")]
fn zstandard(file: BufReader<File>, path: &Path) -> Result<Box<dyn BufRead + Send>, ReadError> {
    let decoder = zstd::Decoder::with_buffer(file).map_err(|source| ReadError::Io {
        path: path.into(),
        source,
    })?;
    Ok(Box::new(BufReader::with_capacity(BUFFER, decoder)))
}

#[cfg(not(feature = "zstd"))]
fn zstandard(_: BufReader<File>, path: &Path) -> Result<Box<dyn BufRead + Send>, ReadError> {
    Err(ReadError::Feature {
        path: path.into(),
        what: "Zstandard",
        feature: "zstd",
    })
}
