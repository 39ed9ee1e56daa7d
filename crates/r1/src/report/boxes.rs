//! The numbers that stand in each box of the figure.

use super::curves::points;
use super::read::{RunFiles, StageFiles};
use super::svg::{count, percent, short};
use crate::progress::duration;

/// One box of the figure.
pub(super) struct Square {
    pub(super) title: &'static str,
    pub(super) subtitle: &'static str,
    /// What the stage came to; none where it has not run.
    pub(super) numbers: Vec<String>,
    /// How long it took; `None` where it has not run.
    pub(super) time: Option<String>,
}

/// The texts of a stage's box, and the model it gives by its name in the results.
const TEXTS: [(&str, &str, &str, &str); 12] = [
    ("0-tasks", "Tasks", "problems and texts", ""),
    ("1-base", "Base", "pretraining, mixture of experts", "base"),
    (
        "2-r1-zero",
        "R1-Zero",
        "GRPO from the base, no SFT",
        "r1-zero",
    ),
    (
        "3-cold-start",
        "Cold start",
        "SFT on curated reasoning",
        "cold-start",
    ),
    (
        "4-reasoning-rl",
        "Reasoning RL",
        "GRPO with language reward",
        "reasoning-rl",
    ),
    (
        "5-rejection-sampling",
        "Rejection sampling",
        "keep what is right and coherent",
        "",
    ),
    ("6-sft", "SFT", "from the base again", "sft"),
    ("7-r1", "R1", "GRPO on all kinds of problems", "r1"),
    (
        "8a-student-base",
        "Student base",
        "pretraining, dense",
        "student-base",
    ),
    ("8-distill", "Student", "SFT on R1's data, no RL", "student"),
    (
        "8b-student-rl",
        "Student by RL",
        "GRPO alone, to compare",
        "student-rl",
    ),
    ("9-eval", "Evaluation", "held-out problems, all models", ""),
];

/// The box of a stage.
pub(super) fn square(files: &RunFiles, stage: &str) -> Square {
    let (_, title, subtitle, model) = TEXTS
        .into_iter()
        .find(|text| text.0 == stage)
        .unwrap_or_default();
    let found = files.stage(stage).filter(|stage| stage.manifest.is_some());
    let mut numbers = Vec::new();
    let imported = |stage: &StageFiles| stage.manifest.as_ref().is_some_and(|m| m.kind == "Import");
    let subtitle = if found.is_some_and(imported) {
        "a checkpoint"
    } else {
        subtitle
    };
    if let Some(stage) = found {
        numbers.extend(trained(stage));
        if let Some(result) = files.model(model) {
            numbers.push(format!("pass@1 {}", percent(result.pass_at_1)));
        }
        numbers.extend(rose(stage));
        if numbers.is_empty() && stage.name == "9-eval" {
            numbers.extend(evaluated(files));
        }
        if numbers.is_empty() {
            let records = stage.counts.iter();
            numbers.extend(
                records
                    .map(|(name, n)| format!("{} {name}", count(*n as u64)))
                    .take(2),
            );
        }
    }
    let time = found
        .and_then(|stage| stage.manifest.as_ref())
        .map(|m| duration(m.seconds));
    Square {
        title,
        subtitle,
        numbers,
        time,
    }
}

/// Where a model stands in the order of the recipe; one it does not know comes last.
pub(super) fn place(model: &str) -> usize {
    TEXTS
        .iter()
        .position(|text| text.3 == model)
        .unwrap_or(TEXTS.len())
}

/// From where to where the stage's own measure went.
fn trained(stage: &StageFiles) -> Option<String> {
    let accuracy = points(&stage.metrics, "accuracy");
    if let Some((from, to)) = ends(&accuracy) {
        return Some(format!("accuracy {:.1} → {}", 100.0 * from, percent(to)));
    }
    ends(&points(&stage.metrics, "loss"))
        .map(|(from, to)| format!("loss {} → {}", short(from), short(to)))
}

/// From which level to which the problems rose, where they did.
fn rose(stage: &StageFiles) -> Option<String> {
    let levels = points(&stage.metrics, "level");
    let (from, to) = (levels.first()?.1, levels.last()?.1);
    (from < to).then(|| format!("level {from} → {to}"))
}

fn evaluated(files: &RunFiles) -> Vec<String> {
    let Some((_, result)) = files.models.first() else {
        return Vec::new();
    };
    vec![
        format!("{} models", files.models.len()),
        format!("{} problems × {} samples", result.problems, result.samples),
    ]
}

/// The means of the first and of the last tenth.
fn ends(points: &[(f64, f64)]) -> Option<(f64, f64)> {
    let tenth = points.len().div_ceil(10);
    let mean = |part: &[(f64, f64)]| part.iter().map(|p| p.1).sum::<f64>() / part.len() as f64;
    (tenth > 0).then(|| {
        (
            mean(&points[..tenth]),
            mean(&points[points.len() - tenth..]),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::STAGES;

    #[test]
    fn every_stage_has_its_texts() {
        assert_eq!(TEXTS.map(|text| text.0), STAGES);
    }

    #[test]
    fn ends_are_means_of_tenths() {
        let twenty: Vec<_> = (0..20).map(|n| (0.0, f64::from(n))).collect();
        assert_eq!(ends(&twenty), Some((0.5, 18.5)));
        assert_eq!(ends(&[(0.0, 2.0)]), Some((2.0, 2.0)));
        assert_eq!(ends(&[]), None);
    }
}
