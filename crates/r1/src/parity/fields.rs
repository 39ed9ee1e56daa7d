//! The fields of a JSON object, taken one by one: what is missing, wrong or left over is an error
//! that names it.

use anyhow::{Context, Result, anyhow, bail};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

pub(super) struct Fields {
    /// What the object is, for messages.
    of: String,
    left: Map<String, Value>,
}

impl Fields {
    pub(super) fn new(of: String, value: Value) -> Result<Self> {
        match value {
            Value::Object(left) => Ok(Self { of, left }),
            other => bail!("{of}: an object is expected, not {other}"),
        }
    }

    /// A field's value.
    pub(super) fn take<T: DeserializeOwned>(&mut self, name: &str) -> Result<T> {
        let value = self.left.remove(name);
        let value = value.with_context(|| format!("{}: `{name}` is missing", self.of))?;
        self.read(name, value)
    }

    /// A field's value, where there is the field.
    pub(super) fn maybe<T: DeserializeOwned>(&mut self, name: &str) -> Result<Option<T>> {
        match self.left.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => self.read(name, value).map(Some),
        }
    }

    /// One of a few words.
    pub(super) fn choice<T: Copy>(&mut self, name: &str, words: &[(&str, T)]) -> Result<T> {
        let word: String = self.take(name)?;
        let known = words.iter().find(|(known, _)| *known == word);
        known.map(|(_, value)| *value).with_context(|| {
            let words: Vec<&str> = words.iter().map(|(known, _)| *known).collect();
            let (of, words) = (&self.of, words.join(", "));
            format!("{of}: `{name}` is `{word}`, which is unknown; allowed: {words}")
        })
    }

    /// An object in this one.
    pub(super) fn object(&mut self, name: &str) -> Result<Self> {
        let value = self.take(name)?;
        Self::new(format!("{}, {name}", self.of), value)
    }

    /// Refuses what was not taken.
    pub(super) fn end(self) -> Result<()> {
        match self.left.keys().next() {
            None => Ok(()),
            Some(name) => bail!("{}: there is no field `{name}`", self.of),
        }
    }

    /// An error about this object.
    pub(super) fn error(&self, message: &str) -> anyhow::Error {
        anyhow!("{}: {message}", self.of)
    }

    fn read<T: DeserializeOwned>(&self, name: &str, value: Value) -> Result<T> {
        serde_json::from_value(value).map_err(|error| anyhow!("{}: `{name}`: {error}", self.of))
    }
}
