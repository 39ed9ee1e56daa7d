//! Encoding much text: the ids of [`Tokenizer::encode_text`](crate::Tokenizer::encode_text), several
//! times as fast.
//!
//! `tokenizers` spends most of its time on what a training set has no use for: an alignment of every
//! byte with the text it came from through every split, a regular expression that looks behind and
//! ahead, a string for every token. Here a text is cut by the same expressions on a deterministic
//! automaton, and a piece that was seen lately has its ids by it in one cache line. A piece that was not
//! goes to the byte-pair model of `tokenizers` itself, so that the merges exist once.
//!
//! What this does not follow goes to `tokenizers` whole: other models than byte-level byte-pair
//! encoding, other normalisers than NFC, patterns that look around in other ways than published ones do, and
//! single texts with an added token or a character that the two Unicode versions class differently.
//! Left out: threads (give each a [`Scratch`]).

mod cache;
mod pattern;
mod pieces;
#[cfg(test)]
mod tests;
mod unicode;

use std::borrow::Cow;

use aho_corasick::AhoCorasick;
use serde_json::Value;
use tokenizers::{Model, ModelWrapper};
use unicode_normalization_alignments::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use cache::Cache;
use pieces::{Pieces, Searches};

/// Encodes texts one after the other, and is shared by threads.
#[derive(Debug)]
pub struct BulkEncoder {
    tokenizer: tokenizers::Tokenizer,
    fast: Option<Fast>,
}

/// What one thread keeps between texts: 8 MiB of pieces with their ids, and the automata's states.
#[derive(Debug)]
pub struct Scratch {
    cache: Cache,
    searches: Searches,
    letters: String,
}

/// How a text is cut and looked up, where that is known.
#[derive(Debug)]
struct Fast {
    pieces: Pieces,
    /// The added tokens that count in a text.
    added: AhoCorasick,
    nfc: bool,
    /// What stands for each byte in the vocabulary.
    letters: [char; 256],
}

impl BulkEncoder {
    pub(crate) fn new(tokenizer: tokenizers::Tokenizer) -> Self {
        Self {
            fast: Fast::of(&tokenizer),
            tokenizer,
        }
    }

    /// Whether texts are cut here, and not by `tokenizers`.
    pub fn is_fast(&self) -> bool {
        self.fast.is_some()
    }

    /// What a thread needs to call [`BulkEncoder::encode`].
    pub fn scratch(&self) -> Scratch {
        Scratch {
            cache: Cache::new(),
            searches: self
                .fast
                .as_ref()
                .map_or_else(Searches::default, |fast| fast.pieces.searches()),
            letters: String::new(),
        }
    }

    /// Appends the ids of a text to `ids`: exactly those of
    /// [`Tokenizer::encode_text`](crate::Tokenizer::encode_text), whatever `scratch` has seen.
    pub fn encode(&self, text: &str, scratch: &mut Scratch, ids: &mut Vec<u32>) {
        let before = ids.len();
        if let Some(fast) = &self.fast
            && fast.encode(&self.tokenizer, text, scratch, ids).is_some()
        {
            return;
        }
        ids.truncate(before);
        let encoding = self.tokenizer.encode_fast(text, false);
        ids.extend_from_slice(
            encoding
                .expect("a tokenizer that was opened encodes any text")
                .get_ids(),
        );
    }
}

impl Fast {
    fn of(tokenizer: &tokenizers::Tokenizer) -> Option<Self> {
        let ModelWrapper::BPE(model) = tokenizer.get_model() else {
            return None;
        };
        let plain = model.dropout.is_none_or(|dropout| dropout == 0.0)
            && tokenizer.get_truncation().is_none()
            && tokenizer.get_padding().is_none();
        let json = |part: serde_json::Result<Value>| part.ok();
        let nfc = normalises(&json(serde_json::to_value(tokenizer.get_normalizer()))?)?;
        let cuts = json(serde_json::to_value(tokenizer.get_pre_tokenizer()))?;
        let added = tokenizer.get_added_vocabulary().get_added_tokens_decoder();
        let texts = added
            .values()
            .filter(|token| !token.special && !token.content.is_empty())
            .flat_map(|token| [token.content.clone(), composed(&token.content)]);
        plain.then_some(())?;
        Some(Self {
            pieces: Pieces::of(&cuts)?,
            added: AhoCorasick::new(texts).ok()?,
            nfc,
            letters: letters(),
        })
    }

    /// `None` where the text has something only `tokenizers` knows how to deal with.
    fn encode(
        &self,
        tokenizer: &tokenizers::Tokenizer,
        text: &str,
        scratch: &mut Scratch,
        ids: &mut Vec<u32>,
    ) -> Option<()> {
        let normal = self.normal(text)?;
        let Scratch {
            cache,
            searches,
            letters,
        } = scratch;
        self.pieces.for_each(&normal, searches, &mut |piece| {
            let piece = piece.as_bytes();
            let key = cache::key(piece);
            if let Some(key) = &key
                && let Some(found) = cache.get(key)
            {
                ids.extend_from_slice(found);
                return Some(());
            }
            letters.clear();
            letters.extend(piece.iter().map(|&byte| self.letters[usize::from(byte)]));
            let at = ids.len();
            let tokens = tokenizer.get_model().tokenize(letters).ok()?;
            ids.extend(tokens.iter().map(|token| token.id));
            if let Some(key) = key {
                cache.put(key, &ids[at..]);
            }
            Some(())
        })
    }

    /// The text as it is cut; `None` where it has an added token or an unsettled character.
    fn normal<'a>(&self, text: &'a str) -> Option<Cow<'a, str>> {
        let usual = |text: &str| !self.added.is_match(text);
        usual(text).then_some(())?;
        if text.is_ascii() {
            return Some(text.into());
        }
        if text.chars().any(unicode::is_unsettled) {
            return None;
        }
        if !self.nfc || matches!(is_nfc_quick(text.chars()), IsNormalized::Yes) {
            return Some(text.into());
        }
        let normal = composed(text);
        usual(&normal).then(|| normal.into())
    }
}

/// Whether a normaliser composes (true) or does nothing (false); `None` for any other.
fn normalises(normaliser: &Value) -> Option<bool> {
    if normaliser.is_null() {
        return Some(false);
    }
    match normaliser["type"].as_str()? {
        "NFC" => Some(true),
        "Sequence" => {
            let mut each = normaliser["normalizers"].as_array()?.iter().map(normalises);
            each.try_fold(false, |any, one| Some(any | one?))
        }
        _ => None,
    }
}

fn composed(text: &str) -> String {
    text.nfc().map(|(c, _)| c).collect()
}

/// Bytes that print stand for themselves, the other 68 for the characters from `U+0100` on (GPT-2's
/// table).
fn letters() -> [char; 256] {
    let mut others = ('\u{100}'..).take(68);
    std::array::from_fn(|byte| match byte as u8 {
        byte @ (b'!'..=b'~' | 0xA1..=0xAC | 0xAE..=0xFF) => char::from(byte),
        _ => others.next().expect("68 bytes do not print"),
    })
}
