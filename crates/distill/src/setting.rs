//! Settings that cannot mean anything are named before anything is done with them.

/// A setting out of range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} = {value}: {wanted}")]
pub struct SettingError {
    /// The setting.
    pub field: String,
    /// Its value.
    pub value: String,
    /// What it should be.
    pub wanted: String,
}

impl SettingError {
    pub(crate) fn new(field: &str, value: impl ToString, wanted: impl Into<String>) -> Self {
        Self {
            field: field.to_owned(),
            value: value.to_string(),
            wanted: wanted.into(),
        }
    }
}

/// From 0 to 1.
pub(crate) fn share(field: &str, value: f64) -> Result<(), SettingError> {
    match (0.0..=1.0).contains(&value) {
        true => Ok(()),
        false => Err(SettingError::new(field, value, "a share from 0 to 1")),
    }
}

/// At least so much.
pub(crate) fn within(field: &str, value: usize, least: usize) -> Result<(), SettingError> {
    match value >= least {
        true => Ok(()),
        false => Err(SettingError::new(field, value, format!("{least} or more"))),
    }
}
