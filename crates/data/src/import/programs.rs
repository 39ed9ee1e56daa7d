//! Problems whose answers are programs, from files as they are found in the world.
//!
//! | columns | as in | becomes |
//! | --- | --- | --- |
//! | `prompt`, `test`, `entry_point` | HumanEval | [`CodeTests::HumanEval`] |
//! | `text`, `test_list` | MBPP; hidden: `challenge_test_list`, or all tests but the first | [`CodeTests::Functional`] |
//! | `problem`, `tests` with `functional` | LeetCode sets, all hidden | [`CodeTests::Functional`] |
//! | `problem`, `tests` of `input`, `output` | Codeforces sets, all hidden | [`CodeTests::StdinStdout`] |
//! | `question_content`, `public_test_cases`, `private_test_cases` | LiveCodeBench (packed cases too) | either |
//!
//! Left out: answers that several outputs would satisfy, and the
//! time and memory limits a statement names.

use serde_json::{Map, Value};

use super::level::level;
use super::live_code;
use crate::dataset::Row;
use crate::{Case, Check, CodeTests, Domain, Language, Problem};

/// What LeetCode's stubs take for granted.
pub(super) const LEETCODE_PREAMBLE: &str = "\
from typing import *
from collections import *
from functools import *
from itertools import *
from heapq import *
from bisect import *
from math import *
from string import *
from operator import *
import collections, functools, itertools, heapq, bisect, math, string, operator, random, re
inf = float('inf')
";

/// The columns that such a problem needs.
pub(super) const NEEDS: &str = "`prompt`, `test` and `entry_point`, or `text` and `test_list`, or \
                                `problem` and `tests`, or `question_content` and \
                                `public_test_cases`";

/// Whether a row has tests, of whatever kind.
pub(super) fn is_tested(row: &Row) -> bool {
    let tests = row.get("tests");
    let tests = tests.is_some_and(|tests| tests.is_array() || tests.is_object());
    let has = |name| row.get(name).is_some();
    tests || has("entry_point") || has("test_list") || has("public_test_cases")
}

/// A problem whose answer is a program.
pub(super) fn program(row: &Row) -> Result<Problem, String> {
    let record = row.columns();
    let (question, tests, solution) = if row.get("entry_point").is_some() {
        humaneval(record)?
    } else if row.get("test_list").is_some() {
        mbpp(record)?
    } else if row.get("public_test_cases").is_some() {
        live_code::live_code(record)?
    } else {
        tested(record)?
    };
    if tests.is_empty() {
        return Err("there is no test".to_owned());
    }
    let id = match record.get("task_id") {
        Some(Value::Number(number)) => format!("{}-{number}", row.family()),
        _ => {
            let named = row.text("task_id").or_else(|| row.text("question_id"));
            named.unwrap_or_else(|| row.place())
        }
    };
    Ok(Problem {
        id,
        language: Language::detect(&question).code().to_owned(),
        question,
        answer: String::new(),
        solution,
        family: row.family().to_owned(),
        domain: Domain::Code,
        level: level(row)?,
        check: Check::Code { tests },
    })
}

type Record = Map<String, Value>;

/// A question, its tests and the reference program.
pub(super) type Parts = (String, CodeTests, Option<String>);

fn humaneval(record: &Record) -> Result<Parts, String> {
    let prompt = raw(record, "prompt")?;
    let tests = CodeTests::HumanEval {
        prompt: prompt.clone(),
        test: raw(record, "test")?,
        entry_point: raw(record, "entry_point")?,
    };
    let solution = raw(record, "canonical_solution").ok();
    let solution = solution.map(|body| format!("{prompt}{body}"));
    let question = format!("Complete this Python function.\n\n```python\n{prompt}```");
    Ok((question, tests, solution))
}

fn mbpp(record: &Record) -> Result<Parts, String> {
    let mut shown = list(record, "test_list")?;
    let mut hidden = list(record, "challenge_test_list").unwrap_or_default();
    // A program made for the tests it was shown must have others to fail.
    if hidden.is_empty() && shown.len() > 1 {
        hidden = shown.split_off(1);
    }
    let task = raw(record, "text").or_else(|_| raw(record, "prompt"))?;
    let question = format!(
        "{task}\n\nWrite it in Python. It should pass these tests:\n\n```python\n{}\n```",
        shown.join("\n")
    );
    let tests = CodeTests::Functional {
        preamble: String::new(),
        setup: raw(record, "test_setup_code").unwrap_or_default(),
        shown,
        hidden,
    };
    Ok((question, tests, raw(record, "code").ok()))
}

fn tested(record: &Record) -> Result<Parts, String> {
    let question = raw(record, "problem").or_else(|_| raw(record, "question"))?;
    let tests = match record.get("tests") {
        Some(Value::Object(forms)) => CodeTests::Functional {
            preamble: LEETCODE_PREAMBLE.to_owned(),
            setup: String::new(),
            shown: vec![],
            hidden: vec![raw(forms, "functional")?],
        },
        Some(Value::Array(cases)) => CodeTests::StdinStdout {
            shown: vec![],
            hidden: cases.iter().map(case).collect::<Result<_, _>>()?,
        },
        _ => return Err("`tests` is neither a list of cases nor `functional`".to_owned()),
    };
    Ok((question, tests, raw(record, "solutions").ok()))
}

pub(super) fn case(value: &Value) -> Result<Case, String> {
    let part = |name: &str| match value.get(name) {
        Some(Value::String(text)) => Ok(text.clone()),
        _ => Err(format!("a case has no `{name}` that is text")),
    };
    Ok(Case {
        input: part("input")?,
        output: part("output")?,
    })
}

/// A column's text to the letter, with line ends as Python reads them.
pub(super) fn raw(record: &Record, name: &str) -> Result<String, String> {
    match record.get(name) {
        Some(Value::String(text)) => Ok(text.replace("\r\n", "\n")),
        _ => Err(format!("no `{name}` that is text")),
    }
}

fn list(record: &Record, name: &str) -> Result<Vec<String>, String> {
    let wrong = || format!("no `{name}` that is a list of texts");
    let values = record
        .get(name)
        .and_then(Value::as_array)
        .ok_or_else(wrong)?;
    let text = |value: &Value| value.as_str().map(|text| text.replace("\r\n", "\n"));
    values
        .iter()
        .map(|value| text(value).ok_or_else(wrong))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::path::Path;

    use super::*;
    use crate::dataset::ReadError;
    use crate::import::{Imported, mixed, programs};

    fn read_all(name: &str, content: &[u8]) -> Result<Imported, ReadError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        programs(&path)
    }

    const HUMANEVAL: &str = concat!(
        r#"{"task_id": "HumanEval/0", "prompt": "def f(x):\n    \"\"\"Twice x.\"\"\"\n", "#,
        r#""entry_point": "f", "canonical_solution": "    return 2 * x\n", "#,
        r#""test": "def check(candidate):\n    assert candidate(2) == 4\n"}"#
    );

    #[test]
    fn humaneval_is_read_gzipped() {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(HUMANEVAL.as_bytes()).unwrap();
        let imported = read_all("HumanEval.jsonl.gz", &packed.finish().unwrap()).unwrap();
        let [problem] = &imported.problems[..] else {
            panic!("{imported:?}")
        };
        assert_eq!(
            (&*problem.id, &*problem.family),
            ("HumanEval/0", "HumanEval")
        );
        assert_eq!(problem.domain, Domain::Code);
        let whole = "def f(x):\n    \"\"\"Twice x.\"\"\"\n    return 2 * x\n";
        assert_eq!(problem.solution.as_deref(), Some(whole));
        assert!(matches!(&problem.check, Check::Code {
            tests: CodeTests::HumanEval { entry_point, .. } } if entry_point == "f"));
    }

    #[test]
    fn mbpp_shows_its_tests_and_hides_its_challenges() {
        let line = concat!(
            r#"{"text": "Add.", "code": "def add(a, b):\r\n  return a + b", "task_id": 7, "#,
            r#""test_setup_code": "", "test_list": ["assert add(1, 2) == 3"], "#,
            r#""challenge_test_list": ["assert add(2, 2) == 4"]}"#
        );
        let mut imported = read_all("mbpp.jsonl", line.as_bytes()).unwrap();
        let problem = imported.problems.remove(0);
        assert_eq!(problem.id, "mbpp-7");
        assert!(problem.question.contains("add(1, 2)") && !problem.question.contains("add(2, 2)"));
        assert_eq!(
            problem.solution.as_deref(),
            Some("def add(a, b):\n  return a + b")
        );
        assert!(matches!(&problem.check, Check::Code {
            tests: CodeTests::Functional { hidden, .. } } if hidden.len() == 1));
    }

    #[test]
    fn one_test_is_shown_where_none_is_hidden() {
        let line =
            r#"{"text": "Add.", "test_list": ["assert add(1, 2) == 3", "assert add(2, 2) == 4"]}"#;
        let problem = read_all("mbpp.jsonl", line.as_bytes())
            .unwrap()
            .problems
            .remove(0);
        assert!(problem.question.contains("add(1, 2)") && !problem.question.contains("add(2, 2)"));
        assert!(matches!(&problem.check, Check::Code {
            tests: CodeTests::Functional { shown, hidden, .. } } if (shown.len(), hidden.len()) == (1, 1)));
    }

    #[test]
    fn a_file_may_hold_both_kinds() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("both.jsonl");
        let plain = r#"{"question": "7 + 5?", "answer": 12}"#;
        std::fs::write(
            &path,
            format!("{plain}\n{HUMANEVAL}\n{{\"question\": \"?\"}}\n"),
        )
        .unwrap();
        let imported = mixed(&path).unwrap();
        let checks = imported.problems.iter().map(|p| p.check == Check::Answer);
        assert_eq!(checks.collect::<Vec<_>>(), [true, false]);
        assert_eq!(imported.skipped.len(), 1);
        std::fs::write(&path, "{\"q\": 1}").unwrap();
        let message = mixed(&path).unwrap_err().to_string();
        assert!(
            message.contains("entry_point") && message.contains("`answer`"),
            "{message}"
        );
    }

    #[test]
    fn cases_and_functional_tests_are_told_apart_by_their_shape() {
        let text = concat!(
            r#"[{"problem": "Add.", "tests": [{"input": "1 2", "output": "3"}]},"#,
            r#"{"problem": "Sub.", "tests": {"functional": "assert sub(3, 2) == 1"}},"#,
            r#"{"problem": "Nothing.", "tests": []}, {"problem": "None."}]"#
        );
        let imported = read_all("sets.json", text.as_bytes()).unwrap();
        let is_cases = |problem: &Problem| {
            let Check::Code { tests } = &problem.check else {
                panic!("{problem:?}")
            };
            matches!(tests, CodeTests::StdinStdout { .. })
        };
        let forms: Vec<bool> = imported.problems.iter().map(is_cases).collect();
        assert_eq!(forms, [true, false]);
        let lines = imported.skipped.iter().map(|skipped| skipped.line);
        assert_eq!(lines.collect::<Vec<_>>(), [3, 4]);
    }

    #[test]
    fn a_file_of_other_columns_says_what_is_needed() {
        let message = |name, content| read_all(name, content).unwrap_err().to_string();
        let other = message("x.jsonl", b"{\"question\": \"a?\"}");
        assert!(
            other.contains("entry_point") && other.contains("question"),
            "{other}"
        );
        let broken = message("x.jsonl.gz", &[0x1f, 0x8b, 1]);
        assert!(broken.contains("x.jsonl.gz"), "{broken}");
    }

    #[test]
    fn the_sets_found_in_the_world_are_read_where_they_are_present() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/code");
        if !folder.exists() {
            let _ = writeln!(std::io::stderr(), "skipped: no {}", folder.display());
            return;
        }
        for (name, count) in [
            ("HumanEval.jsonl.gz", 164),
            ("mbpp.jsonl", 974),
            ("codeforces_test.json", 408),
            ("leetcode_test.json", 200),
            ("leetcode_train.json", 1889),
        ] {
            let imported = programs(folder.join(name)).unwrap();
            let found = (imported.problems.len(), imported.skipped.len());
            assert_eq!(found, (count, 0), "{name}");
        }
    }
}
