//! How an answer is judged without trusting whoever wrote the problem.

use serde::{Deserialize, Serialize};

/// What must hold for an answer to be right.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Check {
    /// Equal to the problem's gold answer, as the verifier of `rewards` judges it.
    Answer,
}
