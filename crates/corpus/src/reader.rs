//! A packed corpus, opened for reading: documents at random and runs of tokens.
//!
//! Left out: training windows, see [`crate::Windows`].

use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::manifest::{Manifest, ManifestError};
use crate::shard::{DocumentTokens, Shard, ShardError};
use data::files::{hex, sha256};

/// Why a corpus cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The manifest is missing or broken.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// A shard is missing or broken.
    #[error(transparent)]
    Shard(#[from] ShardError),
    /// A shard is not the one in the manifest.
    #[error("{path}: {field} is {found}, and {expected} in the manifest; pack the corpus again")]
    Differs {
        /// The shard.
        path: PathBuf,
        /// What differs.
        field: &'static str,
        /// As the shard has it.
        found: String,
        /// As the manifest has it.
        expected: String,
    },
    /// The corpus was made for another tokenizer.
    #[error(
        "{path}: packed with another tokenizer ({expected:.12}…, and this one is {found:.12}…); pack the \
         corpus again, or use its tokenizer"
    )]
    Vocabulary {
        /// The manifest.
        path: PathBuf,
        /// The tokenizer asked about.
        found: String,
        /// The one it was packed with.
        expected: String,
    },
}

/// The shards of a directory.
#[derive(Debug)]
pub struct ShardedTokens {
    dir: PathBuf,
    manifest: Manifest,
    shards: Vec<Shard>,
    /// Documents before each shard, and in all.
    documents: Vec<u64>,
    sources: Vec<SourceTokens>,
}

/// The shards of a source.
#[derive(Debug)]
struct SourceTokens {
    name: String,
    shards: Range<usize>,
    /// Tokens of the source before each of its shards, and in all.
    tokens: Vec<u64>,
}

impl ShardedTokens {
    /// Opens a corpus: reads the manifest, maps every shard, and compares sizes, counts and vocabulary. What
    /// is in the shards is left to [`ShardedTokens::verify`].
    ///
    /// # Errors
    /// [`ReadError`], with the file and the place.
    pub fn open(dir: &Path) -> Result<Self, ReadError> {
        let manifest = Manifest::read(dir)?;
        let (mut shards, mut documents) = (Vec::new(), vec![0]);
        let mut sources: Vec<SourceTokens> = Vec::new();
        for entry in &manifest.shards {
            let path = dir.join(&entry.file);
            let shard = Shard::open(&path)?;
            let differs = |field, found: String, expected: String| {
                (found != expected).then(|| ReadError::Differs {
                    path: path.clone(),
                    field,
                    found,
                    expected,
                })
            };
            let number = |field, found: u64, expected: u64| {
                differs(field, found.to_string(), expected.to_string())
            };
            let fault = number("its size in bytes", shard.bytes().len() as u64, entry.bytes)
                .or_else(|| number("its number of tokens", shard.tokens(), entry.tokens))
                .or_else(|| {
                    number(
                        "its number of documents",
                        shard.documents() as u64,
                        entry.documents,
                    )
                })
                .or_else(|| {
                    differs(
                        "its vocabulary",
                        hex(&shard.vocabulary()),
                        manifest.vocabulary.clone(),
                    )
                });
            if let Some(fault) = fault {
                return Err(fault);
            }
            documents.push(documents[documents.len() - 1] + entry.documents);
            match sources.last_mut().filter(|last| last.name == entry.source) {
                Some(source) => {
                    source.shards.end += 1;
                    source
                        .tokens
                        .push(source.tokens[source.tokens.len() - 1] + entry.tokens);
                }
                None => sources.push(SourceTokens {
                    name: entry.source.clone(),
                    shards: shards.len()..shards.len() + 1,
                    tokens: vec![0, entry.tokens],
                }),
            }
            shards.push(shard);
        }
        Ok(Self {
            dir: dir.to_owned(),
            manifest,
            shards,
            documents,
            sources,
        })
    }

    /// Reads every byte: the checksums, the tables, and that every token is in the vocabulary.
    ///
    /// # Errors
    /// [`ReadError`], with the file and the place.
    pub fn verify(&self) -> Result<(), ReadError> {
        for (shard, entry) in self.shards.iter().zip(&self.manifest.shards) {
            shard.verify(self.manifest.vocab_size)?;
            let found = sha256(shard.bytes());
            if found != entry.sha256 {
                return Err(ReadError::Differs {
                    path: self.dir.join(&entry.file),
                    field: "its SHA-256",
                    found,
                    expected: entry.sha256.clone(),
                });
            }
        }
        Ok(())
    }

    /// Whether it was packed with this tokenizer.
    ///
    /// # Errors
    /// [`ReadError::Vocabulary`] where it was not.
    pub fn check_tokenizer(&self, tokenizer: &data::Tokenizer) -> Result<(), ReadError> {
        let found = hex(&tokenizer.fingerprint());
        if found == self.manifest.vocabulary {
            return Ok(());
        }
        Err(ReadError::Vocabulary {
            path: self.dir.join(crate::manifest::MANIFEST),
            found,
            expected: self.manifest.vocabulary.clone(),
        })
    }

    /// The manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// How many documents there are.
    pub fn documents(&self) -> u64 {
        self.documents[self.documents.len() - 1]
    }

    /// A document, from 0, in the order they were packed in.
    ///
    /// # Panics
    /// When there is none.
    pub fn document(&self, document: u64) -> DocumentTokens {
        assert!(
            document < self.documents(),
            "document {document} of {}",
            self.documents()
        );
        let shard = self.documents.partition_point(|&before| before <= document) - 1;
        self.shards[shard].document((document - self.documents[shard]) as usize)
    }

    /// The sources with at least one token, in order, with their tokens.
    pub fn sources(&self) -> impl Iterator<Item = (&str, u64)> {
        self.sources
            .iter()
            .map(|source| (source.name.as_str(), source.tokens[source.tokens.len() - 1]))
    }

    /// The language and the domain of a document, from 0.
    ///
    /// # Panics
    /// When there is none.
    pub fn labels(&self, document: u64) -> (&str, &str) {
        let shard = self.documents.partition_point(|&before| before <= document) - 1;
        self.shards[shard].labels((document - self.documents[shard]) as usize)
    }

    /// Appends `range` of the tokens of a source, all its documents one after the other, to `tokens`, and to
    /// `parts` the places in `tokens` where a document begins or goes on from before the range, and its number.
    pub(crate) fn read(
        &self,
        source: usize,
        range: Range<u64>,
        tokens: &mut Vec<u32>,
        parts: &mut Vec<(usize, u64)>,
    ) {
        let source = &self.sources[source];
        let mut at = range.start;
        while at < range.end {
            let place = source.tokens.partition_point(|&before| before <= at) - 1;
            let shard = &self.shards[source.shards.start + place];
            let numbered = self.documents[source.shards.start + place];
            let before = source.tokens[place];
            let end = range.end.min(source.tokens[place + 1]);
            let within = at - before..end - before;
            let first = tokens.len() as u64;
            let mut document = shard.document_at(within.start);
            while document < shard.documents() && shard.begins(document) < within.end {
                let begins = shard.begins(document);
                let is_empty = shard.begins(document + 1) == begins;
                if !is_empty {
                    let from = begins.max(within.start) - within.start;
                    parts.push(((first + from) as usize, numbered + document as u64));
                }
                document += 1;
            }
            shard.read(within, tokens);
            at = end;
        }
    }
}
