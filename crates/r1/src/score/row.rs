//! A line of the file, and what is said of it.

use anyhow::{Context, Result, bail};
use data::{Check, Domain, Problem};
use rewards::{Options, Reading, Rubric};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::grade::Opts;

/// What a line needs, for whoever left something out.
const NEEDS: &str = "a line is one JSON object {id, problem, gold, completion, language?, opts?}";

/// A line as it stands in the file; other keys are passed over.
#[derive(Debug, Deserialize)]
struct Line {
    id: Value,
    problem: String,
    /// A text or a number.
    gold: Value,
    completion: String,
    #[serde(default)]
    language: Option<String>,
    #[serde(default)]
    opts: Option<Opts>,
}

/// One response to score.
#[derive(Debug)]
pub(super) struct Row {
    id: Value,
    problem: Problem,
    completion: String,
    reading: Reading,
    options: Options,
}

/// What a response earned.
#[derive(Debug, Serialize)]
pub(super) struct Scored {
    pub(super) id: Value,
    pub(super) accuracy: Option<f32>,
    pub(super) format: Option<f32>,
    pub(super) language: Option<f32>,
    pub(super) total: Option<f32>,
    pub(super) rule: String,
    /// The further terms, by name.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub(super) extra: Map<String, Value>,
    /// Why a part is `null`, by name.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub(super) unjudged: Map<String, Value>,
}

impl Row {
    /// Reads a line.
    ///
    /// # Errors
    /// Where it is no such object, with what one needs.
    pub(super) fn read(line: &str) -> Result<Self> {
        let line: Line = serde_json::from_str(line).context(NEEDS)?;
        let answer = match &line.gold {
            Value::String(gold) => gold.clone(),
            Value::Number(gold) => gold.to_string(),
            other => bail!("`gold` is {other}; write a text or a number"),
        };
        let (reading, options) = line.opts.unwrap_or_default().settings()?;
        let id = match &line.id {
            Value::String(id) => id.clone(),
            other => other.to_string(),
        };
        Ok(Self {
            id: line.id,
            problem: Problem {
                id,
                question: line.problem,
                answer,
                solution: None,
                family: "file".into(),
                domain: Domain::Mathematics,
                level: 1,
                language: line.language.unwrap_or_else(|| "en".into()),
                check: Check::Answer,
            },
            completion: line.completion,
            reading,
            options,
        })
    }

    /// What the response earned.
    pub(super) fn score(&self, rubric: &Rubric) -> Scored {
        let (score, unjudged) = rubric.explained(
            &self.problem,
            &self.completion,
            &self.reading,
            &self.options,
        );
        let judged = |name: &str, value: f32| {
            let missing = unjudged.iter().any(|part| part.name == name);
            (!missing).then_some(value)
        };
        Scored {
            id: self.id.clone(),
            accuracy: score.accuracy,
            format: judged("format", score.format),
            language: judged("language", score.language),
            total: score.is_judged().then_some(score.total),
            rule: score.rule,
            extra: score
                .extra
                .into_iter()
                .map(|(name, value)| (name, number(value)))
                .collect(),
            unjudged: unjudged
                .into_iter()
                .map(|part| (part.name, part.reason.into()))
                .collect(),
        }
    }
}

/// The number as short as it can be told from others of its kind.
fn number(value: f32) -> Value {
    let text = value.to_string();
    serde_json::from_str(&text).unwrap_or_else(|_| Value::from(value))
}
