//! What a response is worth: is the answer right, is the template kept, is the reasoning in the
//! language asked for, and how the three are weighed into one number.
//!
//! `r = w_acc·accuracy + w_fmt·format + w_lang·language`, by default 1.0, 0.3 and 0.2.
//!
//! | part | range | how |
//! | --- | --- | --- |
//! | [`Accuracy`] | 0 or 1 | [`extract`] the final answer, then the problem's own check or [`verify`] |
//! | [`Format`] | 0 to 1 | cosine between discrete structure vectors, so equal structures tie |
//! | [`Language`] | 0 to 1 | share of the reasoning's words in the problem's language |
//! | [`Code`] | 0 or 1 | the accuracy of programs: they are run against tests, in a sandbox |
//!
//! Further terms are added by [`RubricConfig`], or with [`Rubric::with`]:
//!
//! | term | range | how |
//! | --- | --- | --- |
//! | [`Length`] | −1 to 0 | how far from the length wanted, in tokens |
//! | [`Overlong`] | −1 to 0 | how far into the last stretch before the longest length |
//! | [`Repetition`] | −1 to 0 | share of phrases that came before |
//! | [`Judge`] | 0 or 1 | a model compares the answer with the gold one (feature `judge`) |
//! | [`ProgramReward`] | any | a program of yours, over JSON lines |
//!
//! Every reward but [`Code`], [`Judge`] and [`ProgramReward`] is a pure function of the problem and the
//! response: no model, no clock, no randomness. None panics, whatever the text, and "wrong" is kept apart from "could not be
//! judged" ([`Verdict`]). Left out: proofs.
//!
//! A response is the whole turn of the assistant. Where the prompt already ends in `<think>`, set
//! [`RubricConfig::prefill`] so that the tag is put back before anything is read; otherwise every
//! response would look broken.
//!
//! ```
//! use data::{Domain, Problem, check::Check};
//! use rewards::{Rubric, RubricConfig};
//!
//! let problem = Problem {
//!     id: "sum".into(),
//!     question: "What is 7 + 5?".into(),
//!     answer: "12".into(),
//!     solution: None,
//!     family: "arithmetic".into(),
//!     domain: Domain::Mathematics,
//!     level: 1,
//!     language: "en".into(),
//!     check: Check::Answer,
//! };
//! let rubric = Rubric::new(&RubricConfig::default());
//! let score = rubric.score(&problem, "<think>Seven and five make 12.</think><answer>12</answer>");
//! assert_eq!(score.accuracy, Some(1.0));
//! assert_eq!(score.total, 1.5);
//! ```

mod accuracy;
pub mod code;
mod config;
mod echo;
mod equal;
mod extract;
mod format;
mod grade;
#[cfg(test)]
mod hacking;
mod judge;
mod language;
mod math;
mod options;
mod plain;
mod program;
mod reward;
mod rubric;
mod tags;
mod terms;
mod units;

pub use accuracy::Accuracy;
pub use code::Code;
pub use config::{ConfigError, Mode, RubricConfig};
pub use equal::{LONGEST, verify, verify_with};
pub use extract::{Extracted, NoAnswer, Reading, Rule, extract, extract_as};
pub use format::{FEATURES, Format, TEMPLATE, strict, structure};
pub use grade::{Grade, grade};
pub use judge::{Judge, JudgeConfig};
pub use language::{COMMON, Language, UnknownLanguage, consistency, identify};
pub use options::Options;
pub use program::{ProgramConfig, ProgramReward};
pub use reward::{Reward, Verdict};
pub use rubric::{Part, Rubric, Score, Unjudged};
pub use terms::{
    CountTokens, Length, LengthConfig, Overlong, OverlongConfig, Repeated, Repetition,
    RepetitionConfig,
};
