//! The file of a journal: its lines, and where each reply stands.
//!
//! Memory holds 24 bytes and a map's share for every reply; the replies stay in the file.

use std::collections::HashMap;
use std::fs::{self, OpenOptions, TryLockError};
use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::{JournalError, Recorded};
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
    let text = serde_json::to_vec(&ask.messages).expect("roles and texts are JSON");
    let digest: [u8; 32] = Sha256::digest(text).into();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Where a line begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place(u64);

/// An open journal.
#[derive(Debug)]
pub(super) struct File {
    path: PathBuf,
    file: fs::File,
    /// Where the next line begins.
    end: u64,
    places: HashMap<Key, Place>,
    pub(super) recorded: Recorded,
}

impl File {
    pub(super) fn open(path: &Path, settings: &Map<String, Value>) -> Result<Self, JournalError> {
        let io = |source| JournalError::Io {
            path: path.to_owned(),
            source,
        };
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false);
        let file = options.open(path).map_err(io)?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => JournalError::InUse {
                path: path.to_owned(),
            },
            TryLockError::Error(source) => io(source),
        })?;
        let mut journal = Self {
            path: path.to_owned(),
            file,
            end: 0,
            places: HashMap::new(),
            recorded: Recorded::default(),
        };
        let has_head = journal.load(settings)?;
        journal.file.set_len(journal.end).map_err(io)?;
        if !has_head {
            let settings = settings.clone();
            let head = Head {
                journal: VERSION,
                settings,
            };
            journal.append(&head)?;
        }
        Ok(journal)
    }

    pub(super) fn find(&self, key: &Key) -> Option<Place> {
        self.places.get(key).copied()
    }

    pub(super) fn read(&mut self, place: Place) -> Result<Reply, JournalError> {
        let io = |source| self.io(source);
        let mut file = &self.file;
        file.seek(SeekFrom::Start(place.0)).map_err(io)?;
        let mut text = Vec::new();
        let mut reader = BufReader::new(file);
        reader.read_until(b'\n', &mut text).map_err(io)?;
        let line: Line = serde_json::from_slice(&text)
            .map_err(|error| self.io(std::io::Error::other(format!("was changed: {error}"))))?;
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
        let place = self.append(&line)?;
        self.note(&line, place);
        Ok(())
    }

    /// Reads every whole line; whether there is a head.
    fn load(&mut self, settings: &Map<String, Value>) -> Result<bool, JournalError> {
        let reader = self.file.try_clone().map_err(|e| self.io(e))?;
        let mut reader = BufReader::new(reader);
        let mut text = Vec::new();
        for number in 1.. {
            text.clear();
            let read = reader.read_until(b'\n', &mut text);
            read.map_err(|source| self.io(source))?;
            if text.last() != Some(&b'\n') {
                self.spare(number, &text)?;
                return Ok(number > 1);
            }
            let damaged = |error: serde_json::Error| JournalError::Damaged {
                path: self.path.clone(),
                line: number,
                reason: format!("not a line of a journal ({error})"),
            };
            if number == 1 {
                let head = serde_json::from_slice(&text).map_err(damaged)?;
                self.compare(&head, settings)?;
            } else {
                let line = serde_json::from_slice(&text).map_err(damaged)?;
                self.note(&line, Place(self.end));
            }
            self.end += text.len() as u64;
        }
        unreachable!("a file ends")
    }

    /// Lets a torn line be cut off, but no file that is something else.
    fn spare(&self, line: usize, torn: &[u8]) -> Result<(), JournalError> {
        let begins = br#"{"journal":"#;
        let shared = torn.len().min(begins.len());
        match line > 1 || torn[..shared] == begins[..shared] {
            true => Ok(()),
            false => Err(JournalError::Damaged {
                path: self.path.clone(),
                line,
                reason: "not the head of a journal".to_owned(),
            }),
        }
    }

    fn compare(&self, head: &Head, settings: &Map<String, Value>) -> Result<(), JournalError> {
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
                path: self.path.clone(),
                differs: differs.join(", "),
            }),
        }
    }

    fn note(&mut self, line: &Line, place: Place) {
        let key = Key::new(&line.id, line.sample, &line.messages);
        self.places.entry(key).or_insert(place);
        self.recorded.replies += 1;
        self.recorded.prompt_tokens += line.prompt_tokens as u64;
        self.recorded.tokens += line.tokens as u64;
    }

    /// Writes a line in one piece; cuts it off again where it does not go in whole.
    fn append(&mut self, line: &impl Serialize) -> Result<Place, JournalError> {
        let place = self.end;
        let mut text = serde_json::to_vec(line).map_err(|e| self.io(e.into()))?;
        text.push(b'\n');
        let mut file = &self.file;
        let sought = file.seek(SeekFrom::Start(place));
        let written = sought.and_then(|_| file.write_all(&text));
        if let Err(source) = written {
            // What cannot be cut off now is torn, and is cut off the next time.
            let _ = self.file.set_len(place);
            return Err(self.io(source));
        }
        self.end += text.len() as u64;
        Ok(Place(place))
    }

    fn io(&self, source: std::io::Error) -> JournalError {
        JournalError::Io {
            path: self.path.clone(),
            source,
        }
    }
}
