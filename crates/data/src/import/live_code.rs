//! Problems as LiveCodeBench publishes them (Jain et al., arXiv 2403.07974).
//!
//! The columns `public_test_cases`, `private_test_cases` and `metadata` are JSON in a text, each case
//! with `input`, `output` and `testtype`; private cases are in most files packed: the JSON as a Python
//! pickle of one string, compressed by zlib, in base64. Such a pickle is taken apart here and nothing
//! in it is run. Functional cases call one method of one `Solution`, each argument a line of JSON.
//!
//! Left out: that outputs count as the same where their numbers are equal (`1.0` and `1`).

use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::ZlibDecoder;
use serde_json::{Map, Value};

use super::programs::{LEETCODE_PREAMBLE, Parts, case, raw};
use crate::{Case, CodeTests};

/// The longest tests of one problem, unpacked, in bytes.
const LONGEST: u64 = 1 << 30;

/// The question and its tests; there is no reference program.
pub(super) fn live_code(record: &Map<String, Value>) -> Result<Parts, String> {
    let content = raw(record, "question_content")?;
    let public = cases(record, "public_test_cases")?;
    let private = cases(record, "private_test_cases")?;
    let starter = raw(record, "starter_code").unwrap_or_default();
    let functional = |case: &(Case, bool)| case.1;
    if public.iter().chain(&private).any(functional) {
        let stub = format!(
            "Complete this Python code.\n\n```python\n{}\n```",
            starter.trim_end()
        );
        let name = function_name(record)?;
        let test = |(case, _): (Case, bool)| call(&case);
        let tests = CodeTests::Functional {
            preamble: LEETCODE_PREAMBLE.to_owned(),
            setup: setup(&name),
            shown: public.into_iter().map(test).collect(),
            hidden: private.into_iter().map(test).collect(),
        };
        return Ok((format!("{}\n\n{stub}", content.trim_end()), tests, None));
    }
    let form =
        "Write it as a Python program that reads standard input and writes to standard output.";
    let whole = |cases: Vec<(Case, bool)>| cases.into_iter().map(|(case, _)| case).collect();
    let tests = CodeTests::StdinStdout {
        shown: whole(public),
        hidden: whole(private),
    };
    Ok((format!("{}\n\n{form}", content.trim_end()), tests, None))
}

/// What stands before the tests: one object for all of them, and a comparison that takes a tuple
/// for a list, as the benchmark does.
fn setup(name: &str) -> String {
    format!(
        "import json\nsolution = Solution()\n\n\
         def expect(arguments, wanted):\n    \
             got = solution.{name}(*map(json.loads, arguments.split(\"\\n\")))\n    \
             if type(got) is tuple:\n        got = list(got)\n    \
             assert got == json.loads(wanted)\n"
    )
}

fn call(case: &Case) -> String {
    // A text in JSON is a text in Python.
    let text = |text: &str| Value::from(text.trim_end()).to_string();
    format!("expect({}, {})", text(&case.input), text(&case.output))
}

fn function_name(record: &Map<String, Value>) -> Result<String, String> {
    let metadata = record.get("metadata").unwrap_or(&Value::Null);
    let parsed = match metadata {
        Value::String(text) => serde_json::from_str(text).unwrap_or(Value::Null),
        other => other.clone(),
    };
    let name = parsed.get("func_name").and_then(Value::as_str);
    let name = name.ok_or("functional tests and no `func_name` in `metadata`")?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    match !name.is_empty() && name.chars().all(is_name) {
        true => Ok(name.to_owned()),
        false => Err(format!("`{name}` is no name of a function")),
    }
}

/// The cases of a column, and whether each is functional.
fn cases(record: &Map<String, Value>, name: &str) -> Result<Vec<(Case, bool)>, String> {
    let wrong = |reason: String| format!("`{name}`: {reason}");
    let listed = match record.get(name) {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::String(text)) => match serde_json::from_str(text) {
            Ok(value) => value,
            Err(_) => {
                let text = unpack(text).map_err(wrong)?;
                serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?
            }
        },
        Some(other) => other.clone(),
    };
    let listed = listed
        .as_array()
        .ok_or_else(|| wrong("no list of cases".to_owned()))?;
    let one = |value: &Value| -> Result<(Case, bool), String> {
        let functional = value.get("testtype").and_then(Value::as_str) == Some("functional");
        Ok((case(value)?, functional))
    };
    listed
        .iter()
        .map(|value| one(value).map_err(wrong))
        .collect()
}

/// The text in a packed column.
fn unpack(packed: &str) -> Result<String, String> {
    let bytes = STANDARD
        .decode(packed.trim())
        .map_err(|error| format!("neither JSON nor base64 ({error})"))?;
    let mut pickle = Vec::new();
    let read = ZlibDecoder::new(&bytes[..])
        .take(LONGEST)
        .read_to_end(&mut pickle);
    read.map_err(|error| format!("no zlib in its base64 ({error})"))?;
    let text = pickled(&pickle).ok_or("no pickle of one text in its zlib")?;
    String::from_utf8(text.to_vec()).map_err(|_| "a text that is no UTF-8".to_owned())
}

/// The string that a pickle of protocol 1 to 5 is made of, where it is made of one string.
fn pickled(pickle: &[u8]) -> Option<&[u8]> {
    let mut rest = pickle;
    if let [0x80, _, after @ ..] = rest {
        rest = after; // PROTO
    }
    if let [0x95, after @ ..] = rest {
        rest = after.get(8..)?; // FRAME
    }
    let (length, after) = match rest {
        [0x8c, length, after @ ..] => (usize::from(*length), after), // SHORT_BINUNICODE
        [b'X', after @ ..] => {
            let length = u32::from_le_bytes(after.get(..4)?.try_into().ok()?); // BINUNICODE
            (usize::try_from(length).ok()?, &after[4..])
        }
        [0x8d, after @ ..] => {
            let length = u64::from_le_bytes(after.get(..8)?.try_into().ok()?); // BINUNICODE8
            (usize::try_from(length).ok()?, &after[8..])
        }
        _ => return None,
    };
    let text = after.get(..length)?;
    // A frame ends before a long string; what comes then is framed again.
    let end = match &after[length..] {
        [0x95, after @ ..] => after.get(8..)?,
        end => end,
    };
    match end {
        [b'.'] | [0x94, b'.'] | [b'q', _, b'.'] | [b'r', _, _, _, _, b'.'] => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// `base64(zlib(pickle(json)))` by CPython 3 of the list
    /// `[{"input": "2 3\n", "output": "5\n", "testtype": "stdin"}]`.
    const PACKED: &str =
        "eJxrYJlqxwABPVbR1UqZeQWlJUpWCkpGCsYxeUo6Ckr5pSVQIVOIQElqcUlJZUEqSKi4JCUzT6k2dooeALHCFKE=";

    fn record(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn packed_cases_are_unpacked_without_python() {
        let record = record(json!({
            "question_content": "Add two numbers.\n", "starter_code": "", "metadata": "{}",
            "public_test_cases": r#"[{"input": "1 2", "output": "3", "testtype": "stdin"}]"#,
            "private_test_cases": PACKED,
        }));
        let (question, tests, solution) = live_code(&record).unwrap();
        assert!(question.starts_with("Add two numbers.\n\nWrite") && solution.is_none());
        let case = |input: &str, output: &str| Case {
            input: input.into(),
            output: output.into(),
        };
        let wanted = CodeTests::StdinStdout {
            shown: vec![case("1 2", "3")],
            hidden: vec![case("2 3\n", "5\n")],
        };
        assert_eq!(tests, wanted);
    }

    #[test]
    fn functional_cases_become_calls() {
        let cases = r#"[{"input": "[1, \"a\"]\n2\n", "output": "null", "testtype": "functional"}]"#;
        let mut functional = record(json!({
            "question_content": "Do it.", "starter_code": "class Solution:\n    def f(self):\n        ",
            "metadata": r#"{"func_name": "f"}"#, "public_test_cases": "[]",
            "private_test_cases": cases,
        }));
        let (question, tests, _) = live_code(&functional).unwrap();
        assert!(question.contains("```python\nclass Solution:\n    def f(self):\n```"));
        let CodeTests::Functional { setup, hidden, .. } = tests else {
            panic!("{tests:?}")
        };
        assert!(setup.contains("solution.f(*map("));
        assert_eq!(hidden, [r#"expect("[1, \"a\"]\n2", "null")"#]);
        functional.insert("metadata".into(), json!(r#"{"func_name": "f;import os"}"#));
        assert!(live_code(&functional).unwrap_err().contains("no name"));
    }

    #[test]
    fn nothing_but_a_text_is_taken_from_a_pickle() {
        assert_eq!(pickled(b"\x80\x04\x8c\x02hi\x94."), Some(&b"hi"[..]));
        assert_eq!(pickled(b"\x80\x02X\x02\0\0\0hiq\0."), Some(&b"hi"[..]));
        assert_eq!(
            pickled(b"\x80\x04\x95\x06\0\0\0\0\0\0\0\x8c\x02hi\x94."),
            Some(&b"hi"[..])
        );
        // os.system, and strings that are too short or followed by more.
        for bad in [
            &b"cos\nsystem\n(X\x02\0\0\0hitR."[..],
            b"\x80\x04\x8c\x09hi\x94.",
            b"\x80\x04\x8c\x02hi\x94\x8c\x02ho.",
            b"\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\xffhi.",
            b"",
        ] {
            assert_eq!(pickled(bad), None);
        }
        for bad in ["{", "aGk=", "eJwrAQAAegB6"] {
            assert!(unpack(bad).is_err(), "{bad}");
        }
    }
}
