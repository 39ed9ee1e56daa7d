//! Tests in Python that call the program: the two sides that run them, and what they say.

use serde::Deserialize;
use serde_json::json;

use super::Sandbox;
use super::limits::{Outcome, RunError};
use crate::reward::Verdict;

const CANDIDATE: &str = concat!(
    include_str!("python/values.py"),
    include_str!("python/candidate.py")
);
const CHECKER: &str = concat!(
    include_str!("python/values.py"),
    include_str!("python/checker.py")
);

/// Tests for the checker.
pub(crate) struct Tests<'a> {
    /// What stands before the program and before the tests.
    pub(crate) preamble: &'a str,
    /// What stands before the tests.
    pub(crate) setup: &'a str,
    pub(crate) tests: Vec<&'a str>,
    /// The one name the tests take from the program; without it, every name they use and do not
    /// define.
    pub(crate) entry_point: Option<&'a str>,
}

#[derive(Deserialize)]
struct Said {
    verdict: String,
    reason: String,
}

/// Judges a Python program by functional tests.
pub(crate) fn judge(sandbox: &Sandbox, program: &str, tests: &Tests<'_>) -> Verdict {
    let given = json!({
        "preamble": tests.preamble,
        "setup": tests.setup,
        "tests": tests.tests,
        "entry_point": tests.entry_point,
    });
    let candidate = [("/preamble.py", tests.preamble), ("/program.py", program)];
    let given = given.to_string();
    let checker = [("/tests.json", given.as_str())];
    match sandbox.run_pair((CANDIDATE, &candidate), (CHECKER, &checker)) {
        Ok((candidate, checker)) => verdict(candidate.as_ref(), &checker),
        Err(error) => unjudged(&error),
    }
}

/// The verdict that is none.
pub(crate) fn unjudged(error: &RunError) -> Verdict {
    Verdict::unjudged(error.to_string())
}

fn verdict(candidate: Option<&Outcome>, checker: &Outcome) -> Verdict {
    if let Some(limit) = candidate.and_then(|outcome| outcome.killed_by) {
        return Verdict::wrong(format!("the program {limit}"));
    }
    if let Some(limit) = checker.killed_by {
        return Verdict::wrong(format!("the check of what the program gave {limit}"));
    }
    let said: Said = match serde_json::from_str(&checker.stderr) {
        Ok(said) if checker.is_success() => said,
        _ => return Verdict::unjudged(format!("the checker {}", checker.complaint())),
    };
    match (said.verdict.as_str(), candidate) {
        ("unjudged", _) => Verdict::unjudged(said.reason),
        (_, None) => Verdict::unjudged("the program's sandbox was not ready"),
        ("passed", _) => Verdict::right(said.reason),
        _ => Verdict::wrong(said.reason),
    }
}
