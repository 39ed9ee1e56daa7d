//! The reward: the program of a response passes all tests, shown and hidden, or it does not.

use std::sync::Arc;

use data::{Case, Check, CodeTests, Problem};

use super::functional::{self, Tests, unjudged};
use super::language::Language;
use super::limits::{Limits, NoIsolation};
use super::outputs::Outputs;
use super::program::{Program, find};
use super::{Sandbox, rust_tests};
use crate::reward::{Reward, Verdict};

/// 1 for a program that passes all tests of its problem, 0 otherwise (DeepSeek-R1, arXiv
/// 2501.12948v1, section 2.2.2: feedback from predefined test cases).
///
/// The tests are those of [`Check::Code`]; other problems are unjudged, and so is every problem
/// where programs cannot be isolated. A response without a program is wrong.
#[derive(Debug, Clone)]
pub struct Code {
    sandbox: Result<Arc<Sandbox>, NoIsolation>,
    outputs: Outputs,
}

impl Code {
    /// The reward with a sandbox of its own. Where there can be none, everything is unjudged; ask
    /// [`Code::sandbox`] beforehand.
    pub fn new(limits: Limits) -> Self {
        Self {
            sandbox: Sandbox::new(limits).map(Arc::new),
            outputs: Outputs::default(),
        }
    }

    /// The reward with a sandbox that others may use as well.
    pub fn within(sandbox: Arc<Sandbox>) -> Self {
        Self {
            sandbox: Ok(sandbox),
            outputs: Outputs::default(),
        }
    }

    /// The same, with the outputs of whole programs compared so.
    #[must_use]
    pub fn comparing(self, outputs: Outputs) -> Self {
        Self { outputs, ..self }
    }

    /// The sandbox.
    ///
    /// # Errors
    /// Why there is none.
    pub fn sandbox(&self) -> Result<&Arc<Sandbox>, NoIsolation> {
        self.sandbox.as_ref().map_err(Clone::clone)
    }

    /// The verdict, and the program it is about.
    pub fn judge(&self, problem: &Problem, response: &str) -> (Verdict, Option<Program>) {
        let Check::Code { tests } = &problem.check else {
            return (Verdict::unjudged("the problem has no tests to run"), None);
        };
        if tests.is_empty() {
            return (Verdict::unjudged("the problem has no test"), None);
        }
        let sandbox = match &self.sandbox {
            Ok(sandbox) => sandbox,
            Err(error) => return (Verdict::unjudged(error.to_string()), None),
        };
        match find(response) {
            Ok(program) => {
                let verdict = passes(sandbox, &program, tests, self.outputs);
                (verdict, Some(program))
            }
            Err(none) => (Verdict::wrong(none.to_string()), None),
        }
    }
}

impl Reward for Code {
    fn name(&self) -> &'static str {
        "code"
    }

    fn score(&self, problem: &Problem, response: &str) -> Verdict {
        self.judge(problem, response).0
    }
}

fn passes(sandbox: &Sandbox, program: &Program, tests: &CodeTests, outputs: Outputs) -> Verdict {
    let source = program.source.as_str();
    match tests {
        CodeTests::StdinStdout { shown, hidden } => {
            let guess = if source.contains("fn main") {
                Language::Rust
            } else {
                Language::Python
            };
            let cases: Vec<&Case> = shown.iter().chain(hidden).collect();
            let language = program.language.unwrap_or(guess);
            whole(sandbox, (source, language), &cases, outputs)
        }
        CodeTests::Functional {
            preamble,
            setup,
            shown,
            hidden,
        } => {
            let tests: Vec<&str> = shown.iter().chain(hidden).map(String::as_str).collect();
            let is_rust = |test: &&str| test.contains("assert_eq!(") || test.contains("assert!(");
            if tests.iter().all(is_rust) {
                return rust(sandbox, source, preamble, setup, &tests);
            }
            let entry_point = None;
            let tests = Tests {
                preamble,
                setup,
                tests,
                entry_point,
            };
            functional::judge(sandbox, source, &tests)
        }
        CodeTests::HumanEval {
            prompt,
            test,
            entry_point,
        } => {
            let test = format!("{test}\ncheck({entry_point})");
            let tests = Tests {
                preamble: prompt,
                setup: "",
                tests: vec![&test],
                entry_point: Some(entry_point),
            };
            functional::judge(sandbox, source, &tests)
        }
    }
}

/// A program that reads its input and writes its output.
fn whole(
    sandbox: &Sandbox,
    (source, language): (&str, Language),
    cases: &[&Case],
    outputs: Outputs,
) -> Verdict {
    let inputs: Vec<&str> = cases.iter().map(|case| case.input.as_str()).collect();
    let outcomes = match sandbox.run_all(source, language, &inputs) {
        Ok(outcomes) => outcomes,
        Err(error) => return unjudged(&error),
    };
    let count = cases.len();
    for (at, (outcome, case)) in outcomes.iter().zip(cases).enumerate() {
        let at = at + 1;
        if !outcome.is_success() {
            return Verdict::wrong(format!("case {at} of {count}: {}", outcome.complaint()));
        }
        if !outputs.same(&outcome.stdout, &case.output) {
            return Verdict::wrong(format!("case {at} of {count}: another output"));
        }
    }
    match outcomes.len() == count {
        true => Verdict::right(format!("passes {count} of {count} cases")),
        false => Verdict::unjudged("not every case was run"),
    }
}

/// Rust functions, called from assertions.
fn rust(sandbox: &Sandbox, source: &str, preamble: &str, setup: &str, tests: &[&str]) -> Verdict {
    let sides = match rust_tests::sides(tests) {
        Ok(sides) => sides,
        Err(reason) => return Verdict::unjudged(reason),
    };
    let (given, wanted): (Vec<&str>, Vec<&str>) = sides
        .iter()
        .map(|(left, right)| (&**left, &**right))
        .unzip();
    let print = |source: &str, setup: &str, values: &[&str]| {
        sandbox.run(
            &rust_tests::printer(preamble, source, setup, values),
            Language::Rust,
            "",
        )
    };
    let wanted = match print("", "", &wanted) {
        Ok(outcome) if outcome.is_success() => outcome.stdout,
        Ok(outcome) => {
            let reason = format!("what the tests expect {}", outcome.complaint());
            return Verdict::unjudged(reason);
        }
        Err(error) => return unjudged(&error),
    };
    match print(source, setup, &given) {
        Ok(outcome) if !outcome.is_success() => Verdict::wrong(outcome.complaint()),
        Ok(outcome) => {
            let given = rust_tests::values(&outcome.stdout);
            match given.is_some() && given == rust_tests::values(&wanted) {
                true => Verdict::right(format!("passes {} assertions", sides.len())),
                false => Verdict::wrong("an assertion does not hold"),
            }
        }
        Err(error) => unjudged(&error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_isolation_nothing_is_judged_and_nothing_run() {
        let code = Code {
            sandbox: Err(NoIsolation::Refused("a user namespace: EPERM".into())),
            outputs: Outputs::default(),
        };
        let problem = Problem {
            check: Check::Code {
                tests: CodeTests::Functional {
                    preamble: String::new(),
                    setup: String::new(),
                    shown: vec!["assert f() == 1".into()],
                    hidden: vec![],
                },
            },
            ..crate::accuracy::tests::problem("", "en")
        };
        let verdict = code.score(&problem, "```python\ndef f(): return 1\n```");
        assert_eq!(verdict.score(), None);
        assert!(
            verdict.reason().contains("unprivileged user namespaces"),
            "{verdict:?}"
        );
    }
}
