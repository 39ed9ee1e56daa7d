//! Asking a model for an answer, whatever the model is: one on this machine, a server, a script.
//!
//! Left out: the models themselves, and judging what they say.

mod scripted;

use std::ops::ControlFlow;

use crate::Finish;
use crate::chat::Message;
pub use scripted::{Scripted, Silence};

/// One sample asked of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// The problem's id; with `sample` and the model's seed it fixes the random stream.
    pub id: String,
    /// Which of the problem's samples, from 0.
    pub sample: u32,
    /// What is said to the model; its last turn is the user's.
    pub messages: Vec<Message>,
}

/// What a model said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The answer; where `reasoning` is `None`, all the model said.
    pub text: String,
    /// The reasoning, from a model that gives it apart.
    pub reasoning: Option<String>,
    /// Why it stopped.
    pub finish: Finish,
    /// Tokens said, the reasoning included.
    pub tokens: usize,
    /// Tokens read.
    pub prompt_tokens: usize,
}

/// Why a single sample has no reply; the others may have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("sample {sample} of `{id}` has no reply: {reason}")]
pub struct Unanswered {
    /// The problem's id.
    pub id: String,
    /// Which of its samples.
    pub sample: u32,
    /// What went wrong.
    pub reason: String,
}

/// Something that answers, many samples at a time.
pub trait Answers {
    /// Answers `asks`, drawing from the iterator as there is room, and gives each reply to `each`
    /// as it is complete, in any order. After `each` breaks, nothing new is asked; what is under way
    /// may still be given.
    ///
    /// # Errors
    /// What makes all further asking pointless: no such model, a refused key, a spent budget.
    /// Replies had before it have been given.
    fn answer(
        &self,
        asks: &mut (dyn Iterator<Item = Ask> + Send),
        each: &mut dyn FnMut(Ask, Result<Reply, Unanswered>) -> ControlFlow<()>,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>>;
}

impl Reply {
    /// A reply of this text, ended by itself; its words count as its tokens.
    pub fn of(text: impl Into<String>) -> Self {
        let text = text.into();
        Self {
            tokens: text.split_whitespace().count(),
            text,
            reasoning: None,
            finish: Finish::Stop,
            prompt_tokens: 0,
        }
    }

    /// Everything the model said in one text: reasoning given apart is put between the tags `<think>`
    /// and `</think>`, and the answer, where it has no tags of its own, between `<answer>` and
    /// `</answer>`.
    pub fn whole(&self) -> String {
        let Some(reasoning) = &self.reasoning else {
            return self.text.clone();
        };
        let answer = self.text.trim();
        if answer.contains("<answer>") {
            return format!("<think>{reasoning}</think>{answer}");
        }
        format!("<think>{reasoning}</think><answer>{answer}</answer>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(reasoning: Option<&str>, text: &str) -> String {
        let reply = Reply {
            reasoning: reasoning.map(str::to_owned),
            ..Reply::of(text)
        };
        reply.whole()
    }

    #[test]
    fn reasoning_given_apart_is_put_back() {
        assert_eq!(reply(None, "so 4"), "so 4");
        let whole = "<think>2 + 2</think><answer>4</answer>";
        assert_eq!(reply(Some("2 + 2"), "4\n"), whole);
        assert_eq!(reply(Some("2 + 2"), "<answer>4</answer>"), whole);
    }
}
