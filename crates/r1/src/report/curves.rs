//! Which curves each stage gets.

use std::borrow::Cow;

use serde_json::Value;

use super::behaviour::BEHAVIOURS;
use super::chart::{Chart, Series, Size};
use super::read::{Metrics, RunFiles, StageFiles, reinforced};

/// A stage's charts.
pub(super) struct Panel {
    /// The stage, as in `1-base`.
    pub(super) stage: &'static str,
    /// Its charts, in order.
    pub(super) charts: Vec<Figure>,
}

/// A chart with its caption.
pub(super) struct Figure {
    pub(super) title: &'static str,
    /// Names of the curves with their colours; empty where there is one.
    pub(super) legend: Vec<(Cow<'static, str>, usize)>,
    pub(super) svg: String,
}

/// One curve: a key of the metrics, its name and colour. Dots lead into objects.
pub(super) type Curve = (&'static str, &'static str, usize);

/// A chart's title, its curves, and whether its axis begins at zero.
pub(super) type Plan = (&'static str, &'static [Curve], bool);

const GRADIENT: Plan = ("Gradient norm", &[("grad_norm", "norm", 2)], true);
const LOAD: Plan = (
    "Busiest expert's load, times the mean",
    &[(MAX_LOAD, "load", 3)],
    true,
);
const MAX_LOAD: &str = "max_load";
const LEVEL: &str = "level";

const SUPERVISED: [Plan; 3] = [
    ("Loss, nats per token", &[("loss", "loss", 1)], false),
    GRADIENT,
    LOAD,
];

const REINFORCED: [Plan; 13] = [
    (
        "Reward",
        &[("reward", "reward", 1), ("reward_std", "spread", 4)],
        true,
    ),
    (
        "Accuracy, format, language",
        &[
            ("accuracy", "accuracy", 1),
            ("parts.format.mean", "format", 2),
            ("parts.language.mean", "language", 3),
        ],
        true,
    ),
    (
        "Where the advantages come from, share",
        &[
            ("parts.accuracy.share", "accuracy", 1),
            ("parts.format.share", "format", 2),
            ("parts.language.share", "language", 3),
        ],
        true,
    ),
    (
        "Where accuracy is tied, share of the advantages",
        &[
            ("parts.format.share_on_ties", "format", 2),
            ("parts.language.share_on_ties", "language", 3),
        ],
        true,
    ),
    (
        "Groups all right, all wrong, tied",
        &[
            ("groups_right", "right", 1),
            ("groups_wrong", "wrong", 2),
            ("groups_tied", "tied", 3),
        ],
        true,
    ),
    ("Hardest level asked", &[(LEVEL, "level", 1)], true),
    (
        "Response length, tokens",
        &[("tokens_mean", "mean length", 1)],
        true,
    ),
    (
        "KL from the reference, nats per token",
        &[("kl", "KL", 4)],
        true,
    ),
    (
        "Entropy, nats per token",
        &[("entropy", "entropy", 2)],
        true,
    ),
    (
        "Shares truncated, clipped",
        &[
            ("truncated", "responses truncated", 2),
            ("clip_fraction_low", "tokens clipped below", 3),
            ("clip_fraction_high", "tokens clipped above", 4),
        ],
        true,
    ),
    GRADIENT,
    LOAD,
    (
        "Gap between sampler and trainer, nats",
        &[
            ("sampler_gap_max", "largest", 4),
            ("sampler_gap_mean", "mean", 2),
        ],
        true,
    ),
];

/// The charts of every stage that trained.
pub(super) fn panels(files: &RunFiles) -> Vec<Panel> {
    files
        .stages
        .iter()
        .filter_map(|stage| {
            let charts = charts(stage);
            (!charts.is_empty()).then_some(Panel {
                stage: stage.name,
                charts,
            })
        })
        .collect()
}

/// A metric over the steps, its `key` as in `reward` or `parts.format.mean`; lines that lack it, or hold no number, are passed over.
pub(super) fn points(metrics: &[Metrics], key: &str) -> Vec<(f64, f64)> {
    metrics
        .iter()
        .enumerate()
        .filter_map(|(index, line)| {
            let step = line.get("step").and_then(|step| step.as_f64());
            let value = lookup(line, key)?
                .as_f64()
                .filter(|value| value.is_finite())?;
            Some((step.unwrap_or((index + 1) as f64), value))
        })
        .collect()
}

fn lookup<'a>(line: &'a Metrics, key: &str) -> Option<&'a Value> {
    let mut path = key.split('.');
    let first = line.get(path.next()?)?;
    path.try_fold(first, |value, part| value.get(part))
}

fn charts(stage: &StageFiles) -> Vec<Figure> {
    let wanted: &[Plan] = match reinforced(&stage.metrics) {
        true => &REINFORCED,
        false => &SUPERVISED,
    };
    let trained = wanted.iter().map(|plan| (&stage.metrics, plan));
    let showed = BEHAVIOURS.iter().map(|plan| (&stage.behaviours, plan));
    trained
        .chain(showed)
        .filter_map(|(lines, (title, curves, zero))| figure(lines, title, curves, *zero))
        .collect()
}

/// A dense model has no experts: its load is 1 throughout; a level that never rose is no curve, nor is what
/// no response ever shows.
fn says_something(key: &str, points: &[(f64, f64)]) -> bool {
    match key {
        MAX_LOAD => points.iter().any(|p| p.1 > 1.0),
        LEVEL => points.windows(2).any(|pair| pair[0].1 != pair[1].1),
        _ if key.starts_with("means.") => points.iter().any(|p| p.1 > 0.0),
        _ => true,
    }
}

fn figure(
    lines: &[Metrics],
    title: &'static str,
    curves: &[Curve],
    from_zero: bool,
) -> Option<Figure> {
    let series: Vec<Series> = curves
        .iter()
        .filter(|(key, ..)| says_something(key, &points(lines, key)))
        .map(|&(key, label, colour)| Series {
            label: label.into(),
            colour,
            points: points(lines, key),
        })
        .filter(|series| !series.points.is_empty())
        .collect();
    let legend = match series.len() {
        0 | 1 => Vec::new(),
        _ => series
            .iter()
            .map(|series| (series.label.clone(), series.colour))
            .collect(),
    };
    let svg = Chart {
        x: "step",
        series,
        marks: Vec::new(),
        from_zero,
        size: Size::Panel,
    }
    .svg()?;
    Some(Figure { title, legend, svg })
}
