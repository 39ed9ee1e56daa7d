//! Problems from a file, all of them at once.
//!
//! Read is what a [`Dataset`] reads; a record's columns are `question` (or `problem`), `answer`, and
//! where present `solution`, `id`, `language`, `domain`, `level` (or `difficulty`, in words). GSM8K's answers (a solution, then
//! `#### n`) are understood, and where there is no `answer` the last `\boxed{…}` of the solution is
//! one, as in MATH. [`programs`] reads problems whose answers are programs, [`mixed`] both kinds.
//! Stricter than a [`Dataset`]: a record that is no JSON object ends the reading, and ids must be
//! distinct.

mod level;
mod live_code;
mod problem;
mod programs;

use std::collections::BTreeSet;
use std::path::Path;

use crate::Problem;
use crate::dataset::{Dataset, Fault, FromRow, ReadError, Row, Skipped};

/// What a file gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// The problems, in the file's order.
    pub problems: Vec<Problem>,
    /// The records that could not be used.
    pub skipped: Vec<Skipped>,
}

/// Reads the problems of a file, a folder or a data set of the hub. Their family is its name
/// without extensions; records without a usable question or answer, or with an id that came before,
/// are skipped and reported.
///
/// # Errors
/// When a file cannot be read, is not UTF-8, has a record that is not a JSON object, or has no
/// usable record at all.
pub fn problems(source: impl AsRef<Path>) -> Result<Imported, ReadError> {
    let needs = "`question` (or `problem`) and `answer`";
    gather(&Dataset::open(source)?, problem::plain, needs)
}

/// Reads problems whose answers are programs. Their domain is [`Domain::Code`](crate::Domain::Code),
/// their `answer` is empty (no text is the right one), and their `solution` is the reference
/// program where the file has one.
///
/// # Errors
/// As [`problems`].
pub fn programs(source: impl AsRef<Path>) -> Result<Imported, ReadError> {
    gather(&Dataset::open(source)?, programs::program, programs::NEEDS)
}

/// Reads problems of both kinds: a record with tests is read as [`programs`] reads it, any other as
/// [`problems`] does.
///
/// # Errors
/// As [`problems`].
pub fn mixed(source: impl AsRef<Path>) -> Result<Imported, ReadError> {
    all(&Dataset::open(source)?)
}

/// [`mixed`] for a data set whose columns have been given names.
///
/// # Errors
/// As [`problems`].
pub fn all(dataset: &Dataset) -> Result<Imported, ReadError> {
    gather(dataset, Problem::from_row, Problem::NEEDS)
}

fn gather(
    dataset: &Dataset,
    parse: fn(&Row) -> Result<Problem, String>,
    needs: &'static str,
) -> Result<Imported, ReadError> {
    let mut imported = Imported {
        problems: Vec::new(),
        skipped: Vec::new(),
    };
    let mut ids = BTreeSet::new();
    let mut records = dataset.rows(parse, needs);
    while let Some(record) = records.next() {
        match record {
            Ok(problem) if ids.insert(problem.id.clone()) => imported.problems.push(problem),
            Ok(problem) => {
                let reason = format!("the id {} came before; ids must be distinct", problem.id);
                imported.skipped.extend(records.reject(reason));
            }
            Err(Fault::Skipped(record)) if record.malformed => return Err(record.into()),
            Err(Fault::Skipped(record)) => imported.skipped.push(record),
            Err(Fault::Failed(error)) => return Err(error),
        }
    }
    Ok(imported)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{Check, Domain, Language};

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

    fn read(content: impl AsRef<[u8]>) -> Result<Imported, ReadError> {
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

    #[test]
    fn levels_are_numbers_or_words_whatever_the_answer_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.jsonl");
        let level = |columns: &str| {
            let tested = r#""problem": "p", "tests": [{"input": "1", "output": "2"}]"#;
            let plain = r#""question": "q", "answer": "1""#;
            let of = |kind: &str| {
                std::fs::write(&path, format!("{{{kind}{columns}}}\n")).unwrap();
                let found = mixed(&path).map(|found| found.problems[0].level);
                found.map_err(|_| "refused")
            };
            let (tested, plain) = (of(tested), of(plain));
            assert_eq!(tested, plain, "{columns}");
            tested
        };
        assert_eq!(level(""), Ok(1));
        assert_eq!(level(r#", "level": 4"#), Ok(4));
        assert_eq!(level(r#", "level": "Level 5""#), Ok(5));
        assert_eq!(level(r#", "level": 2, "difficulty": "hard""#), Ok(2));
        assert_eq!(level(r#", "difficulty": "Hard""#), Ok(3));
        assert_eq!(level(r#", "difficulty": "medium""#), Ok(2));
        assert_eq!(level(r#", "difficulty": "introductory""#), Ok(1));
        assert!(level(r#", "level": 0"#).is_err());
    }
}
