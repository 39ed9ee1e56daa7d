//! Programs with the debug chain: what an answer does on the statement's own examples is told to the model,
//! which may answer again ([`crate::debug`]).

use std::path::Path;

use data::Reply;
use data::chat::Message;
use rewards::code::Limits;
use serde_json::{Value, json};

use super::sandbox::Programs;
use crate::benchmark::{Benchmark, Judged, LoadError, Loaded, Metric, NotReady, Task};
use crate::debug::{Chain, ProgramSubject, Report};
use crate::graded::Graded;
use crate::protocol::Protocol;

/// Problems whose answers are programs, with rounds of debugging.
#[derive(Debug)]
pub struct DebugChain {
    chain: Chain,
    programs: Programs,
}

impl DebugChain {
    /// Any file of programs.
    pub fn new(chain: Chain) -> Self {
        Self {
            chain,
            programs: Programs::new(Limits::default()),
        }
    }
}

impl Benchmark for DebugChain {
    fn name(&self) -> &'static str {
        "debug-chain"
    }

    fn description(&self) -> &'static str {
        "programs, each tried on the statement's examples and answered again where one fails"
    }

    fn settings(&self) -> Value {
        json!({ "programs": self.programs.settings(), "chain": self.chain })
    }

    fn load(&self, file: &Path, _: &Protocol) -> Result<Loaded, LoadError> {
        let imported = data::import::programs(file)?;
        Ok(Loaded {
            tasks: imported.problems.into_iter().map(Task::from).collect(),
            skipped: imported.skipped,
        })
    }

    fn ready(&self, _: &[Task]) -> Result<(), NotReady> {
        self.programs.ready(self.name())
    }

    fn messages(&self, task: &Task) -> Vec<Message> {
        vec![Message::user(task.problem.question.clone())]
    }

    fn grade(&self, task: &Task, reply: &Reply, _: &[Reply]) -> Judged {
        self.programs.judge(&task.problem, &reply.whole())
    }

    fn follow_up(
        &self,
        task: &Task,
        reply: &Reply,
        earlier: &[Reply],
        _: &Judged,
    ) -> Option<String> {
        self.chain.ask_on(earlier.len(), || {
            let sandbox = self.programs.sandbox()?;
            ProgramSubject::new(&task.problem, sandbox).failures(&reply.whole())
        })
    }

    fn metrics(&self, _: &[Task], graded: &[Graded], _: u64) -> Vec<Metric> {
        Report::of(graded, 0, self.chain.rounds).metrics()
    }
}
