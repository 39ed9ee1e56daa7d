//! One formal statement: what stands before it, what it quantifies over, and what it says.
//!
//! A submission is a text nobody vouches for. It may open libraries and define notions, and states one
//! theorem; whatever could change what the checker's words mean, declare what is to be proved, or run
//! code is refused by name. The theorem's proof, or the hole in its place, is cut off and never read.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{coq, lean};

/// The longest statement that is read, in bytes.
const LONGEST: usize = 32 << 10;

/// A proof checker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum System {
    /// Coq, or Rocq.
    Coq,
    /// Lean 4, with Mathlib where the statement imports it.
    Lean,
}

/// A statement, taken apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// What it is written in.
    pub system: System,
    /// Libraries to load; in Coq they are part of `preamble`.
    pub imports: Vec<String>,
    /// What comes before: opened scopes and definitions.
    pub preamble: String,
    /// The names that `preamble` defines.
    pub defined: Vec<String>,
    /// The variables and hypotheses before the colon; may be empty.
    pub binders: String,
    /// What is claimed.
    pub conclusion: String,
}

/// Why a text is no statement that will be judged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is longer than any statement.
    #[error("the statement is longer than {LONGEST} bytes")]
    TooLong,
    /// Brackets, strings or comments do not end.
    #[error("brackets, strings or comments of the statement do not match")]
    Unbalanced,
    /// There is no theorem, or it has no colon.
    #[error("no theorem is stated")]
    NoTheorem,
    /// There is more than one.
    #[error("several theorems are stated")]
    Several,
    /// Something in it is not allowed.
    #[error("`{0}` is not allowed in a statement")]
    Forbidden(String),
}

impl fmt::Display for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Coq => "Coq",
            Self::Lean => "Lean 4",
        })
    }
}

impl Statement {
    /// The whole as one proposition, its binders behind a system's word for all.
    pub(super) fn quantified(&self, for_all: &str) -> String {
        let Self {
            binders,
            conclusion,
            ..
        } = self;
        match binders.is_empty() {
            true => format!("({conclusion})"),
            false => format!("{for_all} {binders}, ({conclusion})"),
        }
    }

    /// Takes a text apart.
    ///
    /// # Errors
    /// When it states no theorem or several, or contains what is not allowed: axioms, holes, tactics
    /// in terms, notations, commands that run or print.
    pub fn read(text: &str, system: System) -> Result<Self, Refused> {
        if text.len() > LONGEST {
            return Err(Refused::TooLong);
        }
        let text = super::text::without_comments(text, system).ok_or(Refused::Unbalanced)?;
        match system {
            System::Coq => coq::read(&text),
            System::Lean => lean::read(&text),
        }
    }

    /// The statement again as text, without comments and without a proof.
    pub fn text(&self) -> String {
        let (import, theorem, stop) = match self.system {
            System::Coq => ("", "Theorem", "."),
            System::Lean => ("import ", "theorem", ""),
        };
        let imports: String = self
            .imports
            .iter()
            .map(|name| format!("{import}{name}\n"))
            .collect();
        let Self {
            preamble,
            binders,
            conclusion,
            ..
        } = self;
        let preamble = preamble.trim();
        format!("{imports}{preamble}\n{theorem} statement {binders} : {conclusion}{stop}")
            .trim()
            .to_owned()
    }
}
