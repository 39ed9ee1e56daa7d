//! The wish to stop: SIGINT or SIGTERM. Where steps are taken, a model's or those of a measurement, the first lets the
//! step end and what came of it be written, the second ends the process at once; elsewhere the first does, since what is
//! there is whole at any time.

use std::io::{Write, stderr};
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use anyhow::{Result, anyhow};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use thiserror::Error;

/// Whether to stop. Without signals nobody ever wishes to.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    /// The signal that came; 0: none.
    signal: Arc<AtomicI32>,
    /// How many are taking steps.
    in_steps: Arc<AtomicUsize>,
    /// Steps until a test wishes to stop.
    #[cfg(test)]
    after: Option<Arc<AtomicUsize>>,
}

/// The one that signals are told to, since a process has them once.
static OF_PROCESS: OnceLock<Result<Stop, String>> = OnceLock::new();

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
    /// That of the process, which listens to SIGINT and SIGTERM from the first call on, in the place of what they do
    /// otherwise.
    ///
    /// # Errors
    /// The system does not let it.
    pub fn on_signals() -> Result<Self> {
        let stop = OF_PROCESS.get_or_init(|| Self::listen().map_err(|error| error.to_string()));
        let stop = stop.as_ref();
        stop.cloned()
            .map_err(|error| anyhow!("cannot take signals: {error}"))
    }

    /// The signal that the process was told to stop by.
    pub(crate) fn heard() -> Option<Interrupted> {
        OF_PROCESS.get()?.as_ref().ok()?.requested()
    }

    fn listen() -> std::io::Result<Self> {
        let stop = Self::default();
        let mut signals = Signals::new([SIGINT, SIGTERM])?;
        let heard = stop.clone();
        std::thread::spawn(move || {
            for signal in signals.forever() {
                if !heard.hears(signal) {
                    signal_hook::low_level::exit(Interrupted(signal).code().into());
                }
                // Nothing is lost if nobody can be told.
                drop(writeln!(
                    stderr(),
                    "\nwhat is under way is finished and kept; once more: at once"
                ));
            }
        });
        Ok(stop)
    }

    /// Takes note of a signal; false where the process is to end at once.
    fn hears(&self, signal: i32) -> bool {
        let first = self.signal.swap(signal, Ordering::SeqCst) == 0;
        first && self.in_steps.load(Ordering::SeqCst) > 0
    }

    /// Steps are taken for as long as what this gives is held.
    pub(crate) fn in_steps(&self) -> InSteps {
        self.in_steps.fetch_add(1, Ordering::SeqCst);
        InSteps(self.clone())
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
            after: Some(Arc::new(AtomicUsize::new(steps))),
            ..Self::default()
        }
    }
}

/// Steps are being taken.
#[derive(Debug)]
pub(crate) struct InSteps(Stop);

impl InSteps {
    /// Whether to take no more of them.
    pub(crate) fn must_end(&self) -> bool {
        self.0.requested().is_some()
    }
}

impl Drop for InSteps {
    fn drop(&mut self) {
        self.0.in_steps.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_signal_waits_for_a_step_and_the_second_does_not() {
        let stop = Stop::default();
        let steps = stop.in_steps();
        drop(stop.in_steps());
        assert!(!steps.must_end());
        assert_eq!(stop.requested(), None);
        assert!(stop.hears(SIGINT), "others still take steps");
        assert!(steps.must_end());
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
