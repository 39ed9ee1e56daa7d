//! The numbers of a distillation: `presets/distill.toml`, changed field by field.

use std::collections::BTreeMap;

use data::Domain;
use distill::assembly::{AssemblySettings, Balance, Format};
use distill::{
    Checks, CurateConfig, HintConfig, INSTRUCTION, SampleConfig, SemanticConfig, StepModel,
};
use serde::{Deserialize, Serialize};

use crate::preset::{self, overrides};
use crate::usage::UsageError;

const FILE: &str = include_str!("../../presets/distill.toml");

/// Every setting, by section.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    pub(super) teacher: Teaching,
    pub(super) sampling: preset::Rejection,
    pub(super) filter: Filtering,
    pub(super) hints: HintConfig,
    pub(super) set: Assembling,
    pub(super) sft: preset::Supervised,
    pub(super) memory: preset::Memory,
    pub(super) lora: preset::Lora,
    pub(super) eval: preset::Eval,
}

/// What a teacher is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Teaching {
    pub(super) system: String,
    pub(super) instruct: bool,
}

/// What a response must pass.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Filtering {
    pub(super) checks: Checks,
    pub(super) max_step_oddity: f32,
    pub(super) min_pass_rate: f64,
    pub(super) max_pass_rate: f64,
}

/// What the set is like.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Assembling {
    pub(super) ratio: f64,
    pub(super) size: usize,
    pub(super) validation: f64,
    pub(super) per_problem: usize,
    /// Weights, as `code=2`.
    pub(super) domains: Vec<String>,
    /// Weights, as `3=0.5`.
    pub(super) levels: Vec<String>,
    pub(super) format: Format,
    pub(super) licence: String,
    pub(super) general_licence: String,
}

impl Settings {
    /// The defaults, changed by overrides of the form `section.key=value`, in order.
    ///
    /// # Errors
    /// An unknown key (with the nearest that exists), a value of the wrong type or out of its range.
    pub(super) fn load(changes: &[String]) -> Result<Self, UsageError> {
        let wrong = |error: toml::de::Error| UsageError(error.message().to_owned());
        let mut table: toml::Table = toml::from_str(FILE).map_err(wrong)?;
        for change in changes {
            overrides::apply(&mut table, change)?;
        }
        let settings: Self = table.try_into().map_err(wrong)?;
        settings.validate()?;
        Ok(settings)
    }

    fn validate(&self) -> Result<(), UsageError> {
        let usage = |error: distill::SettingError| UsageError(error.to_string());
        if self.teacher.instruct && !self.teacher.system.is_empty() {
            let words = "teacher.instruct and teacher.system both fill the system turn; set one";
            return Err(UsageError(words.into()));
        }
        self.sampling.validate_teacher("sampling")?;
        self.curate(None, false).validate().map_err(usage)?;
        self.balance()?;
        self.assembly(0, true).validate().map_err(usage)?;
        for (name, licence) in [
            ("licence", &self.set.licence),
            ("general_licence", &self.set.general_licence),
        ] {
            if licence.trim().is_empty() {
                return Err(UsageError(format!(
                    "set.{name} is empty; name one, or `unknown`"
                )));
            }
        }
        if !(0.0..=1.0).contains(&self.hints.min_similarity) {
            return Err(UsageError(
                "hints.min_similarity must be from 0 to 1".into(),
            ));
        }
        self.sft.validate("sft")?;
        self.lora.validate()?;
        self.eval.validate()
    }

    /// What the teacher is asked.
    pub(super) fn sample(&self) -> SampleConfig {
        SampleConfig {
            samples: self.sampling.samples as u32,
            system: match self.teacher.instruct {
                true => INSTRUCTION.to_owned(),
                false => self.teacher.system.clone(),
            },
        }
    }

    /// What is kept of what it says; `vectors`: whether distances are those of a sentence encoder.
    pub(super) fn curate(&self, max_perplexity: Option<f64>, vectors: bool) -> CurateConfig {
        let filter = &self.filter;
        CurateConfig {
            checks: filter.checks,
            semantic: SemanticConfig {
                max_step_oddity: filter.max_step_oddity,
                steps: match vectors {
                    true => StepModel::of_sentence_vectors(),
                    false => StepModel::default(),
                },
                ..SemanticConfig::default()
            },
            max_perplexity,
            min_pass_rate: filter.min_pass_rate,
            max_pass_rate: filter.max_pass_rate,
            per_prompt_cap: self.sampling.per_prompt_cap,
            ..CurateConfig::default()
        }
    }

    /// What the set is like; `general`: whether there is general data.
    pub(super) fn assembly(&self, seed: u64, general: bool) -> AssemblySettings {
        let set = &self.set;
        AssemblySettings {
            seed,
            ratio: general.then_some(set.ratio),
            size: (set.size > 0).then_some(set.size),
            validation: set.validation,
            per_problem: set.per_problem,
            balance: self.balance().ok().flatten(),
            format: set.format,
            ..AssemblySettings::default()
        }
    }

    /// What is drawn more of; nothing where no weight is given.
    fn balance(&self) -> Result<Option<Balance>, UsageError> {
        let Assembling {
            domains, levels, ..
        } = &self.set;
        let domain = |name: &str| Domain::ALL.into_iter().find(|domain| domain.name() == name);
        let names = "mathematics, code, logic or general";
        let balance = Balance {
            domains: weights("set.domains", domains, domain, names)?,
            levels: weights("set.levels", levels, |level| level.parse().ok(), "a level")?,
        };
        Ok((balance != Balance::default()).then_some(balance))
    }

    /// The file that would give them again.
    pub(super) fn to_toml(&self) -> String {
        toml::to_string(self).expect("settings have nothing that TOML cannot write")
    }
}

/// The weights of a list of `NAME=WEIGHT`.
fn weights<T: Ord>(
    key: &str,
    given: &[String],
    read: impl Fn(&str) -> Option<T>,
    names: &str,
) -> Result<BTreeMap<T, f64>, UsageError> {
    let one = |given: &String| {
        let (name, weight) = given.split_once('=')?;
        Some((read(name.trim())?, weight.trim().parse().ok()?))
    };
    let all = given.iter().map(|given| {
        let wrong = || UsageError(format!("{key}: `{given}` is not NAME=WEIGHT with {names}"));
        one(given).ok_or_else(wrong)
    });
    all.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(change: &str) -> Result<Settings, String> {
        Settings::load(&[change.to_owned()]).map_err(|error| error.to_string())
    }

    #[test]
    fn the_defaults_hold_and_read_back() {
        let settings = Settings::load(&[]).unwrap();
        assert_eq!(
            toml::from_str::<Settings>(&settings.to_toml()).unwrap(),
            settings
        );
        assert_eq!(settings.hints, HintConfig::default());
        let curate = settings.curate(None, false);
        assert_eq!(curate, CurateConfig::default());
        let vectors = settings.curate(None, true);
        assert_eq!(vectors.semantic.steps, StepModel::of_sentence_vectors());
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_key() {
        for (change, said) in [
            ("sampling.sample=3", "did you mean `sampling.samples`"),
            ("sampling.samples=0", "sampling.samples = 0"),
            ("sampling.temperature=-1", "sampling.temperature"),
            ("filter.checks=some", "unknown variant `some`"),
            ("filter.max_pass_rate=2", "max_pass_rate"),
            ("set.validation=1", "validation"),
            ("set.licence=", "set.licence"),
            ("set.domains=code", "`code` is not NAME=WEIGHT"),
            ("set.domains=cooking=1", "set.domains: `cooking=1`"),
            ("set.levels=one=1", "a level"),
            ("set.domains=code=2", "size"),
            ("hints.min_similarity=2", "hints.min_similarity"),
            ("sft.epochs=0", "sft.epochs"),
            ("eval.samples=0", "eval.samples"),
            ("lora.alpha=0", "lora.alpha"),
        ] {
            let error = load(change).unwrap_err();
            assert!(error.contains(said), "{change}: {error}");
        }
        let both = ["teacher.instruct=true", "teacher.system=Think."].map(str::to_owned);
        assert!(Settings::load(&both).unwrap_err().0.contains("both"));
    }

    #[test]
    fn a_setting_reaches_its_place() {
        let strict = load("teacher.instruct=true").unwrap().sample();
        assert_eq!(strict.system, INSTRUCTION);
        let set = load("set.size=9").unwrap().assembly(3, false);
        assert_eq!((set.size, set.ratio, set.seed), (Some(9), None, 3));
        assert_eq!(set.balance, None);
        let weighed = [
            "set.size=9",
            "set.domains=code=2, logic=0",
            "set.levels=3=0.5",
        ];
        let weighed = Settings::load(&weighed.map(str::to_owned)).unwrap();
        let balance = weighed.assembly(3, false).balance.unwrap();
        let domains = [(Domain::Code, 2.0), (Domain::Logic, 0.0)];
        assert_eq!(balance.domains, domains.into());
        assert_eq!(balance.levels, [(3, 0.5)].into());
        let text = weighed.to_toml();
        assert_eq!(toml::from_str::<Settings>(&text).unwrap(), weighed);
        let curate = load("filter.checks=rules").unwrap();
        let curate = curate.curate(Some(9.0), false);
        assert_eq!(
            (curate.checks, curate.max_perplexity),
            (Checks::Rules, Some(9.0))
        );
    }
}
