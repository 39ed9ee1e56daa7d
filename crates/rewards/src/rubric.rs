//! How the parts are weighed into one number.
//!
//! Left out: normalisation over a group, which belongs to the algorithm that has the group.

use data::{Check, Problem};
use serde::{Deserialize, Serialize};

use crate::accuracy::Accuracy;
use crate::code::Code;
use crate::config::{Mode, RubricConfig};
use crate::format::Format;
use crate::language::Language;
use crate::reward::{Reward, Verdict};

/// What a response earned, part by part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// The weighed sum of the parts that were judged. Where `accuracy` is `None` it is the sum of
    /// the rest, and 0 under [`Mode::Gated`]; it is then no measure of the response and must not be
    /// compared with the totals of others: leave the sample out of its group.
    pub total: f32,
    /// 1 or 0; `None` where it could not be judged.
    pub accuracy: Option<f32>,
    /// 0 to 1.
    pub format: f32,
    /// 0 to 1; 0 where the problem's language is not known.
    pub language: f32,
    /// The rewards that were added, by name; those that could not be judged are left out.
    pub extra: Vec<(String, f32)>,
    /// The rule that found the answer (see [`crate::Rule::name`]), `program`, or `none`.
    pub rule: String,
    /// The answer that was judged, where there is one.
    pub answer: Option<String>,
    /// Why the accuracy is what it is.
    pub reason: String,
    /// The names of the parts that could not be judged.
    pub unjudged: Vec<String>,
}

/// One part of a score with its weight, as normalisation part by part needs it.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// The reward's name.
    pub name: String,
    /// Its weight.
    pub weight: f32,
    /// What it gave; `None` where it could not judge.
    pub value: Option<f32>,
}

/// The rewards and their weights.
pub struct Rubric {
    config: RubricConfig,
    language: Language,
    code: Option<Code>,
    extra: Vec<(f32, Box<dyn Reward>)>,
}

impl std::fmt::Debug for Rubric {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let extra: Vec<_> = self
            .extra
            .iter()
            .map(|(weight, r)| (r.name(), weight))
            .collect();
        f.debug_struct("Rubric")
            .field("config", &self.config)
            .field("extra", &extra)
            .finish()
    }
}

impl Rubric {
    /// The rubric `config` describes. A configuration from outside should be
    /// [validated](RubricConfig::validate) first; here, unknown languages are passed over.
    pub fn new(config: &RubricConfig) -> Self {
        Self {
            config: config.clone(),
            language: Language::among(&config.languages).unwrap_or_default(),
            code: None,
            extra: Vec::new(),
        }
    }

    /// Lets programs be run: `code` then judges the accuracy of problems with [`Check::Code`], which
    /// without it are unjudged.
    #[must_use]
    pub fn with_code(mut self, code: Code) -> Self {
        self.code = Some(code);
        self
    }

    /// Adds a reward. It counts in every mode, whether the answer is right or not. A weight of 0
    /// measures it without paying for it.
    #[must_use]
    pub fn with(mut self, weight: f32, reward: Box<dyn Reward>) -> Self {
        self.extra.push((weight, reward));
        self
    }

    /// How the parts combine.
    pub fn mode(&self) -> Mode {
        self.config.mode
    }

    /// The language reward in use.
    pub fn language(&self) -> &Language {
        &self.language
    }

    /// The whole turn of the assistant: what the prompt prefilled, then `response`.
    pub fn whole(&self, response: &str) -> String {
        format!("{}{response}", self.config.prefill)
    }

    /// Scores `response`, without the prefill, as an answer to `problem`.
    pub fn score(&self, problem: &Problem, response: &str) -> Score {
        let response = self.whole(response);
        let mut unjudged = Vec::new();
        let (verdict, rule, answer) = self.accuracy(problem, &response);
        let accuracy = noted(&verdict, Accuracy.name(), &mut unjudged);
        let mut part = |reward: &dyn Reward| {
            noted(
                &reward.score(problem, &response),
                reward.name(),
                &mut unjudged,
            )
        };
        let format = part(&Format).unwrap_or(0.0);
        let language = part(&self.language).unwrap_or(0.0);
        let values: Vec<Option<f32>> = self.extra.iter().map(|(_, r)| part(r.as_ref())).collect();
        let pays_form = self.config.mode != Mode::Gated || accuracy == Some(1.0);
        let form = self.config.format * format + self.config.language * language;
        let mut total = self.config.accuracy * accuracy.unwrap_or(0.0);
        if pays_form {
            total += form;
        }
        let mut extra = Vec::new();
        for ((weight, reward), value) in self.extra.iter().zip(values) {
            if let Some(value) = value {
                total += weight * value;
                extra.push((reward.name().to_owned(), value));
            }
        }
        Score {
            total,
            accuracy,
            format,
            language,
            extra,
            rule: rule.to_owned(),
            answer,
            reason: verdict.reason().to_owned(),
            unjudged,
        }
    }

    /// The verdict, what found the answer, and the answer.
    fn accuracy(&self, problem: &Problem, response: &str) -> (Verdict, &str, Option<String>) {
        if !matches!(problem.check, Check::Code { .. }) {
            let (verdict, answer) = Accuracy.judge(problem, response);
            let rule = answer.as_ref().map_or("none", |answer| answer.rule.name());
            return (verdict, rule, answer.ok().map(|answer| answer.text));
        }
        match &self.code {
            Some(code) => {
                let (verdict, program) = code.judge(problem, response);
                let rule = program.as_ref().map_or("none", |_| "program");
                (verdict, rule, program.map(|program| program.source))
            }
            None => {
                let reason = "programs are not run: the rubric has no code reward";
                (Verdict::unjudged(reason), "none", None)
            }
        }
    }

    /// The parts of `score`, a score of this rubric, in a fixed order: accuracy, format, language,
    /// then the added rewards.
    pub fn parts(&self, score: &Score) -> Vec<Part> {
        let part = |name: &str, weight, value: Option<f32>| Part {
            name: name.to_owned(),
            weight,
            value: value.filter(|_| !score.unjudged.iter().any(|unjudged| unjudged == name)),
        };
        let mut parts = vec![
            part(Accuracy.name(), self.config.accuracy, score.accuracy),
            part(Format.name(), self.config.format, Some(score.format)),
            part(
                self.language.name(),
                self.config.language,
                Some(score.language),
            ),
        ];
        for (weight, reward) in &self.extra {
            let value = score.extra.iter().find(|(name, _)| name == reward.name());
            parts.push(part(reward.name(), *weight, value.map(|(_, value)| *value)));
        }
        parts
    }
}

/// The score of `verdict`; where there is none, its name is written down.
fn noted(verdict: &Verdict, name: &str, unjudged: &mut Vec<String>) -> Option<f32> {
    let score = verdict.score();
    if score.is_none() {
        unjudged.push(name.to_owned());
    }
    score
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accuracy::tests::problem;

    const RIGHT: &str = "<think>Seven and five make twelve.</think><answer>12</answer>";
    const WRONG: &str = "<think>Seven and five make twelve.</think><answer>13</answer>";

    fn rubric(mode: Mode) -> Rubric {
        Rubric::new(&RubricConfig {
            mode,
            ..RubricConfig::default()
        })
    }

    fn total(mode: Mode, response: &str) -> f32 {
        rubric(mode).score(&problem("12", "en"), response).total
    }

    #[test]
    fn the_modes_differ_on_wrong_answers_only() {
        assert_eq!(total(Mode::Sum, RIGHT), 1.5);
        assert_eq!(total(Mode::Gated, RIGHT), 1.5);
        assert_eq!(total(Mode::PerPart, RIGHT), 1.5);
        assert_eq!(total(Mode::Sum, WRONG), 0.5);
        assert_eq!(total(Mode::Gated, WRONG), 0.0);
        assert_eq!(total(Mode::PerPart, WRONG), 0.5);
    }

    #[test]
    fn a_weight_of_zero_measures_without_paying() {
        let config = RubricConfig {
            format: 0.0,
            language: 0.0,
            ..RubricConfig::default()
        };
        let score = Rubric::new(&config).score(&problem("12", "en"), RIGHT);
        assert_eq!((score.total, score.format, score.language), (1.0, 1.0, 1.0));
    }

    #[test]
    fn what_cannot_be_judged_is_named() {
        let score = rubric(Mode::Sum).score(&problem("", "qq"), RIGHT);
        assert_eq!(score.accuracy, None);
        assert_eq!(score.unjudged, ["accuracy", "language"]);
        assert_eq!(score.total, 0.3);
        let gated = rubric(Mode::Gated).score(&problem("", "en"), RIGHT);
        assert_eq!((gated.accuracy, gated.total), (None, 0.0));
    }

    #[test]
    fn programs_are_unjudged_where_nothing_runs_them() {
        let mut program = problem("", "en");
        program.check = Check::Code {
            tests: data::CodeTests::StdinStdout {
                shown: vec![],
                hidden: vec![],
            },
        };
        let score = rubric(Mode::Sum).score(&program, RIGHT);
        assert_eq!((score.accuracy, score.answer), (None, None));
        assert_eq!(score.unjudged, ["accuracy"]);
        assert!(score.reason.contains("no code reward"), "{}", score.reason);
    }

    #[test]
    fn a_prefilled_tag_is_put_back() {
        let config = RubricConfig {
            prefill: "<think>".into(),
            ..RubricConfig::default()
        };
        let response = RIGHT.strip_prefix("<think>").unwrap();
        let score = Rubric::new(&config).score(&problem("12", "en"), response);
        assert_eq!((score.format, score.total), (1.0, 1.5));
        assert!(
            rubric(Mode::Sum)
                .score(&problem("12", "en"), response)
                .format
                < 1.0
        );
    }

    struct Short;

    impl Reward for Short {
        fn name(&self) -> &'static str {
            "short"
        }

        fn score(&self, _problem: &Problem, response: &str) -> Verdict {
            match response.len() {
                0 => Verdict::unjudged("no text"),
                length => Verdict::Judged {
                    score: -(length as f32),
                    reason: "bytes".into(),
                },
            }
        }
    }

    #[test]
    fn a_reward_can_be_added() {
        let rubric = rubric(Mode::Gated).with(0.5, Box::new(Short));
        let score = rubric.score(&problem("12", "en"), "13");
        assert_eq!(score.extra, [("short".to_owned(), -2.0)]);
        assert_eq!(score.total, -1.0);
        let parts = rubric.parts(&score);
        let expected = Part {
            name: "short".into(),
            weight: 0.5,
            value: Some(-2.0),
        };
        assert_eq!(parts[3], expected);
        let none = rubric.score(&problem("12", "en"), "");
        assert_eq!(none.unjudged, ["short"]);
        assert_eq!(rubric.parts(&none)[3].value, None);
    }
}
