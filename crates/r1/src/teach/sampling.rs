//! The parts that ask the teacher: every problem k times, and what it failed once more with hints.

use std::ops::ControlFlow;
use std::path::Path;

use anyhow::{Context, Result};
use distill::{
    Embed, HintConfig, HintReport, RuleConfig, SampleConfig, SampleError, Sampled, SemanticConfig,
    StepBook, sample, sample_with_hints,
};
use rewards::RubricConfig;
use serde_json::{Value, json};

use super::groups::{RESPONSES, Writer, read};
use super::inputs::Inputs;
use super::meaning::Vectors;
use super::teacher::Teacher;
use crate::Artifact;
use crate::progress::Progress;
use crate::stage::{Stage, StageContext};
use crate::stages::files::write_json;
use crate::stages::judging::rubric_for;

/// The report of either part.
pub(super) const REPORT: &str = "sampling.json";

/// Whom to ask what.
pub(super) struct Asking<'a> {
    pub(super) teacher: &'a Teacher,
    pub(super) inputs: &'a Inputs,
    pub(super) config: &'a SampleConfig,
    /// What the problems are called in messages.
    pub(super) source: &'a str,
}

impl Asking<'_> {
    fn settings(&self) -> Value {
        json!({
            "teacher": self.teacher.identity,
            "problems": self.inputs.digest(),
            "config": self.config,
        })
    }
}

/// Every problem, k times.
pub(super) struct Sampling<'a>(pub(super) Asking<'a>);

impl Stage for Sampling<'_> {
    fn inputs(&self) -> Vec<&Artifact> {
        Vec::new()
    }

    fn settings(&self) -> Value {
        self.0.settings()
    }

    fn describe(&self) -> &'static str {
        "asking the teacher"
    }

    fn run(&self, cx: &StageContext) -> Result<()> {
        let Asking {
            inputs,
            config,
            source,
            ..
        } = self.0;
        let problems = &inputs.problems;
        let rubric = rubric_for(&RubricConfig::default(), problems, Path::new(source))?;
        let teacher = self.0.teacher.open(cx.in_steps())?;
        let mut heard = Heard::begin(cx, problems.len(), config.samples)?;
        let asked = problems.iter().cloned();
        let report = sample(asked, &teacher, &rubric, config, &mut |it| heard.take(it));
        heard.end(report)
    }
}

/// The problems that were failed, k times with a hint and, to compare, k times without.
pub(super) struct Hinting<'a> {
    pub(super) asking: Asking<'a>,
    pub(super) hints: &'a HintConfig,
    pub(super) sampled: &'a Artifact,
    pub(super) encoder: Option<&'a Vectors>,
}

impl Stage for Hinting<'_> {
    fn inputs(&self) -> Vec<&Artifact> {
        vec![self.sampled]
    }

    fn settings(&self) -> Value {
        let encoder = self.encoder.map(|it| &it.sha256);
        json!({ "asking": self.asking.settings(), "hints": self.hints, "encoder": encoder })
    }

    fn describe(&self) -> &'static str {
        "asking again what the teacher failed, with steps of similar problems"
    }

    fn run(&self, cx: &StageContext) -> Result<()> {
        let mut book = StepBook::new(RuleConfig::default(), SemanticConfig::default());
        let mut failed = Vec::new();
        for group in read(&self.sampled.file(RESPONSES))? {
            let group = group?;
            match group.is_solved() {
                true => _ = book.add(&group.problem, &group.responses),
                false => failed.push(group.problem),
            }
        }
        let solved = book.len();
        cx.log(format!(
            "{} problems failed, verified steps of {solved}",
            failed.len()
        ));
        if failed.is_empty() || solved == 0 {
            Writer::new(&cx.dir)?.finish()?;
            return write_json(&cx.dir.join(REPORT), &HintReport::default());
        }
        match self.encoder {
            Some(encoder) => self.ask(cx, failed, &book.index_by(encoder)),
            None => self.ask(cx, failed, &book.index()),
        }
    }
}

impl Hinting<'_> {
    fn ask<E: Embed + Sync>(
        &self,
        cx: &StageContext,
        failed: Vec<data::Problem>,
        index: &distill::StepIndex<E>,
    ) -> Result<()> {
        let Asking { config, source, .. } = self.asking;
        let rubric = rubric_for(&RubricConfig::default(), &failed, Path::new(source))?;
        let teacher = self.asking.teacher.open(cx.in_steps())?;
        let rounds = 1 + u32::from(self.hints.control);
        let mut heard = Heard::begin(cx, failed.len(), rounds * config.samples)?;
        let each = &mut |it| heard.take(it);
        let failed = failed.into_iter();
        let report = sample_with_hints(failed, &teacher, &rubric, index, config, self.hints, each);
        heard.end(report)
    }
}

/// What was heard so far.
struct Heard<'a> {
    cx: &'a StageContext,
    writer: Writer,
    progress: Progress,
    /// Samples of a problem.
    samples: usize,
    solved: usize,
    heard: usize,
    failed: Option<anyhow::Error>,
}

impl<'a> Heard<'a> {
    fn begin(cx: &'a StageContext, problems: usize, samples: u32) -> Result<Self> {
        let samples = samples as usize;
        Ok(Self {
            cx,
            writer: Writer::new(&cx.dir)?,
            progress: cx.progress(problems * samples, "samples"),
            samples,
            solved: 0,
            heard: 0,
            failed: None,
        })
    }

    fn take(&mut self, sampled: Sampled) -> ControlFlow<()> {
        self.heard += 1;
        self.solved += usize::from(sampled.is_solved());
        if let Err(error) = self.writer.add(sampled) {
            self.failed = Some(error);
            return ControlFlow::Break(());
        }
        self.progress.inc(self.samples);
        let Self { solved, heard, .. } = self;
        self.progress
            .set_message(format!("{solved} of {heard} problems solved"));
        ControlFlow::Continue(())
    }

    fn end(self, report: Result<impl serde::Serialize, SampleError>) -> Result<()> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        // Where the asking was broken off, problems are left in their midst.
        if let Some(stops) = self.cx.stops() {
            return Err(stops.into());
        }
        let report = report.context("what was said is kept; the same command goes on")?;
        self.writer.finish()?;
        write_json(&self.cx.dir.join(REPORT), &report)
    }
}
