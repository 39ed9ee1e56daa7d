//! The wish to stop: SIGINT or SIGTERM. Where steps are taken the first lets the step end and its state be written,
//! the second ends the process at once; elsewhere the first does, since what is there is whole at any time.

use std::io::{Write, stderr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

use anyhow::{Context, Result};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use thiserror::Error;

/// Whether to stop. Without signals nobody ever wishes to.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    /// The signal that came; 0: none.
    signal: Arc<AtomicI32>,
    /// Whether steps are being taken.
    in_steps: Arc<AtomicBool>,
    /// Steps until a test wishes to stop.
    #[cfg(test)]
    after: Option<Arc<std::sync::atomic::AtomicUsize>>,
}

/// A signal ended a stage between two of its steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("stopped by signal {0}; the same command goes on from here")]
pub struct Interrupted(pub i32);

impl Interrupted {
    /// The exit code a shell knows it by: 130 for SIGINT, 143 for SIGTERM.
    #[must_use]
    pub fn code(self) -> u8 {
        128u8.wrapping_add(self.0 as u8)
    }
}

impl Stop {
    /// Listens to SIGINT and SIGTERM from now on, in the place of what they do otherwise.
    ///
    /// # Errors
    /// The system does not let it.
    pub fn on_signals() -> Result<Self> {
        let stop = Self::default();
        let mut signals = Signals::new([SIGINT, SIGTERM]).context("cannot take signals")?;
        let heard = stop.clone();
        std::thread::spawn(move || {
            for signal in signals.forever() {
                if !heard.hears(signal) {
                    signal_hook::low_level::exit(Interrupted(signal).code().into());
                }
                // Nothing is lost if nobody can be told.
                drop(writeln!(
                    stderr(),
                    "\nthis step is finished and its state saved; once more: at once"
                ));
            }
        });
        Ok(stop)
    }

    /// Takes note of a signal; false where the process is to end at once.
    fn hears(&self, signal: i32) -> bool {
        let first = self.signal.swap(signal, Ordering::SeqCst) == 0;
        first && self.in_steps.load(Ordering::SeqCst)
    }

    /// Steps are taken for as long as what this gives is held.
    pub(crate) fn in_steps(&self) -> InSteps<'_> {
        self.in_steps.store(true, Ordering::SeqCst);
        InSteps(self)
    }

    /// The signal that came, as what ends a stage.
    pub(crate) fn requested(&self) -> Option<Interrupted> {
        match self.signal.load(Ordering::SeqCst) {
            0 => None,
            signal => Some(Interrupted(signal)),
        }
    }

    /// Called once a step.
    pub(crate) fn step(&self) {
        #[cfg(test)]
        if let Some(after) = &self.after
            && after.fetch_sub(1, Ordering::SeqCst) == 1
        {
            self.signal.store(SIGTERM, Ordering::SeqCst);
        }
    }

    /// SIGTERM comes in the midst of this step, counted from 1 over all stages.
    #[cfg(test)]
    pub(crate) fn after(steps: usize) -> Self {
        Self {
            after: Some(Arc::new(steps.into())),
            ..Self::default()
        }
    }
}

/// Steps are being taken.
#[derive(Debug)]
pub(crate) struct InSteps<'a>(&'a Stop);

impl Drop for InSteps<'_> {
    fn drop(&mut self) {
        self.0.in_steps.store(false, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_signal_waits_for_a_step_and_the_second_does_not() {
        let stop = Stop::default();
        let steps = stop.in_steps();
        assert_eq!(stop.requested(), None);
        assert!(stop.hears(SIGINT));
        assert_eq!(stop.requested(), Some(Interrupted(SIGINT)));
        assert!(!stop.hears(SIGINT));
        drop(steps);
        assert!(
            !Stop::default().hears(SIGTERM),
            "nothing is worth waiting for"
        );
    }

    #[test]
    fn exit_codes_are_those_of_a_shell() {
        assert_eq!(
            [SIGINT, SIGTERM].map(|signal| Interrupted(signal).code()),
            [130, 143]
        );
    }
}
