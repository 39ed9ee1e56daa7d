//! A shard mapped into memory.

use std::ops::Range;
use std::path::{Path, PathBuf};

use memmap2::Mmap;

use super::{HEADER, MAGIC, VERSION, Width};

/// Why a shard cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ShardError {
    /// The file cannot be opened or mapped.
    #[error("{path}: {source}")]
    Io {
        /// The shard.
        path: PathBuf,
        /// What went wrong.
        source: std::io::Error,
    },
    /// The file is no shard, or not the one that was written.
    #[error("{path}, byte {at}: {reason}; pack the corpus again")]
    Damaged {
        /// The shard.
        path: PathBuf,
        /// Where.
        at: u64,
        /// What is wrong there.
        reason: String,
    },
}

/// A document in a shard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentTokens {
    /// Its tokens, the end token last.
    pub tokens: Vec<u32>,
    /// Its language.
    pub language: String,
    /// Its domain.
    pub domain: String,
}

/// A shard, mapped. The file must not be changed while it is.
#[derive(Debug)]
pub struct Shard {
    path: PathBuf,
    map: Mmap,
    width: Width,
    documents: usize,
    tokens: u64,
    start: usize,
    labels: Vec<String>,
}

impl Shard {
    /// Maps a shard and checks its header and its size against each other, but not its tables and tokens
    /// ([`Shard::verify`]).
    ///
    /// # Errors
    /// [`ShardError`], with the file and the byte.
    pub fn open(path: &Path) -> Result<Self, ShardError> {
        let io = |source| ShardError::Io {
            path: path.to_owned(),
            source,
        };
        let file = std::fs::File::open(path).map_err(io)?;
        // SAFETY: a shard is written once, under another name, and renamed when it is whole; nothing in this
        // crate writes to it afterwards, and that nothing else does is the caller's to see to.
        let map = unsafe { Mmap::map(&file) }.map_err(io)?;
        let damaged = |at: usize, reason: String| ShardError::Damaged {
            path: path.to_owned(),
            at: at as u64,
            reason,
        };
        if map.len() < HEADER + 8 {
            let reason = format!("the file has {} bytes, a header more", map.len());
            return Err(damaged(0, reason));
        }
        if map[..8] != *MAGIC {
            return Err(damaged(0, "this is no shard of tokens".into()));
        }
        let word = |at: usize| u32::from_le_bytes(map[at..at + 4].try_into().expect("four bytes"));
        if word(8) != VERSION {
            let reason = format!("version {}, and this program reads {VERSION}", word(8));
            return Err(damaged(8, reason));
        }
        let width = match word(12) {
            2 => Width::U16,
            4 => Width::U32,
            other => return Err(damaged(12, format!("tokens of {other} bytes"))),
        };
        let [documents, tokens, labels, start] = [48, 56, 64, 72].map(|at| number(&map, at));
        let tables = documents
            .checked_mul(12)
            .and_then(|it| it.checked_add(HEADER as u64 + 8));
        let Some(tables) = tables.filter(|&end| end <= map.len() as u64) else {
            return Err(damaged(
                48,
                format!("{documents} documents do not fit into the file"),
            ));
        };
        let end = labels.checked_add(tables).map(|it| it.next_multiple_of(8));
        if end != Some(start) || start > map.len() as u64 {
            return Err(damaged(
                64,
                format!("{labels} bytes of labels, and tokens from byte {start} on"),
            ));
        }
        let whole = tokens
            .checked_mul(width.bytes() as u64)
            .and_then(|it| it.checked_add(start));
        if whole != Some(map.len() as u64) {
            let reason = format!(
                "{tokens} tokens from byte {start} on, and the file has {} bytes",
                map.len()
            );
            return Err(damaged(56, reason));
        }
        let (tables, labels) = (tables as usize, labels as usize);
        let labels = serde_json::from_slice(&map[tables..tables + labels])
            .map_err(|error| damaged(tables, format!("labels: {error}")))?;
        Ok(Self {
            path: path.to_owned(),
            width,
            documents: documents as usize,
            tokens,
            start: start as usize,
            labels,
            map,
        })
    }

    /// Checks every entry of the tables and that every token is below `vocab_size`.
    ///
    /// # Errors
    /// [`ShardError::Damaged`], with the byte.
    pub fn verify(&self, vocab_size: usize) -> Result<(), ShardError> {
        let damaged = |at: usize, reason: String| ShardError::Damaged {
            path: self.path.clone(),
            at: at as u64,
            reason,
        };
        let mut before = 0;
        for document in 0..=self.documents {
            let at = HEADER + 8 * document;
            let begins = number(&self.map, at);
            let last = document == self.documents;
            if begins < before || (document == 0 && begins != 0) || (last && begins != self.tokens)
            {
                let reason = format!(
                    "document {document} begins at token {begins} of {}",
                    self.tokens
                );
                return Err(damaged(at, reason));
            }
            before = begins;
        }
        for label in 0..2 * self.documents {
            let at = self.label(label);
            let place = usize::from(self.short(at));
            if place >= self.labels.len() {
                return Err(damaged(
                    at,
                    format!("label {place} of {}", self.labels.len()),
                ));
            }
        }
        for token in 0..self.tokens {
            let id = self.token(token);
            if id as usize >= vocab_size {
                let at = self.start + token as usize * self.width.bytes();
                return Err(damaged(
                    at,
                    format!("token {token} is {id}, of a vocabulary of {vocab_size}"),
                ));
            }
        }
        Ok(())
    }

    /// Its documents.
    pub fn documents(&self) -> usize {
        self.documents
    }

    /// Its tokens.
    pub fn tokens(&self) -> u64 {
        self.tokens
    }

    /// How wide they are.
    pub fn width(&self) -> Width {
        self.width
    }

    /// The SHA-256 of the vocabulary.
    pub fn vocabulary(&self) -> [u8; 32] {
        self.map[16..48].try_into().expect("thirty-two bytes")
    }

    /// The whole file.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.map
    }

    /// A document, from 0.
    ///
    /// # Panics
    /// When there is none, or the table is damaged ([`Shard::verify`]).
    pub fn document(&self, document: usize) -> DocumentTokens {
        let mut tokens = Vec::new();
        self.read(
            self.begins(document)..self.begins(document + 1),
            &mut tokens,
        );
        let (language, domain) = self.labels(document);
        DocumentTokens {
            tokens,
            language: language.to_owned(),
            domain: domain.to_owned(),
        }
    }

    /// The language and the domain of a document, from 0.
    ///
    /// # Panics
    /// When there is none, or the table is damaged ([`Shard::verify`]).
    pub fn labels(&self, document: usize) -> (&str, &str) {
        assert!(
            document < self.documents,
            "document {document} of {}",
            self.documents
        );
        let label = |which: usize| {
            let place = self.short(self.label(2 * document + which));
            &*self.labels[usize::from(place)]
        };
        (label(0), label(1))
    }

    /// The token a document begins at; for the number of documents, where the last ends.
    pub fn begins(&self, document: usize) -> u64 {
        assert!(
            document <= self.documents,
            "document {document} of {}",
            self.documents
        );
        number(&self.map, HEADER + 8 * document)
    }

    /// The document a token stands in.
    pub fn document_at(&self, token: u64) -> usize {
        let (mut low, mut high) = (0, self.documents);
        // The last document that begins at the token or before; empty ones before it begin there too.
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if self.begins(middle) <= token {
                low = middle;
            } else {
                high = middle;
            }
        }
        low
    }

    /// Appends tokens.
    ///
    /// # Panics
    /// When there are not as many.
    pub fn read(&self, range: Range<u64>, tokens: &mut Vec<u32>) {
        let width = self.width.bytes();
        let at = |token: u64| self.start + token as usize * width;
        let bytes = &self.map[at(range.start)..at(range.end)];
        match self.width {
            Width::U16 => tokens.extend(
                bytes
                    .chunks_exact(2)
                    .map(|it| u32::from(u16::from_le_bytes([it[0], it[1]]))),
            ),
            Width::U32 => tokens.extend(
                bytes
                    .chunks_exact(4)
                    .map(|it| u32::from_le_bytes([it[0], it[1], it[2], it[3]])),
            ),
        }
    }

    fn token(&self, token: u64) -> u32 {
        let at = self.start + token as usize * self.width.bytes();
        match self.width {
            Width::U16 => u32::from(self.short(at)),
            Width::U32 => u32::from_le_bytes(self.map[at..at + 4].try_into().expect("four bytes")),
        }
    }

    /// Where a label of the table lies: language and domain of the first document, of the second, and so on.
    fn label(&self, label: usize) -> usize {
        HEADER + 8 * (self.documents + 1) + 2 * label
    }

    fn short(&self, at: usize) -> u16 {
        u16::from_le_bytes([self.map[at], self.map[at + 1]])
    }
}

fn number(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}
