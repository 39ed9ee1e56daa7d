//! What failed, and how it is told to the model.

use serde::{Deserialize, Serialize};

/// A test that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The test: an assertion, an input, a command.
    pub test: String,
    /// What should come out, where it is known.
    pub expected: Option<String>,
    /// What came out.
    pub got: String,
}

/// How a chain is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chain {
    /// How often a model is asked again, at most.
    pub rounds: u32,
    /// How many failures it is shown at a time.
    pub shown: usize,
}

impl Default for Chain {
    /// Three rounds, three failures each.
    fn default() -> Self {
        Self {
            rounds: 3,
            shown: 3,
        }
    }
}

impl Chain {
    /// What the model is asked after `round` rounds (from 0) in the light of what its answer's tests find
    /// wrong, which is looked for only where there is a round left; `None` where nothing is.
    pub fn ask_on(
        &self,
        round: usize,
        failures: impl FnOnce() -> Result<Vec<Failure>, String>,
    ) -> Option<String> {
        if round >= self.rounds as usize {
            return None;
        }
        // Tests that cannot be run say nothing of the answer, which stands.
        let failures = failures().unwrap_or_default();
        (!failures.is_empty()).then(|| self.feedback(&failures))
    }

    fn feedback(&self, failures: &[Failure]) -> String {
        let mut text = String::from("Your answer was tried, and this went wrong:\n");
        for failure in failures.iter().take(self.shown) {
            text += &format!("\n```text\n{}\n```\n", failure.test.trim_end());
            if let Some(expected) = &failure.expected {
                text += &format!("expected: {}\n", expected.trim_end());
            }
            text += &format!("got: {}\n", failure.got.trim_end());
        }
        text + "\nFind the mistake, and give the whole corrected answer in the same form. Where a test \
                itself is mistaken, keep what is right.\n"
    }
}
