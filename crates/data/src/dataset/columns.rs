//! Names for columns that are called something else in a file.

use std::fmt;
use std::str::FromStr;

use serde_json::{Map, Value};

/// The columns that records are made of.
const KNOWN: [&str; 23] = [
    "messages",
    "prompt",
    "completion",
    "response",
    "instruction",
    "input",
    "output",
    "question",
    "problem",
    "answer",
    "solution",
    "text",
    "system",
    "id",
    "language",
    "domain",
    "level",
    "source",
    "test",
    "entry_point",
    "canonical_solution",
    "test_list",
    "tests",
];

/// Why a column map cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ColumnMapError {
    /// A part is not `name=column`.
    #[error("column map: `{0}` is not `name=column`, as in question=problem_text,answer=final")]
    Form(String),
    /// Nothing is made of that column.
    #[error("column map: no record has a column `{name}`; known are {known}")]
    Unknown {
        /// The name on the left.
        name: String,
        /// Those there are.
        known: String,
    },
    /// A column was given twice.
    #[error("column map: `{0}` is given twice")]
    Twice(String),
}

/// Which column of a file holds what, as in `question=problem_text,answer=final`.
///
/// On the left stands what a record is made of, on the right a column of the file, or a path into
/// it: `answer=reward_model.ground_truth`, `question=prompt.0.content`. Other columns keep their
/// names.
///
/// ```
/// let map: data::dataset::ColumnMap = "question=problem_text, answer=final".parse()?;
/// assert_eq!(map.to_string(), "question=problem_text,answer=final");
/// # Ok::<(), data::dataset::ColumnMapError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ColumnMap(Vec<(String, String)>);

impl ColumnMap {
    /// Whether one of the columns is named on the left.
    pub(super) fn names(&self, columns: &[&str]) -> bool {
        self.0
            .iter()
            .any(|(name, _)| columns.contains(&name.as_str()))
    }

    /// Puts each column where its name says; one that this record lacks is absent there too.
    pub(super) fn apply(&self, record: &mut Map<String, Value>) {
        let found: Vec<Option<Value>> = self
            .0
            .iter()
            .map(|(_, column)| lookup(record, column).cloned())
            .collect();
        for ((name, _), value) in self.0.iter().zip(found) {
            record.insert(name.clone(), value.unwrap_or(Value::Null));
        }
    }
}

/// The column of that very name, else what the path leads to.
fn lookup<'a>(record: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    if let Some(value) = record.get(path) {
        return Some(value);
    }
    let mut steps = path.split('.');
    let first = record.get(steps.next()?)?;
    steps.try_fold(first, |value, step| match value {
        Value::Array(values) => values.get(step.parse::<usize>().ok()?),
        value => value.get(step),
    })
}

impl FromStr for ColumnMap {
    type Err = ColumnMapError;

    fn from_str(text: &str) -> Result<Self, ColumnMapError> {
        let mut map = Self::default();
        for part in text.split(',').filter(|part| !part.trim().is_empty()) {
            let sides = part.split_once('=').map(|(a, b)| (a.trim(), b.trim()));
            let Some((name, column)) = sides.filter(|(a, b)| !a.is_empty() && !b.is_empty()) else {
                return Err(ColumnMapError::Form(part.trim().to_owned()));
            };
            if !KNOWN.contains(&name) {
                return Err(ColumnMapError::Unknown {
                    name: name.to_owned(),
                    known: KNOWN.join(", "),
                });
            }
            if map.names(&[name]) {
                return Err(ColumnMapError::Twice(name.to_owned()));
            }
            map.0.push((name.to_owned(), column.to_owned()));
        }
        Ok(map)
    }
}

impl fmt::Display for ColumnMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pairs = self
            .0
            .iter()
            .map(|(name, column)| format!("{name}={column}"));
        f.write_str(&pairs.collect::<Vec<_>>().join(","))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mapped(map: &str, record: Value) -> Value {
        let Value::Object(mut record) = record else {
            panic!("{record}")
        };
        map.parse::<ColumnMap>().unwrap().apply(&mut record);
        Value::Object(record)
    }

    #[test]
    fn columns_are_renamed_exchanged_and_found_within_others() {
        let swapped = mapped(
            "answer=question,question=answer",
            json!({"question": 1, "answer": 2}),
        );
        assert_eq!(swapped, json!({"question": 2, "answer": 1}));
        let verl = json!({"prompt": [{"role": "user", "content": "1+1?"}],
            "reward_model": {"ground_truth": "2"}, "a.b": 3, "a": {"b": 4}});
        let read = mapped(
            "question=prompt.0.content,answer=reward_model.ground_truth,level=a.b",
            verl,
        );
        assert_eq!(
            (&read["question"], &read["answer"], &read["level"]),
            (&json!("1+1?"), &json!("2"), &json!(3))
        );
        let lacking = mapped("answer=final.0.x", json!({"answer": 1, "final": [2]}));
        assert_eq!(lacking["answer"], Value::Null);
    }

    #[test]
    fn errors_say_what_is_wrong() {
        let message = |text: &str| text.parse::<ColumnMap>().unwrap_err().to_string();
        assert!(message("question").contains("`question` is not `name=column`"));
        assert!(message("question=").contains("name=column"));
        assert!(message("qustion=q").contains("question, problem"));
        assert!(message("answer=a,answer=b").contains("twice"));
        assert_eq!("".parse(), Ok(ColumnMap::default()));
    }
}
