//! A reply as it stands in `completions.jsonl`.

use data::files::sha256;
use data::{Finish, Reply};
use serde::{Deserialize, Serialize};

use crate::graded::Graded;

/// Which reply it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    /// The problem's id.
    pub(crate) problem: String,
    /// Which of its samples, from 0.
    pub(crate) sample: u32,
    /// Which reply of the sample, from 0.
    pub(crate) turn: u32,
}

impl Key {
    pub(crate) fn new(problem: &str, sample: u32, turn: usize) -> Self {
        Self {
            problem: problem.to_owned(),
            sample,
            turn: turn as u32,
        }
    }

    pub(crate) fn of(grade: &Graded) -> Self {
        Self::new(&grade.problem, grade.sample, grade.turn as usize)
    }

    /// The key of the turn before; `None` for the first.
    pub(crate) fn before(&self) -> Option<Self> {
        let turn = self.turn.checked_sub(1)?;
        Some(Self {
            turn,
            ..self.clone()
        })
    }

    /// The key of the turn after.
    pub(crate) fn after(&self) -> Self {
        Self {
            turn: self.turn + 1,
            ..self.clone()
        }
    }
}

/// A reply as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// The problem's id.
    pub problem: String,
    /// Which of its samples, from 0.
    pub sample: u32,
    /// Which reply of the sample, from 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub turn: u32,
    /// What was asked after the reply before; `None` in the first turn, whose question is the benchmark's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<String>,
    /// What the model said.
    pub text: String,
    /// Its reasoning, where it was given apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<String>,
    /// Why it stopped.
    pub finish: Finish,
    /// Tokens said.
    pub tokens: usize,
    /// Tokens read.
    pub prompt_tokens: usize,
}

fn is_zero(turn: &u32) -> bool {
    *turn == 0
}

impl Stored {
    pub(crate) fn new(key: &Key, asked: Option<String>, reply: &Reply) -> Self {
        Self {
            problem: key.problem.clone(),
            sample: key.sample,
            turn: key.turn,
            asked,
            text: reply.text.clone(),
            reasoning: reply.reasoning.clone(),
            finish: reply.finish,
            tokens: reply.tokens,
            prompt_tokens: reply.prompt_tokens,
        }
    }

    pub(crate) fn key(&self) -> Key {
        Key::new(&self.problem, self.sample, self.turn as usize)
    }

    /// What was asked, and the reply.
    pub(crate) fn into_reply(self) -> (Option<String>, Reply) {
        let reply = Reply {
            text: self.text,
            reasoning: self.reasoning,
            finish: self.finish,
            tokens: self.tokens,
            prompt_tokens: self.prompt_tokens,
        };
        (self.asked, reply)
    }

    /// What two runs must have in common to have said the same.
    pub(crate) fn digest(&self) -> String {
        sha256(&serde_json::to_vec(self).unwrap_or_default())
    }
}
