//! A teacher that says what a test's script says, in an order of its own.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};

use data::{Answers, Ask, Finish, Reply, Unanswered};

/// Answers by `script`; an error is the reason of a sample without a reply.
pub(crate) struct Scripted<F> {
    pub(crate) script: F,
    /// How many asks it draws before it answers the last of them first.
    pub(crate) at_once: usize,
    /// The most asks drawn and not answered.
    pub(crate) most: AtomicUsize,
}

impl<F: Fn(&Ask) -> Result<String, String>> Scripted<F> {
    pub(crate) fn new(at_once: usize, script: F) -> Self {
        let most = AtomicUsize::new(0);
        Self {
            script,
            at_once,
            most,
        }
    }
}

impl<F: Fn(&Ask) -> Result<String, String>> Answers for Scripted<F> {
    fn answer(
        &self,
        asks: &mut (dyn Iterator<Item = Ask> + Send),
        each: &mut dyn FnMut(Ask, Result<Reply, Unanswered>) -> ControlFlow<()>,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        loop {
            let drawn: Vec<Ask> = asks.take(self.at_once).collect();
            if drawn.is_empty() {
                return Ok(());
            }
            self.most.fetch_max(drawn.len(), Ordering::Relaxed);
            for ask in drawn.into_iter().rev() {
                let reply = match (self.script)(&ask) {
                    Ok(text) => Ok(Reply {
                        text,
                        reasoning: None,
                        finish: Finish::Stop,
                        tokens: 3,
                        prompt_tokens: 5,
                    }),
                    Err(reason) if reason == "fatal" => return Err("no such model".into()),
                    Err(reason) => Err(Unanswered {
                        id: ask.id.clone(),
                        sample: ask.sample,
                        reason,
                    }),
                };
                if each(ask, reply).is_break() {
                    return Ok(());
                }
            }
        }
    }
}
