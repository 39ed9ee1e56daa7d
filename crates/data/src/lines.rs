//! A file of JSON lines that is only appended to, and that a killed process leaves whole enough.
//!
//! Left out: what the lines mean, and which of them count.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{BufRead, BufReader, Error, ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

/// The open file, locked against other processes.
#[derive(Debug)]
pub struct Lines {
    path: PathBuf,
    file: File,
    /// Where the next line begins.
    end: u64,
}

/// A line as it is found.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    /// Which, from 1.
    pub number: usize,
    /// Where it begins.
    pub at: u64,
    /// Its bytes, with their line break unless it is torn.
    pub text: &'a [u8],
    /// Whether it is the last and has no end: whoever wrote it was killed. It is cut off.
    pub is_torn: bool,
}

/// Why a file of lines cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LinesError {
    /// It cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: Error,
    },
    /// Another process has it.
    #[error("{0} is in use by another process")]
    InUse(PathBuf),
}

impl Lines {
    /// Opens or makes the file and gives its lines to `each`, in order; a torn last line, once `each`
    /// has let it pass, is cut off.
    ///
    /// # Errors
    /// [`LinesError`], and those of `each`, after which the file is as it was.
    pub fn open<E: From<LinesError>>(
        path: &Path,
        each: &mut dyn FnMut(Found<'_>) -> Result<(), E>,
    ) -> Result<Self, E> {
        let io = |source| failed(path, source);
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false);
        let file = options.open(path).map_err(io)?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => LinesError::InUse(path.to_owned()),
            TryLockError::Error(source) => io(source),
        })?;
        let mut reader = BufReader::new(&file);
        let (mut text, mut at, mut number) = (Vec::new(), 0, 0);
        loop {
            text.clear();
            let read = reader.read_until(b'\n', &mut text).map_err(io)?;
            let is_torn = !text.ends_with(b"\n");
            number += 1;
            if read > 0 {
                each(Found {
                    number,
                    at,
                    text: &text,
                    is_torn,
                })?;
            }
            if is_torn {
                break;
            }
            at += read as u64;
        }
        file.set_len(at).map_err(io)?;
        Ok(Self {
            path: path.to_owned(),
            file,
            end: at,
        })
    }

    /// Appends a line in one piece and says where it begins; cuts it off again where it does not go in
    /// whole.
    ///
    /// # Errors
    /// [`LinesError::Io`].
    pub fn append(&mut self, record: &impl Serialize) -> Result<u64, LinesError> {
        let at = self.end;
        let mut text = serde_json::to_vec(record).map_err(|error| self.failed(error.into()))?;
        text.push(b'\n');
        let sought = self.file.seek(SeekFrom::Start(at));
        let written = sought.and_then(|_| self.file.write_all(&text));
        if let Err(source) = written {
            // What cannot be cut off now is torn, and is cut off the next time.
            let _ = self.file.set_len(at);
            return Err(self.failed(source));
        }
        self.end += text.len() as u64;
        Ok(at)
    }

    /// The line that begins at `at`.
    ///
    /// # Errors
    /// [`LinesError::Io`].
    pub fn read(&self, at: u64) -> Result<Vec<u8>, LinesError> {
        let mut file = &self.file;
        let io = |source| self.failed(source);
        file.seek(SeekFrom::Start(at)).map_err(io)?;
        let mut text = Vec::new();
        let mut reader = BufReader::new(file);
        reader.read_until(b'\n', &mut text).map_err(io)?;
        Ok(text)
    }

    /// Where the next line will begin.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Cuts off what begins at `at` or after.
    ///
    /// # Errors
    /// [`LinesError::Io`], also where the file is shorter.
    pub fn cut(&mut self, at: u64) -> Result<(), LinesError> {
        if at > self.end {
            let reason = format!("{} bytes, and at least {at} were written", self.end);
            return Err(self.failed(Error::new(ErrorKind::UnexpectedEof, reason)));
        }
        self.file
            .set_len(at)
            .map_err(|source| self.failed(source))?;
        self.end = at;
        Ok(())
    }

    /// Empties the file.
    ///
    /// # Errors
    /// [`LinesError::Io`].
    pub fn clear(&mut self) -> Result<(), LinesError> {
        self.cut(0)
    }

    /// Waits until what was written is on the disk.
    ///
    /// # Errors
    /// [`LinesError::Io`].
    pub fn sync(&self) -> Result<(), LinesError> {
        let synced = self.file.sync_all();
        synced.map_err(|source| self.failed(source))
    }

    fn failed(&self, source: Error) -> LinesError {
        failed(&self.path, source)
    }
}

fn failed(path: &Path, source: Error) -> LinesError {
    LinesError::Io {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Number, place, text, whether torn.
    type Seen = (usize, u64, String, bool);

    fn open(path: &Path) -> Result<(Lines, Vec<Seen>), LinesError> {
        let mut found = Vec::new();
        let lines = Lines::open::<LinesError>(path, &mut |line| {
            let text = String::from_utf8_lossy(line.text).into_owned();
            found.push((line.number, line.at, text, line.is_torn));
            Ok(())
        })?;
        Ok((lines, found))
    }

    #[test]
    fn a_torn_line_is_shown_and_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.jsonl");
        std::fs::write(&path, "1\n2\n34").unwrap();
        let (mut lines, found) = open(&path).unwrap();
        let line = |number, at, text: &str, is_torn| (number, at, text.to_owned(), is_torn);
        let torn = line(3, 4, "34", true);
        assert_eq!(
            found,
            [line(1, 0, "1\n", false), line(2, 2, "2\n", false), torn]
        );
        assert_eq!(lines.append(&5).unwrap(), 4);
        assert_eq!(lines.read(2).unwrap(), b"2\n");
        assert_eq!(lines.append(&6).unwrap(), 6);
        drop(lines);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "1\n2\n5\n6\n");
        let (mut lines, found) = open(&path).unwrap();
        assert_eq!((found.len(), lines.end()), (4, 8));
        lines.cut(4).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "1\n2\n");
        let message = lines.cut(6).unwrap_err().to_string();
        assert!(message.contains("x.jsonl: 4 bytes"), "{message}");
        lines.clear().unwrap();
        lines.append(&7).unwrap();
        lines.sync().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "7\n");
    }

    #[test]
    fn a_file_that_is_refused_or_in_use_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.jsonl");
        std::fs::write(&path, "no lines").unwrap();
        let refuse = |_: Found<'_>| Err(LinesError::InUse(PathBuf::from("other")));
        assert!(Lines::open(&path, &mut { refuse }).is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "no lines");
        let (_held, _) = open(&path).unwrap();
        assert!(matches!(open(&path), Err(LinesError::InUse(_))));
    }
}
