//! A model of this machine as something that answers.

use std::error::Error;
use std::ops::ControlFlow;
use std::sync::{Arc, mpsc};

use data::{Answers, Ask, Reply, Tokenizer, Unanswered};
use lm::{CausalLm, Heard, NotFinite, Request, Rollout, respond};
use moe_model::Decoder;

use super::Manner;
use crate::generate::speaker::Speaker;

/// A model with how it is asked. Its replies depend on the seed, an ask's id and its sample alone.
pub(crate) struct Local {
    model: Decoder,
    tokenizer: Arc<Tokenizer>,
    /// Tokens of the longest sequence, prompt and reply together.
    positions: usize,
    manner: Manner,
}

/// Samples of one prompt that follow one another.
struct Asked {
    asks: Vec<Ask>,
    prompt: Vec<u32>,
    /// Whether the prompt ends within the reasoning.
    open: bool,
}

impl Answers for Local {
    fn answer(
        &self,
        asks: &mut (dyn Iterator<Item = Ask> + Send),
        each: &mut dyn FnMut(Ask, Result<Reply, Unanswered>) -> ControlFlow<()>,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        let mut asked: Vec<Asked> = Vec::new();
        for ask in asks {
            let follows = asked.last().is_some_and(|last| {
                let before = last.asks.last();
                before.is_some_and(|before| {
                    before.id == ask.id
                        && before.messages == ask.messages
                        && before.sample + 1 == ask.sample
                })
            });
            if follows && let Some(last) = asked.last_mut() {
                last.asks.push(ask);
                continue;
            }
            match self.prompt(&ask) {
                Ok((prompt, open)) => asked.push(Asked {
                    asks: vec![ask],
                    prompt,
                    open,
                }),
                Err(reason) => {
                    let (id, sample) = (ask.id.clone(), ask.sample);
                    let none = Unanswered { id, sample, reason };
                    if each(ask, Err(none)).is_break() {
                        return Ok(());
                    }
                }
            }
        }
        Ok(self.respond(&asked, each)?)
    }
}

impl Local {
    /// Reads the weights of `speaker`.
    ///
    /// # Errors
    /// Weights that are missing or damaged.
    pub(crate) fn new(speaker: &Speaker, manner: Manner) -> anyhow::Result<Self> {
        Ok(Self {
            model: speaker.load()?.packed(),
            tokenizer: Arc::clone(&speaker.tokenizer),
            positions: speaker.positions,
            manner,
        })
    }

    /// The tokens of a prompt that leaves room for a reply.
    fn prompt(&self, ask: &Ask) -> Result<(Vec<u32>, bool), String> {
        let tokens = self.tokenizer.encode_dialogue(&ask.messages);
        let tokens = tokens.map_err(|error| error.to_string())?;
        if tokens.len() >= self.positions {
            return Err(format!(
                "its prompt has {} tokens and the model {} positions",
                tokens.len(),
                self.positions
            ));
        }
        let open = self.tokenizer.opens_reasoning(&tokens);
        Ok((tokens, open))
    }

    fn respond(
        &self,
        asked: &[Asked],
        each: &mut dyn FnMut(Ask, Result<Reply, Unanswered>) -> ControlFlow<()>,
    ) -> Result<(), NotFinite> {
        let request = |asked: &Asked| {
            let first = asked.asks[0].sample;
            let left = self.positions - asked.prompt.len();
            Request {
                samples: first..first + asked.asks.len() as u32,
                sampling: self.manner.sampling,
                end_tokens: self.tokenizer.ends().to_vec(),
                seed: self.manner.seed,
                ..Request::new(
                    asked.asks[0].id.clone(),
                    asked.prompt.clone(),
                    self.manner.max_tokens.min(left),
                )
            }
        };
        let requests: Vec<Request> = asked.iter().map(request).collect();
        let (sender, rollouts) = mpsc::channel::<Rollout>();
        std::thread::scope(|scope| {
            let done = scope.spawn(move || {
                respond(&self.model, &requests, self.manner.rows, &mut |heard| {
                    if let Heard::Response(rollout) = heard
                        && sender.send(rollout).is_err()
                    {
                        // Nobody listens any more: the observer has heard enough.
                        return ControlFlow::Break(());
                    }
                    ControlFlow::Continue(())
                })
            });
            for rollout in rollouts {
                let asked = &asked[rollout.prompt];
                let place = (rollout.sample - asked.asks[0].sample) as usize;
                let reply = self.reply(asked, &rollout);
                if each(asked.asks[place].clone(), Ok(reply)).is_break() {
                    break;
                }
            }
            match done.join() {
                Ok(done) => done,
                Err(panic) => std::panic::resume_unwind(panic),
            }
        })
    }

    fn reply(&self, asked: &Asked, rollout: &Rollout) -> Reply {
        let text = self.tokenizer.decode(&rollout.tokens);
        Reply {
            // What the prompt has begun belongs to the reply.
            text: match asked.open {
                true => format!("<think>{text}"),
                false => text,
            },
            reasoning: None,
            finish: rollout.finish,
            tokens: rollout.tokens.len(),
            prompt_tokens: asked.prompt.len(),
        }
    }
}
