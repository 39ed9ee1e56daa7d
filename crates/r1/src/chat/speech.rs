//! One reply, token by token.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use anyhow::{Result, bail};
use data::reasoning::{Parts, Piece, ReasoningStream};
use data::{ResponseStream, Tokenizer};
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
    let mut text = ResponseStream::new(tokenizer, ending.stop, Some(ReasoningStream::new(open)));
    let mut said = Parts::default();
    let mut tokens = 0;
    let end = 'reply: loop {
        if ending.interrupted.load(Ordering::Relaxed) {
            break End::Interrupted;
        }
        for event in engine.step() {
            match event {
                Event::Token(spoken) => {
                    tokens += 1;
                    let pieces = text.push(spoken.token);
                    said.extend(&pieces);
                    hear(&pieces, tokens)?;
                    if text.is_cut() {
                        break 'reply End::Stop;
                    }
                }
                Event::Finished { reason, .. } => {
                    break 'reply match reason {
                        Reason::EndToken | Reason::Stopped => End::Stop,
                        Reason::Length => End::Length,
                        Reason::NotFinite => bail!(
                            "the model's logits are not finite: its weights hold NaN or infinities, \
                             or lead to them"
                        ),
                    };
                }
            }
        }
    };
    let pieces = text.finish();
    said.extend(&pieces);
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
