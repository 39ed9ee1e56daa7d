//! The weights of the rubric, as a preset spells them.

use serde::{Deserialize, Serialize};

use crate::judge::JudgeConfig;
use crate::language::{Language, UnknownLanguage};
use crate::program::ProgramConfig;
use crate::terms::{LengthConfig, OverlongConfig, RepetitionConfig};

/// How the parts combine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// They are weighed and added.
    #[default]
    Sum,
    /// Format and language count only with a right answer: a wrong one in perfect form earns 0.
    Gated,
    /// The other way round: a right answer counts only in a response that keeps the template strictly
    /// ([`crate::strict`]). Format and language count as in `Sum`, so form can be learned first.
    FormGated,
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
    /// A length to keep to; needs a counter of tokens ([`crate::Rubric::counting`]).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length: Option<LengthConfig>,
    /// A price on repetition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repetition: Option<RepetitionConfig>,
    /// A soft limit on the length; needs a counter of tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overlong: Option<OverlongConfig>,
    /// A model as judge; needs the feature `judge`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub judge: Option<JudgeConfig>,
    /// Programs of your own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub programs: Vec<ProgramConfig>,
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
            length: None,
            repetition: None,
            overlong: None,
            judge: None,
            programs: Vec::new(),
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
        name: String,
        /// Its value.
        value: f32,
    },
    /// A field of a term.
    #[error("`{term}` of the rubric: {fault}")]
    Term {
        /// The term.
        term: String,
        /// What is wrong, and what to write.
        fault: &'static str,
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
    /// On a weight that is not finite, a language that is not known, or a term that cannot be.
    pub fn validate(&self) -> Result<(), ConfigError> {
        for (name, value) in self.weights() {
            if !value.is_finite() {
                let name = name.to_owned();
                return Err(ConfigError::Weight { name, value });
            }
        }
        for (term, fault) in self.faults() {
            if let Some(fault) = fault {
                let term = term.to_owned();
                return Err(ConfigError::Term { term, fault });
            }
        }
        Language::among(&self.languages)?;
        Ok(())
    }

    /// Every weight there is, by name.
    fn weights(&self) -> Vec<(&str, f32)> {
        let terms = [
            ("length.weight", self.length.map(|term| term.weight)),
            ("repetition.weight", self.repetition.map(|term| term.weight)),
            ("overlong.weight", self.overlong.map(|term| term.weight)),
            ("judge.weight", self.judge.as_ref().map(|term| term.weight)),
        ];
        let programs = self.programs.iter().map(|term| (&*term.name, term.weight));
        [
            ("accuracy", self.accuracy),
            ("format", self.format),
            ("language", self.language),
        ]
        .into_iter()
        .chain(
            terms
                .into_iter()
                .filter_map(|(name, weight)| Some((name, weight?))),
        )
        .chain(programs)
        .collect()
    }

    /// What is wrong with each term, where something is.
    fn faults(&self) -> Vec<(&str, Option<&'static str>)> {
        let length = self.length.and_then(|term| {
            let priced = term.alpha > 0.0 && term.alpha.is_finite();
            match (term.target, priced) {
                (0, _) => Some("`target` must be at least 1"),
                (_, false) => Some("`alpha` must be a number above 0"),
                _ => None,
            }
        });
        let repetition = self
            .repetition
            .and_then(|term| (term.ngram == 0).then_some("`ngram` must be at least 1"));
        let overlong = self.overlong.and_then(|term| {
            (term.cache > term.longest).then_some("`cache` must be at most `longest`")
        });
        let judge = self.judge.as_ref().and_then(JudgeConfig::fault);
        let mut faults = vec![
            ("length", length),
            ("repetition", repetition),
            ("overlong", overlong),
            ("judge", judge),
        ];
        for (at, program) in self.programs.iter().enumerate() {
            let before = &self.programs[..at];
            faults.push((&*program.name, program_fault(program, before)));
        }
        faults
    }
}

/// The names of the parts that are not programs.
const PARTS: [&str; 8] = [
    "accuracy",
    "format",
    "language",
    "code",
    "length",
    "repetition",
    "overlong",
    "judge",
];

fn program_fault(program: &ProgramConfig, before: &[ProgramConfig]) -> Option<&'static str> {
    let taken = PARTS.contains(&&*program.name) || before.iter().any(|b| b.name == program.name);
    if program.name.trim().is_empty() {
        Some("a program needs a `name` to be reported under")
    } else if taken {
        Some("another part has this name: give the program a `name` of its own")
    } else if program.command.trim().is_empty() {
        Some("`command` is empty: say what to run, as `python3 my.py`")
    } else if !(program.timeout > 0.0 && program.timeout < 1e6) {
        Some("`timeout` must be a number of seconds above 0")
    } else {
        None
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

    #[test]
    fn a_bad_term_is_refused_by_name() {
        let program = |name: &str, command: &str, timeout| ProgramConfig {
            name: name.into(),
            weight: 1.0,
            command: command.into(),
            timeout,
        };
        let read = |text: &str| serde_json::from_str::<RubricConfig>(text).unwrap();
        for (config, term) in [
            (
                read(r#"{"length": {"weight": 1, "target": 0, "alpha": 1}}"#),
                "length",
            ),
            (
                read(r#"{"length": {"weight": 1, "target": 1, "alpha": 0}}"#),
                "length",
            ),
            (
                read(r#"{"repetition": {"weight": 1, "ngram": 0}}"#),
                "repetition",
            ),
            (
                read(r#"{"overlong": {"weight": 1, "longest": 4, "cache": 5}}"#),
                "overlong",
            ),
            (
                read(
                    r#"{"judge": {"weight": 1, "url": "localhost", "model": "m", "key": "",
                        "timeout": 1, "retries": 0}}"#,
                ),
                "judge",
            ),
        ] {
            let error = config.validate().unwrap_err().to_string();
            assert!(error.contains(&format!("`{term}`")), "{error}");
        }
        let config = RubricConfig {
            repetition: Some(RepetitionConfig {
                weight: f32::INFINITY,
                ngram: 3,
            }),
            ..RubricConfig::default()
        };
        let error = config.validate().unwrap_err().to_string();
        assert!(error.contains("`repetition.weight`"), "{error}");
        for (programs, fault) in [
            (vec![program("", "a", 1.0)], "`name`"),
            (vec![program("format", "a", 1.0)], "another part"),
            (
                vec![program("a", "b", 1.0), program("a", "c", 1.0)],
                "another part",
            ),
            (vec![program("a", " ", 1.0)], "`command`"),
            (vec![program("a", "b", 0.0)], "`timeout`"),
            (vec![program("a", "b", f64::NAN)], "`timeout`"),
        ] {
            let config = RubricConfig {
                programs,
                ..RubricConfig::default()
            };
            let error = config.validate().unwrap_err().to_string();
            assert!(error.contains(fault), "{error}");
        }
    }

    #[test]
    fn a_configuration_reads_back_the_same() {
        let config: RubricConfig = serde_json::from_str(
            r#"{"mode": "form_gated", "repetition": {"weight": 0.1, "ngram": 3},
                "programs": [{"name": "own", "weight": 1, "command": "cat", "timeout": 2}]}"#,
        )
        .unwrap();
        assert_eq!((config.validate(), config.mode), (Ok(()), Mode::FormGated));
        let text = serde_json::to_string(&config).unwrap();
        assert_eq!(serde_json::from_str::<RubricConfig>(&text).unwrap(), config);
        assert!(serde_json::from_str::<RubricConfig>(r#"{"repetitions": {}}"#).is_err());
    }
}
