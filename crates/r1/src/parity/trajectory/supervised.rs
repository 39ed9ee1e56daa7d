//! Next-token training, repeated.

use anyhow::Result;
use lm::{Sequence, score};
use moe_model::Decoder;
use trainer::Trainer;

use super::case::{Case, Sft};
use super::{MICRO_TOKENS, StepDifferences, TrajectoryDifferences, relative, weights};

pub(super) fn measure(case: &Case, run: &Sft, model: Decoder) -> Result<TrajectoryDifferences> {
    let mut trainer = Trainer::new(model, case.trainer);
    let mut found = TrajectoryDifferences {
        case: case.dir.display().to_string(),
        ..TrajectoryDifferences::default()
    };
    for (batch, expected) in run.batches.iter().zip(&run.steps) {
        let batch: Vec<&Sequence> = batch.iter().collect();
        let report = sft::step(&mut trainer, &batch, MICRO_TOKENS)?;
        found.steps.push(StepDifferences {
            lr: relative(report.step.lr, expected.lr),
            loss: relative(report.loss, expected.loss),
            grad_norm: relative(report.step.grad_norm, expected.grad_norm),
            ..StepDifferences::default()
        });
    }
    let model = trainer.into_model();
    if let Some(expected) = run.final_loss {
        let scores = score(&model, &run.batches[0], 1.0);
        let loss = -scores.log_probs_n.mean().into_scalar::<f32>();
        found.final_loss = relative(f64::from(loss), expected);
    }
    (found.weights, found.weights_of) = weights::compare(&model, &case.weights)?;
    Ok(found)
}
