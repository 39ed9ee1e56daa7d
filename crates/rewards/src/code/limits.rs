//! What a program may use up, and what became of it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What one program may use up. Each holds for each run, compilation excepted, which has limits of
/// its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// Processor time, in whole seconds; part of a second counts as one.
    pub cpu: Duration,
    /// Time on the clock.
    pub wall: Duration,
    /// Address space, in bytes. A program has one process, so this bounds its memory.
    pub memory: u64,
    /// Threads, the first one included. Further processes are never allowed.
    pub threads: u64,
    /// The longest file, in bytes.
    pub file_size: u64,
    /// All files together, in bytes; they are kept in memory and vanish with the program.
    pub disk: u64,
    /// Bytes of standard output, and as many of standard error.
    pub output: usize,
}

impl Default for Limits {
    /// 10 s on the processor and on the clock, 512 MiB, 16 threads, 16 MiB of files, 1 MiB of
    /// output.
    fn default() -> Self {
        Self {
            cpu: Duration::from_secs(10),
            wall: Duration::from_secs(10),
            memory: 512 << 20,
            threads: 16,
            file_size: 16 << 20,
            disk: 16 << 20,
            output: 1 << 20,
        }
    }
}

#[cfg(all(target_os = "linux", feature = "code"))]
impl Limits {
    /// What a compiler may use up: a minute, 4 GiB of address space, 64 threads and processes.
    pub(crate) fn compiler() -> Self {
        Self {
            cpu: Duration::from_secs(60),
            wall: Duration::from_secs(60),
            memory: 4 << 30,
            threads: 64,
            file_size: 64 << 20,
            disk: 128 << 20,
            output: 1 << 20,
        }
    }
}

/// A limit that ended a program. The others (memory, threads, files) only make its calls fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Limit {
    /// Processor time.
    Cpu,
    /// Time on the clock.
    Wall,
    /// Standard output or standard error.
    Output,
}

impl std::fmt::Display for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Cpu => "uses up its processor time",
            Self::Wall => "uses up its time",
            Self::Output => "writes too much",
        })
    }
}

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// By itself, with this exit code.
    Exited(i32),
    /// By this signal.
    Signalled(i32),
}

/// What became of a program.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// How it ended.
    pub status: Status,
    /// The limit that ended it, where one did.
    pub killed_by: Option<Limit>,
    /// What it wrote to standard output, up to the limit; bytes that are no UTF-8 are replaced.
    pub stdout: String,
    /// What it wrote to standard error, likewise.
    pub stderr: String,
    /// Time on the clock.
    pub wall: Duration,
    /// Processor time; zero where the program was killed from outside.
    pub cpu: Duration,
    /// The most memory it held, in bytes; zero where the program was killed from outside.
    pub memory: u64,
}

impl Outcome {
    /// Whether the program ended by itself with exit code 0.
    pub fn is_success(&self) -> bool {
        self.status == Status::Exited(0) && self.killed_by.is_none()
    }

    /// In a few words why the program is no success, with the last line it wrote to standard error.
    pub(crate) fn complaint(&self) -> String {
        let how = match (self.killed_by, self.status) {
            (Some(limit), _) => limit.to_string(),
            (None, Status::Exited(code)) => format!("ends with exit code {code}"),
            (None, Status::Signalled(signal)) => format!("ends by signal {signal}"),
        };
        let last = self
            .stderr
            .lines()
            .rev()
            .find(|line| !line.trim().is_empty());
        match last {
            Some(line) => format!("{how}: {}", line.chars().take(200).collect::<String>()),
            None => how,
        }
    }
}

/// Why there is no sandbox, or none any more. What could not be isolated was not run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoIsolation {
    /// The operating system is not Linux, or the feature `code` is off.
    #[error("programs are only run on Linux, by the feature `code` of the crate `rewards`")]
    Unsupported,
    /// The kernel refuses one of the things isolation is made of.
    #[error(
        "the kernel gives no isolation ({0}); allow unprivileged user namespaces \
         (`sysctl user.max_user_namespaces`, and on some distributions \
         `kernel.unprivileged_userns_clone=1` or `kernel.apparmor_restrict_unprivileged_userns=0`)"
    )]
    Refused(String),
    /// The sandbox let something through that it must not.
    #[error("the sandbox leaks: {0}")]
    Leaks(String),
}

/// Why a program was not run, though there is a sandbox. It says nothing about the program.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// There is no interpreter or compiler that works in the sandbox.
    #[error("no {tool} runs in the sandbox: {reason}")]
    NoLanguage {
        /// The interpreter or compiler.
        tool: &'static str,
        /// Why not, and what would help.
        reason: String,
    },
    /// The sandbox failed.
    #[error("the sandbox failed: {0}")]
    Broken(String),
}
