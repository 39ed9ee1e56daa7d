//! Weights for [`StepModel`]: logistic regression on steps, by gradient descent.

use data::seed;

use super::evaluate::other;
use super::{Corruption, Reference, spoil};
use crate::follows::number;
use crate::steps::{Embed, FEATURES, Oddity, StepModel, Surprise, oddities, steps};

/// How weights are fitted.
#[derive(Debug, Clone, PartialEq)]
pub struct FitConfig {
    /// Passes over the steps. Default 400.
    pub passes: usize,
    /// Step of the descent. Default 1.
    pub rate: f32,
    /// Weight of the squared weights. Default 1e-4.
    pub decay: f32,
    /// Decides the corruptions.
    pub seed: u64,
}

impl Default for FitConfig {
    fn default() -> Self {
        Self {
            passes: 400,
            rate: 1.0,
            decay: 1e-4,
            seed: 1,
        }
    }
}

const COUNT: usize = FEATURES.len();

/// Fits weights to tell the spoiled steps from the steps of the references. Reasonings with a wrong
/// equation are left out, since that alone has them dropped. Both kinds weigh the same in all.
///
/// # Panics
/// Without a reference.
pub fn fit(
    references: &[Reference],
    embed: &dyn Embed,
    surprise: Option<&dyn Surprise>,
    config: &FitConfig,
) -> StepModel {
    assert!(
        !references.is_empty(),
        "weights need references to be fitted to"
    );
    let mut rows: Vec<([f32; COUNT], bool)> = Vec::new();
    for (at, good) in references.iter().enumerate() {
        let whole = good.text();
        let kept: Vec<&str> = steps(&whole).iter().map(|step| step.text).collect();
        let mut add = |lines: &[String], changed: bool, spoiled: bool| {
            let text = lines.join("\n");
            let found = steps(&text);
            if found.iter().any(|step| !step.wrong.is_empty()) {
                return;
            }
            let problem = &good.problem;
            let odd = oddities(
                &problem.question,
                &found,
                number(&problem.answer),
                &problem.language,
                embed,
                surprise,
            );
            let chosen = odd.iter().zip(&found);
            let chosen = chosen.filter(|(_, step)| !changed || !kept.contains(&step.text));
            // Of steps in another order those are odd that come too early, or last by mistake.
            let moved = |odd: &Oddity| odd.values[4] > 0.0 || odd.values[6] > 0.0;
            let chosen = chosen.filter(|(odd, _)| !spoiled || changed || moved(odd));
            rows.extend(chosen.map(|(odd, _)| (odd.values, spoiled)));
        };
        add(&good.steps, false, false);
        for how in Corruption::ALL {
            let mut rng = seed::stream(config.seed, &["fit", how.name(), &good.problem.id]);
            let Some(other) = other(references, at, &mut rng) else {
                continue;
            };
            if let Some(spoiled) = spoil(good, other, how, &mut rng) {
                add(&spoiled.steps, spoiled.step.is_some(), true);
            }
        }
    }
    descend(&rows, config)
}

fn descend(rows: &[([f32; COUNT], bool)], config: &FitConfig) -> StepModel {
    let spoiled = rows.iter().filter(|(_, spoiled)| *spoiled).count().max(1) as f32;
    let good = (rows.len() as f32 - spoiled).max(1.0);
    let mut model = StepModel {
        weights: [0.0; COUNT],
        bias: 0.0,
    };
    for _ in 0..config.passes {
        let (mut slope, mut bias) = ([0.0_f32; COUNT], 0.0_f32);
        for (values, label) in rows {
            let wanted = f32::from(u8::from(*label));
            let weight = if *label { 0.5 / spoiled } else { 0.5 / good };
            let off = (model.score(values) - wanted) * weight;
            bias += off;
            slope
                .iter_mut()
                .zip(values)
                .for_each(|(s, v)| *s += off * v);
        }
        for (w, s) in model.weights.iter_mut().zip(slope) {
            *w -= config.rate * 4.0 * (s + config.decay * *w);
        }
        model.bias -= config.rate * 4.0 * bias;
    }
    model
}
