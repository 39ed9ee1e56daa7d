//! The page of `r1 bench grpo-vs-ppo`: the rewards of both, step by step.

use anyhow::Result;

use super::results::Results;
use crate::bench::page::{Figure, Page, colour};
use crate::preset::Preset;
use crate::report::chart::{Chart, Series, Size};

/// The page, as HTML.
pub(super) fn page(results: &Results, preset: &Preset) -> Result<String> {
    let (rl, ppo) = (&preset.zero, &preset.ppo);
    let lead = format!(
        "{} Both start from one base and take {} steps of {} problems with {} responses each; PPO's \
         critic has the policy's size, λ = {} and learning rate {}. State: weights, gradients and \
         moments of what is trained, and the reference's weights. Reward: mean of the last ten \
         steps. pass@1: on held-out problems, with its 95\u{a0}% interval.",
        results.lead(),
        rl.steps,
        rl.prompts,
        rl.group,
        ppo.lambda,
        ppo.lr,
    );
    Page {
        title: "GRPO and PPO from the same start",
        facts: vec![
            ("preset", results.about.preset.clone()),
            ("with", results.about.changes.join(", ")),
        ],
        lead,
        heads: &Results::HEADS,
        rows: results.rows().into_iter().map(Vec::from).collect(),
        figures: vec![Figure {
            title: "Mean reward",
            note: "By step, faint as measured, strong smoothed.".into(),
            chart: Chart {
                x: "step",
                series: series(results),
                marks: Vec::new(),
                from_zero: true,
                size: Size::Page,
            },
        }],
        settings: preset.to_toml(),
    }
    .render()
}

fn series(results: &Results) -> Vec<Series> {
    let mut all = Vec::new();
    for seed in &results.seeds {
        for (name, method, at) in [("GRPO", &seed.grpo, 0), ("PPO", &seed.ppo, 1)] {
            let points = (1..).map(f64::from).zip(method.rewards.iter().copied());
            all.push(Series {
                label: format!("{name}, seed {}", seed.seed).into(),
                colour: colour(at),
                points: points.collect(),
            });
        }
    }
    all
}
