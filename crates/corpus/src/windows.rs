//! Training windows: runs of T tokens of a mixture of sources, in an order that a seed decides and a few
//! numbers resume.
//!
//! The tokens of a source, document after document, are cut into windows of T. In each epoch the first cut is
//! elsewhere, so that windows differ, and their order is shuffled; a window past the end goes on at the
//! beginning. Of a source of n tokens an epoch has ⌊n / T⌋ windows, at least one, so fewer than T tokens are left out,
//! others each epoch. Sources take turns by weight: the next is the one whose windows so far, the next counted,
//! are the fewest for its weight (D'Hondt's method), so that every stretch of the stream has the mixture's shares.
//!
//! Left out: windows that end with documents, since nothing is padded here; a model that must not look across
//! documents is told where they begin.

use std::collections::BTreeMap;

use data::seed;
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::permutation::Permutation;
use crate::reader::ShardedTokens;

/// What is drawn from a corpus.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WindowSettings {
    /// Tokens of a window, T.
    pub length: usize,
    /// Decides the order.
    pub seed: u64,
    /// The sources to draw from; empty for all, by their tokens and without end.
    #[serde(default)]
    pub mixture: Vec<SourceWeight>,
}

/// A source's part in the mixture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceWeight {
    /// The source.
    pub name: String,
    /// Its share of the windows, against the sum of all. Positive.
    pub weight: f64,
    /// After so many epochs it is used up, and the others share its turns; without end where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epochs: Option<u64>,
}

/// A run of tokens to learn from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// `length` tokens.
    pub tokens: Vec<u32>,
    /// Where documents begin, in order; always with 0, where one may go on from before. Attention that is kept
    /// within documents sees from each to the next.
    pub starts: Vec<usize>,
    /// The documents that begin, or go on, at `starts` ([`ShardedTokens::labels`]).
    pub documents: Vec<u64>,
    /// The place of its source in the mixture.
    pub source: usize,
    /// Which pass through the source it belongs to, from 0.
    pub epoch: u64,
}

/// Where a stream is: all it takes to go on with the very next window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cursor {
    /// The corpus, the length and the seed, hashed: a cursor of another stream is refused.
    pub stream: String,
    /// Windows drawn from each source.
    pub drawn: BTreeMap<String, u64>,
}

/// Why there is no such stream.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum WindowError {
    /// A setting is out of range.
    #[error("{field} = {value}: {wanted}")]
    Setting {
        /// The setting.
        field: String,
        /// Its value.
        value: String,
        /// What it should be.
        wanted: &'static str,
    },
    /// The corpus lacks a source.
    #[error("the corpus has no source `{name}`; it has {known}")]
    Source {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// The cursor belongs to another stream.
    #[error(
        "the cursor is of another corpus, window length or seed ({found:.12}… and not {expected:.12}…): resume \
         with those it was made with, or start anew"
    )]
    Cursor {
        /// The cursor's stream.
        found: String,
        /// This one.
        expected: String,
    },
}

/// An iterator of [`Window`]s over a corpus; without end, unless every source has its number of epochs.
#[derive(Debug)]
pub struct Windows<'a> {
    corpus: &'a ShardedTokens,
    length: usize,
    seed: u64,
    stream: String,
    sources: Vec<Drawn>,
}

/// A source being drawn from.
#[derive(Debug)]
struct Drawn {
    name: String,
    /// Its place in the corpus.
    place: usize,
    tokens: u64,
    weight: f64,
    /// Windows of an epoch.
    windows: u64,
    epochs: Option<u64>,
    drawn: u64,
    /// The order and the first cut of an epoch.
    epoch: Option<(u64, Permutation, u64)>,
}

impl<'a> Windows<'a> {
    /// The stream from its beginning.
    ///
    /// # Errors
    /// [`WindowError`], for settings that do not fit the corpus.
    pub fn new(corpus: &'a ShardedTokens, settings: &WindowSettings) -> Result<Self, WindowError> {
        let setting = |field: &str, value: String, wanted| WindowError::Setting {
            field: field.to_owned(),
            value,
            wanted,
        };
        if settings.length == 0 {
            return Err(setting(
                "length",
                "0".into(),
                "a window has at least one token",
            ));
        }
        let known: Vec<(&str, u64)> = corpus.sources().collect();
        let all = || {
            known.iter().map(|&(name, tokens)| SourceWeight {
                name: name.to_owned(),
                weight: tokens as f64,
                epochs: None,
            })
        };
        let mixture = match settings.mixture.is_empty() {
            true => all().collect(),
            false => settings.mixture.clone(),
        };
        let mut sources: Vec<Drawn> = Vec::new();
        for SourceWeight {
            name,
            weight,
            epochs,
        } in mixture
        {
            if !(weight > 0.0 && weight.is_finite()) {
                let field = format!("mixture.{name}.weight");
                return Err(setting(&field, weight.to_string(), "a positive number"));
            }
            if sources.iter().any(|source| source.name == name) {
                return Err(setting("mixture", name, "each source once"));
            }
            let Some(place) = known.iter().position(|(other, _)| *other == name) else {
                let names: Vec<String> =
                    known.iter().map(|(name, _)| format!("`{name}`")).collect();
                let known = match names.is_empty() {
                    true => "none with a token".to_owned(),
                    false => names.join(", "),
                };
                return Err(WindowError::Source { name, known });
            };
            let tokens = known[place].1;
            sources.push(Drawn {
                name,
                place,
                tokens,
                weight,
                windows: (tokens / settings.length as u64).max(1),
                epochs,
                drawn: 0,
                epoch: None,
            });
        }
        let identity = format!(
            "{} {} {}",
            corpus.manifest().identity,
            settings.length,
            settings.seed
        );
        Ok(Self {
            corpus,
            length: settings.length,
            seed: settings.seed,
            stream: data::files::sha256(identity.as_bytes()),
            sources,
        })
    }

    /// The stream from where a cursor is. The mixture may have changed since: a source that was not drawn from
    /// begins, and each goes on where it was.
    ///
    /// # Errors
    /// [`WindowError`], for settings that do not fit the corpus or the cursor.
    pub fn resume(
        corpus: &'a ShardedTokens,
        settings: &WindowSettings,
        cursor: &Cursor,
    ) -> Result<Self, WindowError> {
        let mut windows = Self::new(corpus, settings)?;
        if cursor.stream != windows.stream {
            return Err(WindowError::Cursor {
                found: cursor.stream.clone(),
                expected: windows.stream,
            });
        }
        for source in &mut windows.sources {
            source.drawn = cursor.drawn.get(&source.name).copied().unwrap_or(0);
        }
        Ok(windows)
    }

    /// Where the stream is: before the window that comes next.
    pub fn cursor(&self) -> Cursor {
        let drawn = self.sources.iter().map(|it| (it.name.clone(), it.drawn));
        Cursor {
            stream: self.stream.clone(),
            drawn: drawn.collect(),
        }
    }

    /// The names of the sources, in the order of [`Window::source`].
    pub fn sources(&self) -> impl Iterator<Item = &str> {
        self.sources.iter().map(|source| source.name.as_str())
    }

    /// Windows of an epoch of each source.
    pub fn windows_per_epoch(&self) -> impl Iterator<Item = u64> {
        self.sources.iter().map(|source| source.windows)
    }
}

impl Iterator for Windows<'_> {
    type Item = Window;

    fn next(&mut self) -> Option<Window> {
        let left = |source: &Drawn| {
            source
                .epochs
                .is_none_or(|epochs| source.drawn < epochs.saturating_mul(source.windows))
        };
        let turn = |source: &Drawn| (source.drawn + 1) as f64 / source.weight;
        let (at, source) = self
            .sources
            .iter_mut()
            .enumerate()
            .filter(|(_, source)| left(source))
            // The first of several.
            .min_by(|(_, a), (_, b)| turn(a).total_cmp(&turn(b)))?;
        let epoch = source.drawn / source.windows;
        let start = source.start(self.seed, epoch, self.length as u64);
        source.drawn += 1;
        let (place, all) = (source.place, source.tokens);
        let (mut tokens, mut parts) = (Vec::with_capacity(self.length), Vec::new());
        let mut from = start % all;
        while tokens.len() < self.length {
            let end = all.min(from + (self.length - tokens.len()) as u64);
            self.corpus.read(place, from..end, &mut tokens, &mut parts);
            from = 0;
        }
        let (starts, documents) = parts.into_iter().unzip();
        Some(Window {
            tokens,
            starts,
            documents,
            source: at,
            epoch,
        })
    }
}

impl Drawn {
    /// The token the next window begins at.
    fn start(&mut self, seed: u64, epoch: u64, length: u64) -> u64 {
        if self.epoch.as_ref().is_none_or(|(of, ..)| *of != epoch) {
            let mut stream = seed::stream(seed, &["windows", &self.name, &epoch.to_string()]);
            let keys = std::array::from_fn(|_| stream.next_u64());
            let first = stream.next_u64() % length;
            self.epoch = Some((epoch, Permutation::new(self.windows, keys), first));
        }
        let (_, order, first) = self.epoch.as_ref().expect("just made");
        first + order.get(self.drawn % self.windows) * length
    }
}

#[cfg(test)]
mod tests;
