//! The sandbox as the rest of the crate sees it: programs in, outcomes out.

use std::num::NonZero;
use std::path::Path;
use std::sync::{Condvar, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use super::job::{BUILT, Command, Job, Reply, other_answer};
use super::language::Language;
use super::launcher::Launcher;
use super::limits::{Limits, NoIsolation, Outcome, RunError};
use super::root::Root;
use super::tools::Tools;
use super::tree::Tree;

/// Starts whole Python programs.
const WHOLE: &str = include_str!("python/whole.py");

/// Runs programs nobody vouches for, several at a time.
///
/// Make it early and keep it: its helper processes are forked from this one, and share the memory
/// this one has at that moment.
pub struct Sandbox {
    pub(super) limits: Limits,
    pub(super) tools: Tools,
    root: Root,
    /// Launchers that wait; `None` stands for one to be started anew.
    idle: Mutex<Vec<Option<Launcher>>>,
    freed: Condvar,
    /// Whether a program of the language was seen to run, once asked.
    works: [OnceLock<Result<(), String>>; 2],
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sandbox")
            .field("limits", &self.limits)
            .field("tools", &self.tools)
            .finish_non_exhaustive()
    }
}

impl Sandbox {
    /// A sandbox under these limits, for as many programs at a time as there are processors.
    ///
    /// # Errors
    /// Where the kernel gives no isolation, or where something gets through that must not; both are
    /// tried out here.
    pub fn new(limits: Limits) -> Result<Self, NoIsolation> {
        Self::beside(limits, &[])
    }

    /// A sandbox whose programs may also read these folders, each where it is: interpreters, packages.
    /// What is no folder is left out.
    ///
    /// # Errors
    /// As [`Sandbox::new`].
    pub fn beside(limits: Limits, folders: &[&Path]) -> Result<Self, NoIsolation> {
        let tools = Tools::find();
        let own = [&tools.python, &tools.rust];
        let own = own.iter().filter_map(|tool| Some(&*tool.as_ref()?.folder));
        let folders: Vec<&Path> = own.chain(folders.iter().copied()).collect();
        let root = Root::of(&folders);
        let count = std::thread::available_parallelism().map_or(1, NonZero::get);
        let mut launchers = Vec::new();
        for _ in 0..count {
            launchers.push(Some(Launcher::start(&root)?));
        }
        let sandbox = Self {
            limits,
            tools,
            root,
            idle: Mutex::new(launchers),
            freed: Condvar::new(),
            works: [OnceLock::new(), OnceLock::new()],
        };
        match sandbox.ask(&Job::Probe, None, Duration::from_secs(20)) {
            Ok(Reply::Probed(wrong)) if wrong.is_empty() => Ok(sandbox),
            Ok(Reply::Probed(wrong)) => Err(NoIsolation::Leaks(wrong.replace('\n', ", "))),
            Ok(_) => Err(NoIsolation::Refused("the probe was not made".to_owned())),
            Err(error) => Err(NoIsolation::Refused(error.to_string())),
        }
    }

    /// The limits.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Whether programs of this language can be run here; tried out when first asked.
    ///
    /// # Errors
    /// Why they cannot.
    pub fn has(&self, language: Language) -> Result<(), RunError> {
        let (works, tool, program) = match language {
            Language::Python => (&self.works[0], "python3", "print(7)"),
            Language::Rust => (&self.works[1], "rustc", "fn main() { println!(\"7\"); }"),
        };
        let tried = works.get_or_init(|| {
            let outcomes = self.start_all(program, language, &[""]);
            match outcomes.map(|mut outcomes| outcomes.pop()) {
                Ok(Some(last)) if last.is_success() && last.stdout == "7\n" => Ok(()),
                Ok(Some(last)) => Err(format!("a first program {}", last.complaint())),
                Ok(None) => Err("a first program has no outcome".to_owned()),
                Err(RunError::NoLanguage { reason, .. }) => Err(reason),
                Err(error) => Err(error.to_string()),
            }
        });
        tried
            .clone()
            .map_err(|reason| RunError::NoLanguage { tool, reason })
    }

    /// Runs a program with `stdin` as its input. A Rust program that does not compile is an outcome
    /// like another: the compiler's.
    ///
    /// # Errors
    /// Where the language's interpreter or compiler is missing, or the sandbox itself fails.
    pub fn run(&self, program: &str, language: Language, stdin: &str) -> Result<Outcome, RunError> {
        let mut outcomes = self.run_all(program, language, &[stdin])?;
        outcomes
            .pop()
            .ok_or_else(|| RunError::Broken("there is no outcome".to_owned()))
    }

    /// Runs a program on each input in turn, compiled once, up to the first run that is no success.
    /// Where it does not compile, the compiler's is the only outcome.
    ///
    /// # Errors
    /// As [`Sandbox::run`].
    pub fn run_all(
        &self,
        program: &str,
        language: Language,
        inputs: &[&str],
    ) -> Result<Vec<Outcome>, RunError> {
        self.has(language)?;
        self.start_all(program, language, inputs)
    }

    fn start_all(
        &self,
        program: &str,
        language: Language,
        inputs: &[&str],
    ) -> Result<Vec<Outcome>, RunError> {
        let (build, command) = match language {
            Language::Python => (None, self.python(WHOLE, &[("/program.py", program)])?),
            Language::Rust => (
                Some(self.rustc(program)?),
                self.command(vec![BUILT.to_owned()]),
            ),
        };
        let runs: Vec<Command> = inputs
            .iter()
            .map(|input| Command {
                stdin: (*input).to_owned(),
                ..command.clone()
            })
            .collect();
        let mut patience = self.limits.wall * u32::try_from(runs.len()).unwrap_or(u32::MAX);
        if let Some(build) = &build {
            patience += build.limits.wall;
        }
        match self.ask(&Job::Runs { build, runs }, None, patience)? {
            Reply::Runs {
                build: Some(build), ..
            } if !build.is_success() => Ok(vec![build]),
            Reply::Runs { runs, .. } => Ok(runs),
            _ => Err(other_answer()),
        }
    }

    /// Runs a Python program beside another that checks it, each in a sandbox of its own: a driver
    /// with the files it reads.
    pub(crate) fn run_pair(
        &self,
        (driver, candidate): (&str, &[(&str, &str)]),
        (checker_driver, checker): (&str, &[(&str, &str)]),
    ) -> Result<(Option<Outcome>, Outcome), RunError> {
        self.has(Language::Python)?;
        let candidate = self.python(driver, candidate)?;
        let mut checker = self.python(checker_driver, checker)?;
        checker.limits.wall += Duration::from_secs(5);
        checker.limits.cpu += Duration::from_secs(5);
        let patience = checker.limits.wall;
        match self.ask(&Job::Pair { candidate, checker }, None, patience)? {
            Reply::Pair { candidate, checker } => Ok((candidate, checker)),
            _ => Err(other_answer()),
        }
    }

    /// Has a job done by the next launcher that is free.
    pub(super) fn ask(
        &self,
        job: &Job,
        tree: Option<&Tree>,
        patience: Duration,
    ) -> Result<Reply, RunError> {
        let broken = |error: &dyn std::fmt::Display| RunError::Broken(error.to_string());
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = loop {
            match idle.pop() {
                Some(slot) => break slot,
                None => {
                    idle = self
                        .freed
                        .wait(idle)
                        .unwrap_or_else(PoisonError::into_inner);
                }
            }
        };
        drop(idle);
        let mut launcher = match slot {
            Some(launcher) => Ok(launcher),
            None => Launcher::start(&self.root).map_err(|error| broken(&error)),
        };
        let reply = match &mut launcher {
            Ok(launcher) => launcher
                .ask(job, tree, patience + Duration::from_secs(15))
                .map_err(|error| broken(&error)),
            Err(error) => Err(error.clone()),
        };
        // A launcher that did not answer is not asked again.
        let launcher = launcher.ok().filter(|_| reply.is_ok());
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.push(launcher);
        drop(idle);
        self.freed.notify_one();
        match reply? {
            Reply::Broken(reason) => Err(RunError::Broken(reason)),
            reply => Ok(reply),
        }
    }
}
