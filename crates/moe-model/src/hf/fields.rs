//! Typed reading of a JSON object, with errors that name the key.

use serde_json::{Map, Value};

/// More layers than this are a slip of the pen, and would fill the memory before that shows.
const MOST_LAYERS: usize = 10_000;

/// An object whose fields are read one by one; `null` counts as absent.
pub(super) struct Fields<'a>(pub(super) &'a Map<String, Value>);

impl Fields<'_> {
    pub(super) fn present(&self, key: &str) -> Option<&Value> {
        self.0.get(key).filter(|value| !value.is_null())
    }

    pub(super) fn required(&self, key: &str) -> Result<&Value, String> {
        self.present(key)
            .ok_or_else(|| format!("`{key}` is missing"))
    }

    pub(super) fn text(&self, key: &str) -> Result<&str, String> {
        let value = self.required(key)?;
        value
            .as_str()
            .ok_or_else(|| format!("`{key}` is {value}, not a string"))
    }

    pub(super) fn count(&self, key: &str) -> Result<usize, String> {
        self.required(key)?;
        Ok(self.optional_count(key)?.unwrap_or_default())
    }

    pub(super) fn optional_count(&self, key: &str) -> Result<Option<usize>, String> {
        let Some(value) = self.present(key) else {
            return Ok(None);
        };
        // What tensors can be indexed with.
        let count = value.as_u64().and_then(|count| i32::try_from(count).ok());
        count.map(|count| Some(count as usize)).ok_or_else(|| {
            format!(
                "`{key}` is {value}, not a whole number from 0 to {}",
                i32::MAX
            )
        })
    }

    /// A number of layers.
    pub(super) fn optional_layers(&self, key: &str) -> Result<Option<usize>, String> {
        let layers = self.optional_count(key)?;
        match layers.filter(|&layers| layers > MOST_LAYERS) {
            Some(layers) => Err(format!(
                "`{key}` is {layers}; at most {MOST_LAYERS} are built"
            )),
            None => Ok(layers),
        }
    }

    /// A list of whole numbers; empty where there is none.
    pub(super) fn counts(&self, key: &str) -> Result<Vec<usize>, String> {
        let Some(value) = self.present(key) else {
            return Ok(Vec::new());
        };
        serde_json::from_value(value.clone())
            .map_err(|_| format!("`{key}` is {value}, not a list of whole numbers"))
    }

    pub(super) fn number_or(&self, key: &str, default: f64) -> Result<f64, String> {
        let Some(value) = self.present(key) else {
            return Ok(default);
        };
        value
            .as_f64()
            .ok_or_else(|| format!("`{key}` is {value}, not a number"))
    }

    pub(super) fn flag_or(&self, key: &str, default: bool) -> Result<bool, String> {
        let Some(value) = self.present(key) else {
            return Ok(default);
        };
        value
            .as_bool()
            .ok_or_else(|| format!("`{key}` is {value}, not true or false"))
    }

    pub(super) fn number(&self, key: &str) -> Result<f64, String> {
        self.required(key)?;
        self.number_or(key, 0.0)
    }

    pub(super) fn optional_number(&self, key: &str) -> Result<Option<f64>, String> {
        match self.present(key) {
            Some(_) => self.number(key).map(Some),
            None => Ok(None),
        }
    }

    pub(super) fn object(&self, key: &str) -> Result<Option<Fields<'_>>, String> {
        let Some(value) = self.present(key) else {
            return Ok(None);
        };
        let object = value.as_object();
        let object = object.ok_or_else(|| format!("`{key}` is {value}, not an object"))?;
        Ok(Some(Fields(object)))
    }
}
