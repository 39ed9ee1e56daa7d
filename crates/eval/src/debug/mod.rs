//! The debug chain: a model's answer is tried by tests made for it, and what fails is shown to the model.
//!
//! | file | |
//! | --- | --- |
//! | `chain` | what failed, and how it is told |
//! | `report` | what that did for the answers |
//! | `program` | tests of programs: examples of the statement, and where candidates differ |
//! | `patch` | tests of patches: a script by a model that fails before and must not fail after |
//! | `hunt` | bugs that the examples miss: several candidates, and inputs a program ends badly on |
//! | `examples`, `fuzz` | examples in a statement; inputs like them |
//!
//! The benchmarks [`crate::benchmarks::DebugChain`] and [`crate::benchmarks::SweDebug`] ask. The tests that
//! judge are never shown: what the chain knows, a person with the statement would know. Whether it helps is
//! measured, in both directions ([`Report`]). Left out: tools the model calls by itself.

mod chain;
mod examples;
mod fuzz;
mod hunt;
#[cfg(all(test, target_os = "linux"))]
mod hunted;
mod patch;
mod program;
mod report;
#[cfg(all(test, target_os = "linux"))]
pub(crate) mod shown;

pub use chain::{Chain, Failure};
pub use examples::{Examples, examples};
pub use fuzz::like;
pub use hunt::Hunt;
pub use patch::{PatchSubject, Reproduction, reproduction_question};
pub use program::ProgramSubject;
pub use report::Report;
