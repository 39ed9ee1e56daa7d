//! The page of `r1 bench countdown`: a curve a seed, between its two held-out measurements.

use anyhow::Result;

use super::results::{Results, SeedResult};
use crate::bench::page::{Figure, Page, colour};
use crate::preset::Preset;
use crate::report::ModelResult;
use crate::report::chart::{Chart, Mark, Series, Size};
use crate::report::svg::percent;

/// The page, as HTML.
pub(super) fn page(results: &Results, preset: &Preset) -> Result<String> {
    let (rl, eval) = (&preset.zero, &preset.eval);
    let lead = format!(
        "A base is pretrained on Countdown problems with solutions of unequal quality, then learns \
         by reinforcement learning alone: {} steps of {} problems with {} responses each. pass@1 \
         is the mean over held-out problems of the share of right responses, sampled at \
         temperature {}, with its 95\u{a0}% interval ({}).",
        rl.steps,
        rl.prompts,
        rl.group,
        eval.temperature,
        results.measured()
    );
    let note = format!(
        "Curves: share of right training responses by step, faint as measured, strong smoothed by \
         a line fitted over {} steps. Dots: held-out pass@1 of the base (step 0) and of R1-Zero \
         (step {}), with 95\u{a0}% intervals.",
        results.smoothed_over_steps, rl.steps
    );
    Page {
        title: "R1-Zero on Countdown",
        facts: vec![
            ("preset", results.about.preset.clone()),
            ("with", results.about.changes.join(", ")),
        ],
        lead,
        heads: &Results::HEADS,
        rows: results.seeds.iter().map(|seed| seed.row().into()).collect(),
        figures: vec![Figure {
            title: "Share of right responses",
            note,
            chart: chart(&results.seeds, rl.steps),
        }],
        settings: preset.to_toml(),
    }
    .render()
}

fn chart(seeds: &[SeedResult], steps: usize) -> Chart {
    let mark = |at: usize, index: usize, name: &str, model: &ModelResult, seed: u64| Mark {
        title: format!(
            "seed {seed}, {name}, held out: {}",
            percent(model.pass_at_1)
        ),
        colour: colour(index),
        x: at as f64,
        y: model.pass_at_1,
        interval: model.ci95,
    };
    let both = |(index, result): (usize, &SeedResult)| {
        let SeedResult {
            seed,
            base,
            r1_zero,
            ..
        } = result;
        [
            mark(0, index, "base", base, *seed),
            mark(steps, index, "R1-Zero", r1_zero, *seed),
        ]
    };
    Chart {
        x: "step",
        series: seeds.iter().enumerate().map(series).collect(),
        marks: seeds.iter().enumerate().flat_map(both).collect(),
        from_zero: true,
        size: Size::Page,
    }
}

fn series((index, result): (usize, &SeedResult)) -> Series {
    let points = (1..).map(f64::from).zip(result.accuracy.iter().copied());
    Series {
        label: format!("seed {}", result.seed).into(),
        colour: colour(index),
        points: points.collect(),
    }
}
