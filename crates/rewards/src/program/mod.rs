//! A reward that is any program: one JSON object a response in, one score a line out.
//!
//! The program is started once, with the first response, through the shell, and asked one response
//! after the other:
//!
//! ```text
//! → {"id": "p-7", "problem": "What is 7 + 5?", "gold": "12", "completion": "<think>…", "language": "en"}
//! ← {"score": 0.5, "reason": "half of the steps are right"}
//! ```
//!
//! `score` is a finite number, or `null` where the program cannot judge; `reason` may be left out. An
//! `id` in the answer must be that of the question. The program flushes every line, writes nothing
//! else to its standard output, and says what else it has to say on its standard error, whose last
//! line is quoted where the program fails.
//!
//! What goes wrong leaves the response unjudged, with a reason that names the program, and is never a
//! score: no answer in time, an answer that is none, a program that ends. A program out of step is
//! killed and started anew for the next response; after three failures in a row it is not asked any
//! more. Left out: asking several responses at a time; start several programs for that.

mod child;
mod protocol;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use data::Problem;
use serde::{Deserialize, Serialize};

use crate::reward::{Reward, Verdict};
use child::{Child, Failure};

/// Failures in a row after which a program is not asked any more.
const FAILURES: u32 = 3;

/// A program among the terms of a rubric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProgramConfig {
    /// The name it is reported under; that of no other part.
    pub name: String,
    /// Its weight in the total.
    pub weight: f32,
    /// What the shell runs, as `python3 my.py`.
    pub command: String,
    /// Seconds it may take for a response, its start included.
    pub timeout: f64,
}

/// A reward that asks a program. It ends with this value, and all it started with it.
pub struct ProgramReward {
    name: String,
    command: String,
    timeout: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    child: Option<Child>,
    failures: u32,
    last: String,
}

impl std::fmt::Debug for ProgramReward {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProgramReward")
            .field("name", &self.name)
            .field("command", &self.command)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

impl ProgramReward {
    /// The reward `name`, which the shell command `command` judges, within `timeout` for each response.
    /// Nothing is started yet.
    pub fn new(name: impl Into<String>, command: impl Into<String>, timeout: Duration) -> Self {
        Self {
            name: name.into(),
            command: command.into(),
            timeout,
            state: Mutex::default(),
        }
    }

    fn ask(
        &self,
        state: &mut State,
        problem: &Problem,
        response: &str,
    ) -> Result<Verdict, Failure> {
        let child = match &mut state.child {
            Some(child) => child,
            none => none.insert(Child::start(&self.command).map_err(Failure::Start)?),
        };
        let line = child.ask(protocol::request(problem, response), self.timeout)?;
        protocol::verdict(&line, &problem.id).map_err(Failure::Line)
    }
}

impl Reward for ProgramReward {
    fn name(&self) -> &str {
        &self.name
    }

    fn score(&self, problem: &Problem, response: &str) -> Verdict {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.failures >= FAILURES {
            return Verdict::unjudged(format!(
                "`{}` failed {FAILURES} times in a row and is not asked any more; the last time: {}",
                self.command, state.last
            ));
        }
        match self.ask(&mut state, problem, response) {
            Ok(Verdict::Unjudged { reason }) => {
                state.failures = 0;
                Verdict::unjudged(format!("`{}`: {reason}", self.command))
            }
            Ok(verdict) => {
                state.failures = 0;
                verdict
            }
            Err(failure) => {
                // It may be out of step, so the next answer could be this one's.
                state.child = None;
                state.failures += 1;
                state.last = failure.to_string();
                Verdict::unjudged(format!("`{}` {failure}", self.command))
            }
        }
    }
}

#[cfg(all(test, unix))]
mod tests;
