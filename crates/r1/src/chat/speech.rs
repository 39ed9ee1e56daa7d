//! One reply, token by token.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use anyhow::Result;
use data::reasoning::{Piece, ReasoningStream};
use data::{Cut, TextStream, Tokenizer};
use lm::{Engine, EngineOptions, Event, Reason, Request};
use moe_model::Decoder;

use super::conversation::{End, Reply};
use super::screen::Broken;

/// A reply and what it took.
#[derive(Debug)]
pub(super) struct Spoken {
    pub(super) reply: Reply,
    pub(super) tokens: usize,
    /// From the first token of the prompt to the last of the reply.
    pub(super) seconds: f64,
}

/// What ends a reply before its length does.
pub(super) struct Ending<'a> {
    /// Texts before which it ends.
    pub(super) stop: &'a [String],
    /// Set by whoever breaks it off.
    pub(super) interrupted: &'a AtomicBool,
}

/// Draws the one sample of a request. `hear` is given the pieces of every token and the number of
/// tokens so far; `open` if the prompt ends in `<think>`.
pub(super) fn speak(
    model: &Decoder,
    tokenizer: &Arc<Tokenizer>,
    request: Request,
    open: bool,
    ending: &Ending,
    mut hear: impl FnMut(&[Piece], usize) -> Result<(), Broken>,
) -> Result<Spoken> {
    let began = Instant::now();
    let capacity = request.tokens.len() + request.max_new_tokens;
    let mut engine = Engine::new(model, EngineOptions::new(1, capacity))?;
    engine.submit(request)?;
    let mut said = Said::new(tokenizer, open, ending.stop);
    let mut tokens = 0;
    let end = 'reply: loop {
        if ending.interrupted.load(Ordering::Relaxed) {
            break End::Interrupted;
        }
        for event in engine.step() {
            match event {
                Event::Token(spoken) => {
                    tokens += 1;
                    let pieces = said.push(spoken.token);
                    hear(&pieces, tokens)?;
                    if said.cut.found() {
                        break 'reply End::Stop;
                    }
                }
                Event::Finished { reason, .. } => {
                    break 'reply match reason {
                        Reason::EndToken | Reason::Stopped => End::Stop,
                        Reason::Length => End::Length,
                    };
                }
            }
        }
    };
    let pieces = said.finish();
    hear(&pieces, tokens)?;
    Ok(Spoken {
        reply: Reply {
            reasoning: said.reasoning,
            answer: said.answer,
            end,
        },
        tokens,
        seconds: began.elapsed().as_secs_f64(),
    })
}

/// The text of a reply and its two parts.
struct Said {
    text: TextStream,
    cut: Cut,
    parts: ReasoningStream,
    reasoning: Option<String>,
    answer: String,
}

impl Said {
    fn new(tokenizer: &Arc<Tokenizer>, open: bool, stop: &[String]) -> Self {
        Self {
            text: TextStream::new(Arc::clone(tokenizer)),
            cut: Cut::new(stop),
            parts: ReasoningStream::new(open),
            reasoning: None,
            answer: String::new(),
        }
    }

    fn push(&mut self, token: u32) -> Vec<Piece> {
        let text = self.text.push(token);
        let text = self.cut.push(&text);
        let pieces = self.parts.push(&text);
        self.gather(&pieces);
        pieces
    }

    fn finish(&mut self) -> Vec<Piece> {
        let mut text = self.cut.push(&self.text.finish());
        text += &self.cut.finish();
        let mut pieces = self.parts.push(&text);
        pieces.extend(self.parts.finish());
        self.gather(&pieces);
        pieces
    }

    fn gather(&mut self, pieces: &[Piece]) {
        for piece in pieces {
            match piece {
                Piece::Reasoning(text) => self.reasoning.get_or_insert_default().push_str(text),
                Piece::Answer(text) => self.answer.push_str(text),
            }
        }
    }
}
