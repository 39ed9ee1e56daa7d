//! Rejection sampling: the teacher answers, and only what passes every gate is kept.

use anyhow::Result;
use data::{Completion, Problem, Sample};
use distill::{CurateConfig, Curated};
use lm::Sampling;
use moe_model::Decoder;
use rewards::{Rubric, RubricConfig, Score};
use serde_json::{Value, json};

use super::checkpoint::Checkpoint;
use super::cost::Cost;
use super::files::{write_json, write_lines};
use super::problems::Problems;
use super::rl::{Line, MAX_ROWS};
use crate::Artifact;
use crate::preset;
use crate::stage::{Stage, StageContext};

pub(super) const SAMPLES: &str = "samples.jsonl";

/// Samples a teacher and filters what it says.
pub struct Curate<'a> {
    /// The model that answers.
    pub teacher: &'a Artifact,
    /// Where problems come from.
    pub tasks: &'a Artifact,
    /// How much is asked.
    pub plan: &'a preset::Rejection,
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
        cx.rewind(0)?;
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
    let held_out: Vec<Problem> = super::files::read_lines(&tasks.file(super::tasks::HELD_OUT))?;
    let levels: std::collections::BTreeSet<u32> = held_out.iter().map(|p| p.level).collect();
    let levels: Vec<u32> = levels.into_iter().collect();
    let problems = Problems::open(tasks, &levels, cx.seed)?.take(plan.prompts);
    let options = grpo::SampleOptions {
        group: plan.samples as u32,
        sampling: Sampling {
            temperature: plan.temperature,
            top_p: plan.top_p,
        },
        max_new_tokens: plan.max_new_tokens,
        max_rows: MAX_ROWS.max(plan.samples),
        seed: cx.seed,
    };
    let rubric = Rubric::new(&RubricConfig::default());
    let progress = cx.progress(plan.prompts * plan.samples, "responses");
    let (model, tokenizer): (&Decoder, _) = (&teacher.model, &teacher.tokenizer);
    let groups = grpo::sample(model, tokenizer, problems, &rubric, &options, &mut |n| {
        progress.inc(n)
    });
    for group in &groups {
        Line::write_all(cx, None, group)?;
        let responses: usize = group.completions.iter().map(|c| c.tokens.len()).sum();
        cost.sample(model, group.prompt.len() + responses);
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
