//! The numbers of `r1 bench countdown`: one object for programs, one table for the terminal.

use std::fmt;

use anyhow::{Context, Result};
use serde::Serialize;

use crate::bench::outcome::About;
use crate::preset::Preset;
use crate::report::chart::window;
use crate::report::svg::percent;
use crate::report::table::boxed;
use crate::report::{ModelResult, Report};

/// What `results.json` holds; shown, it is the table of its seeds.
#[derive(Debug, Serialize)]
pub(super) struct Results {
    #[serde(flatten)]
    pub(super) about: About,
    /// Steps each point of the drawn curves is smoothed over.
    pub(super) smoothed_over_steps: usize,
    /// One a seed, in the order asked for.
    pub(super) seeds: Vec<SeedResult>,
}

/// What one seed comes to.
#[derive(Debug, Serialize)]
pub(super) struct SeedResult {
    pub(super) seed: u64,
    /// The base on the held-out problems.
    pub(super) base: ModelResult,
    /// R1-Zero on the same problems.
    pub(super) r1_zero: ModelResult,
    /// What reinforcement learning adds to pass@1, in points (hundredths).
    gain_points: f64,
    /// Working time of all stages.
    seconds: f64,
    /// Share of right training responses by step, from step 1.
    pub(super) accuracy: Vec<f64>,
}

impl SeedResult {
    /// What a run's report says, and its accuracy as (step, share).
    pub(super) fn new(report: Report, accuracy: Vec<(f64, f64)>) -> Result<Self> {
        let model = |name: &str| {
            let found = report.models.iter().find(|(known, _)| known == name);
            let (_, result) = found.with_context(|| format!("{name} has not been evaluated"))?;
            Ok::<ModelResult, anyhow::Error>(result.clone())
        };
        let (base, r1_zero) = (model("base")?, model("r1-zero")?);
        let gain = 100.0 * (r1_zero.pass_at_1 - base.pass_at_1);
        Ok(Self {
            seed: report.seed,
            gain_points: (gain * 100.0).round() / 100.0,
            base,
            r1_zero,
            seconds: report.seconds,
            accuracy: accuracy.into_iter().map(|(_, share)| share).collect(),
        })
    }

    /// The seed's row: seed, base, R1-Zero, gain, seconds.
    pub(super) fn row(&self) -> [String; 5] {
        let share = |model: &ModelResult| {
            let [low, high] = model.ci95.map(|bound| 100.0 * bound);
            format!("{} ({low:.1}–{high:.1})", percent(model.pass_at_1))
        };
        [
            self.seed.to_string(),
            share(&self.base),
            share(&self.r1_zero),
            format!("{:+.1}", self.gain_points).replace('-', "−"),
            format!("{:.0}", self.seconds),
        ]
    }
}

impl Results {
    /// The heads of the table.
    pub(super) const HEADS: [&str; 5] = [
        "seed",
        "base pass@1 (95 %)",
        "R1-Zero pass@1 (95 %)",
        "gain, points",
        "seconds",
    ];

    pub(super) fn new(preset: &Preset, changes: Vec<String>, seeds: Vec<SeedResult>) -> Self {
        Self {
            about: About::new("countdown", preset, changes),
            smoothed_over_steps: window(preset.zero.steps),
            seeds,
        }
    }

    /// What pass@1 is measured with: `200 problems × 4 samples`.
    pub(super) fn measured(&self) -> String {
        self.seeds.first().map_or_else(String::new, |seed| {
            let SeedResult { base, .. } = seed;
            format!("{} problems × {} samples", base.problems, base.samples)
        })
    }
}

impl fmt::Display for Results {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows: Vec<_> = self.seeds.iter().map(SeedResult::row).collect();
        writeln!(f, "{}", boxed(Self::HEADS, &rows))?;
        writeln!(
            f,
            "{} held out; preset {} with",
            self.measured(),
            self.about.preset
        )?;
        write!(f, "{}", self.about.changes.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;

    fn model(pass_at_1: f64) -> ModelResult {
        serde_json::from_value(json!({
            "pass_at_1": pass_at_1, "ci95": [pass_at_1 - 0.05, pass_at_1 + 0.05], "format": 0.0,
            "language": 1.0, "tokens_mean": 20.0, "params": 1, "active_params": 1,
            "problems": 8, "samples": 2,
        }))
        .unwrap()
    }

    fn seed(seed: u64, base: f64, zero: f64) -> SeedResult {
        let report = Report {
            seconds: 61.25,
            peak_rss_mb: None,
            seed,
            preset: "tiny".into(),
            models: vec![
                ("base".into(), model(base)),
                ("r1-zero".into(), model(zero)),
            ],
            corpus: BTreeMap::new(),
        };
        SeedResult::new(report, vec![(1.0, 0.25), (2.0, 0.5)]).unwrap()
    }

    #[test]
    fn the_table_has_a_row_a_seed() {
        let preset = Preset::load("tiny", &[]).unwrap();
        let seeds = vec![seed(1, 0.3, 0.6457), seed(2, 0.5, 0.25)];
        let results = Results::new(&preset, vec!["a.b=1".into(), "c.d=2".into()], seeds);
        assert_eq!(
            results.to_string(),
            "\
┌──────┬────────────────────┬───────────────────────┬──────────────┬─────────┐
│ seed │ base pass@1 (95 %) │ R1-Zero pass@1 (95 %) │ gain, points │ seconds │
├──────┼────────────────────┼───────────────────────┼──────────────┼─────────┤
│ 1    │ 30.0 % (25.0–35.0) │    64.6 % (59.6–69.6) │        +34.6 │      61 │
│ 2    │ 50.0 % (45.0–55.0) │    25.0 % (20.0–30.0) │        −25.0 │      61 │
└──────┴────────────────────┴───────────────────────┴──────────────┴─────────┘
8 problems × 2 samples held out; preset tiny with
a.b=1 c.d=2"
        );
        let value = serde_json::to_value(&results).unwrap();
        assert_eq!(value["seeds"][0]["gain_points"], json!(34.57));
        assert_eq!(value["seeds"][1]["accuracy"], json!([0.25, 0.5]));
        // 200 steps are drawn as 100 points, each fitted to itself and five on either side.
        assert_eq!(value["smoothed_over_steps"], json!(22));
    }

    #[test]
    fn a_model_that_was_not_measured_is_named() {
        let report = Report {
            seconds: 0.0,
            peak_rss_mb: None,
            seed: 1,
            preset: "tiny".into(),
            models: vec![("base".into(), model(0.5))],
            corpus: BTreeMap::new(),
        };
        let error = SeedResult::new(report, Vec::new()).unwrap_err();
        assert_eq!(error.to_string(), "r1-zero has not been evaluated");
    }
}
