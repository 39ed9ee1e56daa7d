//! What a set is made of: conversations with what they are about.

use corpus::SourceError;
use data::chat::{Message, Role, show};
use data::dataset::{FromRow, Row};
use data::{Conversation, Domain, Sample};
use serde::{Deserialize, Serialize};

/// One row of a set, in the columns that trainers such as TRL read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The turns: perhaps a system message, then the person first and the model last.
    pub messages: Vec<Message>,
    /// Who wrote it: a teacher, a data set.
    pub source: String,
    /// What it is about.
    pub domain: Domain,
    /// ISO 639-1 code of the language asked for.
    pub language: String,
    /// The problem or document it came from.
    pub id: String,
    /// Difficulty, from 1; nothing where it is not known.
    pub level: Option<u32>,
}

impl Entry {
    /// What is asked: the first message of the person.
    pub fn question(&self) -> Option<&str> {
        let asked = self.messages.iter().find(|turn| turn.role == Role::User);
        asked.map(|turn| turn.content.as_str())
    }
}

impl From<Sample> for Entry {
    fn from(sample: Sample) -> Self {
        Conversation::from(sample).into()
    }
}

impl From<Conversation> for Entry {
    fn from(conversation: Conversation) -> Self {
        Self {
            messages: conversation.messages,
            source: conversation.source,
            domain: conversation.domain,
            language: conversation.language,
            id: conversation.id,
            level: None,
        }
    }
}

impl FromRow for Entry {
    const NEEDS: &'static str = Conversation::NEEDS;

    fn from_row(row: &Row) -> Result<Self, String> {
        let level = row.text("level").and_then(|level| level.parse().ok());
        Conversation::from_row(row).map(|conversation| Self {
            level,
            ..conversation.into()
        })
    }

    fn show(&self) -> String {
        show(&self.messages)
    }
}

/// The two parts of a set (DeepSeek-R1, arXiv 2501.12948v1, section 2.3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Chains of thought that lead to a checked answer.
    Reasoning,
    /// Everything else: writing, facts, talk.
    General,
}

/// Entries in an order that is the same each time.
pub type Entries<'a> = Box<dyn Iterator<Item = Result<Entry, SourceError>> + Send + 'a>;

/// Where entries come from.
pub struct Input<'a> {
    /// Names it in the card.
    pub name: String,
    /// Under which terms it may be used, as an SPDX name where there is one.
    pub licence: String,
    /// Which part of the set it belongs to.
    pub side: Side,
    /// Its entries.
    pub entries: Entries<'a>,
}

impl<'a> Input<'a> {
    /// An input of entries.
    pub fn new(
        name: impl Into<String>,
        licence: impl Into<String>,
        side: Side,
        entries: impl Iterator<Item = Result<Entry, SourceError>> + Send + 'a,
    ) -> Self {
        Self {
            name: name.into(),
            licence: licence.into(),
            side,
            entries: Box::new(entries),
        }
    }
}

impl std::fmt::Debug for Input<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Input")
            .field("name", &self.name)
            .field("side", &self.side)
            .finish_non_exhaustive()
    }
}

/// The texts of an evaluation, none of which may be learned from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HeldOut {
    /// The evaluation's name.
    pub name: String,
    /// Its problems.
    pub texts: Vec<String>,
}
