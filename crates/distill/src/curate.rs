//! From responses to samples: every gate in turn, and a report.

use data::{Completion, Problem, Sample};
use rewards::Score;
use serde::{Deserialize, Serialize};

use crate::candidate::{Dropped, Gate};
use crate::curator::{Curator, Means};
use crate::report::CurationReport;
use crate::rules::RuleConfig;
use crate::select::Preference;
use crate::semantic::SemanticConfig;
use crate::setting::{SettingError, share, within};

/// What is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CurateConfig {
    /// The rule check.
    pub rules: RuleConfig,
    /// The semantic filter.
    pub semantic: SemanticConfig,
    /// How far responses are checked. Default all of it.
    pub checks: Checks,
    /// Largest perplexity of a response under the reference model of [`Means::surprise`], above 1;
    /// nothing, as by default, lets every response pass, and so does a curation without such a model.
    pub max_perplexity: Option<f64>,
    /// Most responses kept per problem. Default 4.
    pub per_prompt_cap: usize,
    /// Which go first where there are more.
    pub preference: Preference,
    /// Least share of a problem's responses that must be right, from 0 to 1. Default 0.
    pub min_pass_rate: f64,
    /// Largest share that may be right, from 0 to 1: below 1, problems without anything to learn
    /// are left out. Default 1.
    pub max_pass_rate: f64,
    /// The source written into the samples. Default `rejection-sampling`.
    pub source: String,
}

/// How far responses are checked, each further than the one before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Checks {
    /// The answer is right.
    Answer,
    /// And the rules are kept.
    Rules,
    /// And the reasoning is sound.
    #[default]
    Semantic,
}

impl Default for CurateConfig {
    fn default() -> Self {
        Self {
            rules: RuleConfig::default(),
            semantic: SemanticConfig::default(),
            checks: Checks::default(),
            max_perplexity: None,
            per_prompt_cap: 4,
            preference: Preference::default(),
            min_pass_rate: 0.0,
            max_pass_rate: 1.0,
            source: "rejection-sampling".to_owned(),
        }
    }
}

impl CurateConfig {
    /// Whether every setting can mean something; [`curate`] takes them as they are.
    ///
    /// # Errors
    /// The first that cannot.
    pub fn validate(&self) -> Result<(), SettingError> {
        self.rules.validate()?;
        self.semantic.validate()?;
        if let Some(most) = self
            .max_perplexity
            .filter(|most| most.is_nan() || *most <= 1.0)
        {
            return Err(SettingError::new("max_perplexity", most, "above 1"));
        }
        within("per_prompt_cap", self.per_prompt_cap, 1)?;
        share("min_pass_rate", self.min_pass_rate)?;
        share("max_pass_rate", self.max_pass_rate)?;
        if self.min_pass_rate > self.max_pass_rate {
            let wanted = format!("at most max_pass_rate = {}", self.max_pass_rate);
            return Err(SettingError::new(
                "min_pass_rate",
                self.min_pass_rate,
                wanted,
            ));
        }
        match self.source.trim().is_empty() {
            true => Err(SettingError::new("source", "\"\"", "a name")),
            false => Ok(()),
        }
    }

    /// Whether a problem's pass rate, `right` of `judged` responses, lies in the band. Of a problem without
    /// a judged response nothing is known, and its rate counts as 0. With `max_pass_rate` just below 1
    /// only what is always solved is left out, and hard problems stay.
    ///
    /// # Errors
    /// [`Gate::PassRate`].
    pub fn in_band(&self, right: usize, judged: usize) -> Result<(), Dropped> {
        let rate = right as f64 / judged.max(1) as f64;
        match (self.min_pass_rate..=self.max_pass_rate).contains(&rate) {
            true => Ok(()),
            false => Err(Dropped::at(
                Gate::PassRate,
                format!("{right} of {judged} right"),
            )),
        }
    }
}

/// Samples to learn from, and how they came about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Curated {
    /// In the order of the problems, then of their samples.
    pub samples: Vec<Sample>,
    /// What was dropped, and why.
    pub report: CurationReport,
}

/// Filters the responses to each problem. A response that could not be judged neither passes nor
/// counts in its problem's pass rate.
pub fn curate(groups: &[(Problem, Vec<(Completion, Score)>)], config: &CurateConfig) -> Curated {
    let mut curator = Curator::new(config, Means::default());
    let mut samples = Vec::new();
    for (problem, responses) in groups {
        samples.extend(curator.add(problem, responses));
    }
    let report = curator.finish();
    Curated { samples, report }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chains::{completion, problem, score};

    fn response(sample: u32, text: &str, right: bool) -> (Completion, Score) {
        let completion = Completion {
            sample,
            ..completion(text)
        };
        (completion, score(right))
    }

    /// Of seven responses: one wrong, one without tags, one with a false claim, and four good ones
    /// of which two say the same and one is too many for a cap of two.
    fn group() -> (Problem, Vec<(Completion, Score)>) {
        let strict = |think: &str| data::template::strict(think, "12");
        let responses = [
            (strict("So 7 + 5 = 13."), false),
            ("12".to_owned(), true),
            (strict("So 5 + 7 = 13. It is 12."), true),
            (strict("We begin: 7 + 5 = 12."), true),
            (strict("We get 7 + 5 = 12."), true),
            (strict("We get 7 + 5  = 12"), true),
            (strict("So 7 + 5 = 12."), true),
        ];
        let numbered = responses.iter().enumerate();
        let responses = numbered.map(|(at, (text, right))| response(at as u32, text, *right));
        (problem("What is 7 + 5?", "12"), responses.collect())
    }

    fn dropped(report: &CurationReport) -> Vec<(Gate, usize, usize)> {
        let gates = report.gates.iter().filter(|gate| gate.dropped > 0);
        gates
            .map(|gate| (gate.gate, gate.dropped, gate.left))
            .collect()
    }

    #[test]
    fn gates_are_counted_by_hand() {
        let config = CurateConfig {
            per_prompt_cap: 2,
            ..CurateConfig::default()
        };
        let Curated { samples, report } = curate(&[group()], &config);
        let responses: Vec<&str> = samples.iter().map(|sample| &*sample.response).collect();
        let strict = |think: &str| data::template::strict(think, "12");
        assert_eq!(
            responses,
            [strict("We get 7 + 5 = 12."), strict("So 7 + 5 = 12.")]
        );
        assert_eq!(samples[0].source, "rejection-sampling");
        let expected = [
            (Gate::Answer, 1, 6),
            (Gate::Template, 1, 5),
            (Gate::Claims, 1, 4),
            (Gate::Duplicate, 1, 3),
            (Gate::Cap, 1, 2),
        ];
        assert_eq!(dropped(&report), expected);
        assert_eq!(
            (report.sampled, report.kept, report.problems_kept),
            (7, 2, 1)
        );
        assert_eq!(report.by_language, [("en".to_owned(), 2)].into());
        assert_eq!(report.by_family, [("test".to_owned(), 2)].into());
        // Six of seven are right: 0.857.
        assert_eq!(report.pass_rates.tenths[8], 1);
        let claim = &report.gates[Gate::Claims as usize].examples[0];
        assert_eq!((claim.sample, &*claim.detail), (2, "5 + 7 = 13: 12 and 13"));
    }

    #[test]
    fn the_band_and_the_preference_decide() {
        let easy = CurateConfig {
            max_pass_rate: 0.8,
            ..CurateConfig::default()
        };
        let Curated { samples, report } = curate(&[group()], &easy);
        assert!(samples.is_empty());
        assert_eq!(dropped(&report)[3], (Gate::PassRate, 4, 0));
        let hard = CurateConfig {
            min_pass_rate: 0.9,
            ..CurateConfig::default()
        };
        assert!(curate(&[group()], &hard).samples.is_empty());
        let first = CurateConfig {
            per_prompt_cap: 1,
            preference: Preference::Sampled,
            source: "teacher".into(),
            ..CurateConfig::default()
        };
        let samples = curate(&[group()], &first).samples;
        assert!(samples[0].response.contains("begin"));
        assert_eq!(samples[0].source, "teacher");
    }

    #[test]
    fn hard_problems_stay_where_solved_ones_go() {
        let config = CurateConfig {
            max_pass_rate: 0.99,
            ..CurateConfig::default()
        };
        let gate = |right, judged| config.in_band(right, judged).err().map(|it| it.gate);
        assert_eq!(gate(1, 64), None);
        assert_eq!(gate(63, 64), None);
        assert_eq!(gate(64, 64), Some(Gate::PassRate));
        let never = CurateConfig {
            min_pass_rate: 0.01,
            ..config.clone()
        };
        assert!(never.in_band(0, 64).is_err() && never.in_band(1, 64).is_ok());
        assert!(never.in_band(0, 0).is_err() && config.in_band(0, 0).is_ok());
    }

    #[test]
    fn settings_out_of_range_are_named() {
        let ok = CurateConfig::default;
        assert_eq!(ok().validate(), Ok(()));
        let band = |min_pass_rate, max_pass_rate| CurateConfig {
            min_pass_rate,
            max_pass_rate,
            ..ok()
        };
        let rules = RuleConfig {
            max_paragraph: 0,
            ..RuleConfig::default()
        };
        let semantic = |change: fn(&mut SemanticConfig)| {
            let mut semantic = SemanticConfig::default();
            change(&mut semantic);
            CurateConfig { semantic, ..ok() }
        };
        for (config, field) in [
            (CurateConfig { rules, ..ok() }, "rules.max_paragraph"),
            (
                semantic(|it| it.min_relevance = 2.0),
                "semantic.min_relevance",
            ),
            (
                semantic(|it| it.min_relevance_closed = -1.0),
                "semantic.min_relevance_closed",
            ),
            (
                semantic(|it| it.min_grounded = f64::NAN),
                "semantic.min_grounded",
            ),
            (
                semantic(|it| it.min_grounded_closed = 1.5),
                "semantic.min_grounded_closed",
            ),
            (
                semantic(|it| it.max_step_oddity = 1.5),
                "semantic.max_step_oddity",
            ),
            (
                CurateConfig {
                    per_prompt_cap: 0,
                    ..ok()
                },
                "per_prompt_cap",
            ),
            (band(-0.1, 1.0), "min_pass_rate"),
            (band(0.0, 1.1), "max_pass_rate"),
            (band(0.8, 0.2), "min_pass_rate"),
            (
                CurateConfig {
                    source: " ".into(),
                    ..ok()
                },
                "source",
            ),
        ] {
            assert_eq!(config.validate().unwrap_err().field, field);
        }
    }

    #[test]
    fn the_report_can_be_written_and_settings_read() {
        let curated = curate(&[group()], &CurateConfig::default());
        let text = serde_json::to_string(&curated.report).unwrap();
        assert!(text.contains(r#""gate":"code_block""#));
        assert_eq!(
            serde_json::from_str::<CurationReport>(&text).unwrap(),
            curated.report
        );
        let config: CurateConfig =
            serde_json::from_str(r#"{"per_prompt_cap": 9, "rules": {"max_paragraph": 5}}"#)
                .unwrap();
        assert_eq!((config.per_prompt_cap, config.rules.max_paragraph), (9, 5));
        assert!(serde_json::from_str::<CurateConfig>(r#"{"cap": 9}"#).is_err());
    }
}
