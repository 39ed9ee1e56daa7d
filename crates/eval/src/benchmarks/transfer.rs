//! Transfer: problems solved in Python, and what is right ported to Rust ([`crate::transfer`]).
//!
//! A sample's first turn is the answer in Python, its second the port; it is right where both are.

use std::path::Path;

use data::chat::Message;
use data::dataset::{Dataset, Fault};
use data::{Check, Problem, Reply};
use rewards::code::{Language, Limits};
use serde_json::Value;

use super::sandbox::Programs;
use crate::benchmark::{Benchmark, Judged, LoadError, Loaded, Metric, NotReady, Task};
use crate::graded::{Graded, Outcome};
use crate::protocol::Protocol;
use crate::transfer::{self, Translated, porting, translate};

/// HumanEval's problems in Python and in Rust.
#[derive(Debug)]
pub struct Transfer {
    programs: Programs,
}

impl Default for Transfer {
    fn default() -> Self {
        Self {
            programs: Programs::new(Limits::default()),
        }
    }
}

impl Benchmark for Transfer {
    fn name(&self) -> &'static str {
        "python-to-rust"
    }

    fn description(&self) -> &'static str {
        "HumanEval solved in Python, then ported to Rust, judged by the same cases"
    }

    fn settings(&self) -> Value {
        self.programs.settings()
    }

    /// Runs every reference solution on its tests, to have the cases in both languages; what is no case is
    /// left out.
    fn load(&self, file: &Path, _: &Protocol) -> Result<Loaded, LoadError> {
        let unfit = |reason: String| LoadError::Unfit {
            path: file.into(),
            reason,
        };
        let sandbox = self.programs.sandbox().map_err(unfit)?;
        let mut records = Dataset::open(file)?.records::<Problem>();
        let mut loaded = Loaded {
            tasks: Vec::new(),
            skipped: Vec::new(),
        };
        while let Some(record) = records.next() {
            let problem = match record {
                Ok(problem) => problem,
                Err(Fault::Skipped(record)) => {
                    loaded.skipped.push(record);
                    continue;
                }
                Err(Fault::Failed(error)) => return Err(error.into()),
            };
            match translate(sandbox, &problem) {
                Ok(cases) => loaded.tasks.push(task(problem, &cases).map_err(unfit)?),
                Err(why) => {
                    let reason = format!("{}: {why}", problem.id);
                    loaded.skipped.extend(records.reject(reason));
                }
            }
        }
        Ok(loaded)
    }

    fn ready(&self, _: &[Task]) -> Result<(), NotReady> {
        self.programs.ready_for(self.name(), Language::Python)?;
        self.programs.ready_for(self.name(), Language::Rust)
    }

    fn messages(&self, task: &Task) -> Vec<Message> {
        vec![Message::user(task.problem.question.clone())]
    }

    fn grade(&self, task: &Task, reply: &Reply, earlier: &[Reply]) -> Judged {
        if earlier.is_empty() {
            return self.programs.judge(&task.problem, &reply.whole());
        }
        match task.record::<Translated>() {
            Ok(cases) => {
                let rust = Problem {
                    check: Check::Code { tests: cases.rust },
                    ..task.problem.clone()
                };
                self.programs.judge(&rust, &reply.whole())
            }
            Err(reason) => Judged::unjudged(reason),
        }
    }

    fn follow_up(
        &self,
        task: &Task,
        reply: &Reply,
        earlier: &[Reply],
        judged: &Judged,
    ) -> Option<String> {
        let solved = earlier.is_empty() && judged.verdict == Outcome::Right;
        let cases = solved.then(|| task.record::<Translated>().ok()).flatten();
        cases.map(|cases| porting(&cases, &reply.whole()))
    }

    fn metrics(&self, _: &[Task], graded: &[Graded], _: u64) -> Vec<Metric> {
        transfer::Transfer::of(graded).metrics()
    }
}

/// The problem in Python, with its cases.
fn task(problem: Problem, cases: &Translated) -> Result<Task, String> {
    let tests = cases.python.clone();
    let check = Check::Code { tests };
    Task::with(Problem { check, ..problem }, cases)
}
