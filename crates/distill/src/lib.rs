//! Rejection sampling and the training set made of it (DeepSeek-R1, arXiv 2501.12948v1, section
//! 2.3.3): a teacher answers every problem several times, and only what passes is learned from.
//!
//! ```text
//! (Problem, [(Completion, Score)]) ─rule check→ ─semantic filter→ ─selection→ Sample
//! reasoning samples + general samples ─decontaminate→ ─assemble 3:1→ the SFT set
//! ```
//!
//! - [`sample`]: asking a teacher, whatever it is, and [`sample_with_hints`]: again what it fails, with
//!   verified steps of similar problems;
//! - [`rule_check`]: answer, template, length, language, repetition, paragraphs, code blocks;
//! - [`semantic_check`]: what the reasoning claims is true, does not contradict itself, is about
//!   the question, and leads to the answer;
//! - [`select`]: distinct responses, a cap per prompt; a band of pass rates is [`curate`]'s;
//! - [`curate`]: all of these checks over a run's samples, with a report of what was dropped and why;
//!   [`Curator`]: the same problem by problem, with vectors of sentences and a reference model of yours;
//! - [`sift`]: any gate over any stream, each drop with its reason; [`gates`] for texts that are held out, that
//!   came before, that surprise a model;
//! - [`decontaminate`] and [`assemble`]: the training set of a run, in memory;
//! - [`assembly`]: training sets of any size, on the disk, with a card.
//!
//! Nothing here is random but the draw and order of [`assemble`] and [`assembly`], which a seed decides. Left
//! out: the teacher itself, and training the student, which others do; and a model as a judge of
//! reasoning: the semantic filter checks what can be computed and passes over what cannot.

mod assemble;
pub mod assembly;
mod candidate;
#[cfg(test)]
mod chains;
mod claims;
pub mod corrupt;
mod curate;
mod curator;
mod decimal;
mod decontaminate;
mod follows;
pub mod gates;
mod ground;
mod hints;
mod judge;
mod order;
mod repetition;
mod report;
mod rules;
mod sample;
mod select;
mod semantic;
mod setting;
mod sift;
mod steps;
mod words;

pub use assemble::assemble;
pub use candidate::{Candidate, Dropped, Gate};
pub use curate::{Checks, CurateConfig, Curated, curate};
pub use curator::{Curator, Means};
pub use decontaminate::{HeldOutQuestions, decontaminate};
pub use gates::{Duplicates, held_out_check, perplexity_check};
pub use hints::{
    HintConfig, HintReport, Near, StepBook, StepIndex, TfIdf, refers_to_hint, sample_with_hints,
};
pub use report::{CurationReport, Example, GateCount, PassRates};
pub use rules::{RuleConfig, rule_check, text_check};
pub use sample::{INSTRUCTION, Passes, SampleConfig, SampleError, SampleReport, Sampled, sample};
pub use select::{Preference, Selection, select};
pub use semantic::{
    Coherence, SemanticConfig, coherence, judge_reasoning, judge_reasoning_with, semantic_check,
};
pub use setting::SettingError;
pub use sift::sift;
pub use steps::{BagOfWords, Embed, FEATURES, Likelihood, Oddity, StepModel, StepScore, Surprise};
