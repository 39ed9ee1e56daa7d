//! Programs tried by the statement's examples and by where candidates differ.
//!
//! Where several candidates are at hand, inputs like the examples are run through all of them; on an input
//! on which they differ, what more than half of them give is expected. That may be wrong: the report counts how
//! often such a test doubted a right answer.

use std::collections::BTreeMap;

use data::{Case, Check, CodeTests, Problem};
use rewards::code::{Language, Outcome, Program, Sandbox, Status, find};
use serde::Deserialize;
use serde_json::json;

use super::chain::Failure;
use super::examples::{Examples, examples};
use super::fuzz::like;

const DRIVER: &str = include_str!("driver.py");

/// A problem whose answer is a program, with the chain's own tests of it.
#[derive(Debug)]
pub struct ProgramSubject<'a> {
    sandbox: &'a Sandbox,
    pub(super) tests: Examples,
    preamble: &'a str,
}

/// What the driver says of a call or a test.
#[derive(Deserialize)]
pub(super) struct Said {
    broken: Option<String>,
    value: Option<String>,
    /// What a call raised.
    pub(super) raised: Option<String>,
    got: Option<String>,
}

impl<'a> ProgramSubject<'a> {
    /// A problem with the tests of its statement.
    pub fn new(problem: &'a Problem, sandbox: &'a Sandbox) -> Self {
        let preamble = match &problem.check {
            Check::Code { tests } => match tests {
                CodeTests::HumanEval { prompt, .. } => prompt,
                CodeTests::Functional { preamble, .. } => preamble.as_str(),
                CodeTests::StdinStdout { .. } => "",
            },
            _ => "",
        };
        Self {
            sandbox,
            tests: examples(problem),
            preamble,
        }
    }

    /// The tests it has.
    pub fn tests(&self) -> &Examples {
        &self.tests
    }

    /// Adds tests where the programs of `replies` differ, on at most `inputs` inputs for each example.
    ///
    /// # Errors
    /// Why the programs could not be run.
    pub fn add_differences(
        &mut self,
        replies: &[&str],
        inputs: usize,
        seed: u64,
    ) -> Result<(), String> {
        let programs = replies.iter().filter_map(|reply| find(reply).ok());
        let programs: Vec<Program> = programs.collect();
        let calls = self.tests.calls.iter().map(String::as_str);
        let calls: Vec<String> = calls.flat_map(|call| like(call, inputs, seed)).collect();
        let texts = self.tests.cases.iter().map(|case| case.input.as_str());
        let texts: Vec<String> = texts.flat_map(|input| like(input, inputs, seed)).collect();
        let mut of_calls = Vec::new();
        let mut of_texts = Vec::new();
        for program in &programs {
            of_calls.push(self.values(program, &calls)?);
            of_texts.push(self.outputs(program, &texts)?);
        }
        for (at, call) in calls.iter().enumerate() {
            if let Some(value) = majority(of_calls.iter().map(|values| values[at].as_deref())) {
                self.tests
                    .assertions
                    .push(format!("assert {call} == {value}"));
            }
        }
        for (at, input) in texts.iter().enumerate() {
            if let Some(output) = majority(of_texts.iter().map(|outputs| outputs[at].as_deref())) {
                self.tests.cases.push(Case {
                    input: input.clone(),
                    output: output.to_owned(),
                });
            }
        }
        Ok(())
    }

    /// What a program gives for calls; `None` where it raises, does not end or gives what is no literal.
    fn values(&self, program: &Program, calls: &[String]) -> Result<Vec<Option<String>>, String> {
        let (said, _) = self.drive(program, calls, &[])?;
        let values = said.into_iter().map(|said| said.value);
        let mut values: Vec<Option<String>> = values.take(calls.len()).collect();
        values.resize(calls.len(), None);
        Ok(values)
    }

    fn outputs(&self, program: &Program, inputs: &[String]) -> Result<Vec<Option<String>>, String> {
        let run = |input: &String| {
            let outcome = self.run(program, input)?;
            Ok(outcome.is_success().then(|| tidy(&outcome.stdout)))
        };
        inputs.iter().map(run).collect()
    }

    pub(super) fn run(&self, program: &Program, input: &str) -> Result<Outcome, String> {
        let language = program.language.unwrap_or(Language::Python);
        let outcome = self.sandbox.run(&program.source, language, input);
        outcome.map_err(|error| error.to_string())
    }

    pub(super) fn drive(
        &self,
        program: &Program,
        calls: &[String],
        tests: &[String],
    ) -> Result<(Vec<Said>, Outcome), String> {
        let given = json!({
            "preamble": self.preamble, "source": program.source, "calls": calls, "tests": tests,
        });
        let outcome = self
            .sandbox
            .run(DRIVER, Language::Python, &given.to_string());
        let outcome = outcome.map_err(|error| error.to_string())?;
        let said = outcome
            .stdout
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok());
        Ok((said.collect(), outcome))
    }

    fn assertions(&self, program: &Program) -> Result<Vec<Failure>, String> {
        let tests = &self.tests.assertions;
        if tests.is_empty() {
            return Ok(vec![]);
        }
        let failure = |test: &str, got: String| Failure {
            test: test.to_owned(),
            expected: None,
            got,
        };
        let (said, outcome) = self.drive(program, &[], tests)?;
        if let Some(broken) = said.iter().find_map(|said| said.broken.clone()) {
            return Ok(vec![failure("the program as a whole", broken)]);
        }
        let failed = tests.iter().zip(&said);
        let failed = failed.filter_map(|(test, said)| Some(failure(test, said.got.clone()?)));
        // The first test that nothing was said of is the one the program ended in.
        let cut = tests
            .get(said.len())
            .map(|test| failure(test, how(&outcome)));
        Ok(failed.chain(cut).collect())
    }

    fn cases(&self, program: &Program) -> Result<Vec<Failure>, String> {
        let mut failures = Vec::new();
        for case in &self.tests.cases {
            let outcome = self.run(program, &case.input)?;
            let expected = tidy(&case.output);
            let got = match outcome.is_success() {
                true => tidy(&outcome.stdout),
                false => how(&outcome),
            };
            if got != expected {
                failures.push(Failure {
                    test: format!("input:\n{}", case.input),
                    expected: Some(expected),
                    got: got.chars().take(2000).collect(),
                });
            }
        }
        Ok(failures)
    }

    /// What the tests find wrong with a reply; nothing where they find nothing.
    ///
    /// # Errors
    /// Why they could not be run.
    pub fn failures(&self, reply: &str) -> Result<Vec<Failure>, String> {
        let program = match find(reply) {
            Ok(program) => program,
            Err(error) => {
                return Ok(vec![Failure {
                    test: "the form of the answer".into(),
                    expected: Some("a program in a fenced block".into()),
                    got: error.to_string(),
                }]);
            }
        };
        let mut failures = self.assertions(&program)?;
        failures.extend(self.cases(&program)?);
        Ok(failures)
    }
}

/// What more than half give, where not all that give something give it.
fn majority<'a>(values: impl Iterator<Item = Option<&'a str>>) -> Option<&'a str> {
    let values: Vec<Option<&str>> = values.collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    values
        .iter()
        .flatten()
        .for_each(|value| *counts.entry(value).or_default() += 1);
    let (value, count) = counts.into_iter().max_by_key(|(_, count)| *count)?;
    (count * 2 > values.len() && count < values.len()).then_some(value)
}

/// Without blanks at the ends of lines and blank lines at the end.
fn tidy(text: &str) -> String {
    let lines: Vec<&str> = text.trim_end().lines().map(str::trim_end).collect();
    lines.join("\n")
}

/// How a run ended that is no success.
pub(super) fn how(outcome: &Outcome) -> String {
    let how = match (outcome.killed_by, outcome.status) {
        (Some(limit), _) => format!("the program {limit}"),
        (None, Status::Exited(code)) => format!("the program ends with exit code {code}"),
        (None, Status::Signalled(signal)) => format!("the program ends by signal {signal}"),
    };
    let last: Vec<&str> = outcome.stderr.lines().rev().take(3).collect();
    let last: Vec<&str> = last.into_iter().rev().collect();
    format!("{how}\n{}", last.join("\n")).trim_end().to_owned()
}
