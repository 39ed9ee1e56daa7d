//! The debug chain: a model's answer is tried by tests made for it, and what fails is shown to the model.
//!
//! | file | |
//! | --- | --- |
//! | `chain` | rounds of asking, trying and asking again, and the report |
//! | `program` | tests of programs: examples of the statement, and where candidates differ |
//! | `patch` | tests of patches: a script by a model that fails before and must not fail after |
//! | `examples`, `fuzz` | examples in a statement; inputs like them |
//!
//! The tests that judge are never shown: what the chain knows, a person with the statement would know.
//! Whether it helps is measured, in both directions ([`Report`]). Left out: tools the model calls by itself.

mod chain;
mod examples;
mod fuzz;
mod patch;
mod program;
#[cfg(all(test, target_os = "linux"))]
pub(crate) mod shown;

pub(crate) use chain::replies;
pub use chain::{Asking, Chain, Failure, Report, Subject, Trail, Turn};
pub use examples::{Examples, examples};
pub use fuzz::like;
pub use patch::{PatchSubject, Reproduction, reproduction_question};
pub use program::ProgramSubject;
