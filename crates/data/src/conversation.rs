//! Conversations to learn from, out of the forms that data sets keep them in.
//!
//! | columns | as in |
//! | --- | --- |
//! | `messages` (or `conversations`, `conversation`): `role` and `content`, or `from` and `value` | Tulu, ShareGPT |
//! | `prompt` and `completion` (or `response`), texts or lists of messages | TRL |
//! | `instruction`, where present `input`, and `output` (or `response`) | Alpaca, Dolly |
//! | `question` (or `problem`) and `response`, `solution` or `answer`, the first there is | GSM8K, MATH |
//!
//! A column `system` opens the conversation. Texts are kept to the letter. Left out: tools, images,
//! and preferences.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::chat::{Message, Role, show};
use crate::dataset::{FromRow, Row};
use crate::template::{THINK, THINK_END};
use crate::{Domain, Language, Sample};

/// A conversation that ends with what the model should say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    /// The record's own id, or its file and line.
    pub id: String,
    /// The turns: perhaps a system message, then the person first and the model last.
    pub messages: Vec<Message>,
    /// What it is about; [`Domain::General`] where the record does not say.
    pub domain: Domain,
    /// ISO 639-1 code of the first question's language.
    pub language: String,
    /// Who wrote it: the column `source`, or the file.
    pub source: String,
}

/// Columns that hold a whole conversation.
const TURNS: [&str; 3] = ["messages", "conversations", "conversation"];

/// Columns that hold what is asked, each with those that may hold what is said to it.
const PAIRS: [(&str, &[&str]); 4] = [
    ("prompt", &["completion", "response"]),
    ("instruction", &["output", "response"]),
    ("question", &["response", "solution", "answer"]),
    ("problem", &["response", "solution", "answer"]),
];

impl FromRow for Conversation {
    const NEEDS: &'static str = "`messages` (or `conversations`), `prompt` and `completion`, \
                                 `instruction` and `output`, or `question` (or `problem`) and \
                                 `response`, `solution` or `answer`";

    fn from_row(row: &Row) -> Result<Self, String> {
        let mut messages = turns(row)?;
        let begins = messages.first().map(|turn| turn.role);
        if let (Some(system), true) = (row.letters("system"), begins != Some(Role::System)) {
            messages.insert(0, Message::system(system));
        }
        check(&messages)?;
        let asked = messages.iter().find(|turn| turn.role == Role::User);
        let detected = asked.map_or(Language::En, |turn| Language::detect(&turn.content));
        let domain = row.text("domain").map(|name| name.to_lowercase());
        let known = |name| serde_json::from_value(Value::String(name)).ok();
        Ok(Self {
            id: row.id(),
            domain: domain.and_then(known).unwrap_or(Domain::General),
            language: row
                .text("language")
                .unwrap_or_else(|| detected.code().to_owned()),
            source: row
                .text("source")
                .unwrap_or_else(|| row.family().to_owned()),
            messages,
        })
    }

    fn show(&self) -> String {
        show(&self.messages)
    }
}

fn turns(row: &Row) -> Result<Vec<Message>, String> {
    let whole = TURNS.iter().find(|name| row.get(name).is_some());
    let pair = |(asked, said): &(&'static str, &'static [&'static str])| {
        row.get(asked)?;
        let said = said.iter().find(|name| row.get(name).is_some())?;
        Some((*asked, *said))
    };
    let mut pairs: Vec<_> = PAIRS.iter().filter_map(pair).collect();
    // A column that the map names was meant.
    pairs.sort_by_key(|(asked, said)| !row.maps(&[asked, said]));
    let meant = pairs.first().is_some_and(|(a, b)| row.maps(&[a, b]));
    match (whole, pairs.first()) {
        (Some(name), pair) if pair.is_none() || row.maps(&["messages"]) || !meant => {
            messages(row, name)
        }
        (_, Some((asked, said))) => exchange(row, asked, said),
        _ => {
            let half = PAIRS.iter().find(|(asked, _)| row.get(asked).is_some());
            Err(half.map_or_else(
                || "no column holds a conversation".to_owned(),
                |(asked, said)| format!("there is `{asked}`, but no `{}`", said.join("` or `")),
            ))
        }
    }
}

/// A question and what is said to it.
fn exchange(row: &Row, asked: &str, said: &str) -> Result<Vec<Message>, String> {
    let mut turns = side(row, asked, Role::User)?;
    if let ("instruction", Some(input), Some(last)) =
        (asked, row.letters("input"), turns.last_mut())
    {
        last.content = format!("{}\n\n{input}", last.content);
    }
    turns.extend(side(row, said, Role::Assistant)?);
    Ok(turns)
}

/// One side of an exchange: a text, or messages of its own.
fn side(row: &Row, name: &str, role: Role) -> Result<Vec<Message>, String> {
    match row.get(name) {
        Some(Value::Array(_)) => messages(row, name),
        Some(Value::String(text)) => Ok(vec![Message {
            role,
            content: text.clone(),
        }]),
        // GSM-like answers may be numbers.
        _ => {
            let content = row.text(name);
            let content =
                content.ok_or_else(|| format!("`{name}` is neither text nor messages"))?;
            Ok(vec![Message { role, content }])
        }
    }
}

fn messages(row: &Row, name: &str) -> Result<Vec<Message>, String> {
    let turns = row.get(name).and_then(Value::as_array);
    let turns = turns.ok_or_else(|| format!("`{name}` is no list of messages"))?;
    let mut messages = Vec::with_capacity(turns.len());
    for (at, turn) in turns.iter().enumerate() {
        let message = message(turn).map_err(|why| format!("`{name}`, turn {}: {why}", at + 1))?;
        // A blank system message says nothing; other blank turns are found later.
        if message.role != Role::System || !message.content.trim().is_empty() {
            messages.push(message);
        }
    }
    Ok(messages)
}

fn message(turn: &Value) -> Result<Message, String> {
    let role = turn["role"].as_str().or_else(|| turn["from"].as_str());
    let role = match role.ok_or("no `role` (or `from`)")? {
        "system" | "developer" => Role::System,
        "user" | "human" => Role::User,
        "assistant" | "gpt" | "model" | "chatgpt" | "bot" => Role::Assistant,
        other => return Err(format!("the role `{other}` is not learned from")),
    };
    let said = [&turn["content"], &turn["value"]];
    let said = said.into_iter().find(|value| !value.is_null());
    let mut content = match said.ok_or("no `content` (or `value`)")? {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts
            .iter()
            .map(|part| part["text"].as_str())
            .collect::<Option<String>>()
            .ok_or("a part of it is no text")?,
        _ => return Err("its content is no text".to_owned()),
    };
    let reasoning = turn["reasoning_content"].as_str().map(str::trim);
    if let (Role::Assistant, Some(reasoning)) = (role, reasoning.filter(|text| !text.is_empty())) {
        content = format!("{THINK}\n{reasoning}\n{THINK_END}\n\n{content}");
    }
    Ok(Message { role, content })
}

/// What every conversation to learn from has.
fn check(messages: &[Message]) -> Result<(), String> {
    let talk = messages.iter().skip_while(|turn| turn.role == Role::System);
    let roles: Vec<Role> = talk.map(|turn| turn.role).collect();
    if roles.first() != Some(&Role::User) {
        return Err("no question comes first".to_owned());
    }
    if roles.last() != Some(&Role::Assistant) {
        return Err("it does not end with what the assistant says".to_owned());
    }
    match messages
        .iter()
        .position(|turn| turn.content.trim().is_empty())
    {
        Some(at) => Err(format!("turn {} is blank", at + 1)),
        None => Ok(()),
    }
}

impl From<Sample> for Conversation {
    /// A sample as one question and one answer.
    fn from(sample: Sample) -> Self {
        Self {
            id: sample.id,
            messages: vec![
                Message::user(sample.question),
                Message::assistant(sample.response),
            ],
            domain: sample.domain,
            language: sample.language,
            source: sample.source,
        }
    }
}

impl TryFrom<Conversation> for Sample {
    type Error = String;

    /// One question and one answer as a sample; anything longer is refused.
    fn try_from(conversation: Conversation) -> Result<Self, String> {
        let [question, response] = <[Message; 2]>::try_from(conversation.messages)
            .map_err(|turns| format!("{} turns are no question and answer", turns.len()))?;
        if (question.role, response.role) != (Role::User, Role::Assistant) {
            return Err("the two turns are no question and answer".to_owned());
        }
        Ok(Self {
            id: conversation.id,
            question: question.content,
            response: response.content,
            domain: conversation.domain,
            language: conversation.language,
            source: conversation.source,
        })
    }
}

impl FromRow for Sample {
    const NEEDS: &'static str = Conversation::NEEDS;

    fn from_row(row: &Row) -> Result<Self, String> {
        Conversation::from_row(row)?.try_into()
    }

    fn show(&self) -> String {
        Conversation::from(self.clone()).show()
    }
}

#[cfg(test)]
mod tests;
