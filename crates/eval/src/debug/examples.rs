//! Examples in a statement: shown tests, doctests, and pairs under `Input` and `Output`.

use data::{Case, Check, CodeTests, Problem};

/// What a statement gives away.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Examples {
    /// Inputs of whole programs with their outputs.
    pub cases: Vec<Case>,
    /// Assertions in Python.
    pub assertions: Vec<String>,
    /// Calls in Python, as the statement makes them.
    pub calls: Vec<String>,
}

/// The examples of a problem. Hidden tests are never looked at.
pub fn examples(problem: &Problem) -> Examples {
    let mut examples = Examples::default();
    let Check::Code { tests } = &problem.check else {
        return examples;
    };
    match tests {
        CodeTests::StdinStdout { shown, .. } => {
            examples.cases.clone_from(shown);
            for case in pairs(&problem.question) {
                if !examples.cases.contains(&case) {
                    examples.cases.push(case);
                }
            }
        }
        CodeTests::Functional { shown, .. } => {
            let is_python =
                |test: &&String| !test.contains("assert_eq!(") && !test.contains("assert!(");
            examples.assertions = shown.iter().filter(is_python).cloned().collect();
            examples.calls = examples
                .assertions
                .iter()
                .filter_map(|test| call(test))
                .collect();
        }
        CodeTests::HumanEval { prompt, .. } => {
            for (call, value) in doctests(prompt) {
                examples
                    .assertions
                    .push(format!("assert {call} == {value}"));
                examples.calls.push(call);
            }
        }
    }
    examples
}

/// The left side of `assert left == right`.
fn call(test: &str) -> Option<String> {
    let (left, _) = test.trim().strip_prefix("assert ")?.split_once(" == ")?;
    (!test.trim().contains('\n') && left.contains('(')).then(|| left.trim().to_owned())
}

/// Expressions after `>>>` with the value on the next line. Values that are no literals are passed over.
fn doctests(prompt: &str) -> Vec<(String, String)> {
    let lines: Vec<&str> = prompt.lines().map(str::trim).collect();
    let mut found = Vec::new();
    for pair in lines.windows(2) {
        let call = pair[0].strip_prefix(">>>").map(str::trim);
        let Some(call) = call.filter(|call| call.contains('(') && !call.contains(" = ")) else {
            continue;
        };
        let value = pair[1].trim_end_matches("\"\"\"").trim();
        let begins = value.starts_with(|c: char| c.is_ascii_digit() || "-[({'\"".contains(c));
        let is_literal = begins || matches!(value, "True" | "False" | "None");
        if is_literal && !value.is_empty() {
            found.push((call.to_owned(), value.to_owned()));
        }
    }
    found
}

/// Blocks under a line `Input` and a line `Output`, `Sample Input 1:` and the like.
fn pairs(question: &str) -> Vec<Case> {
    let heading = |line: &str| -> Option<bool> {
        let line = line
            .trim()
            .trim_matches(['#', '*', '-', '=', ' ', ':'])
            .to_ascii_lowercase();
        let words: Vec<&str> = line.split_whitespace().collect();
        let is_label = |word: &&str| {
            matches!(
                *word,
                "sample" | "example" | "examples" | "input" | "output"
            ) || word.chars().all(|c| c.is_ascii_digit() || c == '#')
        };
        let known = !words.is_empty() && words.iter().all(is_label);
        match (known, words.contains(&"input"), words.contains(&"output")) {
            (true, true, false) => Some(true),
            (true, false, true) => Some(false),
            _ => None,
        }
    };
    let mut blocks: Vec<(bool, String)> = Vec::new();
    let mut open = false;
    for line in question.lines() {
        let blank = line.trim().is_empty();
        if let Some(is_input) = heading(line) {
            blocks.push((is_input, String::new()));
            open = true;
        } else if let Some((_, text)) = blocks.last_mut().filter(|_| open) {
            if line.trim_start().starts_with("```") {
                open = text.is_empty();
            } else if blank && !text.is_empty() {
                open = false;
            } else if !blank {
                *text += line;
                text.push('\n');
            }
        }
    }
    let case = |pair: &[(bool, String)]| match pair {
        // A description of the input has words; an example seldom begins with a sentence.
        [(true, input), (false, output)] if !input.is_empty() && !output.is_empty() => {
            let is_prose = |text: &str| text.split_whitespace().count() > 5 && text.contains(". ");
            (!is_prose(input) && !is_prose(output)).then(|| Case {
                input: input.clone(),
                output: output.clone(),
            })
        }
        _ => None,
    };
    blocks.windows(2).filter_map(case).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doctests_are_calls_with_values() {
        let prompt = "def f(x):\n    \"\"\"Twice.\n    >>> f(2)\n    4\n    >>> f('a')\n    'aa'\n    \
                      >>> f(None)\n    Traceback\n    >>> y = f(1)\n    2\n    >>> f(0)\n    0\"\"\"\n";
        let own = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        let wanted = [own("f(2)", "4"), own("f('a')", "'aa'"), own("f(0)", "0")];
        assert_eq!(doctests(prompt), wanted);
        assert_eq!(call("assert f(1, 2) == 3"), Some("f(1, 2)".into()));
        assert_eq!(call("assert f(1)"), None);
    }

    #[test]
    fn pairs_stand_under_their_headings() {
        let question = "Add.\n\n## Input\nTwo numbers stand here. They are small. All fit.\n\n## Output\n\
                        The sum. It is one number. No more.\n\nSample Input 1:\n1 2\n\nSample Output 1:\n3\n\n\
                        **Example Input**\n```\n5\n6\n```\n**Example Output**\n```\n11\n```\nWhy: it is.\n";
        let case = |input: &str, output: &str| Case {
            input: input.into(),
            output: output.into(),
        };
        assert_eq!(
            pairs(question),
            [case("1 2\n", "3\n"), case("5\n6\n", "11\n")]
        );
    }
}
