//! The files of lines a stage leaves: there once they have one, and cut back to where a state was.

use std::path::PathBuf;
use std::sync::Mutex;

use anyhow::Result;
use data::lines::{Lines, LinesError};
use serde::Serialize;

/// A file of JSON lines that is there once it has one.
#[derive(Debug)]
pub(super) struct Growing {
    path: PathBuf,
    lines: Mutex<Option<Lines>>,
}

impl Growing {
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            path,
            lines: Mutex::new(None),
        }
    }

    pub(super) fn append(&self, line: &impl Serialize) -> Result<()> {
        self.with(|lines| lines.append(line).map(drop))
    }

    /// Drops what was written after the first `bytes`.
    pub(super) fn cut(&self, bytes: u64) -> Result<()> {
        if bytes == 0 && !self.path.exists() {
            return Ok(());
        }
        self.with(|lines| lines.cut(bytes))
    }

    /// Waits until what was written is on the disk, and tells how many bytes that is.
    pub(super) fn settle(&self) -> Result<u64> {
        if !self.path.exists() {
            return Ok(0);
        }
        self.with(|lines| lines.sync().map(|()| lines.end()))
    }

    fn with<T>(&self, act: impl FnOnce(&mut Lines) -> Result<T, LinesError>) -> Result<T> {
        let mut lines = self.lines.lock().expect("no thread panics while writing");
        if lines.is_none() {
            *lines = Some(Lines::open::<LinesError>(&self.path, &mut |_| Ok(()))?);
        }
        Ok(act(lines.as_mut().expect("just opened"))?)
    }
}
