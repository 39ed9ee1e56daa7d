//! Next-token training, step by step, that can be stopped after any of them.

use std::time::Instant;

use anyhow::{Error, Result};
use lm::Sequence;
use moe_model::Decoder;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sft::{SftReport, StepError, step};
use trainer::Trainer;

use super::cost::Cost;
use super::feed::Feed;
use super::rehearsal::{Longest, rehearse};
use crate::backend::MICRO_TOKENS;
use crate::stage::StageContext;
use crate::states::State;

/// The file of a state with the trainer of the model in training.
pub(super) const TRAINER: &str = "trainer.safetensors";

/// How long training goes.
pub(super) struct Course {
    /// Sequences of a step.
    pub(super) batch: usize,
    pub(super) steps: usize,
    /// Steps after which a state is written; 0: none.
    pub(super) checkpoint_every: usize,
}

/// Where training is besides its trainer.
#[derive(Serialize, Deserialize)]
pub(crate) struct Progress {
    cost: Cost,
    /// In the data.
    position: Value,
}

/// What of a plan its stage's results depend on: how often a state is written is no part of that.
pub(crate) fn identity(plan: &impl Serialize) -> Value {
    let mut plan = json!(plan);
    if let Some(fields) = plan.as_object_mut() {
        fields.shift_remove("checkpoint_every");
    }
    plan
}

/// A line of `metrics.jsonl`.
#[derive(Serialize)]
struct Metric {
    #[serde(flatten)]
    report: SftReport,
    seconds: f64,
}

/// Takes the steps of `course` on what `feed` gives, from `state` on where there is one.
pub(super) fn train(
    cx: &StageContext,
    trainer: &mut Trainer<Decoder>,
    feed: &mut dyn Feed,
    course: &Course,
    state: Option<State<Progress>>,
    cost: &mut Cost,
) -> Result<()> {
    let longest = Longest {
        prompt: 1,
        response: feed.longest().saturating_sub(1),
        sequences: course.batch,
        copies: 0,
        rows: 0,
    };
    rehearse(cx, trainer, &longest)?;
    let mut done = 0;
    if let Some(state) = state {
        trainer.restore_state(&state.dir.join(TRAINER))?;
        feed.seek(state.progress.position)?;
        (*cost, done) = (state.progress.cost, state.step);
    }
    let progress = cx.progress(course.steps, "steps");
    progress.inc(done);
    let _steps = cx.in_steps();
    for number in done + 1..=course.steps {
        let began = Instant::now();
        let batch = feed.next()?;
        let batch: Vec<&Sequence> = batch.iter().collect();
        let report = step(trainer, &batch, MICRO_TOKENS)
            .map_err(|error| refused(error, |at| feed.name(at)))?;
        let tokens = batch.iter().map(|sequence| sequence.tokens.len()).sum();
        cost.train("training", trainer.model(), tokens);
        let seconds = began.elapsed().as_secs_f64();
        let rate = report.tokens as f64 / seconds;
        progress.set_message(format!("loss {:.3}, {rate:.0} tokens/s", report.loss));
        cx.metric(&Metric { report, seconds })?;
        progress.inc(1);
        let at = Progress {
            cost: cost.clone(),
            position: feed.position(),
        };
        cx.after_step(number, course.checkpoint_every, &at, |dir| {
            Ok(trainer.save_state(&dir.join(TRAINER))?)
        })?;
    }
    Ok(())
}

/// A step that was not taken, with what it is due to.
pub(super) fn refused(error: StepError, name: impl Fn(usize) -> String) -> Error {
    match error.at {
        Some(at) => Error::new(error.cause).context(format!("{} cannot be learned from", name(at))),
        None => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preset::Preset;

    #[test]
    fn how_often_a_state_is_written_changes_nothing_else() {
        let plan = |every: &str| {
            let change = format!("base.checkpoint_every={every}");
            identity(&Preset::load("smoke", &[change]).unwrap().base)
        };
        assert_eq!(plan("1").to_string(), plan("7").to_string());
        let text = plan("1").to_string();
        assert!(text.ends_with("\"clip\":1.0}"), "the order stays: {text}");
    }
}
