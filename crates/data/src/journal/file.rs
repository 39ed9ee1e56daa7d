//! The file of a journal: its lines, and where each reply stands.
//!
//! Memory holds 24 bytes and a map's share for every reply; the replies stay in the file.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::{JournalError, Recorded};
use crate::files::sha256;
use crate::lines::{Found, Lines};
use crate::{Ask, Finish, Reply};

/// What this program writes and reads.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    journal: u32,
    settings: Map<String, Value>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    id: String,
    sample: u32,
    /// SHA-256 of the messages, in hexadecimal.
    messages: String,
    text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reasoning: Option<String>,
    finish: Finish,
    tokens: usize,
    prompt_tokens: usize,
}

/// Which answer: half of the SHA-256 of id, sample and messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key(u128);

impl Key {
    pub(super) fn of(ask: &Ask) -> Self {
        Self::new(&ask.id, ask.sample, &messages(ask))
    }

    fn new(id: &str, sample: u32, messages: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update((id.len() as u64).to_le_bytes());
        hash.update(id);
        hash.update(sample.to_le_bytes());
        hash.update(messages);
        let digest: [u8; 32] = hash.finalize().into();
        Self(u128::from_le_bytes(
            digest[..16].try_into().expect("half of it"),
        ))
    }
}

fn messages(ask: &Ask) -> String {
    sha256(&serde_json::to_vec(&ask.messages).expect("roles and texts are JSON"))
}

/// Where a line begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place(u64);

/// An open journal.
#[derive(Debug)]
pub(super) struct File {
    path: PathBuf,
    lines: Lines,
    known: Known,
}

/// What was read and written so far.
#[derive(Debug, Default)]
struct Known {
    places: HashMap<Key, Place>,
    recorded: Recorded,
}

impl File {
    pub(super) fn open(path: &Path, settings: &Map<String, Value>) -> Result<Self, JournalError> {
        let mut known = Known::default();
        let mut has_head = false;
        let damaged = |line: usize, reason: String| JournalError::Damaged {
            path: path.to_owned(),
            line,
            reason,
        };
        let lines = Lines::open(path, &mut |found| {
            let number = found.number;
            if found.is_torn {
                return spare(&found).map_err(|reason| damaged(number, reason));
            }
            let strange = |error: serde_json::Error| {
                damaged(number, format!("not a line of a journal ({error})"))
            };
            if number == 1 {
                has_head = true;
                let head = serde_json::from_slice(found.text).map_err(strange)?;
                return compare(path, &head, settings);
            }
            let line = serde_json::from_slice(found.text).map_err(strange)?;
            known.note(&line, Place(found.at));
            Ok(())
        })?;
        let path = path.to_owned();
        let mut journal = Self { path, lines, known };
        if !has_head {
            journal.lines.append(&Head {
                journal: VERSION,
                settings: settings.clone(),
            })?;
        }
        Ok(journal)
    }

    pub(super) fn recorded(&self) -> Recorded {
        self.known.recorded
    }

    pub(super) fn find(&self, key: &Key) -> Option<Place> {
        self.known.places.get(key).copied()
    }

    pub(super) fn read(&self, place: Place) -> Result<Reply, JournalError> {
        let text = self.lines.read(place.0)?;
        let line: Line = serde_json::from_slice(&text).map_err(|error| JournalError::Io {
            path: self.path.clone(),
            source: std::io::Error::other(format!("was changed: {error}")),
        })?;
        Ok(Reply {
            text: line.text,
            reasoning: line.reasoning,
            finish: line.finish,
            tokens: line.tokens,
            prompt_tokens: line.prompt_tokens,
        })
    }

    pub(super) fn write(&mut self, ask: &Ask, reply: &Reply) -> Result<(), JournalError> {
        let line = Line {
            id: ask.id.clone(),
            sample: ask.sample,
            messages: messages(ask),
            text: reply.text.clone(),
            reasoning: reply.reasoning.clone(),
            finish: reply.finish,
            tokens: reply.tokens,
            prompt_tokens: reply.prompt_tokens,
        };
        let place = Place(self.lines.append(&line)?);
        self.known.note(&line, place);
        Ok(())
    }
}

impl Known {
    fn note(&mut self, line: &Line, place: Place) {
        let key = Key::new(&line.id, line.sample, &line.messages);
        self.places.entry(key).or_insert(place);
        self.recorded.replies += 1;
        self.recorded.prompt_tokens += line.prompt_tokens as u64;
        self.recorded.tokens += line.tokens as u64;
    }
}

/// Lets a torn line be cut off, but no file that is something else.
fn spare(torn: &Found<'_>) -> Result<(), String> {
    let begins = br#"{"journal":"#;
    let shared = torn.text.len().min(begins.len());
    match torn.number > 1 || torn.text[..shared] == begins[..shared] {
        true => Ok(()),
        false => Err("not the head of a journal".to_owned()),
    }
}

fn compare(path: &Path, head: &Head, settings: &Map<String, Value>) -> Result<(), JournalError> {
    let mut names: Vec<&String> = settings.keys().chain(head.settings.keys()).collect();
    names.sort();
    names.dedup();
    let said = |value: Option<&Value>| value.map_or("nothing".to_owned(), Value::to_string);
    let mut differs: Vec<String> = names
        .into_iter()
        .filter(|name| head.settings.get(*name) != settings.get(*name))
        .map(|name| {
            let (there, here) = (head.settings.get(name), settings.get(name));
            format!("`{name}` is {} there and {} here", said(there), said(here))
        })
        .collect();
    if head.journal != VERSION {
        let there = head.journal;
        differs.insert(0, format!("the form is {there} there and {VERSION} here"));
    }
    match differs.is_empty() {
        true => Ok(()),
        false => Err(JournalError::Other {
            path: path.to_owned(),
            differs: differs.join(", "),
        }),
    }
}
