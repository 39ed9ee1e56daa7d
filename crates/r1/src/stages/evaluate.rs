//! Evaluation of every model on the held-out problems.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use data::Problem;
use eval::{Graded, Summary, grade};
use lm::CausalLm;
use rewards::RubricConfig;
use serde::Serialize;
use serde_json::{Value, json};

use super::ask;
use super::checkpoint::Checkpoint;
use super::files::{read_lines, write_json};
use super::judging;
use super::tasks::HELD_OUT;
use crate::Artifact;
use crate::preset;
use crate::stage::{Stage, StageContext};

/// Measures models; leaves `models.json`.
pub struct Evaluate<'a> {
    /// Names and artifacts.
    models: &'a [(&'a str, &'a Artifact)],
    /// Where the held-out problems are.
    tasks: &'a Artifact,
    /// How many samples, drawn how.
    plan: &'a preset::Eval,
}

impl<'a> Evaluate<'a> {
    /// Asks each model the held-out problems of `tasks`.
    pub fn new(
        models: &'a [(&'a str, &'a Artifact)],
        tasks: &'a Artifact,
        plan: &'a preset::Eval,
    ) -> Self {
        Self {
            models,
            tasks,
            plan,
        }
    }
}

/// What `models.json` says of a model.
#[derive(Serialize)]
struct Measured {
    #[serde(flatten)]
    summary: Summary,
    params: usize,
    active_params: usize,
}

/// A line of `completions.jsonl`.
#[derive(Serialize)]
struct Line<'a> {
    model: &'a str,
    question: &'a str,
    #[serde(flatten)]
    graded: &'a Graded,
}

impl Stage for Evaluate<'_> {
    fn inputs(&self) -> Vec<&Artifact> {
        self.models
            .iter()
            .map(|(_, model)| *model)
            .chain([self.tasks])
            .collect()
    }

    fn settings(&self) -> Value {
        let names: Vec<&str> = self.models.iter().map(|(name, _)| *name).collect();
        json!({ "models": names, "plan": self.plan })
    }

    fn describe(&self) -> &'static str {
        "evaluation on the held-out problems"
    }

    fn run(&self, cx: &StageContext) -> Result<()> {
        cx.start_over()?;
        let problems: Vec<Problem> = read_lines(&self.tasks.file(HELD_OUT))?;
        let rubric = judging::rubric(&RubricConfig::default(), self.tasks)?;
        let total = self.models.len() * problems.len() * self.plan.samples;
        let progress = cx.progress(total, "responses");
        let options = ask::options(
            cx,
            self.plan.samples,
            (self.plan.temperature, self.plan.top_p),
            self.plan.max_new_tokens,
            cx.seed,
        );
        let mut table = BTreeMap::new();
        for (name, artifact) in self.models {
            progress.set_message((*name).to_string());
            let Checkpoint { model, tokenizer } = Checkpoint::open(artifact)?;
            let groups = grpo::sample(
                &model,
                &tokenizer,
                problems.clone(),
                &rubric,
                &options,
                &mut |n| progress.inc(n),
            )
            .with_context(|| format!("sampling from {name}"))?;
            let mut all = Vec::new();
            for group in &groups {
                for completion in &group.completions {
                    let graded = grade(&group.problem, completion, &rubric);
                    cx.completion(&Line {
                        model: name,
                        question: &group.problem.question,
                        graded: &graded,
                    })?;
                    all.push(graded);
                }
            }
            let summary =
                Summary::new(&all, cx.seed).with_context(|| format!("measuring {name}"))?;
            let (params, active_params) = model.parameters();
            table.insert(
                *name,
                Measured {
                    summary,
                    params,
                    active_params,
                },
            );
        }
        write_json(&cx.dir.join("models.json"), &table)
    }
}
