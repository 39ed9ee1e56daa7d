//! What was answered, kept in a file, so that nothing answered is asked twice.
//!
//! The file is JSON Lines: a head that says which model and settings answer, then a line a reply,
//! written as it comes. An answer belongs to its problem's id, its number and the SHA-256 of the
//! messages. Left out: samples that have no reply, which are asked again the next time.

mod error;
mod file;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value};

use crate::{Answers, Ask, Reply, Unanswered};
pub use error::JournalError;
use file::{File, Key, Place};

/// Answers of the file passed over in one go while the model is at work; a bound on memory.
const WAITING: usize = 1024;

/// How much a journal holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recorded {
    /// Replies.
    pub replies: usize,
    /// Tokens read for them.
    pub prompt_tokens: u64,
    /// Tokens said in them.
    pub tokens: u64,
}

/// A model that answers from a file what it has answered before.
///
/// ```
/// # use std::ops::ControlFlow;
/// # use data::{Answers, Ask, Reply, Scripted, chat::Message, journal::Journal};
/// # let echo = Scripted::new(|ask| Ok(Reply::of(ask.messages[0].content.clone())));
/// # let dir = std::env::temp_dir().join(format!("journal-doc-{}", std::process::id()));
/// # std::fs::create_dir_all(&dir)?;
/// let settings = serde_json::json!({ "model": "echo", "temperature": 0.6 });
/// let settings = settings.as_object().unwrap();
/// let model = Journal::open(&dir.join("replies.jsonl"), settings, echo)?;
/// let ask = Ask { id: "a".into(), sample: 0, messages: vec![Message::user("2 + 2?")] };
/// model.answer(&mut [ask].into_iter(), &mut |_, _| ControlFlow::Continue(()))?;
/// assert_eq!(model.recorded().replies, 1);
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
#[derive(Debug)]
pub struct Journal<A> {
    model: A,
    file: Mutex<File>,
}

impl<A> Journal<A> {
    /// `model` with the journal at `path`, which is begun where there is none. `settings` is
    /// everything on which an answer depends besides what is asked: the model's name, how it samples.
    /// A line that a sudden end has torn is cut off.
    ///
    /// # Errors
    /// When the file cannot be read or written, is damaged before its last line, is in use, or was
    /// written under other settings.
    pub fn open(
        path: &Path,
        settings: &Map<String, Value>,
        model: A,
    ) -> Result<Self, JournalError> {
        let file = Mutex::new(File::open(path, settings)?);
        Ok(Self { model, file })
    }

    /// The model that is asked what the file does not hold.
    pub fn model(&self) -> &A {
        &self.model
    }

    /// How much the file holds.
    pub fn recorded(&self) -> Recorded {
        self.file().recorded()
    }

    fn file(&self) -> MutexGuard<'_, File> {
        lock(&self.file)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<A: Answers> Answers for Journal<A> {
    /// As [`Answers::answer`]. After `each` breaks, what is still under way is written before this
    /// returns, and not given. Besides the model's errors, [`JournalError`] where the file cannot be
    /// read or written.
    fn answer(
        &self,
        asks: &mut (dyn Iterator<Item = Ask> + Send),
        each: &mut dyn FnMut(Ask, Result<Reply, Unanswered>) -> ControlFlow<()>,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        while let Some(first) = self.answered(asks, each)? {
            let turn = Mutex::new(Turn {
                first: Some(first),
                answered: VecDeque::new(),
                ended: false,
            });
            let mut rest = Rest {
                file: &self.file,
                asks: &mut *asks,
                turn: &turn,
            };
            let mut failed = None;
            let outcome = self.model.answer(&mut rest, &mut |ask, reply| match self
                .take(ask, reply, &turn, each)
            {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    failed = Some(error);
                    lock(&turn).ended = true;
                    ControlFlow::Break(())
                }
            });
            if let Some(error) = failed {
                return Err(error.into());
            }
            self.give(&turn, each)?;
            outcome?;
            let turn = lock(&turn);
            if turn.ended || turn.first.is_some() {
                break;
            }
        }
        Ok(())
    }
}

impl<A> Journal<A> {
    /// Gives what the file holds, up to the first ask that it does not.
    fn answered(
        &self,
        asks: &mut (dyn Iterator<Item = Ask> + Send),
        each: &mut dyn FnMut(Ask, Result<Reply, Unanswered>) -> ControlFlow<()>,
    ) -> Result<Option<Ask>, JournalError> {
        for ask in asks {
            let place = self.file().find(&Key::of(&ask));
            let Some(place) = place else {
                return Ok(Some(ask));
            };
            let reply = self.file().read(place)?;
            if each(ask, Ok(reply)).is_break() {
                break;
            }
        }
        Ok(None)
    }

    /// Writes a reply and gives it, with what was passed over meanwhile.
    fn take(
        &self,
        ask: Ask,
        reply: Result<Reply, Unanswered>,
        turn: &Mutex<Turn>,
        each: &mut dyn FnMut(Ask, Result<Reply, Unanswered>) -> ControlFlow<()>,
    ) -> Result<(), JournalError> {
        if let Ok(reply) = &reply {
            self.file().write(&ask, reply)?;
        }
        self.give(turn, each)?;
        if !lock(turn).ended && each(ask, reply).is_break() {
            lock(turn).ended = true;
        }
        Ok(())
    }

    /// Gives what was passed over.
    fn give(
        &self,
        turn: &Mutex<Turn>,
        each: &mut dyn FnMut(Ask, Result<Reply, Unanswered>) -> ControlFlow<()>,
    ) -> Result<(), JournalError> {
        loop {
            let next = {
                let mut turn = lock(turn);
                match turn.ended {
                    true => None,
                    false => turn.answered.pop_front(),
                }
            };
            let Some((ask, place)) = next else {
                return Ok(());
            };
            let reply = self.file().read(place)?;
            if each(ask, Ok(reply)).is_break() {
                lock(turn).ended = true;
            }
        }
    }
}

/// What the model's side and the listener's side of one call share.
struct Turn {
    /// Drawn already, and not in the file.
    first: Option<Ask>,
    /// Drawn and in the file, to be given.
    answered: VecDeque<(Ask, Place)>,
    /// Whether the listener wants no more.
    ended: bool,
}

/// The asks that the file does not answer; the others are set aside. It ends early when enough are.
struct Rest<'a> {
    file: &'a Mutex<File>,
    asks: &'a mut (dyn Iterator<Item = Ask> + Send),
    turn: &'a Mutex<Turn>,
}

impl Iterator for Rest<'_> {
    type Item = Ask;

    fn next(&mut self) -> Option<Ask> {
        let first = {
            let mut turn = lock(self.turn);
            if turn.ended {
                return None;
            }
            turn.first.take()
        };
        if first.is_some() {
            return first;
        }
        while lock(self.turn).answered.len() < WAITING {
            let ask = self.asks.next()?;
            let place = lock(self.file).find(&Key::of(&ask));
            match place {
                Some(place) => lock(self.turn).answered.push_back((ask, place)),
                None => return Some(ask),
            }
        }
        None
    }
}
