//! What is kept of a judgement, for people.

use std::io;
use std::path::{Path, PathBuf};

/// The folder of one reply; without one, nothing is kept.
pub(super) struct Logs(Option<PathBuf>);

impl Logs {
    /// The folder `reply` in the folder of an instance, made where there is none.
    pub(super) fn of(logs: Option<&Path>, instance: &str, reply: &str) -> io::Result<Self> {
        let Some(logs) = logs else {
            return Ok(Self(None));
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if !instance.chars().all(plain) || instance.starts_with('.') || instance.is_empty() {
            return Err(io::Error::other(format!(
                "`{instance}` is no name for a folder of logs"
            )));
        }
        let folder = logs.join(instance).join(reply);
        std::fs::create_dir_all(&folder)?;
        Ok(Self(Some(folder)))
    }

    pub(super) fn keep(&self, name: &str, text: &str) -> io::Result<()> {
        match &self.0 {
            Some(folder) => std::fs::write(folder.join(name), text),
            None => Ok(()),
        }
    }
}
