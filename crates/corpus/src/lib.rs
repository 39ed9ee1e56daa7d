//! Texts by the gigabyte made ready for pretraining, and read from there.
//!
//! ```text
//! sources ─pack→ shards of tokens + manifest ─ShardedTokens→ documents
//!                                             └─Windows→ training windows of a mixture
//! ```
//!
//! - [`pack`]: documents filtered ([`QualitySettings`]), kept clear of held-out texts
//!   ([`data::ngrams`]) and of duplicates ([`dedup`]), tokenised, and written; resumable, and the same bytes for any
//!   number of threads. What became of every document is in the [`Report`].
//! - [`shard`]: the format.
//! - [`ShardedTokens`], [`Windows`]: reading documents at random, and endless windows of a mixture that a small
//!   [`Cursor`] resumes.
//!
//! Left out: reading compressed files and tables (`data`), and training on what is read.
//!
//! ```
//! use std::ops::ControlFlow;
//! use corpus::{Document, PackSettings, Packing, ShardedTokens, Source, WindowSettings, Windows};
//!
//! let texts = (0..200).map(|i| format!("Document {i} says that {i} + 1 is {}.", i + 1));
//! let tokenizer = data::Tokenizer::train(texts.clone(), 300)?;
//! let documents = texts.map(|text| Ok(Document { text, ..Document::default() }));
//! let settings = PackSettings {
//!     quality: corpus::QualitySettings::off(),
//!     dedup: None,
//!     ..PackSettings::default()
//! };
//! let packing = Packing { tokenizer: &tokenizer, settings: &settings, held_out: &[] };
//! let dir = std::env::temp_dir().join(format!("corpus-doc-{}", std::process::id()));
//! let sources = vec![Source::new("texts", documents)];
//! corpus::pack(&dir, &packing, sources, &mut |_| ControlFlow::Continue(()))?;
//!
//! let tokens = ShardedTokens::open(&dir)?;
//! assert_eq!(tokens.documents(), 200);
//! let drawn = WindowSettings { length: 64, seed: 1, mixture: vec![] };
//! let mut windows = Windows::new(&tokens, &drawn)?;
//! assert_eq!(windows.next().unwrap().tokens.len(), 64);
//! let cursor = windows.cursor();
//! let next = Windows::resume(&tokens, &drawn, &cursor)?.next();
//! assert_eq!(next, windows.next());
//! # std::fs::remove_dir_all(&dir)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod dedup;
mod document;
mod domain;
pub mod files;
mod manifest;
mod pack;
mod permutation;
mod quality;
mod reader;
mod report;
pub mod shard;
mod windows;

pub use dedup::DedupSettings;
pub use document::{Document, Documents, Source, SourceError, jsonl, plain};
pub use domain::domain;
pub use manifest::{MANIFEST, Manifest, ManifestError, ShardEntry};
pub use pack::{PackError, PackSettings, Packing, Progress, pack};
pub use quality::QualitySettings;
pub use reader::{ReadError, ShardedTokens};
pub use report::{Counts, Report};
pub use windows::{Cursor, SourceWeight, Window, WindowError, WindowSettings, Windows};
