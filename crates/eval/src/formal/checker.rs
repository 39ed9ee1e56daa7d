//! A proof checker of this machine, asked in the sandbox.

use std::path::{Path, PathBuf};

use rewards::code::{NoIsolation, Outcome, RunError, Sandbox};

use super::installed::{complaint, limits, on_path, said};
use super::known::Known;
use super::statement::{Statement, System};
use super::{coq, lean};

/// What is asked of a checker. Yes means proved; no means that its automation did not find a proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question<'a> {
    /// Is the statement one the checker understands?
    Compiles(&'a Statement),
    /// Do its hypotheses contradict each other? No where `False` itself is claimed.
    Vacuous(&'a Statement),
    /// Does its conclusion hold without its hypotheses?
    Trivial(&'a Statement),
    /// Does the automation prove it?
    Provable(&'a Statement),
    /// Does the automation prove its negation?
    Absurd(&'a Statement),
    /// Are the two the same by definition: equal once notions are unfolded and computed?
    Same(&'a Statement, &'a Statement),
    /// Does the second follow from the first?
    Implies(&'a Statement, &'a Statement),
}

impl<'a> Question<'a> {
    /// The statements it is about, by the names they have in a script.
    pub(super) fn statements(&self) -> impl Iterator<Item = (&'static str, &'a Statement)> {
        let (one, other) = match *self {
            Self::Compiles(one)
            | Self::Vacuous(one)
            | Self::Trivial(one)
            | Self::Provable(one)
            | Self::Absurd(one) => (one, None),
            Self::Same(one, other) | Self::Implies(one, other) => (one, Some(other)),
        };
        let reference = other.map(|other| ("Reference", other));
        [("Candidate", one)].into_iter().chain(reference)
    }
}

/// A checker that was found and tried out.
#[derive(Debug)]
pub struct Checker {
    system: System,
    version: String,
    argv: Vec<String>,
    sandbox: Sandbox,
    pub(super) known: Known,
}

/// Why there is no checker. Statements are then unjudged.
#[derive(Debug, thiserror::Error)]
pub enum NoChecker {
    /// It is not installed.
    #[error("no `{program}` that answers on the PATH; install {what}")]
    Missing {
        /// The program.
        program: &'static str,
        /// What it comes with.
        what: &'static str,
    },
    /// The Lake project does not say where its libraries are.
    #[error(
        "{project}: `lake env printenv LEAN_PATH` fails; run `lake build` in that folder first"
    )]
    Project {
        /// The folder.
        project: PathBuf,
    },
    /// Programs cannot be isolated here.
    #[error(transparent)]
    Isolation(#[from] NoIsolation),
    /// It does not answer questions whose answers are known.
    #[error("the checker answers a question with a known answer wrongly ({question}): {said}")]
    Unreliable {
        /// The question.
        question: &'static str,
        /// What it said.
        said: String,
    },
    /// It does not run in the sandbox.
    #[error(transparent)]
    Run(#[from] RunError),
}

impl Checker {
    /// Coq: the `coqtop` of the PATH.
    ///
    /// # Errors
    /// Where it is missing, cannot be isolated, or fails what it is tried out with.
    pub fn coq() -> Result<Self, NoChecker> {
        let missing = || NoChecker::Missing {
            program: "coqtop",
            what: "Coq 8.16 or newer (Debian: `apt-get install coq`)",
        };
        let program = on_path("coqtop").ok_or_else(missing)?;
        let version = said(&program, &["--version"], None).ok_or_else(missing)?;
        let library = said(&program, &["-where"], None).ok_or_else(missing)?;
        // Beside the library stand the plugins it loads.
        let library = Path::new(library.trim()).parent().unwrap_or(Path::new("/"));
        let folders = [
            program.parent().unwrap_or(Path::new("/")),
            library,
            // Where the loader of plugins looks for them, on systems that keep it here.
            Path::new("/etc/ocamlfind.conf"),
        ];
        let argv = [
            &program.to_string_lossy(),
            "-q",
            "-batch",
            "-lv",
            "/statement.v",
        ];
        Self::tried(Self {
            system: System::Coq,
            version: version.lines().next().unwrap_or_default().to_owned(),
            argv: argv.map(str::to_owned).to_vec(),
            sandbox: Sandbox::beside(limits(System::Coq), &folders)?,
            known: Known::default(),
        })
    }

    /// Lean 4 with the libraries of a Lake project that has been built, such as one that depends on
    /// Mathlib.
    ///
    /// # Errors
    /// As [`Checker::coq`], and where the project does not answer.
    pub fn lean(project: &Path) -> Result<Self, NoChecker> {
        let missing = || NoChecker::Missing {
            program: "lake",
            what: "Lean 4 by elan (https://lean-lang.org)",
        };
        let lake = on_path("lake").ok_or_else(missing)?;
        let at = Some(project);
        let unbuilt = || NoChecker::Project {
            project: project.to_owned(),
        };
        let libraries = said(&lake, &["env", "printenv", "LEAN_PATH"], at).ok_or_else(unbuilt)?;
        let prefix = said(&lake, &["env", "lean", "--print-prefix"], at).ok_or_else(unbuilt)?;
        let version = said(&lake, &["env", "lean", "--version"], at).ok_or_else(missing)?;
        let program = Path::new(prefix.trim()).join("bin/lean");
        let mut folders = vec![PathBuf::from(prefix.trim())];
        folders.extend(std::env::split_paths(libraries.trim()).map(|path| project.join(path)));
        let listed = std::env::join_paths(&folders[1..]).unwrap_or_default();
        let folders: Vec<&Path> = folders.iter().map(PathBuf::as_path).collect();
        let argv = [
            "/usr/bin/env",
            &format!("LEAN_PATH={}", listed.to_string_lossy()),
            &program.to_string_lossy(),
            "-j1",
            "/statement.lean",
        ];
        Self::tried(Self {
            system: System::Lean,
            version: version.trim().to_owned(),
            argv: argv.map(str::to_owned).to_vec(),
            sandbox: Sandbox::beside(limits(System::Lean), &folders)?,
            known: Known::default(),
        })
    }

    /// What it checks.
    pub fn system(&self) -> System {
        self.system
    }

    /// What it says of its version, for the record.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Asks a question; `Ok` where the checker proves it by its axioms alone, otherwise what it said.
    ///
    /// # Errors
    /// Where the sandbox fails, which says nothing about the statement.
    pub fn answer(&self, question: &Question<'_>) -> Result<Result<(), String>, RunError> {
        let outcome = self.run(question)?;
        if !outcome.is_success() {
            return Ok(Err(complaint(&outcome)));
        }
        let foreign = match self.system {
            System::Coq => coq::foreign_axiom(&outcome.stdout),
            System::Lean => lean::foreign_axiom(&outcome.stdout),
        };
        Ok(match foreign {
            Some(axiom) => Err(format!("it rests on the axiom `{axiom}`")),
            None => Ok(()),
        })
    }

    pub(super) fn script(&self, question: &Question<'_>) -> String {
        match self.system {
            System::Coq => coq::script(question),
            System::Lean => lean::script(question),
        }
    }

    fn run(&self, question: &Question<'_>) -> Result<Outcome, RunError> {
        let argv: Vec<&str> = self.argv.iter().map(String::as_str).collect();
        let (path, processes) = match self.system {
            System::Coq => ("/statement.v", false),
            System::Lean => ("/statement.lean", true),
        };
        let file = self.script(question);
        self.sandbox
            .run_installed(&argv, &[(path, &file)], processes)
    }
}
