//! Why a step was not taken. The model is then as it was before it.

use lm::CausalLm;
use trainer::{TrainError, Trainer};

/// A step that was not taken.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{cause}{}", because(.at))]
pub struct StepError {
    /// What overflowed.
    pub cause: TrainError,
    /// The place in the batch of the first sequence that does so alone; none where all of them do, or
    /// only several together.
    pub at: Option<usize>,
}

fn because(at: &Option<usize>) -> String {
    match at {
        Some(at) => format!(" (sequence {} of the batch does so alone)", at + 1),
        None => String::new(),
    }
}

impl StepError {
    /// `cause`, and which of `count` sequences does it; `alone` accumulates the gradients of one.
    pub(crate) fn find<M: CausalLm>(
        cause: TrainError,
        trainer: &mut Trainer<M>,
        count: usize,
        mut alone: impl FnMut(&mut Trainer<M>, usize) -> Result<(), TrainError>,
    ) -> Self {
        let overflows = |at: &usize| {
            let found = alone(trainer, *at);
            let finite = found.is_ok() && trainer.grad_norm().is_finite();
            trainer.discard();
            !finite
        };
        let found: Vec<usize> = (0..count).filter(overflows).collect();
        let at = found.first().copied().filter(|_| found.len() < count);
        Self { cause, at }
    }
}
