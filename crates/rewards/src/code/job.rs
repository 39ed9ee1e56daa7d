//! What is asked of a launcher, what it answers, and how both cross a socket.

use std::io::{self, Read, Write};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::limits::{Limits, Outcome, RunError};

/// What a command is allowed beyond reading the system's programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kind {
    /// One process.
    Run,
    /// Processes of its own, and to leave its result at [`BUILT`].
    Build,
    /// Processes of its own, and a tree it may change.
    InTree,
}

/// Where a build leaves its result, and where a run finds it.
pub(crate) const BUILT: &str = "/built/program";

/// One process in a sandbox of its own.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Command {
    pub(crate) kind: Kind,
    /// The program, by its path in the sandbox, and its arguments.
    pub(crate) argv: Vec<String>,
    /// Files of the sandbox's root, by path, with their text.
    pub(crate) files: Vec<(String, String)>,
    pub(crate) stdin: String,
    /// Variables of its environment, beside or in the place of the usual ones.
    pub(crate) variables: Vec<(String, String)>,
    /// Where the loader finds libraries beside the usual places.
    pub(crate) libraries: String,
    pub(crate) limits: Limits,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Job {
    /// Tries out whether the sandbox holds.
    Probe,
    /// A build, and if it succeeds runs of what it built, up to the first that is no success.
    Runs {
        build: Option<Command>,
        runs: Vec<Command>,
    },
    /// One command in the tree that follows the job.
    InTree(Command),
    /// Two that talk: the standard output of each is the standard input of the other. It is over
    /// when the checker is.
    Pair {
        candidate: Command,
        checker: Command,
    },
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Reply {
    /// What the probe found wrong, a line each.
    Probed(String),
    Runs {
        build: Option<Outcome>,
        runs: Vec<Outcome>,
    },
    Pair {
        /// `None` where the checker was through before the candidate was ready.
        candidate: Option<Outcome>,
        checker: Outcome,
    },
    /// Nothing was judged.
    Broken(String),
}

impl Reply {
    /// The outcome of a job of one run.
    pub(super) fn only(self) -> Result<Outcome, RunError> {
        match self {
            Self::Runs { mut runs, .. } if runs.len() == 1 => Ok(runs.remove(0)),
            _ => Err(other_answer()),
        }
    }
}

/// What is said of a launcher that answers what it was not asked.
pub(super) fn other_answer() -> RunError {
    RunError::Broken("an answer to another question".to_owned())
}

/// No message is longer, in bytes.
const LONGEST: u32 = 1 << 30;

/// Writes a message: its length in four bytes, then JSON.
pub(crate) fn write(to: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    let text = serde_json::to_vec(message)?;
    let length = u32::try_from(text.len())
        .ok()
        .filter(|length| *length <= LONGEST)
        .ok_or_else(|| io::Error::other("the message is too long"))?;
    to.write_all(&length.to_le_bytes())?;
    to.write_all(&text)
}

/// Reads what [`write`] wrote.
pub(crate) fn read<T: DeserializeOwned>(from: &mut impl Read) -> io::Result<T> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let length = u32::from_le_bytes(length);
    if length > LONGEST {
        return Err(io::Error::other("the message is too long"));
    }
    let mut text = vec![0; length as usize];
    from.read_exact(&mut text)?;
    Ok(serde_json::from_slice(&text)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_survive_the_socket_one_after_the_other() {
        let mut bytes = Vec::new();
        write(&mut bytes, &Reply::Broken("a".into())).unwrap();
        write(&mut bytes, &Job::Probe).unwrap();
        let mut from = bytes.as_slice();
        assert!(matches!(read(&mut from).unwrap(), Reply::Broken(text) if text == "a"));
        assert!(matches!(read(&mut from).unwrap(), Job::Probe));
        assert!(read::<Job>(&mut from).is_err());
        assert!(read::<Job>(&mut [255_u8; 8].as_slice()).is_err());
    }
}
