//! What was said in a conversation, and what of it the model reads again.
//!
//! Earlier replies come back as their answers alone: the reasoning is kept and shown, but never fed
//! to the model again, as the API of DeepSeek's reasoning models asks for.

use anyhow::{Result, ensure};
use data::Tokenizer;
use data::chat::Message;
use serde::{Deserialize, Serialize};

/// Why a reply ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum End {
    /// The model ended it, or a stop string did.
    Stop,
    /// It had as many tokens as it might.
    Length,
    /// The person broke it off.
    Interrupted,
}

/// What the model said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) reasoning: Option<String>,
    pub(super) answer: String,
    pub(super) end: End,
}

/// A question, and the reply once there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Turn {
    pub(super) question: String,
    pub(super) reply: Option<Reply>,
    /// How many replies were thrown away; each try has a random stream of its own.
    pub(super) retried: u32,
}

/// Everything said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Conversation {
    pub(super) system: Option<String>,
    pub(super) turns: Vec<Turn>,
    /// Turns from the oldest on for which the context has no room any more.
    unseen: usize,
}

/// What the model reads.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Prompt {
    pub(super) tokens: Vec<u32>,
    /// Tokens the reply may have, at least one.
    pub(super) room: usize,
    /// Turns it no longer sees, if they have become more.
    pub(super) forgotten: Option<usize>,
}

impl Conversation {
    /// A conversation with turns.
    pub(super) fn new(system: Option<String>, turns: Vec<Turn>) -> Self {
        Self {
            system,
            turns,
            unseen: 0,
        }
    }

    /// Adds a question.
    pub(super) fn ask(&mut self, question: &str) {
        self.turns.push(Turn {
            question: question.to_owned(),
            reply: None,
            retried: 0,
        });
    }

    /// Takes the last turn back.
    pub(super) fn undo(&mut self) -> Option<Turn> {
        self.unseen = 0;
        self.turns.pop()
    }

    /// The turns from `first` on as the model reads them.
    pub(super) fn messages(&self, first: usize) -> Vec<Message> {
        let turns = self.turns[first..].iter().flat_map(|turn| {
            let reply = turn.reply.iter();
            let reply = reply.map(|reply| Message::assistant(&reply.answer));
            [Message::user(&turn.question)].into_iter().chain(reply)
        });
        let system = self.system.iter().map(Message::system);
        system.chain(turns).collect()
    }

    /// The prompt of the last question's reply, which may have `wanted` tokens.
    ///
    /// Turns are left out from the oldest on until the reply has that room, or half of the
    /// positions where it wants more. What was left out stays so.
    ///
    /// # Errors
    /// A question that leaves no room at all; a chat template that refuses.
    pub(super) fn prompt(
        &mut self,
        tokenizer: &Tokenizer,
        positions: usize,
        wanted: usize,
    ) -> Result<Prompt> {
        let room = wanted.min(positions / 2).max(1);
        let last = self.turns.len() - 1;
        let mut first = self.unseen.min(last);
        let mut tokens = tokenizer.encode_chat(&self.messages(first))?;
        while first < last && tokens.len() + room > positions {
            first += 1;
            tokens = tokenizer.encode_chat(&self.messages(first))?;
        }
        let length = tokens.len();
        ensure!(
            length < positions,
            "the question takes {length} tokens and the model has {positions} positions: ask a \
             shorter one"
        );
        let forgotten = (first > self.unseen).then_some(first);
        self.unseen = first;
        Ok(Prompt {
            tokens,
            room: wanted.min(positions - length),
            forgotten,
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::chat) fn turn(question: &str, reasoning: Option<&str>, answer: &str) -> Turn {
        Turn {
            question: question.into(),
            reply: Some(Reply {
                reasoning: reasoning.map(Into::into),
                answer: answer.into(),
                end: End::Stop,
            }),
            retried: 0,
        }
    }

    fn tokenizer() -> Tokenizer {
        let texts = (0..50).map(|i| format!("one, two and {i}"));
        Tokenizer::train(texts, 280).unwrap()
    }

    #[test]
    fn reasoning_is_not_read_again() {
        let turns = vec![turn("1 + 1?", Some("One and one."), "2")];
        let mut talk = Conversation::new(Some("be brief".into()), turns);
        talk.ask("2 + 2?");
        let expected = [
            Message::system("be brief"),
            Message::user("1 + 1?"),
            Message::assistant("2"),
            Message::user("2 + 2?"),
        ];
        assert_eq!(talk.messages(0), expected);
        assert_eq!(talk.messages(1), [expected[0].clone(), expected[3].clone()]);
    }

    #[test]
    fn the_oldest_turns_give_way() {
        let tokenizer = tokenizer();
        // Digits are single tokens: a turn takes 5 + 5 and its three marks, a question 5 and two.
        let turns = vec![turn("11111", None, "22222"), turn("33333", None, "44444")];
        let mut talk = Conversation::new(None, turns);
        talk.ask("55555");
        let mut prompt = |positions, wanted| talk.prompt(&tokenizer, positions, wanted).unwrap();
        let all = prompt(60, 20);
        assert_eq!((all.tokens.len(), all.room), (13 + 13 + 7, 20));
        assert_eq!(all.forgotten, None);
        let some = prompt(42, 10);
        assert_eq!((some.tokens.len(), some.room), (13 + 7, 10));
        assert_eq!(some.forgotten, Some(1));
        // What was left out stays out, and is told of once.
        assert_eq!(prompt(60, 20).forgotten, None);
        // It would want 30 and gets what one turn leaves, for which half is kept.
        let half = prompt(30, 30);
        assert_eq!((half.tokens.len(), half.room), (7, 23));
        assert_eq!(half.forgotten, Some(2));
        // Not even half is left, but something.
        assert_eq!(prompt(8, 30).room, 1);
        let error = talk.prompt(&tokenizer, 7, 1).unwrap_err().to_string();
        assert!(error.contains("takes 7 tokens"), "{error}");
        talk.undo();
        talk.ask("5");
        assert_eq!(talk.prompt(&tokenizer, 60, 20).unwrap().tokens.len(), 29);
    }
}
