//! A model that says what a function says: for tests, trials without a model, and baselines.

use std::ops::ControlFlow;

use super::{Answers, Ask, Reply, Unanswered};

/// Answers by a function of the ask.
///
/// ```
/// use data::{Reply, Scripted, Silence};
///
/// let echo = Scripted::new(|ask| match ask.messages.last() {
///     Some(said) => Ok(Reply::of(said.content.clone())),
///     None => Err(Silence::Here("nothing was asked".into())),
/// });
/// # let _: &dyn data::Answers = &echo;
/// ```
#[derive(Debug, Clone)]
pub struct Scripted<F> {
    script: F,
    at_once: usize,
}

/// Why a script has no reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Silence {
    /// To this ask.
    Here(String),
    /// To any ask from here on: the model is gone.
    Ever(String),
}

impl<F: Fn(&Ask) -> Result<Reply, Silence>> Scripted<F> {
    /// One that answers each ask as it is drawn.
    pub fn new(script: F) -> Self {
        Self { script, at_once: 1 }
    }

    /// What it says to an ask.
    ///
    /// # Errors
    /// Why it says nothing.
    pub fn reply(&self, ask: &Ask) -> Result<Reply, Silence> {
        (self.script)(ask)
    }

    /// One that draws `count` asks, at least one, before it answers the last of them first, as a model of
    /// many rows may.
    #[must_use]
    pub fn at_once(self, count: usize) -> Self {
        let at_once = count.max(1);
        Self { at_once, ..self }
    }
}

impl<F: Fn(&Ask) -> Result<Reply, Silence>> Answers for Scripted<F> {
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
            for ask in drawn.into_iter().rev() {
                let reply = match self.reply(&ask) {
                    Ok(reply) => Ok(reply),
                    Err(Silence::Ever(reason)) => return Err(reason.into()),
                    Err(Silence::Here(reason)) => {
                        let (id, sample) = (ask.id.clone(), ask.sample);
                        Err(Unanswered { id, sample, reason })
                    }
                };
                if each(ask, reply).is_break() {
                    return Ok(());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::Message;

    #[test]
    fn a_script_answers_is_silent_and_goes() {
        let ask = |id: &str| Ask {
            id: id.into(),
            sample: 0,
            messages: vec![Message::user("one two")],
        };
        let model = Scripted::new(|ask: &Ask| match &*ask.id {
            "here" => Err(Silence::Here("not this".into())),
            "ever" => Err(Silence::Ever("gone".into())),
            _ => Ok(Reply::of(ask.messages[0].content.clone())),
        });
        let heard = |model: &dyn Answers, ids: &[&str]| {
            let (mut heard, mut asks) = (Vec::new(), ids.iter().map(|id| ask(id)));
            let ended = model.answer(&mut asks, &mut |ask, reply| {
                heard.push((ask.id, reply.map_err(|error| error.reason)));
                ControlFlow::Continue(())
            });
            (heard, ended.map_err(|error| error.to_string()))
        };
        let own = |id: &str, reply| (id.to_owned(), reply);
        let (heard_all, ended) = heard(&model, &["a", "here", "ever", "b"]);
        let two = Reply::of("one two");
        assert_eq!(two.tokens, 2);
        let wanted = [own("a", Ok(two)), own("here", Err("not this".into()))];
        assert_eq!((&heard_all[..], ended), (&wanted[..], Err("gone".into())));
        let (turned, ended) = heard(&model.at_once(2), &["a", "b", "c"]);
        let ids: Vec<&str> = turned.iter().map(|(id, _)| id.as_str()).collect();
        assert_eq!((ids, ended), (vec!["b", "a", "c"], Ok(())));
    }
}
