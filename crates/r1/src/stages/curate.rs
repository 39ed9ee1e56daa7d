//! Rejection sampling: the teacher answers, and only what passes every gate is kept.

use anyhow::Result;
use data::{Completion, Problem, Sample};
use distill::{CurateConfig, Curated};
use moe_model::Decoder;
use rewards::{RubricConfig, Score};
use serde_json::{Value, json};

use super::ask;
use super::checkpoint::Checkpoint;
use super::cost::Cost;
use super::files::{write_json, write_lines};
use super::judging;
use super::problems::Problems;
use super::responses::Line;
use crate::Artifact;
use crate::preset;
use crate::stage::{Stage, StageContext};

pub(super) const SAMPLES: &str = "samples.jsonl";

/// Samples a teacher and filters what it says.
pub struct Curate<'a> {
    /// The model that answers.
    teacher: &'a Artifact,
    /// Where problems come from.
    tasks: &'a Artifact,
    /// How much is asked.
    plan: &'a preset::Rejection,
}

impl<'a> Curate<'a> {
    /// Asks `teacher` problems of `tasks`.
    pub fn new(teacher: &'a Artifact, tasks: &'a Artifact, plan: &'a preset::Rejection) -> Self {
        Self {
            teacher,
            tasks,
            plan,
        }
    }
}

impl Stage for Curate<'_> {
    fn inputs(&self) -> Vec<&Artifact> {
        vec![self.teacher, self.tasks]
    }

    fn settings(&self) -> Value {
        json!(self.plan)
    }

    fn describe(&self) -> &'static str {
        "rejection sampling: rule check and semantic filter"
    }

    fn run(&self, cx: &StageContext) -> Result<()> {
        cx.start_over()?;
        let teacher = Checkpoint::open(self.teacher)?;
        let mut cost = Cost::default();
        let samples = curate(cx, &teacher, self.tasks, self.plan, &mut cost)?;
        write_lines(&cx.dir.join(SAMPLES), &samples)?;
        cost.write(&cx.dir)
    }
}

/// Asks, scores, filters; writes the completions and `curation.json`.
pub(super) fn curate(
    cx: &StageContext,
    teacher: &Checkpoint,
    tasks: &Artifact,
    plan: &preset::Rejection,
    cost: &mut Cost,
) -> Result<Vec<Sample>> {
    let problems = Problems::open(tasks, None, cx.seed)?.take(plan.prompts);
    let options = ask::options(
        cx,
        plan.samples,
        (plan.temperature, plan.top_p),
        plan.max_new_tokens,
        cx.seed,
    );
    let rubric = judging::rubric(&RubricConfig::default(), tasks)?;
    let progress = cx.progress(plan.prompts * plan.samples, "responses");
    let (model, tokenizer): (&Decoder, _) = (&teacher.model, &teacher.tokenizer);
    let groups = grpo::sample(model, tokenizer, problems, &rubric, &options, &mut |n| {
        progress.inc(n)
    })?;
    for group in &groups {
        Line::write_all(cx, None, group)?;
        let responses: usize = group.completions.iter().map(|c| c.tokens.len()).sum();
        cost.sample("sampling", model, group.prompt.len() + responses);
    }
    let asked: Vec<(Problem, Vec<(Completion, Score)>)> = groups
        .into_iter()
        .map(|group| {
            (
                group.problem,
                group.completions.into_iter().zip(group.scores).collect(),
            )
        })
        .collect();
    let config = CurateConfig {
        per_prompt_cap: plan.per_prompt_cap,
        ..CurateConfig::default()
    };
    let Curated { samples, report } = distill::curate(&asked, &config);
    write_json(&cx.dir.join("curation.json"), &report)?;
    cx.log(format!(
        "{} of {} responses kept",
        samples.len(),
        plan.prompts * plan.samples
    ));
    Ok(samples)
}
