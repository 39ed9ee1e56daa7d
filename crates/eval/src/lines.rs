//! Files of JSON: records a line in one that grows, and one record in one that is whole or not there.

use std::path::Path;

use data::files;
use data::lines::Lines;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::store_error::StoreError;

/// Opens or makes a file of lines and gives its records to `each`, with where each begins. A torn last line is cut off: its writer
/// was killed, and what it says is had anew.
pub(crate) fn open<T: DeserializeOwned>(
    path: &Path,
    each: &mut dyn FnMut(u64, T),
) -> Result<Lines, StoreError> {
    Lines::open(path, &mut |found| {
        if !found.is_torn {
            each(found.at, parse(path, found.number, found.text)?);
        }
        Ok(())
    })
}

/// Writes a JSON file whole or not at all.
pub(crate) fn write_whole(path: &Path, record: &impl Serialize) -> Result<(), StoreError> {
    let mut text =
        serde_json::to_string_pretty(record).map_err(|error| StoreError::io(path, error.into()))?;
    text.push('\n');
    files::write_whole(path, text.as_bytes())
        .map_err(|(path, source)| StoreError::io(&path, source))
}

/// Reads a JSON file.
pub(crate) fn read_whole<T: DeserializeOwned>(path: &Path) -> Result<T, StoreError> {
    let text = std::fs::read(path).map_err(|source| StoreError::io(path, source))?;
    serde_json::from_slice(&text).map_err(|error| StoreError::Record {
        path: path.into(),
        reason: error.to_string(),
    })
}

/// The record that begins at `at`.
pub(crate) fn record<T: DeserializeOwned>(
    path: &Path,
    lines: &Lines,
    at: u64,
) -> Result<T, StoreError> {
    let text = lines.read(at)?;
    let broken = |error: serde_json::Error| StoreError::io(path, error.into());
    serde_json::from_slice(&text).map_err(broken)
}

fn parse<T: DeserializeOwned>(path: &Path, number: usize, text: &[u8]) -> Result<T, StoreError> {
    serde_json::from_slice(text).map_err(|error| StoreError::Line {
        path: path.into(),
        number,
        reason: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &Path) -> Result<(Lines, Vec<u32>), StoreError> {
        let mut all = Vec::new();
        let lines = open(path, &mut |_, number| all.push(number))?;
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
    fn a_broken_record_has_no_line_to_remove() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("manifest.json");
        std::fs::write(&path, "{\"plan\": 1}").unwrap();
        let error = crate::Manifest::read(&path).unwrap_err().to_string();
        assert!(error.contains("manifest.json: invalid type"), "{error}");
        assert!(error.contains("no plan or manifest"), "{error}");
        assert!(!error.contains("remove"), "{error}");
    }

    #[test]
    fn a_file_in_use_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.jsonl");
        let (_held, _) = read(&path).unwrap();
        assert!(matches!(read(&path), Err(StoreError::InUse(_))));
    }
}
