//! Conversations laid out by a model's own chat template.
//!
//! The template is Jinja, as Hugging Face directories bring it; it is rendered by `minijinja` with
//! the methods of Python's strings that such templates call. Left out: tools, documents and images;
//! a template that insists on them says so.

mod escape;
mod methods;
mod template;

use serde::{Deserialize, Serialize};

pub(crate) use escape::{Escaped, Part};
pub(crate) use template::token_text;
pub use template::{ChatError, ChatTemplate};

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Instructions that hold for the whole conversation.
    System,
    /// The person.
    User,
    /// The model.
    Assistant,
}

impl Role {
    /// As templates and JSON call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
        }
    }
}

/// Turns as a person reads them, each under who speaks.
pub fn show(turns: &[Message]) -> String {
    let shown = turns.iter();
    let shown = shown.map(|turn| format!("[{}]\n{}", turn.role.name(), turn.content));
    shown.collect::<Vec<_>>().join("\n\n")
}

/// One turn of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said.
    pub content: String,
}

impl Message {
    /// What the person says.
    pub fn user(content: impl Into<String>) -> Self {
        Self {
            role: Role::User,
            content: content.into(),
        }
    }

    /// What the model says.
    pub fn assistant(content: impl Into<String>) -> Self {
        Self {
            role: Role::Assistant,
            content: content.into(),
        }
    }

    /// What holds for the whole conversation.
    pub fn system(content: impl Into<String>) -> Self {
        Self {
            role: Role::System,
            content: content.into(),
        }
    }
}
