//! The numbers of a distillation: `presets/distill.toml`, changed field by field.

use distill::assembly::{AssemblySettings, Format};
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
        self.curate(None).validate().map_err(usage)?;
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

    /// What is kept of what it says.
    pub(super) fn curate(&self, max_perplexity: Option<f64>) -> CurateConfig {
        let filter = &self.filter;
        CurateConfig {
            checks: filter.checks,
            semantic: SemanticConfig {
                max_step_oddity: filter.max_step_oddity,
                steps: StepModel::default(),
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
            format: set.format,
            ..AssemblySettings::default()
        }
    }

    /// The file that would give them again.
    pub(super) fn to_toml(&self) -> String {
        toml::to_string(self).expect("settings have nothing that TOML cannot write")
    }
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
        let curate = settings.curate(None);
        assert_eq!(curate, CurateConfig::default());
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
        let curate = load("filter.checks=rules").unwrap().curate(Some(9.0));
        assert_eq!(
            (curate.checks, curate.max_perplexity),
            (Checks::Rules, Some(9.0))
        );
    }
}
