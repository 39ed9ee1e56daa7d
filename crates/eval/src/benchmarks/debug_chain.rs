//! Programs with the debug chain: what an answer does on the statement's own examples is told to the model,
//! which may answer again ([`crate::debug`]).
//!
//! Where several candidates are asked for, they are the first turns of a sample; the last of them is tried, also
//! by where they differ.

use std::path::Path;

use data::Reply;
use data::chat::Message;
use rewards::code::Limits;
use serde_json::{Value, json};

use super::sandbox::Programs;
use crate::benchmark::{Benchmark, Judged, LoadError, Loaded, Metric, NotReady, Task};
use crate::debug::{Chain, Hunt, ProgramSubject, Report};
use crate::graded::Graded;
use crate::protocol::Protocol;

/// Problems whose answers are programs, with rounds of debugging.
#[derive(Debug)]
pub struct DebugChain {
    chain: Chain,
    hunt: Hunt,
    programs: Programs,
}

impl DebugChain {
    /// Any file of programs.
    pub fn new(chain: Chain) -> Self {
        Self {
            chain,
            hunt: Hunt::default(),
            programs: Programs::new(Limits::default()),
        }
    }

    /// The same, with tests beyond the examples looked for.
    #[must_use]
    pub fn with_hunt(self, hunt: Hunt) -> Self {
        Self { hunt, ..self }
    }

    /// The turn of the answer that is tried first.
    fn first(&self) -> u32 {
        self.hunt.candidates.saturating_sub(1)
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
        json!({
            "programs": self.programs.settings(),
            "chain": self.chain,
            "hunt": self.hunt,
        })
    }

    fn load(&self, file: &Path, _: &Protocol) -> Result<Loaded, LoadError> {
        Ok(data::import::programs(file)?.into())
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
        let Some(round) = earlier.len().checked_sub(self.first() as usize) else {
            return Some(Hunt::another());
        };
        self.chain.ask_on(round, || {
            let subject = ProgramSubject::new(&task.problem, self.programs.sandbox()?);
            let replies: Vec<String> = earlier.iter().chain([reply]).map(Reply::whole).collect();
            let replies: Vec<&str> = replies.iter().map(String::as_str).collect();
            self.hunt.failures(subject, &replies)
        })
    }

    fn metrics(&self, _: &[Task], graded: &[Graded], _: u64) -> Vec<Metric> {
        Report::of(graded, self.first(), self.chain.rounds).metrics()
    }
}
