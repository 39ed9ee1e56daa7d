//! A conversation under way: what each line of the person leads to.
//!
//! Apart from any terminal: lines come in by [`Session::line`], replies go to a [`Screen`].

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, bail, ensure};
use data::chat::Message;
use lm::Request;
use moe_model::Decoder;

use super::command::{Command, Setting};
use super::conversation::{Conversation, End, Turn};
use super::screen::{Broken, Screen};
use super::settings::Settings;
use super::speech::{Ending, Spoken, speak};
use super::transcript;
use crate::generate::speaker::Speaker;

/// Whether the conversation goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    Line,
    Quit,
}

/// A person, a model, and what they have said.
pub(super) struct Session<'a> {
    speaker: &'a Speaker,
    model: &'a Decoder,
    settings: Settings,
    conversation: Conversation,
    pub(super) screen: Screen<'a>,
    interrupted: Arc<AtomicBool>,
    /// The file this conversation is from or went to; that one may be written over.
    file: Option<PathBuf>,
    failed: bool,
}

impl<'a> Session<'a> {
    pub(super) fn new(
        speaker: &'a Speaker,
        model: &'a Decoder,
        settings: Settings,
        screen: Screen<'a>,
    ) -> Self {
        Self {
            speaker,
            model,
            settings,
            conversation: Conversation::default(),
            screen,
            interrupted: Arc::default(),
            file: None,
            failed: false,
        }
    }

    /// Whether anything went wrong.
    pub(super) fn failed(&self) -> bool {
        self.failed
    }

    /// Breaks the reply under way off when set.
    pub(super) fn interrupted(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.interrupted)
    }

    /// Does what a line asks for. What goes wrong with it is shown, and the conversation goes on.
    ///
    /// # Errors
    /// A screen that cannot be written to.
    pub(super) fn line(&mut self, line: &str) -> Result<Next, Broken> {
        let done = Command::parse(line).and_then(|command| match command {
            Some(command) => self.obey(command),
            None => Ok(Next::Line),
        });
        done.or_else(|error| match error.downcast::<Broken>() {
            Ok(broken) => Err(broken),
            Err(error) => {
                self.failed = true;
                self.screen.error(&format!("{error:#}"))?;
                Ok(Next::Line)
            }
        })
    }

    fn obey(&mut self, command: Command) -> Result<Next> {
        match command {
            Command::Say(text) => {
                self.conversation.ask(&text);
                self.reply()?;
            }
            Command::Set(setting, value) => self.set(setting, value)?,
            Command::System(text) => self.system(text.as_deref())?,
            Command::Clear => {
                let system = self.conversation.system.take();
                self.conversation = Conversation::new(system, Vec::new());
                self.file = None;
                self.screen.note("forgotten")?;
            }
            Command::Undo => {
                let turn = self.conversation.undo();
                let turn = turn.context("there is no turn to take back")?;
                self.screen.note(&format!("took back: {}", turn.question))?;
            }
            Command::Retry => self.retry()?,
            Command::Fold => {
                self.screen.fold = !self.screen.fold;
                let state = if self.screen.fold { "hidden" } else { "shown" };
                self.screen.note(&format!("the reasoning is {state}"))?;
            }
            Command::Think => self.think()?,
            Command::Save(path) => self.save(path)?,
            Command::Load(path) => self.load(path)?,
            Command::Help => self.screen.note(&Command::help())?,
            Command::Quit => return Ok(Next::Quit),
        }
        Ok(Next::Line)
    }

    /// Has the last question answered. If it cannot be, it was never asked.
    fn reply(&mut self) -> Result<()> {
        self.interrupted.store(false, Ordering::Relaxed);
        match self.speak() {
            Ok(spoken) => {
                let status = status(&spoken);
                let turn = self.conversation.turns.last_mut();
                let turn = turn.expect("the question is the last turn");
                let end = spoken.reply.end;
                turn.reply = Some(spoken.reply);
                if self.screen.is_terminal() || end != End::Stop {
                    self.screen.note(&status)?;
                }
                Ok(())
            }
            Err(error) => {
                self.conversation.turns.pop();
                Err(error)
            }
        }
    }

    fn speak(&mut self) -> Result<Spoken> {
        let Speaker {
            positions,
            tokenizer,
            ..
        } = self.speaker;
        let wanted = self.settings.max_new_tokens;
        let prompt = self.conversation.prompt(tokenizer, *positions, wanted)?;
        if let Some(turns) = prompt.forgotten {
            self.screen.note(&format!(
                "the model no longer sees the first {turns} of the turns: it has {positions} \
                 positions"
            ))?;
        }
        let open = self.speaker.tokenizer.opens_reasoning(&prompt.tokens);
        let turns = &self.conversation.turns;
        let retried = turns.last().map_or(0, |turn| turn.retried);
        let request = Request {
            samples: retried..retried + 1,
            sampling: self.settings.sampling,
            end_tokens: tokenizer.ends().to_vec(),
            seed: self.settings.seed,
            ..Request::new(format!("turn-{}", turns.len()), prompt.tokens, prompt.room)
        };
        let ending = Ending {
            stop: &self.settings.stop,
            interrupted: &self.interrupted,
        };
        let screen = &mut self.screen;
        let spoken = speak(
            self.model,
            tokenizer,
            request,
            open,
            &ending,
            |pieces, tokens| screen.hear(pieces, tokens),
        );
        self.screen.end()?;
        spoken
    }

    fn set(&mut self, setting: Setting, value: Option<String>) -> Result<()> {
        if let Some(value) = value {
            self.settings.set(setting, &value)?;
        }
        Ok(self.screen.note(&self.settings.show(setting))?)
    }

    /// Changes the system's message, or shows it.
    pub(super) fn system(&mut self, text: Option<&str>) -> Result<()> {
        let note = match text {
            None => match &self.conversation.system {
                Some(text) => format!("the system says: {text}"),
                None => "the system says nothing".to_owned(),
            },
            Some("-") => {
                self.conversation.system = None;
                "the system says nothing".to_owned()
            }
            Some(text) => {
                let tokenizer = &self.speaker.tokenizer;
                let question = Message::user("1 + 1?");
                let without = tokenizer.encode_chat(std::slice::from_ref(&question))?;
                let with = tokenizer.encode_chat(&[Message::system(text), question])?;
                self.conversation.system = Some(text.to_owned());
                if with == without {
                    "the model's chat template leaves the system's message out".to_owned()
                } else {
                    format!("the system says: {text}")
                }
            }
        };
        Ok(self.screen.note(&note)?)
    }

    fn retry(&mut self) -> Result<()> {
        let turn = self.conversation.turns.last_mut();
        let turn = turn.context("there is no question to ask again")?;
        if turn.reply.take().is_some() {
            turn.retried += 1;
        }
        self.reply()
    }

    fn think(&mut self) -> Result<()> {
        let turns = self.conversation.turns.iter().rev();
        let reasoning = { turns }.find_map(|turn: &Turn| turn.reply.as_ref()?.reasoning.as_deref());
        let reasoning = reasoning.context("nothing has been reasoned yet")?;
        Ok(self.screen.reasoning(reasoning)?)
    }

    fn save(&mut self, path: PathBuf) -> Result<()> {
        let known = self.file.as_deref() == Some(&path);
        let text = transcript::write(&self.conversation);
        ensure!(!text.is_empty(), "nothing has been said yet");
        write(&path, &text, known)?;
        let note = format!("wrote {}", path.display());
        self.file = Some(path);
        Ok(self.screen.note(&note)?)
    }

    fn load(&mut self, path: PathBuf) -> Result<()> {
        let text = std::fs::read_to_string(&path);
        let text = text.with_context(|| format!("cannot read {}", path.display()))?;
        self.conversation = transcript::read(&text, &path)?;
        let turns = self.conversation.turns.len();
        let note = format!("turns read from {}: {turns}", path.display());
        self.file = Some(path);
        Ok(self.screen.note(&note)?)
    }
}

/// Writes a file, one that is there only if `known`.
fn write(path: &Path, text: &str, known: bool) -> Result<()> {
    let written = if known {
        std::fs::write(path, text)
    } else {
        std::fs::File::create_new(path)
            .and_then(|mut file| std::io::Write::write_all(&mut file, text.as_bytes()))
    };
    match written {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            bail!("{} exists; give another name", path.display())
        }
        written => written.with_context(|| format!("cannot write {}", path.display())),
    }
}

fn status(spoken: &Spoken) -> String {
    let tokens = spoken.tokens;
    let rate = tokens as f64 / spoken.seconds.max(1e-9);
    let end = match spoken.reply.end {
        End::Stop => "",
        End::Length => ", cut off: the reply has no more room",
        End::Interrupted => ", stopped",
    };
    format!("{tokens} tokens, {rate:.0} tokens/s{end}")
}

#[cfg(test)]
mod tests;
