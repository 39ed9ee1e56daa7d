//! The first SIGINT or SIGTERM lets what is under way become whole; the next one ends the process.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use anyhow::{Context, Result};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag::{register, register_conditional_default};

/// Signals are waited for while it lives; where none lives, a signal ends the process.
#[derive(Debug)]
pub(crate) struct Interrupt(&'static Signals);

/// What the handlers, which stay for good, share with those who wait.
#[derive(Debug, Default)]
struct Signals {
    came: Arc<AtomicBool>,
    /// Whether the next signal ends the process.
    ends: Arc<AtomicBool>,
    waiting: Mutex<usize>,
}

impl Signals {
    fn handled() -> std::io::Result<Self> {
        let signals = Self::default();
        for signal in [SIGINT, SIGTERM] {
            register_conditional_default(signal, Arc::clone(&signals.ends))?;
            register(signal, Arc::clone(&signals.came))?;
            register(signal, Arc::clone(&signals.ends))?;
        }
        Ok(signals)
    }

    fn wait(&self, change: impl Fn(usize) -> usize) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let before = *waiting;
        *waiting = change(before);
        if before == 0 {
            self.came.store(false, Ordering::Relaxed);
        }
        let ends = *waiting == 0 || self.came.load(Ordering::Relaxed);
        self.ends.store(ends, Ordering::Relaxed);
    }
}

impl Interrupt {
    /// # Errors
    /// Signals that cannot be taken.
    pub(crate) fn watch() -> Result<Self> {
        static SIGNALS: OnceLock<Result<Signals, String>> = OnceLock::new();
        let signals = SIGNALS.get_or_init(|| Signals::handled().map_err(|it| it.to_string()));
        let signals = signals.as_ref().map_err(|it| anyhow::anyhow!("{it}"));
        let signals = signals.context("cannot take signals")?;
        signals.wait(|count| count + 1);
        Ok(Self(signals))
    }

    /// Whether a signal came.
    pub(crate) fn came(&self) -> bool {
        self.0.came.load(Ordering::Relaxed)
    }
}

impl Drop for Interrupt {
    fn drop(&mut self) {
        self.0.wait(|count| count - 1);
    }
}
