//! Patches tried by a script that shows the issue: it must fail before the patch, and must not after.
//!
//! The script is a model's; one that does not fail before shows nothing and is not used. Left out: the
//! repository's own tests, which the published setting does not let a model run.

use rewards::code::{Tree, find};

use super::chain::Failure;
use crate::swe::diff::parse;
use crate::swe::{Harness, Instance, Probe, diff_of};

/// Where the script stands in the repository while it runs.
const SCRIPT: &str = "reproduce_the_issue.py";

/// What a model is asked for the script that shows an issue.
pub fn reproduction_question(instance: &Instance) -> String {
    format!(
        "This is an issue of the repository {}.\n\n<issue>\n{}\n</issue>\n\nWrite a Python script, run from \
         the root of the repository, that shows it: it must end with an exit code that is not 0 while the issue \
         is there, say what is wrong, and end with exit code 0 once the issue is resolved. Answer \
         with the script in a block that begins with ```python.\n",
        instance.repo,
        instance.problem_statement.trim()
    )
}

/// A script that shows an issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reproduction(String);

impl Reproduction {
    /// The script of a reply to [`reproduction_question`]; `None` where there is none, or where it does
    /// not fail before the patch.
    ///
    /// # Errors
    /// Why it could not be run.
    pub fn of(harness: &Harness, instance: &Instance, reply: &str) -> Result<Option<Self>, String> {
        let Ok(program) = find(reply) else {
            return Ok(None);
        };
        let probe = harness.probe(instance).map_err(|(_, reason)| reason)?;
        let script = Self(program.source);
        let ran = script.run(harness, &probe, probe.base())?;
        Ok(ran.is_some().then_some(script))
    }

    /// What the script says where it fails; `None` where it does not.
    fn run(
        &self,
        harness: &Harness,
        probe: &Probe<'_>,
        tree: &Tree,
    ) -> Result<Option<String>, String> {
        let mut tree = tree.clone();
        tree.write(SCRIPT, self.0.as_bytes())
            .map_err(|error| error.to_string())?;
        let command = format!("python3 {SCRIPT}");
        let outcome = harness.run_probe(probe, &tree, &command);
        let outcome = outcome.map_err(|(_, reason)| reason)?;
        if outcome.is_success() {
            return Ok(None);
        }
        let mut last: Vec<&str> = outcome.stdout.lines().rev().take(20).collect();
        last.reverse();
        let ended = outcome
            .killed_by
            .map_or(String::new(), |limit| format!("\nit {limit}"));
        Ok(Some(last.join("\n") + &ended))
    }
}

/// An instance whose answer is a patch, with the chain's own test of it.
#[derive(Debug)]
pub struct PatchSubject<'a> {
    harness: &'a Harness,
    probe: Probe<'a>,
    script: Option<Reproduction>,
}

impl<'a> PatchSubject<'a> {
    /// An instance with a script that shows it; without one, whether the patch applies is all that is
    /// tried.
    ///
    /// # Errors
    /// Why the repository is not to be had.
    pub fn new(
        harness: &'a Harness,
        instance: &Instance,
        script: Option<Reproduction>,
    ) -> Result<Self, String> {
        Ok(Self {
            probe: harness.probe(instance).map_err(|(_, reason)| reason)?,
            harness,
            script,
        })
    }

    /// What is wrong with a reply; nothing where nothing was found.
    ///
    /// # Errors
    /// Why it could not be tried.
    pub fn failures(&self, reply: &str) -> Result<Vec<Failure>, String> {
        let failure = |test: &str, expected: Option<&str>, got: String| {
            Ok(vec![Failure {
                test: test.to_owned(),
                expected: expected.map(str::to_owned),
                got,
            }])
        };
        let form = "the form of the answer";
        let Some(diff) = diff_of(reply) else {
            return failure(
                form,
                Some("a unified diff in a fenced block"),
                "no diff".into(),
            );
        };
        let patch = match parse(&diff) {
            Ok(patch) => patch,
            Err(error) => return failure(form, None, error.to_string()),
        };
        let tree = match self.harness.apply_to(&self.probe, &patch) {
            Ok(tree) => tree,
            Err((_, reason)) => return failure("applying the patch", None, reason),
        };
        let said = match &self.script {
            Some(script) => script.run(self.harness, &self.probe, &tree)?,
            None => None,
        };
        match (said, &self.script) {
            (Some(said), Some(script)) => {
                failure(&script.0, Some("exit code 0, with the patch applied"), said)
            }
            _ => Ok(vec![]),
        }
    }
}
