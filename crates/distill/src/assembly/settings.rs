//! What a set should be like.

use std::collections::BTreeMap;

use corpus::DedupSettings;
use data::Domain;
use data::ngrams::NgramSettings;
use serde::{Deserialize, Serialize};

use super::entry::Input;
use crate::rules::RuleConfig;
use crate::setting::{SettingError, share, within};

/// How a set is made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AssemblySettings {
    /// Decides which entries are drawn where there are too many, and the order. Default 0.
    pub seed: u64,
    /// Reasoning entries for each general one; nothing takes all there are. Default 3: 600k and 200k
    /// (DeepSeek-R1, arXiv 2501.12948v1, section 2.3.3).
    pub ratio: Option<f64>,
    /// Most entries in all, training and validation; nothing sets no bound. Default nothing.
    pub size: Option<usize>,
    /// The share of problems, from 0 to below 1, that go to validation. A problem's words alone
    /// decide whether it does, so that it stays there whatever else the set has. Default 0.01.
    pub validation: f64,
    /// Most entries of one question. Default 4.
    pub per_problem: usize,
    /// What the last message of a reasoning entry is held to ([`crate::text_check`]); nothing where that
    /// was done before. Default nothing.
    pub rules: Option<RuleConfig>,
    /// How the texts of evaluations are looked for.
    pub held_out: NgramSettings,
    /// What counts as a duplicate; without, nothing does.
    pub dedup: Option<DedupSettings>,
    /// Which domains and levels are drawn more of, where `size` does not take all. Default nothing: they
    /// are drawn as they come.
    pub balance: Option<Balance>,
    /// What is written.
    pub format: Format,
    /// Most entries of a file. Default 100,000.
    pub per_file: usize,
}

/// Weights of domains and levels. Each pair of them gets a part of its side in proportion to the product of
/// its weights, and what it cannot fill is shared by the others.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Balance {
    /// Of domains; 1 where there is none, and 0 leaves a domain out.
    pub domains: BTreeMap<Domain, f64>,
    /// Of levels; 1 where there is none and where the level is not known, and 0 leaves a level out.
    pub levels: BTreeMap<u32, f64>,
}

impl Balance {
    pub(super) fn weight(&self, domain: Domain, level: Option<u32>) -> f64 {
        let domain = self.domains.get(&domain).copied().unwrap_or(1.0);
        let level = level.and_then(|level| self.levels.get(&level)).copied();
        domain * level.unwrap_or(1.0)
    }
}

/// The form of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// JSON Lines.
    #[default]
    Jsonl,
    /// JSON Lines packed by Zstandard (feature `zstd`).
    JsonlZst,
    /// Parquet packed by Zstandard (feature `parquet`).
    Parquet,
}

impl Format {
    /// What names of files end in.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::JsonlZst => "jsonl.zst",
            Self::Parquet => "parquet",
        }
    }

    /// The feature a build without it would need.
    fn missing(self) -> Option<&'static str> {
        match self {
            Self::JsonlZst if cfg!(not(feature = "zstd")) => Some("zstd"),
            Self::Parquet if cfg!(not(feature = "parquet")) => Some("parquet"),
            _ => None,
        }
    }
}

impl Default for AssemblySettings {
    fn default() -> Self {
        Self {
            seed: 0,
            ratio: Some(3.0),
            size: None,
            validation: 0.01,
            per_problem: 4,
            rules: None,
            held_out: NgramSettings::default(),
            dedup: Some(DedupSettings::default()),
            balance: None,
            format: Format::default(),
            per_file: 100_000,
        }
    }
}

impl AssemblySettings {
    /// Whether every setting can mean something in this build.
    ///
    /// # Errors
    /// The first that cannot.
    pub fn validate(&self) -> Result<(), SettingError> {
        let positive = |field: &str, value: f64| match value > 0.0 && value.is_finite() {
            true => Ok(()),
            false => Err(SettingError::new(field, value, "a positive number")),
        };
        self.ratio.map_or(Ok(()), |it| positive("ratio", it))?;
        self.size.map_or(Ok(()), |it| within("size", it, 1))?;
        share("validation", self.validation)?;
        if self.validation == 1.0 {
            let wanted = "below 1, or there is nothing to train on";
            return Err(SettingError::new("validation", 1, wanted));
        }
        within("per_problem", self.per_problem, 1)?;
        self.rules.as_ref().map_or(Ok(()), RuleConfig::validate)?;
        within("held_out.shortest", self.held_out.shortest, 1)?;
        if let Some(fault) = self.dedup.as_ref().and_then(DedupSettings::fault) {
            return Err(SettingError::new("dedup", fault, "settings that fit"));
        }
        if let Some(balance) = &self.balance {
            if self.size.is_none() {
                let wanted = "a size to share out, or no balance: all are taken";
                return Err(SettingError::new("size", "nothing", wanted));
            }
            let domains = balance.domains.iter();
            let domains = domains.map(|(domain, weight)| (domain.name().to_owned(), weight));
            let levels = balance.levels.iter();
            let levels = levels.map(|(level, weight)| (level.to_string(), weight));
            for (name, weight) in domains.chain(levels) {
                if !(*weight >= 0.0 && weight.is_finite()) {
                    let field = format!("balance.{name}");
                    return Err(SettingError::new(&field, weight, "0 or a positive number"));
                }
            }
        }
        if let Some(feature) = self.format.missing() {
            let wanted = format!("a build of `distill` with the feature `{feature}`");
            return Err(SettingError::new("format", self.format.extension(), wanted));
        }
        within("per_file", self.per_file, 1)
    }
}

/// Whether every input has a name of its own and terms of use.
pub(super) fn validate_inputs(inputs: &[Input]) -> Result<(), SettingError> {
    for (at, input) in inputs.iter().enumerate() {
        let name = &input.name;
        if name.trim().is_empty() || inputs[..at].iter().any(|it| it.name == *name) {
            return Err(SettingError::new("input", name, "a name of its own"));
        }
        if input.licence.trim().is_empty() {
            let field = format!("input {name}, licence");
            return Err(SettingError::new(&field, "", "a licence, or `unknown`"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assembly::Side;

    #[test]
    fn settings_out_of_range_are_named() {
        let ok = AssemblySettings::default;
        assert_eq!(ok().validate(), Ok(()));
        let named = |change: &dyn Fn(&mut AssemblySettings)| {
            let mut settings = ok();
            change(&mut settings);
            settings.validate().unwrap_err().field
        };
        assert_eq!(named(&|it| it.ratio = Some(0.0)), "ratio");
        assert_eq!(named(&|it| it.ratio = Some(f64::INFINITY)), "ratio");
        assert_eq!(named(&|it| it.size = Some(0)), "size");
        assert_eq!(named(&|it| it.validation = -0.1), "validation");
        assert_eq!(named(&|it| it.validation = 1.0), "validation");
        assert_eq!(named(&|it| it.per_problem = 0), "per_problem");
        assert_eq!(named(&|it| it.held_out.shortest = 0), "held_out.shortest");
        assert_eq!(named(&|it| it.per_file = 0), "per_file");
        assert_eq!(named(&|it| it.balance = Some(Balance::default())), "size");
        let rules = |it: &mut AssemblySettings| {
            it.rules = Some(RuleConfig {
                max_paragraph: 0,
                ..RuleConfig::default()
            });
        };
        assert_eq!(named(&rules), "rules.max_paragraph");
        let dedup = |it: &mut AssemblySettings| {
            it.dedup = Some(DedupSettings {
                bands: 7,
                ..DedupSettings::default()
            });
        };
        assert_eq!(named(&dedup), "dedup");
        let balance = |domain, level| {
            move |it: &mut AssemblySettings| {
                it.size = Some(10);
                it.balance = Some(Balance {
                    domains: [(Domain::Code, domain)].into(),
                    levels: [(3, level)].into(),
                });
            }
        };
        assert_eq!(named(&balance(-1.0, 1.0)), "balance.code");
        assert_eq!(named(&balance(1.0, f64::NAN)), "balance.3");
        let mut fine = ok();
        balance(0.0, 2.0)(&mut fine);
        assert_eq!(fine.validate(), Ok(()));
        for format in [Format::JsonlZst, Format::Parquet] {
            let settings = AssemblySettings { format, ..ok() };
            assert_eq!(settings.validate().is_err(), format.missing().is_some());
        }
    }

    #[test]
    fn settings_are_read_with_what_is_left_out() {
        let text = r#"{"size": 9, "balance": {"domains": {"code": 2}, "levels": {"3": 0}}}"#;
        let settings: AssemblySettings = serde_json::from_str(text).unwrap();
        let balance = settings.balance.unwrap();
        assert_eq!(balance.weight(Domain::Code, Some(1)), 2.0);
        assert_eq!(balance.weight(Domain::Code, Some(3)), 0.0);
        assert_eq!(balance.weight(Domain::Logic, None), 1.0);
        assert!(serde_json::from_str::<AssemblySettings>(r#"{"sizes": 9}"#).is_err());
    }

    #[test]
    fn inputs_have_names_and_terms() {
        let input = |name: &str, licence: &str| {
            Input::new(name, licence, Side::General, std::iter::empty())
        };
        assert_eq!(
            validate_inputs(&[input("a", "MIT"), input("b", "MIT")]),
            Ok(())
        );
        let fault = |inputs: &[Input]| validate_inputs(inputs).unwrap_err().to_string();
        assert!(fault(&[input("a", "MIT"), input("a", "MIT")]).contains("a name of its own"));
        assert!(fault(&[input(" ", "MIT")]).contains("a name of its own"));
        assert!(fault(&[input("a", " ")]).contains("input a, licence"));
    }
}
