//! Work that a signal may end between two of its steps, outside of a run: the first SIGINT or SIGTERM lets what is under
//! way become whole, the next one ends the process.

use anyhow::Result;

use crate::stop::{InSteps, Stop};

/// Signals are waited for while it lives; where none lives, a signal ends the process.
#[derive(Debug)]
pub(crate) struct Interrupt(InSteps);

impl Interrupt {
    /// # Errors
    /// Signals that cannot be taken.
    pub(crate) fn watch() -> Result<Self> {
        Ok(Self(Stop::on_signals()?.in_steps()))
    }

    /// Whether a signal came.
    pub(crate) fn came(&self) -> bool {
        self.0.must_end()
    }
}
