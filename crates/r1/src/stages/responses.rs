//! Responses with their rewards, as they are written beside a stage's other files.

use anyhow::Result;
use data::Finish;
use eval::Outcome;
use grpo::Group;
use serde::Serialize;

use crate::stage::StageContext;

/// A line of `completions.jsonl`: one response with its reward, part by part.
#[derive(Serialize)]
pub(super) struct Line<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<usize>,
    problem: &'a str,
    question: &'a str,
    gold: &'a str,
    sample: u32,
    completion: &'a str,
    verdict: Outcome,
    rule: &'a str,
    accuracy: Option<f32>,
    format: f32,
    language: f32,
    reward: f32,
    tokens: usize,
    finish: Finish,
}

impl Line<'_> {
    /// Writes every response of a group.
    pub(super) fn write_all(cx: &StageContext, step: Option<usize>, group: &Group) -> Result<()> {
        for (completion, score) in group.completions.iter().zip(&group.scores) {
            cx.completion(&Line {
                step,
                problem: &group.problem.id,
                question: &group.problem.question,
                gold: &group.problem.answer,
                sample: completion.sample,
                completion: &completion.text,
                verdict: Outcome::of(score.accuracy),
                rule: &score.rule,
                accuracy: score.accuracy,
                format: score.format,
                language: score.language,
                reward: score.total,
                tokens: completion.tokens.len(),
                finish: completion.finish,
            })?;
        }
        Ok(())
    }
}
