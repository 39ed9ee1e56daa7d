//! From a problem in words to a statement a proof checker reads: is what a model wrote down faithful?
//!
//! | step | where |
//! | --- | --- |
//! | problems with reference statements, from the files of compfiles and miniF2F | [`FormalProblem`] |
//! | the statement in a model's reply, and what it may not contain | [`extract`], [`Statement`] |
//! | questions to Coq or Lean 4, in the sandbox | [`Checker`], [`Question`] |
//! | compiles, not vacuous, not trivial, not absurd, equivalent to the reference | [`Checker::judge`] |
//! | what the checker leaves open, asked of a model | [`settle`] |
//!
//! [`crate::benchmarks::FormalStatements`] asks. Equivalence is proved both ways by the checker's own automation, as bidirectional extended
//! definitional equivalence does (Liu et al., *Rethinking and Improving Autoformalization*, ICLR 2025). A proof counts only where the automation
//! proves neither statement alone: between two theorems it has proved, every implication is true and
//! says nothing. Left out: proving the statements themselves, and choosing among several.

mod checker;
mod coq;
mod fence;
mod installed;
mod judge;
mod known;
mod lean;
#[cfg(test)]
mod lean_tests;
mod panel;
mod problems;
mod statement;
#[cfg(test)]
mod tests;
mod text;
mod tried;

pub use checker::{Checker, NoChecker, Question};
pub use fence::extract;
pub use judge::{By, Fidelity, Item};
pub use panel::settle;
pub use problems::{FormalProblem, ask};
pub use statement::{Refused, Statement, System};
