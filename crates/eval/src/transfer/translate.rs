//! HumanEval's tests as cases that hold in Python and in Rust.
//!
//! The tests are not read but run, on the reference solution: what it was called with and what was asked
//! of its results is recorded, so loops and helpers in tests do not matter. A case is an equality, a truth
//! value, or a distance below a bound. Where one call of a problem is no such case, the whole problem is
//! counted as untranslatable, so that both languages are judged by all there is. At most 40 cases are kept.

use data::{Check, CodeTests, Problem};
use rewards::code::{Language, Sandbox};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::value::{Type, Value};

const RECORDER: &str = include_str!("recorder.py");

/// The cases of a problem, the same in both languages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Translated {
    /// The function's name.
    pub entry_point: String,
    /// Its signature in Rust.
    pub signature: String,
    /// How many cases there are.
    pub cases: usize,
    /// The cases in Python, all hidden.
    pub python: CodeTests,
    /// The cases in Rust, all hidden.
    pub rust: CodeTests,
}

/// Why a problem is not translated.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Untranslatable {
    /// It has other tests than HumanEval's, or no reference solution.
    #[error("it is not of HumanEval's form with a reference solution")]
    Form,
    /// A value has no type here.
    #[error("types: {0}")]
    Types(String),
    /// A test asks something else of a result.
    #[error("tests: {0}")]
    Tests(String),
    /// The reference solution or its tests do not run.
    #[error("the reference solution: {0}")]
    Solution(String),
    /// The sandbox says no.
    #[error("the sandbox: {0}")]
    Sandbox(String),
}

#[derive(Deserialize)]
struct Recorded {
    cases: Vec<Case>,
    ended: Option<String>,
    parameters: Vec<String>,
}

#[derive(Deserialize)]
struct Case {
    args: Vec<Value>,
    expected: Option<Value>,
    tolerance: Option<String>,
    why: Option<String>,
}

/// Translates a problem's tests.
///
/// # Errors
/// Why they cannot be.
pub fn translate(sandbox: &Sandbox, problem: &Problem) -> Result<Translated, Untranslatable> {
    let (test, entry_point) = match &problem.check {
        Check::Code {
            tests: CodeTests::HumanEval {
                test, entry_point, ..
            },
        } => (test, entry_point),
        _ => return Err(Untranslatable::Form),
    };
    let solution = problem.solution.as_ref().ok_or(Untranslatable::Form)?;
    let given = json!({ "solution": solution, "test": test, "entry_point": entry_point });
    let outcome = sandbox.run(RECORDER, Language::Python, &given.to_string());
    let outcome = outcome.map_err(|error| Untranslatable::Sandbox(error.to_string()))?;
    let recorded: Recorded = serde_json::from_str(&outcome.stdout).map_err(|_| {
        let last = outcome
            .stderr
            .lines()
            .next_back()
            .unwrap_or("it does not end");
        Untranslatable::Solution(last.to_owned())
    })?;
    of_recorded(entry_point, recorded)
}

fn of_recorded(entry_point: &str, recorded: Recorded) -> Result<Translated, Untranslatable> {
    if let Some(why) = recorded.cases.iter().find_map(|case| case.why.clone()) {
        return Err(Untranslatable::Tests(why));
    }
    if let Some(ended) = recorded.ended {
        return Err(Untranslatable::Solution(ended));
    }
    let width = recorded.parameters.len();
    if recorded.cases.is_empty() || recorded.cases.iter().any(|case| case.args.len() != width) {
        return Err(Untranslatable::Tests(
            "calls leave arguments out, or there is none".into(),
        ));
    }
    let kind_of = |mut values: &mut dyn Iterator<Item = &Value>| {
        let kind = (&mut values).try_fold(Type::Unknown, |kind, value| kind.with(&value.kind()?));
        kind.map_err(Untranslatable::Types)
    };
    let mut parameters = Vec::new();
    for at in 0..width {
        parameters.push(kind_of(
            &mut recorded.cases.iter().map(|case| &case.args[at]),
        )?);
    }
    let expected = recorded
        .cases
        .iter()
        .filter_map(|case| case.expected.as_ref());
    let mut result = kind_of(&mut expected.into_iter())?;
    let is_near = recorded.cases.iter().any(|case| case.tolerance.is_some());
    if is_near {
        result = result.with(&Type::Float).map_err(Untranslatable::Types)?;
    }
    let (mut python, mut rust) = (Vec::new(), Vec::new());
    for case in &recorded.cases {
        let Some(expected) = &case.expected else {
            return Err(Untranslatable::Tests(
                "nothing is asked of the result".into(),
            ));
        };
        let args: Vec<String> = case.args.iter().map(Value::python).collect();
        let call = format!("{entry_point}({})", args.join(", "));
        let args = case.args.iter().zip(&parameters);
        let args: Vec<String> = args.map(|(value, kind)| value.rust(kind)).collect();
        let ported = format!("{entry_point}({})", args.join(", "));
        let (value, wanted) = (expected.python(), expected.rust(&result));
        match &case.tolerance {
            None => {
                python.push(format!("assert {call} == {value}"));
                rust.push(format!("assert_eq!({ported}, {wanted});"));
            }
            Some(most) => {
                python.push(format!("assert abs({call} - {value}) < {most}"));
                rust.push(format!("assert!(({ported} - {wanted}).abs() < {most}f64);"));
            }
        }
    }
    let names = recorded.parameters.iter().zip(&parameters);
    let names: Vec<String> = names
        .map(|(name, kind)| format!("{}: {}", raw(name), kind.name()))
        .collect();
    let signature = format!(
        "fn {entry_point}({}) -> {}",
        names.join(", "),
        result.name()
    );
    let hidden = |hidden: Vec<String>| CodeTests::Functional {
        preamble: String::new(),
        setup: String::new(),
        shown: vec![],
        hidden,
    };
    Ok(Translated {
        entry_point: entry_point.to_owned(),
        signature,
        cases: python.len(),
        python: hidden(python),
        rust: hidden(rust),
    })
}

/// A parameter's name that is no word of Rust.
fn raw(name: &str) -> String {
    const WORDS: [&str; 12] = [
        "fn", "in", "let", "match", "mod", "move", "mut", "ref", "struct", "type", "use", "where",
    ];
    match WORDS.contains(&name) {
        true => format!("{name}_"),
        false => name.to_owned(),
    }
}
