//! A record before it is known what it is a record of.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::{ColumnMap, Skipped, Unit};

/// Where the rows of one file come from.
#[derive(Debug)]
pub(super) struct Origin {
    pub(super) path: PathBuf,
    pub(super) unit: Unit,
    /// The name of the file, folder or data set.
    pub(super) family: String,
    /// What ids begin with that a record does not bring.
    pub(super) prefix: String,
    pub(super) columns: ColumnMap,
}

impl Origin {
    /// A record of this file that cannot be used.
    pub(super) fn skipped(&self, line: usize, reason: String, malformed: bool) -> Skipped {
        Skipped {
            file: self.path.clone(),
            unit: self.unit,
            line,
            reason,
            malformed,
        }
    }
}

/// The columns of one record.
#[derive(Debug, Clone)]
pub struct Row {
    columns: Map<String, Value>,
    line: usize,
    origin: Arc<Origin>,
}

/// A record that can be made of a row.
pub trait FromRow: Sized {
    /// The columns it takes, for messages.
    const NEEDS: &'static str;

    /// Makes it of a row's columns.
    ///
    /// # Errors
    /// Why the row cannot be used, for the report of skipped records.
    fn from_row(row: &Row) -> Result<Self, String>;

    /// The record as a person reads it, to look at before training.
    fn show(&self) -> String;
}

impl Row {
    pub(super) fn new(mut columns: Map<String, Value>, line: usize, origin: &Arc<Origin>) -> Self {
        origin.columns.apply(&mut columns);
        Self {
            columns,
            line,
            origin: origin.clone(),
        }
    }

    /// All columns, under the names of the column map.
    pub fn columns(&self) -> &Map<String, Value> {
        &self.columns
    }

    /// A column; `None` where it is absent or null.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.columns.get(name).filter(|value| !value.is_null())
    }

    /// A column's text without white space around it, or its number as text; `None` when it has
    /// neither.
    pub fn text(&self, name: &str) -> Option<String> {
        self.get(name).and_then(text)
    }

    /// A column's text to the letter; `None` when it is blank or no text.
    pub fn letters(&self, name: &str) -> Option<&str> {
        let text = self.get(name)?.as_str()?;
        (!text.trim().is_empty()).then_some(text)
    }

    /// The record's `id`, or one made of its place.
    pub fn id(&self) -> String {
        self.text("id").unwrap_or_else(|| self.place())
    }

    /// An id made of the file's name and the line.
    pub(crate) fn place(&self) -> String {
        format!("{}-{}", self.origin.prefix, self.line)
    }

    /// The name of the file, folder or data set, without its extensions.
    pub fn family(&self) -> &str {
        &self.origin.family
    }

    /// Whether the column map names one of these.
    pub(crate) fn maps(&self, names: &[&str]) -> bool {
        self.origin.columns.names(names)
    }
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
