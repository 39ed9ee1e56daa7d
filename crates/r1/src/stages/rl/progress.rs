//! Where reinforcement learning is besides its models in training, and how it is found again.

use std::path::Path;

use anyhow::Result;
use grpo::Watch;
use moe_model::Decoder;
use serde::{Deserialize, Serialize};
use trainer::{load_weights, save_weights};

use super::learner::Learner;
use super::level::Level;
use crate::stages::cost::Cost;
use crate::stages::problems::{Position, Problems};
use crate::states::State;

/// The file of a state with the reference, where that moves.
const REFERENCE: &str = "reference.safetensors";

/// What a step leaves to the next one. A rollout is no part of it: the samples of a step follow from the seed, the
/// step and the problem, so a step that was cut off is taken again from its beginning.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Progress {
    pub(super) cost: Cost,
    pub(super) level: Level,
    pub(super) watch: Watch,
    pub(super) problems: Position,
    /// Rewards of the steps since a policy was last looked at.
    pub(super) rewards: Vec<f64>,
}

impl Progress {
    /// At the beginning.
    pub(super) fn new(level_up: f64) -> Self {
        Self {
            cost: Cost::default(),
            level: Level::new(level_up),
            watch: Watch::default(),
            problems: Position::default(),
            rewards: Vec::new(),
        }
    }
}

/// Writes the models into a state's directory.
pub(super) fn save(
    dir: &Path,
    learner: &Learner<'_>,
    moving_reference: Option<&Decoder>,
) -> Result<()> {
    learner.save(dir)?;
    if let Some(reference) = moving_reference {
        save_weights(reference, &dir.join(REFERENCE))?;
    }
    Ok(())
}

/// Puts everything where it was, and gives the reference and the steps that were done.
pub(super) fn restore(
    state: State<Progress>,
    progress: &mut Progress,
    learner: &mut Learner<'_>,
    problems: &mut Problems,
    reference: Decoder,
) -> Result<(Decoder, usize)> {
    learner.restore(&state.dir)?;
    *progress = state.progress;
    problems.seek(progress.problems.clone())?;
    let path = state.dir.join(REFERENCE);
    let reference = match path.exists() {
        true => load_weights(reference, &path)?,
        false => reference,
    };
    Ok((reference, state.step))
}
