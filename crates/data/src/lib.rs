//! Problems with checkable answers and the texts made of them.
//!
//! - [`Problem`], [`Sample`], [`Completion`]: the records every crate passes around;
//! - [`Ask`], [`Reply`], [`Answers`]: asking a model, wherever it runs, and a [`journal`] of what it said;
//! - [`check`]: judging an answer by its content, without trusting whoever wrote the problem, with
//!   exact numbers ([`Rational`]);
//! - [`tasks`]: endless generated problems in five families, two languages and rising levels;
//! - [`corpus`]: the texts a base model is pretrained on, curated responses, general questions;
//! - [`template`], [`chat`], [`reasoning`] and [`tokenizer`]: how texts and conversations become tokens;
//! - [`bulk`] and [`ngrams`]: encoding much text, and finding held-out texts in it;
//! - [`dataset`]: records out of files of many forms, and [`import`]: all the problems of one;
//! - [`files`] and [`lines`]: files that are whole or not there, and files that only grow;
//! - `hub`, with the feature of that name: data sets and models from the Hugging Face hub.
//!
//! Left out: models, rewards, and comparing an answer with a gold answer as text (`rewards`).

mod ask;
pub mod bulk;
pub mod chat;
pub mod check;
mod conversation;
pub mod corpus;
mod cut;
pub mod dataset;
pub mod files;
#[cfg(feature = "hub")]
pub mod hub;
pub mod import;
pub mod journal;
mod language;
pub mod lines;
pub mod ngrams;
mod rational;
pub mod reasoning;
mod record;
mod records;
mod response_stream;
pub mod seed;
pub mod tasks;
pub mod template;
mod text_stream;
pub mod tokenizer;

pub use ask::{Answers, Ask, Reply, Scripted, Silence, Unanswered};
pub use check::{Case, Check, CodeTests, Judgement};
pub use conversation::Conversation;
pub use cut::{Cut, before};
pub use language::{Language, is_han};
pub use rational::{Rational, without_separators};
pub use record::{Record, Text};
pub use records::{Completion, Domain, Finish, Problem, Sample};
pub use response_stream::ResponseStream;
pub use text_stream::TextStream;
pub use tokenizer::Tokenizer;
