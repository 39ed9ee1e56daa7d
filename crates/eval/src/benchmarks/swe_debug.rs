//! SWE-bench with the debug chain: the model writes a script that shows the issue, then a patch, and is
//! told where the patch does not apply or the script still fails.
//!
//! The first turn of a sample is the script's and counts for nothing by itself; the last is the patch that
//! is judged.

use std::path::Path;

use data::Reply;
use data::chat::Message;
use serde_json::{Value, json};

use super::swe_bench::{Asked, SweBench};
use crate::benchmark::{Benchmark, Judged, LoadError, Loaded, Metric, NotReady, Task};
use crate::debug::{Chain, PatchSubject, Report, Reproduction, reproduction_question};
use crate::graded::Graded;
use crate::protocol::Protocol;
use crate::swe::Settings;

/// The turn of the first patch.
const PATCH: u32 = 1;

/// SWE-bench with rounds of debugging.
#[derive(Debug)]
pub struct SweDebug {
    bench: SweBench,
    chain: Chain,
}

impl SweDebug {
    /// Any file of SWE-bench's schema. Without `settings` it can be named and not measured.
    pub fn new(settings: Option<Settings>, oracle: bool, chain: Chain) -> Self {
        let about = "SWE-bench, each patch tried by a script of the model's own";
        let bench = SweBench::new("swe-bench-debug", about, settings);
        Self {
            bench: bench.with_oracle(oracle),
            chain,
        }
    }

    /// What is wrong with a patch, as far as a script shows it.
    fn feedback(&self, task: &Task, reply: &Reply, script: &Reply, round: usize) -> Option<String> {
        self.chain.ask_on(round, || {
            let harness = self.bench.harness()?;
            let Asked { instance, .. } = task.record()?;
            let script = Reproduction::of(harness, &instance, &script.whole())?;
            let subject = PatchSubject::new(harness, &instance, script)?;
            subject.failures(&reply.whole())
        })
    }
}

impl Benchmark for SweDebug {
    fn name(&self) -> &str {
        self.bench.name()
    }

    fn description(&self) -> &str {
        self.bench.description()
    }

    fn settings(&self) -> Value {
        json!({ "bench": self.bench.settings(), "chain": self.chain })
    }

    fn load(&self, file: &Path, protocol: &Protocol) -> Result<Loaded, LoadError> {
        self.bench.load(file, protocol)
    }

    fn ready(&self, tasks: &[Task]) -> Result<(), NotReady> {
        self.bench.ready(tasks)
    }

    fn messages(&self, task: &Task) -> Vec<Message> {
        let asked = task.record::<Asked>();
        vec![Message::user(asked.map_or_else(
            |_| task.problem.question.clone(),
            |asked| reproduction_question(&asked.instance),
        ))]
    }

    fn grade(&self, task: &Task, reply: &Reply, earlier: &[Reply]) -> Judged {
        match earlier.is_empty() {
            true => Judged::unjudged("a script, not a patch"),
            false => self.bench.grade(task, reply, &[]),
        }
    }

    fn follow_up(
        &self,
        task: &Task,
        reply: &Reply,
        earlier: &[Reply],
        _: &Judged,
    ) -> Option<String> {
        match earlier {
            [] => Some(SweBench::question(task)),
            [script, patches @ ..] => self.feedback(task, reply, script, patches.len()),
        }
    }

    fn metrics(&self, tasks: &[Task], graded: &[Graded], seed: u64) -> Vec<Metric> {
        let mut metrics = self.bench.metrics(tasks, graded, seed);
        metrics.extend(Report::of(graded, PATCH, self.chain.rounds).metrics());
        metrics
    }
}
