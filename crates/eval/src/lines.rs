//! A file of JSON lines that is only appended to, and that a killed process leaves whole enough.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::store::StoreError;

/// The open file, locked against other processes.
#[derive(Debug)]
pub(crate) struct Lines {
    path: PathBuf,
    file: File,
}

impl Lines {
    /// Opens or makes the file, gives its records to `each`, and cuts off a last line without an end:
    /// its writer was killed, and what it says is had anew.
    pub(crate) fn open<T: DeserializeOwned>(
        path: &Path,
        each: &mut dyn FnMut(T),
    ) -> Result<Self, StoreError> {
        let failed = |source| StoreError::io(path, source);
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(path).map_err(failed)?;
        file.try_lock()
            .map_err(|_| StoreError::InUse(path.into()))?;
        let mut reader = BufReader::new(&file);
        let (mut line, mut end, mut number) = (Vec::new(), 0, 0);
        loop {
            line.clear();
            let count = reader.read_until(b'\n', &mut line).map_err(failed)?;
            if !line.ends_with(b"\n") {
                break;
            }
            number += 1;
            end += count as u64;
            let record = serde_json::from_slice(&line).map_err(|error| StoreError::Line {
                path: path.into(),
                number,
                reason: error.to_string(),
            })?;
            each(record);
        }
        file.set_len(end).map_err(failed)?;
        file.seek(SeekFrom::Start(end)).map_err(failed)?;
        Ok(Self {
            path: path.into(),
            file,
        })
    }

    /// Appends a record by one write.
    pub(crate) fn append(&mut self, record: &impl Serialize) -> Result<(), StoreError> {
        let mut line = serde_json::to_vec(record).map_err(io::Error::from);
        if let Ok(line) = &mut line {
            line.push(b'\n');
        }
        line.and_then(|line| self.file.write_all(&line))
            .map_err(|source| StoreError::io(&self.path, source))
    }

    /// Empties the file.
    pub(crate) fn clear(&mut self) -> Result<(), StoreError> {
        let emptied = self.file.set_len(0).and_then(|()| self.file.rewind());
        emptied.map_err(|source| StoreError::io(&self.path, source))
    }

    /// Waits until what was written is on the disk.
    pub(crate) fn sync(&self) -> Result<(), StoreError> {
        self.file
            .sync_all()
            .map_err(|source| StoreError::io(&self.path, source))
    }
}

/// Writes a JSON file whole or not at all.
pub(crate) fn write_whole(path: &Path, record: &impl Serialize) -> Result<(), StoreError> {
    let failed = |source| StoreError::io(path, source);
    let new = path.with_extension("new");
    let mut text = serde_json::to_string_pretty(record).map_err(|error| failed(error.into()))?;
    text.push('\n');
    std::fs::write(&new, text).map_err(failed)?;
    std::fs::rename(&new, path).map_err(failed)
}

/// Reads a JSON file.
pub(crate) fn read_whole<T: DeserializeOwned>(path: &Path) -> Result<T, StoreError> {
    let text = std::fs::read(path).map_err(|source| StoreError::io(path, source))?;
    serde_json::from_slice(&text).map_err(|error| StoreError::Line {
        path: path.into(),
        number: error.line(),
        reason: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &Path) -> Result<(Lines, Vec<u32>), StoreError> {
        let mut all = Vec::new();
        let lines = Lines::open(path, &mut |number| all.push(number))?;
        Ok((lines, all))
    }

    #[test]
    fn a_torn_line_is_cut_off_and_written_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.jsonl");
        std::fs::write(&path, "1\n2\n34").unwrap();
        let (mut lines, all) = read(&path).unwrap();
        assert_eq!(all, [1, 2]);
        lines.append(&5).unwrap();
        drop(lines);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "1\n2\n5\n");
    }

    #[test]
    fn a_broken_line_before_the_last_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.jsonl");
        std::fs::write(&path, "1\n{\n3\n").unwrap();
        let message = read(&path).unwrap_err().to_string();
        assert!(message.contains("x.jsonl, line 2"), "{message}");
    }

    #[test]
    fn a_file_in_use_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.jsonl");
        let (_held, _) = read(&path).unwrap();
        assert!(matches!(read(&path), Err(StoreError::InUse(_))));
    }
}
