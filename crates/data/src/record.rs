//! A plain text, and a record of whichever kind its columns say.

use serde::{Deserialize, Serialize};

use crate::dataset::{FromRow, Row};
use crate::{Conversation, Problem};

/// A text to pretrain on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// The record's own id, or its file and line.
    pub id: String,
    /// The text to the letter; not blank.
    pub text: String,
    /// The column `source`, or the file.
    pub source: String,
    /// The column `language`, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The column `domain`, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
}

impl FromRow for Text {
    const NEEDS: &'static str = "`text` (or `content`)";

    fn from_row(row: &Row) -> Result<Self, String> {
        let text = row.letters("text").or_else(|| row.letters("content"));
        Ok(Self {
            text: text
                .ok_or("no `text` or `content` with text in it")?
                .to_owned(),
            id: row.id(),
            source: row
                .text("source")
                .unwrap_or_else(|| row.family().to_owned()),
            language: row.text("language"),
            domain: row.text("domain"),
        })
    }

    fn show(&self) -> String {
        self.text.clone()
    }
}

/// A record of any kind, the first that its columns allow: a problem with tests or an answer, a
/// conversation, a text.
#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    /// Something to answer, with a way to judge the answer.
    Problem(Problem),
    /// Something to say, and what it is said to.
    Conversation(Conversation),
    /// Something to read.
    Text(Text),
}

impl FromRow for Record {
    const NEEDS: &'static str = "those of a problem (`question` and `answer`), of a conversation \
                                 (`messages`, or `prompt` and `completion`, or `instruction` and \
                                 `output`), or `text`";

    fn from_row(row: &Row) -> Result<Self, String> {
        let problem = Problem::from_row(row).map(Self::Problem);
        problem
            .or_else(|_| Conversation::from_row(row).map(Self::Conversation))
            .or_else(|_| Text::from_row(row).map(Self::Text))
            .map_err(|_| "it is no problem, no conversation and no text".to_owned())
    }

    fn show(&self) -> String {
        match self {
            Self::Problem(problem) => problem.show(),
            Self::Conversation(conversation) => conversation.show(),
            Self::Text(text) => text.show(),
        }
    }
}
