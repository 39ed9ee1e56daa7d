//! A repository to try things in that judge nothing.

use rewards::code::{Outcome, Tree};

use super::diff::Patch;
use super::environment::Environment;
use super::harness::{Harness, Stop};
use super::instance::Instance;

/// A repository before any patch, and how its tests are run.
#[derive(Debug)]
pub struct Probe<'a> {
    base: Tree,
    environment: &'a Environment,
}

impl Probe<'_> {
    /// The repository.
    pub fn base(&self) -> &Tree {
        &self.base
    }
}

impl Harness {
    /// The repository of an instance, for trying things that judge nothing.
    ///
    /// # Errors
    /// Where it is not to be had.
    pub fn probe(&self, instance: &Instance) -> Result<Probe<'_>, Stop> {
        let (base, environment) = self.base(instance)?;
        Ok(Probe { base, environment })
    }

    /// A probe's repository with a patch.
    ///
    /// # Errors
    /// Where it does not apply.
    pub fn apply_to(&self, probe: &Probe<'_>, patch: &Patch) -> Result<Tree, Stop> {
        Ok(self.patched(&probe.base, patch)?.0)
    }

    /// Runs a command in a tree as the tests of a probe's repository are run.
    ///
    /// # Errors
    /// Where the sandbox fails.
    pub fn run_probe(
        &self,
        probe: &Probe<'_>,
        tree: &Tree,
        command: &str,
    ) -> Result<Outcome, Stop> {
        self.run(tree, probe.environment, command, &[])
    }
}
