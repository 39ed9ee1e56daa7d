//! Records, templates, tokenizer, generated task families and the pretraining mixture.
pub mod check;
mod records;

pub use records::{Completion, Domain, Finish, Problem, Sample};
