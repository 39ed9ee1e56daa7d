//! The tests a program must pass, as records.
//!
//! Nothing runs here. The names say who sees a test: what is `shown` may stand in the question,
//! what is `hidden` must not, and a program passes when it passes both. Left out: several right
//! outputs for one input, and tests that draw a program's answer from its graphics, files or time.

use serde::{Deserialize, Serialize};

/// One input of a program and the output it must give.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// What the program reads from its standard input.
    pub input: String,
    /// What it must write, blanks at the ends of lines and blank lines at the end aside.
    pub output: String,
}

/// What a program must do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "form")]
pub enum CodeTests {
    /// A whole program that reads its input and writes its output.
    StdinStdout {
        /// Cases the question may show.
        shown: Vec<Case>,
        /// Cases it must not show.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        hidden: Vec<Case>,
    },
    /// Functions or classes that tests call: `assert f(2) == 4` in Python, `assert_eq!(f(2), 4)` in
    /// Rust. A test may be several lines.
    Functional {
        /// What stands before the program and before the tests: imports, classes both use.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        preamble: String,
        /// What stands before the tests alone, and may use the program.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        setup: String,
        /// Tests the question may show.
        shown: Vec<String>,
        /// Tests it must not show.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        hidden: Vec<String>,
    },
    /// HumanEval's form (Chen et al., arXiv 2107.03374v2, section 2.2): a stub to complete, and a
    /// `check(candidate)` in Python.
    HumanEval {
        /// The stub, with the functions given beside it.
        prompt: String,
        /// Defines `check`.
        test: String,
        /// The name of the function handed to `check`.
        entry_point: String,
    },
}

impl CodeTests {
    /// Whether there is nothing a program could fail.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::StdinStdout { shown, hidden } => shown.is_empty() && hidden.is_empty(),
            Self::Functional { shown, hidden, .. } => shown.is_empty() && hidden.is_empty(),
            Self::HumanEval { test, .. } => test.trim().is_empty(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Judgement};

    #[test]
    fn tests_survive_json_and_are_no_matter_of_text() {
        let check = Check::Code {
            tests: CodeTests::StdinStdout {
                shown: vec![Case {
                    input: "1 2".into(),
                    output: "3".into(),
                }],
                hidden: vec![],
            },
        };
        let text = serde_json::to_string(&check).unwrap();
        let wanted = concat!(
            r#"{"kind":"code","tests":{"form":"stdin_stdout","#,
            r#""shown":[{"input":"1 2","output":"3"}]}}"#
        );
        assert_eq!(text, wanted);
        assert_eq!(serde_json::from_str::<Check>(&text).unwrap(), check);
        assert_eq!(check.judge(&"x".repeat(1000)), Judgement::NotMine);
    }

    #[test]
    fn tests_are_empty_where_none_is_shown_or_hidden() {
        let none = CodeTests::Functional {
            preamble: "import math".into(),
            setup: String::new(),
            shown: vec![],
            hidden: vec![],
        };
        assert!(none.is_empty());
        let one = CodeTests::StdinStdout {
            shown: vec![],
            hidden: vec![Case {
                input: String::new(),
                output: "3".into(),
            }],
        };
        assert!(!one.is_empty());
    }
}
