//! Cross-language transfer: a problem solved in Python, then ported to Rust, judged by the same cases.
//!
//! | file | |
//! | --- | --- |
//! | `translate` | HumanEval's tests as cases, in both languages |
//! | `value` | values with their types, as each language writes them |
//! | `run` | solving, porting, and how often each comes off |
//!
//! Left out: other languages, and problems whose cases are no plain data; they are counted with reasons.

mod run;
#[cfg(all(test, target_os = "linux"))]
mod shown;
mod translate;
mod value;

pub use run::{Attempt, Fate, Transfer, transfer};
pub use translate::{Translated, Untranslatable, translate};
pub use value::{Type, Value};
