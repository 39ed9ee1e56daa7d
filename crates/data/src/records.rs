//! The records every other crate passes around. One noun each, one meaning per field.

use serde::{Deserialize, Serialize};

use crate::check::Check;

/// What a text is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Domain {
    /// Arithmetic, algebra and the like.
    Mathematics,
    /// Programs and what they do.
    Code,
    /// Orderings, truth-tellers, deduction.
    Logic,
    /// Everything else.
    General,
}

impl Domain {
    /// All domains, in a fixed order.
    pub const ALL: [Self; 4] = [Self::Mathematics, Self::Code, Self::Logic, Self::General];

    /// Its name, as files have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mathematics => "mathematics",
            Self::Code => "code",
            Self::Logic => "logic",
            Self::General => "general",
        }
    }
}

/// A question with a checkable answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Problem {
    /// Unique within a set; also seeds the random streams of its samples.
    pub id: String,
    /// What the model is asked, in `language`.
    pub question: String,
    /// A right answer. Others may be right as well: `check` decides.
    pub answer: String,
    /// A reference solution, where the source has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub solution: Option<String>,
    /// The task family or the name of the source.
    pub family: String,
    /// What it is about.
    pub domain: Domain,
    /// Difficulty, from 1.
    pub level: u32,
    /// ISO 639-1 code of the language to think and answer in.
    pub language: String,
    /// How an answer is judged.
    pub check: Check,
}

/// A question with a response to learn from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// The problem or document it came from.
    pub id: String,
    /// What was asked; empty for plain text.
    pub question: String,
    /// What the model should say.
    pub response: String,
    /// What it is about.
    pub domain: Domain,
    /// ISO 639-1 code of the language asked for.
    pub language: String,
    /// Who wrote it: a corpus style, a teacher, a file.
    pub source: String,
}

/// Why a completion ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Finish {
    /// The end token was produced.
    Stop,
    /// The token budget ran out.
    Length,
}

/// One response of a model to one problem.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Completion {
    /// The problem's id.
    pub problem: String,
    /// Which of the samples of that problem, from 0.
    pub sample: u32,
    /// Response token ids; the end token is included when `finish` is `Stop`.
    pub tokens: Vec<u32>,
    /// Log-probability of each token under the sampling distribution.
    pub log_probs: Vec<f32>,
    /// The response as text, without the end token.
    pub text: String,
    /// Why it ended.
    pub finish: Finish,
}
