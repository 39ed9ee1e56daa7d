//! The student on the held-out problems.

use anyhow::Result;
use eval::{Identity, Plan, Protocol, Store, TaskSet, benchmarks};
use serde_json::{Value, json};

use super::inputs::BENCHMARK;
use crate::Artifact;
use crate::answers::{Manner, Voice, sampling};
use crate::generate::speaker::Speaker;
use crate::measure::watched;
use crate::stage::{Stage, StageContext};

/// Measures a model.
pub(super) struct Measuring<'a> {
    pub(super) model: &'a Artifact,
    pub(super) held_out: &'a TaskSet,
    pub(super) protocol: &'a Protocol,
    /// Decides what is sampled: the same before and after.
    pub(super) seed: u64,
    pub(super) rows: usize,
}

impl Stage for Measuring<'_> {
    fn inputs(&self) -> Vec<&Artifact> {
        vec![self.model]
    }

    fn settings(&self) -> Value {
        json!({ "held_out": self.held_out.file.sha256, "protocol": self.protocol })
    }

    fn describe(&self) -> &'static str {
        "the student on the held-out problems"
    }

    fn run(&self, cx: &StageContext) -> Result<()> {
        let Protocol {
            temperature, top_p, ..
        } = *self.protocol;
        let manner = Manner {
            sampling: sampling(temperature, top_p)?,
            max_tokens: self.protocol.max_tokens,
            seed: self.seed,
            rows: self.rows,
        };
        let speaker = Speaker::find(&self.model.dir, cx.console())?;
        let known = benchmarks::all();
        let benchmark = benchmarks::find(&known, BENCHMARK)?;
        let template = speaker.tokenizer.chat_template();
        let identity = Identity::Weights {
            name: self.model.name(),
            sha256: eval::fingerprint(&self.model.dir)?,
        };
        let plan = Plan::new(
            benchmark,
            self.held_out,
            self.protocol,
            identity,
            template.map_or("plain", |it| it.source()),
            self.seed,
        );
        let mut store = Store::open(&cx.dir, &plan)?;
        let voice = Voice::here(&speaker, manner)?;
        let measured = watched(cx.console(), &mut |observer| {
            let tasks = &self.held_out.tasks;
            Ok(eval::evaluate(
                &voice, benchmark, tasks, &mut store, observer,
            )?)
        });
        match (measured, cx.stops()) {
            (Err(_), Some(stops)) => Err(stops.into()),
            (measured, _) => measured.map(drop),
        }
    }
}
