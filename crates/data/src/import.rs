//! Problems from a JSON Lines file, or from one JSON array.
//!
//! Read are the columns `question` (or `problem`), `answer`, and where present `solution`, `id`,
//! `language`, `domain`, `level`. GSM8K's answers (a solution, then `#### n`) are understood.
//! [`programs`] reads problems whose answers are programs, [`mixed`] both kinds. Left out: Parquet, and downloading.

mod programs;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::{Check, Domain, Language, Problem};

pub use programs::{mixed, programs};

/// What a file gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// The problems, in the file's order; their checks compare with the gold answer.
    pub problems: Vec<Problem>,
    /// The records that could not be used.
    pub skipped: Vec<Skipped>,
}

/// A record that could not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Its line, or its place in the array, from 1.
    pub line: usize,
    /// Why, and what would help.
    pub reason: String,
}

/// Why a file gave no problems.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be read.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: std::io::Error,
    },
    /// The file is not text.
    #[error("{path}: byte {at} is not UTF-8; convert the file to UTF-8")]
    Encoding {
        /// The file.
        path: PathBuf,
        /// Offset of the first bad byte.
        at: usize,
    },
    /// A line is not JSON.
    #[error("{path}, line {line}: {reason}; every line must be one JSON object")]
    Json {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What the parser said.
        reason: String,
    },
    /// No record can be used.
    #[error(
        "{path}: no usable record: {reason}; found the columns {found}; a record needs {needs}, so \
         rename the columns that hold them"
    )]
    Columns {
        /// The file.
        path: PathBuf,
        /// The columns there are.
        found: String,
        /// Why the first record was skipped.
        reason: String,
        /// The columns a record needs.
        needs: &'static str,
    },
    /// There is no record.
    #[error("{path}: there is no record; every line must be one JSON object")]
    Empty {
        /// The file.
        path: PathBuf,
    },
}

/// Reads the problems of a file. Their family is the file's name without its extension; records
/// without a usable question or answer, or with an id that came before, are skipped and reported.
///
/// # Errors
/// When the file cannot be read, is not UTF-8, has a line that is not a JSON object, or has no
/// usable record at all.
pub fn problems(path: impl AsRef<Path>) -> Result<Imported, ImportError> {
    let path = path.as_ref();
    let needs = "`question` (or `problem`) and `answer`";
    gather(path, &read(path)?, needs, problem)
}

fn read(path: &Path) -> Result<Vec<u8>, ImportError> {
    std::fs::read(path).map_err(|source| ImportError::Io {
        path: path.into(),
        source,
    })
}

/// Makes a problem of every record, given the file's name without its extension and its line.
fn gather(
    path: &Path,
    bytes: &[u8],
    needs: &'static str,
    problem: impl Fn(&Record, &str, usize) -> Result<Problem, String>,
) -> Result<Imported, ImportError> {
    let text = std::str::from_utf8(bytes).map_err(|error| ImportError::Encoding {
        path: path.into(),
        at: error.valid_up_to(),
    })?;
    let records = records(path, text.trim_start_matches('\u{feff}'))?;
    if records.is_empty() {
        return Err(ImportError::Empty { path: path.into() });
    }
    let source = path
        .file_stem()
        .map_or_else(String::new, |stem| stem.to_string_lossy().into());
    let mut imported = Imported {
        problems: Vec::new(),
        skipped: Vec::new(),
    };
    let (mut ids, mut columns) = (BTreeSet::new(), BTreeSet::new());
    for (line, record) in &records {
        columns.extend(record.keys().cloned());
        match problem(record, &source, *line) {
            Ok(problem) if ids.insert(problem.id.clone()) => imported.problems.push(problem),
            Ok(problem) => {
                let reason = format!("the id {} came before; ids must be distinct", problem.id);
                imported.skipped.push(Skipped {
                    line: *line,
                    reason,
                });
            }
            Err(reason) => imported.skipped.push(Skipped {
                line: *line,
                reason,
            }),
        }
    }
    if imported.problems.is_empty() {
        let found: Vec<String> = columns.into_iter().take(20).collect();
        let reason = imported.skipped.swap_remove(0).reason;
        return Err(ImportError::Columns {
            path: path.into(),
            found: found.join(", "),
            reason,
            needs,
        });
    }
    Ok(imported)
}

/// The questions two sets share, compared without case, space and punctuation, in the order of
/// `held_out`.
pub fn overlap(train: &[Problem], held_out: &[Problem]) -> Vec<String> {
    let seen: BTreeSet<String> = train
        .iter()
        .map(|problem| bare(&problem.question))
        .collect();
    let shared = held_out
        .iter()
        .filter(|problem| seen.contains(&bare(&problem.question)));
    shared.map(|problem| problem.question.clone()).collect()
}

/// Letters, digits and operators: what makes a question the question it is.
fn bare(question: &str) -> String {
    let keep = |c: &char| c.is_alphanumeric() || "+-*/=<>^".contains(*c);
    question
        .chars()
        .flat_map(char::to_lowercase)
        .filter(keep)
        .collect()
}

type Record = Map<String, Value>;

fn records(path: &Path, text: &str) -> Result<Vec<(usize, Record)>, ImportError> {
    let failed = |line: usize, reason: String| {
        Err(ImportError::Json {
            path: path.into(),
            line,
            reason,
        })
    };
    if text.trim_start().starts_with('[') {
        let values: Vec<Value> = match serde_json::from_str(text) {
            Ok(values) => values,
            Err(error) => return failed(error.line(), error.to_string()),
        };
        let mut records = Vec::with_capacity(values.len());
        for (at, value) in values.into_iter().enumerate() {
            match value {
                Value::Object(record) => records.push((at + 1, record)),
                _ => return failed(1, format!("element {} of the array is no object", at + 1)),
            }
        }
        return Ok(records);
    }
    let mut records = Vec::new();
    for (at, line) in text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
    {
        match serde_json::from_str::<Record>(line) {
            Ok(record) => records.push((at + 1, record)),
            Err(error) => return failed(at + 1, error.to_string()),
        }
    }
    Ok(records)
}

fn problem(record: &Record, source: &str, line: usize) -> Result<Problem, String> {
    let column = |name: &str| record.get(name).and_then(text);
    let question = column("question").or_else(|| column("problem"));
    let question = question.ok_or("no `question` or `problem` with text in it")?;
    let answer = column("answer").ok_or("no `answer` with text or a number in it")?;
    let (worked, answer) = split_gsm8k(&answer);
    if answer.is_empty() {
        return Err("nothing follows the `####` of the answer".to_owned());
    }
    let domain = match column("domain") {
        None => Domain::Mathematics,
        Some(name) => serde_json::from_value(Value::String(name.to_lowercase()))
            .map_err(|_| format!("domain `{name}` is none of mathematics, code, logic, general"))?,
    };
    let level = match record.get("level") {
        None | Some(Value::Null) => 1,
        Some(level) => {
            level_of(level).ok_or_else(|| format!("level {level} is no number from 1"))?
        }
    };
    let detected = || Language::detect(&question).code().to_owned();
    Ok(Problem {
        id: column("id").unwrap_or_else(|| format!("{source}-{line}")),
        language: column("language").unwrap_or_else(detected),
        solution: column("solution").or(worked),
        question,
        answer,
        family: source.to_owned(),
        domain,
        level,
        check: Check::Answer,
    })
}

/// The text of a value; `None` when it has none.
fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => {
            let text = number.to_string();
            text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
        }
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

/// A level as a number, or as the last word of a text such as MATH's `Level 3`.
fn level_of(value: &Value) -> Option<u32> {
    let text = text(value)?;
    text.split_whitespace()
        .last()?
        .parse()
        .ok()
        .filter(|level| *level > 0)
}

/// GSM8K's solution, without its `<<48/2=24>>` annotations, and the number after `####`, without
/// commas; any other answer as it is.
fn split_gsm8k(answer: &str) -> (Option<String>, String) {
    let Some((worked, number)) = answer.rsplit_once("####") else {
        return (None, answer.to_owned());
    };
    let mut solution = String::new();
    let mut rest = worked.trim();
    while let Some((before, after)) = rest.split_once("<<") {
        solution += before;
        rest = after.split_once(">>").map_or("", |(_, after)| after);
    }
    solution += rest;
    (
        (!solution.is_empty()).then_some(solution),
        number.trim().replace(',', ""),
    )
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A problem as a file gives it.
    pub(crate) fn problem(question: &str, answer: &str) -> Problem {
        Problem {
            id: format!("file-{question}"),
            question: question.into(),
            answer: answer.into(),
            solution: None,
            family: "file".into(),
            domain: Domain::Mathematics,
            level: 1,
            language: Language::detect(question).code().into(),
            check: Check::Answer,
        }
    }

    fn read(content: impl AsRef<[u8]>) -> Result<Imported, ImportError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("set.jsonl");
        std::fs::write(&path, content).unwrap();
        problems(&path)
    }

    #[test]
    fn lines_become_problems_with_sensible_defaults() {
        let imported = read(concat!(
            "\u{feff}{\"problem\": \"1 + 1?\", \"answer\": 2.0, \"level\": \"Level 3\"}\n\n",
            "{\"question\": \"求 x\", \"answer\": \"5\", \"id\": 7, \"domain\": \"Logic\"}\n",
        ))
        .unwrap();
        let [first, second] = &imported.problems[..] else {
            panic!("{imported:?}")
        };
        assert_eq!(
            (first.id.as_str(), first.answer.as_str(), first.level),
            ("set-1", "2", 3)
        );
        assert_eq!(
            (first.language.as_str(), first.family.as_str()),
            ("en", "set")
        );
        assert_eq!((second.id.as_str(), second.language.as_str()), ("7", "zh"));
        assert_eq!(
            (second.domain, &second.check),
            (Domain::Logic, &Check::Answer)
        );
    }

    #[test]
    fn gsm8k_answers_are_split() {
        let (solution, answer) =
            split_gsm8k("He has 48/2 = <<48/2=24>>24.\nIn all <<1000+24=1024>>1024.\n#### 1,024");
        assert_eq!(solution.as_deref(), Some("He has 48/2 = 24.\nIn all 1024."));
        assert_eq!(answer, "1024");
        assert_eq!(split_gsm8k("42"), (None, "42".into()));
        assert_eq!(
            split_gsm8k("open <<1+ #### 3"),
            (Some("open ".into()), "3".into())
        );
    }

    #[test]
    fn an_array_is_read_as_well() {
        let imported =
            read(r#" [{"question": "a?", "answer": "1"}, {"question": "b?", "answer": 2}]"#);
        assert_eq!(imported.unwrap().problems.len(), 2);
        let message = read("[1]").unwrap_err().to_string();
        assert!(message.contains("element 1"), "{message}");
    }

    #[test]
    fn unusable_records_are_reported_by_line() {
        let imported = read(concat!(
            "{\"question\": \"a?\", \"answer\": \"1\", \"id\": \"a\"}\n",
            "{\"question\": \" \", \"answer\": \"1\"}\n",
            "{\"question\": \"b?\", \"answer\": null}\n",
            "{\"question\": \"c?\", \"answer\": \"#### \"}\n",
            "{\"question\": \"d?\", \"answer\": \"1\", \"domain\": \"cooking\"}\n",
            "{\"question\": \"e?\", \"answer\": \"1\", \"level\": -1}\n",
            "{\"question\": \"f?\", \"answer\": \"1\", \"id\": \"a\"}\n",
        ))
        .unwrap();
        assert_eq!(imported.problems.len(), 1);
        let lines: Vec<usize> = imported
            .skipped
            .iter()
            .map(|skipped| skipped.line)
            .collect();
        assert_eq!(lines, [2, 3, 4, 5, 6, 7]);
        assert!(imported.skipped[3].reason.contains("cooking"));
    }

    #[test]
    fn errors_name_file_line_and_what_to_do() {
        let message = |content: &[u8]| read(content).unwrap_err().to_string();
        let broken = message(b"{\"question\": \"a?\", \"answer\": \"1\"}\n{\"question\": \n");
        assert!(broken.contains("set.jsonl, line 2"), "{broken}");
        assert!(message(b"\xff\xfe").contains("byte 0 is not UTF-8"));
        assert!(message(b"  \n").contains("no record"));
        assert!(message(b"[]").contains("no record"));
        let columns = message(b"{\"Q\": \"a?\", \"A\": \"1\"}");
        assert!(
            columns.contains("A, Q") && columns.contains("rename"),
            "{columns}"
        );
        assert!(message(b"[{\"question\": 1").contains("line 1"));
        let missing = problems("/nowhere/set.jsonl").unwrap_err().to_string();
        assert!(missing.contains("/nowhere/set.jsonl"), "{missing}");
    }

    #[test]
    fn shared_questions_are_found_whatever_their_spelling() {
        let train = [problem("What is 2 + 2?", "4")];
        let held_out = [problem("what is 2+2", "4"), problem("What is 2 - 2?", "0")];
        assert_eq!(overlap(&train, &held_out), ["what is 2+2"]);
        assert!(overlap(&[], &held_out).is_empty());
    }

    #[test]
    fn the_whole_of_gsm8k_is_read_where_it_is_present() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../../shared/data/math/gsm8k_train.jsonl");
        if !path.exists() {
            return;
        }
        let imported = problems(path).unwrap();
        assert_eq!((imported.problems.len(), imported.skipped.len()), (7473, 0));
        for problem in &imported.problems {
            assert!(problem.answer.parse::<f64>().is_ok(), "{}", problem.answer);
            assert!(!problem.solution.as_ref().unwrap().contains("<<"));
        }
    }
}
