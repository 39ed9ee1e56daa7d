//! The numbers of `r1 bench grpo-vs-ppo`: one object for programs, two tables for the terminal.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::Result;
use serde::Serialize;

use crate::Artifact;
use crate::bench::outcome::About;
use crate::preset::Preset;
use crate::report::svg::percent;
use crate::report::table::boxed;
use crate::report::{ModelResult, curve};
use crate::stages::cost::Cost;

/// The last steps whose mean reward is compared.
const LAST: usize = 10;

/// Bytes a trained parameter takes: weight, gradient and two moments, each 4.
const TRAINED: f64 = 16.0;
/// And one of the reference.
const FROZEN: f64 = 4.0;

/// What is computed, in the order it is shown: the name in `cost.json` and what it is.
const PARTS: [(&str, &str); 5] = [
    ("sampling", "sampling"),
    ("reference", "scoring by the reference"),
    ("training", "training the policy"),
    ("values", "values by the critic"),
    ("critic", "training the critic"),
];

/// What `results.json` holds; shown, it is the tables.
#[derive(Debug, Serialize)]
pub(super) struct Results {
    #[serde(flatten)]
    pub(super) about: About,
    /// What GRPO does without, in percent of PPO, mean over the seeds.
    saved: Saved,
    /// One a seed, in the order asked for.
    pub(super) seeds: Vec<SeedResult>,
}

/// Percent of PPO's that GRPO does without.
#[derive(Debug, Clone, Copy, Serialize)]
struct Saved {
    flops_percent: f64,
    seconds_percent: f64,
    state_percent: f64,
    /// The same for each token the policy was trained on: one method's responses may become longer
    /// than the other's.
    flops_per_token_percent: f64,
    seconds_per_token_percent: f64,
}

/// Both methods with one seed.
#[derive(Debug, Serialize)]
pub(super) struct SeedResult {
    pub(super) seed: u64,
    pub(super) grpo: MethodResult,
    pub(super) ppo: MethodResult,
}

/// What a method takes and comes to.
#[derive(Debug, Serialize)]
pub(super) struct MethodResult {
    /// Floating point operations, counted: 2 a parameter a token for a forward pass, 4 for a
    /// backward pass.
    flops: f64,
    /// The same by what they are for.
    flops_by_part: BTreeMap<String, f64>,
    /// Seconds sampling, training, and in all.
    sample_seconds: f64,
    train_seconds: f64,
    seconds: f64,
    /// Weights, gradients and moments of what is trained and the weights of the reference, in MB
    /// (10⁶ bytes).
    state_mb: f64,
    /// The most memory the process held during the stage, in MB, where the system tells.
    peak_rss_mb: Option<f64>,
    /// Mean length of a response over all steps, in tokens.
    tokens_mean: f64,
    /// Mean reward of the last ten steps.
    reward: f64,
    /// Mean reward of each step, from step 1.
    pub(super) rewards: Vec<f64>,
    /// The policy on the held-out problems.
    pub(super) held_out: ModelResult,
}

impl MethodResult {
    /// What the stage of a method left; `critic`: whether it trained one.
    pub(super) fn read(stage: &Artifact, held_out: ModelResult, critic: bool) -> Result<Self> {
        let values = |key: &str| -> Result<Vec<f64>> {
            Ok(curve(stage, key)?
                .into_iter()
                .map(|(_, value)| value)
                .collect())
        };
        let total = |key: &str| -> Result<f64> { Ok(values(key)?.iter().sum()) };
        let cost = Cost::read(stage)?;
        let rewards = values("reward")?;
        let last = &rewards[rewards.len().saturating_sub(LAST)..];
        let models = if critic { 2.0 } else { 1.0 };
        let a_parameter = models * TRAINED + FROZEN;
        Ok(Self {
            flops: cost.flops,
            flops_by_part: cost.parts,
            sample_seconds: total("sample_seconds")?,
            train_seconds: total("train_seconds")?,
            seconds: total("seconds")?,
            state_mb: a_parameter * held_out.params as f64 / 1e6,
            peak_rss_mb: values("peak_rss_mb")?.last().copied(),
            tokens_mean: total("tokens_mean")? / rewards.len().max(1) as f64,
            reward: last.iter().sum::<f64>() / last.len().max(1) as f64,
            rewards,
            held_out,
        })
    }

    /// What training the policy alone computes, which is in proportion to its tokens.
    fn training(&self) -> f64 {
        self.flops_by_part.get("training").copied().unwrap_or(0.0)
    }

    /// The method's row.
    fn row(&self, seed: u64, method: &str) -> [String; 11] {
        let [low, high] = self.held_out.ci95.map(|bound| 100.0 * bound);
        let peak = self.peak_rss_mb.map_or("?".into(), |mb| format!("{mb:.0}"));
        [
            seed.to_string(),
            method.into(),
            format!("{:.1}", self.flops / 1e9),
            format!("{:.1}", self.seconds),
            format!("{:.1}", self.sample_seconds),
            format!("{:.1}", self.train_seconds),
            format!("{:.0}", self.state_mb),
            peak,
            format!("{:.1}", self.tokens_mean),
            format!("{:.3}", self.reward),
            format!("{} ({low:.1}–{high:.1})", percent(self.held_out.pass_at_1)),
        ]
    }
}

impl Results {
    /// The heads of the first table.
    pub(super) const HEADS: [&str; 11] = [
        "seed",
        "method",
        "GFLOP",
        "seconds",
        "sampling",
        "training",
        "state MB",
        "peak MB",
        "tokens",
        "reward",
        "pass@1 (95 %)",
    ];

    pub(super) fn new(preset: &Preset, changes: Vec<String>, seeds: Vec<SeedResult>) -> Self {
        let saved = |of: fn(&MethodResult) -> f64| {
            let each = seeds
                .iter()
                .map(|seed| 1.0 - of(&seed.grpo) / of(&seed.ppo));
            (1000.0 * each.sum::<f64>() / seeds.len().max(1) as f64).round() / 10.0
        };
        Self {
            about: About::new("grpo-vs-ppo", preset, changes),
            saved: Saved {
                flops_percent: saved(|method| method.flops),
                seconds_percent: saved(|method| method.seconds),
                state_percent: saved(|method| method.state_mb),
                flops_per_token_percent: saved(|method| method.flops / method.training()),
                seconds_per_token_percent: saved(|method| method.seconds / method.training()),
            },
            seeds,
        }
    }

    /// The rows of the first table.
    pub(super) fn rows(&self) -> Vec<[String; 11]> {
        let both = |seed: &SeedResult| {
            let SeedResult { seed, grpo, ppo } = seed;
            [grpo.row(*seed, "GRPO"), ppo.row(*seed, "PPO")]
        };
        self.seeds.iter().flat_map(both).collect()
    }

    /// What is computed for what, in percent of all that PPO computes, over the seeds.
    fn parts(&self) -> Vec<[String; 3]> {
        let total: f64 = self.seeds.iter().map(|seed| seed.ppo.flops).sum();
        let sum = |part: &str, of: fn(&SeedResult) -> &MethodResult| {
            let each = self
                .seeds
                .iter()
                .map(|seed| of(seed).flops_by_part.get(part));
            // Not `sum`: of nothing it is −0.
            each.flatten().fold(0.0, |sum, flops| sum + flops) / total
        };
        let all = |of: fn(&SeedResult) -> &MethodResult| {
            self.seeds.iter().map(|seed| of(seed).flops).sum::<f64>() / total
        };
        let mut rows: Vec<[String; 3]> = PARTS
            .iter()
            .map(|(part, what)| {
                let (grpo, ppo) = (sum(part, |s| &s.grpo), sum(part, |s| &s.ppo));
                [(*what).into(), percent(grpo), percent(ppo)]
            })
            .collect();
        rows.push(["all".into(), percent(all(|s| &s.grpo)), percent(1.0)]);
        rows
    }

    /// What GRPO saves, in a few sentences.
    pub(super) fn lead(&self) -> String {
        let Saved {
            flops_percent,
            seconds_percent,
            state_percent,
            flops_per_token_percent,
            seconds_per_token_percent,
        } = self.saved;
        format!(
            "For each token trained on, GRPO computes {flops_per_token_percent:.1} % less than PPO, in \
             {seconds_per_token_percent:.1} % less time; in as many steps, with responses of the \
             lengths that came of it, {flops_percent:.1} % less in {seconds_percent:.1} % less time. \
             Its training state is {state_percent:.1} % smaller (mean of {} {}).",
            self.seeds.len(),
            if self.seeds.len() == 1 {
                "seed"
            } else {
                "seeds"
            },
        )
    }
}

impl fmt::Display for Results {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", boxed(Self::HEADS, &self.rows()))?;
        let heads = ["operations, of PPO's", "GRPO", "PPO"];
        writeln!(f, "{}", boxed(heads, &self.parts()))?;
        writeln!(f, "{}", self.lead())?;
        write!(
            f,
            "preset {} with {}",
            self.about.preset,
            self.about.changes.join(" ")
        )
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn method(flops: [f64; 5], seconds: f64, critic: bool) -> MethodResult {
        let held_out = json!({
            "pass_at_1": 0.5, "ci95": [0.45, 0.55], "format": 0.0, "language": 1.0,
            "tokens_mean": 20.0, "params": 1_000_000, "active_params": 1, "problems": 8,
            "samples": 2,
        });
        let parts = PARTS.iter().map(|(part, _)| (*part).to_owned());
        MethodResult {
            flops: flops.iter().sum(),
            flops_by_part: parts.zip(flops).filter(|(_, flops)| *flops > 0.0).collect(),
            sample_seconds: 1.0,
            train_seconds: seconds - 1.0,
            seconds,
            state_mb: if critic { 36.0 } else { 20.0 },
            peak_rss_mb: None,
            tokens_mean: 20.0,
            reward: 0.5,
            rewards: vec![0.25, 0.5],
            held_out: serde_json::from_value(held_out).unwrap(),
        }
    }

    #[test]
    fn savings_are_of_what_ppo_takes() {
        let preset = Preset::load("tiny", &[]).unwrap();
        let seed = |seed| SeedResult {
            seed,
            grpo: method([2e9, 2e9, 6e9, 0.0, 0.0], 3.0, false),
            // Its responses are half as long.
            ppo: method([2e9, 2e9, 3e9, 2e9, 11e9], 4.0, true),
        };
        let results = Results::new(&preset, vec!["a.b=1".into()], vec![seed(1), seed(2)]);
        let saved = serde_json::to_value(&results).unwrap()["saved"].clone();
        let expected = json!({
            "flops_percent": 50.0, "seconds_percent": 25.0, "state_percent": 44.4,
            "flops_per_token_percent": 75.0, "seconds_per_token_percent": 62.5,
        });
        assert_eq!(saved, expected);
        let printed = results.to_string();
        for part in [
            "│ training the critic      │  0.0 % │  55.0 % │",
            "│ all                      │ 50.0 % │ 100.0 % │",
            "│ 2    │    PPO │  20.0 │",
            "computes 75.0 % less than PPO",
        ] {
            assert!(printed.contains(part), "{printed}");
        }
    }
}
