//! Cross-language transfer: a problem solved in Python, then ported to Rust, judged by the same cases.
//!
//! | file | |
//! | --- | --- |
//! | `translate` | HumanEval's tests as cases, in both languages |
//! | `value` | values with their types, as each language writes them |
//! | `port` | what is asked for the port, and how often each comes off |
//!
//! [`crate::benchmarks::Transfer`] asks. Left out: other languages, and problems whose cases are no plain data; they are counted with reasons.

mod port;
#[cfg(all(test, target_os = "linux"))]
mod shown;
mod translate;
mod value;

pub use port::{Transfer, porting};
pub use translate::{Translated, Untranslatable, translate};
pub use value::{Type, Value};
