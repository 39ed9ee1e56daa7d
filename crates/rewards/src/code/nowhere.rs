//! The sandbox where there is none: it cannot be made, so nothing is ever run.

use super::language::Language;
use super::limits::{Limits, NoIsolation, Outcome, RunError};
use super::tree::Tree;

/// The version of what runs programs of a language; on this system nothing does.
pub fn version(_: Language) -> Option<String> {
    None
}

/// Runs programs nobody vouches for; on this system it cannot be made.
#[derive(Debug)]
pub struct Sandbox {
    never: std::convert::Infallible,
}

impl Sandbox {
    /// There is no sandbox on this system, or the feature `code` is off.
    ///
    /// # Errors
    /// Always.
    pub fn new(_: Limits) -> Result<Self, NoIsolation> {
        Err(NoIsolation::Unsupported)
    }

    /// There is no sandbox on this system, or the feature `code` is off.
    ///
    /// # Errors
    /// Always.
    pub fn beside(_: Limits, _: &[&std::path::Path]) -> Result<Self, NoIsolation> {
        Err(NoIsolation::Unsupported)
    }

    /// Runs a script in a copy of a tree.
    ///
    /// # Errors
    /// Where the sandbox fails.
    pub fn run_in(
        &self,
        _: &Tree,
        _: &str,
        _: &[String],
        _: &[(String, String)],
    ) -> Result<Outcome, RunError> {
        match self.never {}
    }

    /// Runs a program that is installed here.
    ///
    /// # Errors
    /// Where the sandbox fails.
    pub fn run_installed(
        &self,
        _: &[&str],
        _: &[(&str, &str)],
        _: bool,
    ) -> Result<Outcome, RunError> {
        match self.never {}
    }

    /// The limits.
    pub fn limits(&self) -> &Limits {
        match self.never {}
    }

    /// Whether programs of this language can be run here.
    ///
    /// # Errors
    /// Why they cannot.
    pub fn has(&self, _: Language) -> Result<(), RunError> {
        match self.never {}
    }

    /// Runs a program with `stdin` as its input.
    ///
    /// # Errors
    /// Where the sandbox fails.
    pub fn run(&self, _: &str, _: Language, _: &str) -> Result<Outcome, RunError> {
        match self.never {}
    }

    /// Runs a program on each input in turn.
    ///
    /// # Errors
    /// Where the sandbox fails.
    pub fn run_all(&self, _: &str, _: Language, _: &[&str]) -> Result<Vec<Outcome>, RunError> {
        match self.never {}
    }

    pub(crate) fn run_pair(
        &self,
        _: (&str, &[(&str, &str)]),
        _: (&str, &[(&str, &str)]),
    ) -> Result<(Option<Outcome>, Outcome), RunError> {
        match self.never {}
    }
}
