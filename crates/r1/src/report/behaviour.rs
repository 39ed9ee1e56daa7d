//! What the responses of a training stage show of reasoning, step by step.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::{Context, Result};
use eval::behaviour::{self, Point};
use serde::Deserialize;
use serde_json::Value;

use super::curves::Plan;
use super::read::Metrics;

/// The charts of it, of a step's responses on average; keys are those of [`eval::behaviour::Point`].
pub(super) const BEHAVIOURS: [Plan; 4] = [
    (
        "Checks, corrections, restarts a response",
        &[
            ("means.verifications", "checks itself", 1),
            ("means.backtracks", "takes back", 2),
            ("means.restarts", "starts over", 3),
        ],
        true,
    ),
    (
        "Equations a response, checked",
        &[
            ("means.right_steps", "hold", 1),
            ("means.wrong_steps", "fail", 4),
            ("means.open_steps", "undecided", 3),
        ],
        true,
    ),
    (
        "Steps reused a response",
        &[
            ("means.built_on", "results built on", 1),
            ("means.repeated", "equations stated again", 2),
        ],
        true,
    ),
    (
        "Changes of language a response",
        &[("means.switches", "changes", 3)],
        true,
    ),
];

/// One line of a stage's `completions.jsonl`, as far as it is counted.
#[derive(Deserialize)]
struct Line {
    step: Option<u64>,
    completion: String,
}

/// The behaviours of the responses in `path` on average, a record for each step as
/// [`eval::behaviour::Point`] is written; none where there is no such file. Lines without a step are no
/// training.
///
/// # Errors
/// The file cannot be read, or one of its lines is damaged.
pub(super) fn by_step(path: &Path) -> Result<Vec<Metrics>> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let file = File::open(path).with_context(|| path.display().to_string())?;
    let mut damaged = None;
    let lines = BufReader::new(file).lines().enumerate();
    let responses = lines.map_while(|(index, line)| {
        let read = line.map_err(anyhow::Error::from);
        match read.and_then(|line| Ok(serde_json::from_str::<Line>(&line)?)) {
            Ok(line) => Some(line.step.map(|step| (step, line.completion))),
            Err(error) => {
                let place = format!("{}, line {}", path.display(), index + 1);
                damaged = Some(error.context(place));
                None
            }
        }
    });
    let points = behaviour::curve(responses.flatten());
    match damaged {
        Some(error) => Err(error),
        None => Ok(points.iter().map(record).collect()),
    }
}

fn record(point: &Point) -> Metrics {
    match serde_json::to_value(point) {
        Ok(Value::Object(record)) => record,
        _ => Metrics::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn responses_are_averaged_over_their_step() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("completions.jsonl");
        assert_eq!(by_step(&path).unwrap(), Vec::<Metrics>::new());
        let line = |step: Option<u32>, completion: &str| {
            json!({ "step": step, "completion": completion, "reward": 1.0 }).to_string() + "\n"
        };
        let text = [
            line(Some(1), "3 + 4 = 7. Let me check."),
            line(Some(1), "3 + 4 = 8."),
            line(Some(2), "Wait, no."),
            line(None, "Let me check."),
        ];
        std::fs::write(&path, text.concat()).unwrap();
        let steps = by_step(&path).unwrap();
        assert_eq!(steps.len(), 2);
        assert_eq!(steps[0]["completions"], 2);
        assert_eq!(steps[0]["means"]["verifications"], 0.5);
        assert_eq!(steps[0]["means"]["wrong_steps"], 0.5);
        assert_eq!(
            (&steps[1]["step"], &steps[1]["means"]["backtracks"]),
            (&json!(2), &json!(1.0))
        );
        std::fs::write(&path, text.concat() + "{\n").unwrap();
        let error = format!("{:#}", by_step(&path).unwrap_err());
        assert!(error.contains("completions.jsonl, line 5"), "{error}");
    }
}
