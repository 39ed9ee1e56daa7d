//! What is judged, and how it leaves: through one gate, with a reason.

use data::{Completion, Problem};
use rewards::Score;
use serde::{Deserialize, Serialize};

/// A response that may be learned from.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// What was asked.
    pub problem: &'a Problem,
    /// What was answered. Its text is the whole turn: where the prompt prefilled a tag, it has
    /// been put back ([`rewards::Rubric::whole`]).
    pub completion: &'a Completion,
    /// What the rubric gave.
    pub score: &'a Score,
}

/// What a response must pass, in the order in which it is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gate {
    /// The answer is right.
    Answer,
    /// The response keeps the strict template.
    Template,
    /// It ended by itself.
    Truncation,
    /// The reasoning is in the language asked for.
    Language,
    /// No line and no phrase is repeated over and over.
    Repetition,
    /// No paragraph is too long.
    Paragraph,
    /// There is no code block unless the problem is about code.
    CodeBlock,
    /// What the reasoning claims is true, or taken back.
    Claims,
    /// It does not contradict itself.
    Contradiction,
    /// It is about the question.
    Relevance,
    /// The answer follows from it.
    Conclusion,
    /// No step is foreign to the others.
    Coherence,
    /// A reference model is not too surprised.
    Perplexity,
    /// The problem is neither too easy nor too hard for the teacher.
    PassRate,
    /// Nobody said the same before.
    Duplicate,
    /// The problem has not had its share.
    Cap,
    /// Nothing that is held out is in it: no part of a curation, see [`crate::held_out_check`].
    HeldOut,
}

impl Gate {
    /// The gates of a curation, in order.
    pub const ALL: [Self; 16] = [
        Self::Answer,
        Self::Template,
        Self::Truncation,
        Self::Language,
        Self::Repetition,
        Self::Paragraph,
        Self::CodeBlock,
        Self::Claims,
        Self::Contradiction,
        Self::Relevance,
        Self::Conclusion,
        Self::Coherence,
        Self::Perplexity,
        Self::PassRate,
        Self::Duplicate,
        Self::Cap,
    ];

    /// As reports call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Template => "template",
            Self::Truncation => "truncation",
            Self::Language => "language",
            Self::Repetition => "repetition",
            Self::Paragraph => "paragraph",
            Self::CodeBlock => "code_block",
            Self::Claims => "claims",
            Self::Contradiction => "contradiction",
            Self::Relevance => "relevance",
            Self::Conclusion => "conclusion",
            Self::Coherence => "coherence",
            Self::Perplexity => "perplexity",
            Self::PassRate => "pass_rate",
            Self::Duplicate => "duplicate",
            Self::Cap => "cap",
            Self::HeldOut => "held_out",
        }
    }
}

/// Why a response is not learned from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{gate:?}: {detail}")]
pub struct Dropped {
    /// The gate that stopped it.
    pub gate: Gate,
    /// What was found there.
    pub detail: String,
}

impl Dropped {
    pub(crate) fn at(gate: Gate, detail: impl Into<String>) -> Self {
        Self {
            gate,
            detail: detail.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_are_written() {
        for gate in Gate::ALL.into_iter().chain([Gate::HeldOut]) {
            assert_eq!(serde_json::to_value(gate).unwrap(), gate.name());
        }
    }
}
