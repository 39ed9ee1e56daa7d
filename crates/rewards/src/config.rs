//! The weights of the rubric, as a preset spells them.

use serde::{Deserialize, Serialize};

use crate::language::{Language, UnknownLanguage};

/// What format and language count for when the answer is wrong.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The same: the parts are weighed and added.
    #[default]
    Sum,
    /// Nothing: a wrong answer in perfect form earns 0.
    Gated,
    /// The parts are normalised within a group one by one before they are weighed (GDPO, arXiv
    /// 2601.05242). That happens where the group is; the total is that of `Sum`.
    PerPart,
}

/// The weights of the parts and how they combine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RubricConfig {
    /// Weight of the accuracy; 1.0 by default.
    pub accuracy: f32,
    /// Weight of the format, λ₁; 0.3 by default.
    pub format: f32,
    /// Weight of the language, λ₂; 0.2 by default.
    pub language: f32,
    /// How the parts combine.
    pub mode: Mode,
    /// The languages of the run (ISO 639-1), which a text is held against; `en` and `zh` by
    /// default. None at all stands for [`COMMON`](crate::COMMON).
    pub languages: Vec<String>,
    /// What the prompt already wrote of the response, put back before it is read; empty, or
    /// `<think>` where the prompt opens the reasoning.
    pub prefill: String,
}

impl Default for RubricConfig {
    fn default() -> Self {
        Self {
            accuracy: 1.0,
            format: 0.3,
            language: 0.2,
            mode: Mode::Sum,
            languages: vec!["en".into(), "zh".into()],
            prefill: String::new(),
        }
    }
}

/// A rubric that cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ConfigError {
    /// A weight is not a finite number.
    #[error("the weight `{name}` of the rubric is {value}: give a finite number")]
    Weight {
        /// The field.
        name: &'static str,
        /// Its value.
        value: f32,
    },
    /// One of `languages`.
    #[error("`languages` of the rubric: {0}")]
    Language(#[from] UnknownLanguage),
}

impl RubricConfig {
    /// Checks what the types cannot.
    ///
    /// # Errors
    ///
    /// On a weight that is not finite or a language that is not known.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let weights = [
            ("accuracy", self.accuracy),
            ("format", self.format),
            ("language", self.language),
        ];
        for (name, value) in weights {
            if !value.is_finite() {
                return Err(ConfigError::Weight { name, value });
            }
        }
        Language::among(&self.languages)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_configuration_is_refused_by_name() {
        let config = RubricConfig {
            format: f32::NAN,
            ..RubricConfig::default()
        };
        assert!(
            config
                .validate()
                .unwrap_err()
                .to_string()
                .contains("`format`")
        );
        let config = RubricConfig {
            languages: vec!["xx".into()],
            ..RubricConfig::default()
        };
        assert!(config.validate().unwrap_err().to_string().contains("`xx`"));
        assert_eq!(RubricConfig::default().validate(), Ok(()));
    }
}
