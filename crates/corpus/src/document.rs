//! What goes in: sources of documents, and the plain forms they are read from in tests and examples.
//!
//! Left out: compressed files and tables, whose readers are in `data`; anything that yields documents is a
//! source.

use std::error::Error;
use std::io::BufRead;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// A text to learn from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// The text.
    pub text: String,
    /// Its language as its source calls it; identified where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// What it is about as its source calls it; told from the text where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// What errors call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// Why a source could not go on.
pub type SourceError = Box<dyn Error + Send + Sync>;

/// The documents of a source, in an order that is the same each time.
pub type Documents<'a> = Box<dyn Iterator<Item = Result<Document, SourceError>> + 'a>;

/// Documents from one place.
pub struct Source<'a> {
    /// Names its shards and its weight in a mixture: lower-case letters, digits, `-` and `_`.
    pub name: String,
    /// Its documents.
    pub documents: Documents<'a>,
}

impl std::fmt::Debug for Source<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl<'a> Source<'a> {
    /// A source of documents.
    pub fn new(
        name: impl Into<String>,
        documents: impl Iterator<Item = Result<Document, SourceError>> + 'a,
    ) -> Self {
        Self {
            name: name.into(),
            documents: Box::new(documents),
        }
    }
}

/// The documents of a JSON Lines file: objects with the fields of [`Document`], others ignored. Empty
/// lines are skipped; errors name the file and the line.
///
/// # Errors
/// When the file cannot be opened.
pub fn jsonl(path: &Path) -> std::io::Result<impl Iterator<Item = Result<Document, SourceError>>> {
    let lines = std::io::BufReader::new(std::fs::File::open(path)?).lines();
    let path = path.display().to_string();
    let read = move |(at, line): (usize, std::io::Result<String>)| {
        let failed = |error: &dyn std::fmt::Display| -> SourceError {
            format!("{path}, line {}: {error}", at + 1).into()
        };
        match line {
            Ok(line) if line.trim().is_empty() => None,
            Ok(line) => Some(serde_json::from_str(&line).map_err(|error| failed(&error))),
            Err(error) => Some(Err(failed(&error))),
        }
    };
    Ok(lines.enumerate().filter_map(read))
}

/// The documents of a plain text: what stands between two empty lines, as many in a row as make `bytes`.
pub fn plain(text: &str, bytes: usize) -> impl Iterator<Item = Result<Document, SourceError>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = rest.ceil_char_boundary(bytes);
        let end = rest[end..]
            .find("\n\n")
            .map_or(rest.len(), |at| end + at + 2);
        let (text, after) = rest.split_at(end);
        rest = after;
        Some(Ok(Document {
            text: text.to_owned(),
            ..Document::default()
        }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_texts_are_cut_at_empty_lines_and_nothing_is_lost() {
        let text = "ab\ncd\n\nef\n\ngéh";
        let parts: Vec<String> = plain(text, 3).map(|it| it.unwrap().text).collect();
        assert_eq!(parts, ["ab\ncd\n\n", "ef\n\ngéh"]);
        let parts: Vec<String> = plain(text, 1).map(|it| it.unwrap().text).collect();
        assert_eq!(parts, ["ab\ncd\n\n", "ef\n\n", "géh"]);
    }

    #[test]
    fn lines_are_read_and_errors_name_the_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.jsonl");
        std::fs::write(&path, "{\"text\": \"a\", \"url\": 1}\n\n{\"text\": 2}\n").unwrap();
        let read: Vec<_> = jsonl(&path).unwrap().collect();
        assert_eq!(read.len(), 2);
        assert_eq!(read[0].as_ref().unwrap().text, "a");
        let message = read[1].as_ref().unwrap_err().to_string();
        assert!(message.contains("a.jsonl, line 3"), "{message}");
    }
}
