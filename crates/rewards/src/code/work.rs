//! What a launcher does with a job: starts containers and feeds them.

use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;

use hakoniwa::Stdio;
use seccompiler::BpfProgram;

use super::container::{self, Setting};
use super::job::{Command, Job, Kind, Reply};
use super::limits::{Limits, Outcome};
use super::process::{Process, finish, single};
use super::root::Root;
use super::seccomp;
use super::tree_stream;

/// A launcher's tools.
pub(crate) struct Worker {
    root: Root,
    landlock: bool,
    run: Arc<BpfProgram>,
    build: Arc<BpfProgram>,
}

impl Worker {
    pub(crate) fn new(root: Root) -> Result<Self, String> {
        Ok(Self {
            root,
            landlock: has_landlock(),
            run: Arc::new(seccomp::filter(Kind::Run)?),
            build: Arc::new(seccomp::filter(Kind::Build)?),
        })
    }

    /// Does a job.
    pub(crate) fn reply(&self, job: &Job) -> Reply {
        let done = match job {
            Job::Probe => self.probe(),
            Job::Runs { build, runs } => self.runs(build.as_ref(), runs),
            Job::Pair { candidate, checker } => self.pair(candidate, checker),
            Job::InTree(_) => Err("a job without its tree".to_owned()),
        };
        done.unwrap_or_else(Reply::Broken)
    }

    /// Does a job in the tree that follows on the socket.
    ///
    /// # Errors
    /// Where the socket ends early.
    pub(crate) fn in_tree(
        &self,
        command: &Command,
        socket: &mut impl std::io::Read,
    ) -> std::io::Result<Reply> {
        let folder = tempfile::tempdir()?;
        let mut socket = std::io::BufReader::with_capacity(1 << 16, socket);
        let kept = tree_stream::unpack(&mut socket, folder.path())?;
        let ran = kept
            .map_err(|error| format!("the tree does not fit in the sandbox: {error}"))
            .and_then(|()| self.one(Some(folder.path()), command));
        Ok(match ran {
            Ok(outcome) => Reply::Runs {
                build: None,
                runs: vec![outcome],
            },
            Err(reason) => Reply::Broken(reason),
        })
    }

    fn setting<'a>(&'a self, built: Option<&'a Path>) -> Setting<'a> {
        Setting {
            root: &self.root,
            landlock: self.landlock,
            run: Arc::clone(&self.run),
            build: Arc::clone(&self.build),
            built,
        }
    }

    fn probe(&self) -> Result<Reply, String> {
        let limits = Limits::default();
        let mut command = container::command(&self.setting(None), None, &limits)?;
        let null = || File::open("/dev/null").map_err(|error| error.to_string());
        command.stdin(null()?);
        let (stdout, stderr) = (Stdio::piped(), Stdio::piped());
        let child = command.stdout(stdout).stderr(stderr).spawn();
        let process = Process::new(child, &limits)?;
        Ok(Reply::Probed(single(process)?.stderr))
    }

    fn runs(&self, build: Option<&Command>, runs: &[Command]) -> Result<Reply, String> {
        let folder = match build {
            Some(_) => Some(tempfile::tempdir().map_err(|error| error.to_string())?),
            None => None,
        };
        let built = folder.as_ref().map(tempfile::TempDir::path);
        let build = match build {
            Some(build) => Some(self.one(built, build)?),
            None => None,
        };
        let mut outcomes = Vec::new();
        if build.as_ref().is_none_or(Outcome::is_success) {
            for run in runs {
                outcomes.push(self.one(built, run)?);
                if !outcomes.last().is_some_and(Outcome::is_success) {
                    break;
                }
            }
        }
        Ok(Reply::Runs {
            build,
            runs: outcomes,
        })
    }

    fn one(&self, built: Option<&Path>, command: &Command) -> Result<Outcome, String> {
        let mut input = tempfile::tempfile().map_err(|error| error.to_string())?;
        input
            .write_all(command.stdin.as_bytes())
            .and_then(|()| std::io::Seek::rewind(&mut input))
            .map_err(|error| format!("the input: {error}"))?;
        let mut started = container::command(&self.setting(built), Some(command), &command.limits)?;
        started.stdin(input);
        let (stdout, stderr) = (Stdio::piped(), Stdio::piped());
        let child = started.stdout(stdout).stderr(stderr).spawn();
        let process = Process::new(child, &command.limits)?;
        single(process)
    }

    fn pair(&self, candidate: &Command, checker: &Command) -> Result<Reply, String> {
        let pipe = || std::io::pipe().map_err(|error| error.to_string());
        let (asks, answers) = (pipe()?, pipe()?);
        let start = |command: &Command, stdin, stdout| {
            let mut started =
                container::command(&self.setting(None), Some(command), &command.limits)?;
            started.stdin(Stdio::from(OwnedFd::from(stdin)));
            started.stdout(Stdio::from(OwnedFd::from(stdout)));
            let child = started.stderr(Stdio::piped()).spawn();
            Process::new(child, &command.limits)
        };
        let candidate = start(candidate, asks.0, answers.1)?;
        let checker = start(checker, answers.0, asks.1)?;
        let mut processes = [candidate, checker];
        finish(&mut processes)?;
        let [candidate, checker] = processes;
        let candidate = if candidate.was_stopped_early() {
            None
        } else {
            Some(candidate.outcome()?)
        };
        Ok(Reply::Pair {
            candidate,
            checker: checker.outcome()?,
        })
    }
}

/// Whether the kernel has Landlock.
fn has_landlock() -> bool {
    let none = std::ptr::null::<libc::c_void>();
    // SAFETY: asks for the version of the interface, with neither a ruleset nor its size.
    unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, none, 0_usize, 1_u32) >= 1 }
}
