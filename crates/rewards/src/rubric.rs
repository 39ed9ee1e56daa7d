//! How the parts are weighed into one number.
//!
//! Left out: normalisation over a group, which belongs to the algorithm that has the group.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use data::{Check, Problem};
use serde::{Deserialize, Serialize};

use crate::accuracy::Accuracy;
use crate::code::Code;
use crate::config::{Mode, RubricConfig};
use crate::extract::Reading;
use crate::format::{Format, strict};
use crate::judge::Judge;
use crate::language::Language;
use crate::options::Options;
use crate::program::ProgramReward;
use crate::reward::{Reward, Verdict};
use crate::terms::{CountTokens, Length, Overlong, Repetition, Tokens};

/// What a response earned, part by part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// The weighed sum of the parts that were judged and that the mode lets count. Where `accuracy` is
    /// `None` it is the sum of the rest, and 0 under [`Mode::Gated`]; it is then no measure of the response and must not be
    /// compared with the totals of others: leave the sample out of its group.
    pub total: f32,
    /// 1 or 0; `None` where it could not be judged.
    pub accuracy: Option<f32>,
    /// 0 to 1.
    pub format: f32,
    /// 0 to 1; 0 where the problem's language is not known.
    pub language: f32,
    /// The further terms, by name; those that could not be judged are left out. As all parts, they
    /// stand here without their weights.
    pub extra: Vec<(String, f32)>,
    /// The rule that found the answer (see [`crate::Rule::name`]), `program`, or `none`.
    pub rule: String,
    /// The answer that was judged, where there is one.
    pub answer: Option<String>,
    /// Why the accuracy is what it is.
    pub reason: String,
    /// The names of the parts that could not be judged, further terms of weight 0 not among them.
    pub unjudged: Vec<String>,
}

impl Score {
    /// Whether the total can be compared with others: the accuracy and every further term that has a
    /// weight were judged. A judge that cannot be reached takes nothing from a response.
    pub fn is_judged(&self) -> bool {
        let language = Language::default();
        let form = [Format.name(), language.name()];
        let missing = |name: &String| !form.contains(&name.as_str());
        self.accuracy.is_some() && !self.unjudged.iter().any(missing)
    }
}

/// A part that could not be judged, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unjudged {
    /// The part's name.
    pub name: String,
    /// What stood in the way.
    pub reason: String,
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
    extra: Vec<Extra>,
}

/// A further term.
struct Extra {
    name: String,
    weight: f32,
    reward: Box<dyn Reward>,
}

impl std::fmt::Debug for Rubric {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let extra: Vec<_> = self
            .extra
            .iter()
            .map(|extra| (&extra.name, extra.weight))
            .collect();
        f.debug_struct("Rubric")
            .field("config", &self.config)
            .field("extra", &extra)
            .finish()
    }
}

impl Rubric {
    /// The rubric `config` describes. A configuration from outside should be
    /// [validated](RubricConfig::validate) first; here, unknown languages are passed over. Nothing
    /// counts tokens, so terms about the length are unjudged.
    pub fn new(config: &RubricConfig) -> Self {
        Self::build(config, None)
    }

    /// The same with `counter` to measure lengths by.
    pub fn counting(config: &RubricConfig, counter: Arc<dyn CountTokens>) -> Self {
        Self::build(config, Some(counter))
    }

    fn build(config: &RubricConfig, counter: Option<Arc<dyn CountTokens>>) -> Self {
        let mut rubric = Self {
            config: config.clone(),
            language: Language::among(&config.languages).unwrap_or_default(),
            code: None,
            extra: Vec::new(),
        };
        let tokens = Tokens {
            counter,
            prefill: config.prefill.clone(),
        };
        if let Some(term) = &config.length {
            rubric = rubric.with(term.weight, Box::new(Length::new(term, tokens.clone())));
        }
        if let Some(term) = &config.repetition {
            let ngram = term.ngram;
            rubric = rubric.with(term.weight, Box::new(Repetition { ngram }));
        }
        if let Some(term) = &config.overlong {
            rubric = rubric.with(term.weight, Box::new(Overlong::new(term, tokens)));
        }
        if let Some(term) = &config.judge {
            rubric = rubric.with(term.weight, Box::new(Judge::new(term)));
        }
        for term in &config.programs {
            let timeout = Duration::try_from_secs_f64(term.timeout).unwrap_or(Duration::MAX);
            let program = ProgramReward::new(&*term.name, &*term.command, timeout);
            rubric = rubric.with(term.weight, Box::new(program));
        }
        rubric
    }

    /// Lets programs be run: `code` then judges the accuracy of problems with [`Check::Code`], which
    /// without it are unjudged.
    #[must_use]
    pub fn with_code(mut self, code: Code) -> Self {
        self.code = Some(code);
        self
    }

    /// Adds a reward. It counts in every mode, whether the answer is right or not. A weight of 0
    /// measures it without paying for it. Where its name is taken it is reported as `name-2`, and so on.
    #[must_use]
    pub fn with(mut self, weight: f32, reward: Box<dyn Reward>) -> Self {
        let taken = |name: &str| {
            [Accuracy.name(), Format.name(), self.language.name()].contains(&name)
                || self.extra.iter().any(|extra| extra.name == name)
        };
        let mut name = reward.name().to_owned();
        for number in 2.. {
            if !taken(&name) {
                break;
            }
            name = format!("{}-{number}", reward.name());
        }
        self.extra.push(Extra {
            name,
            weight,
            reward,
        });
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
        self.score_as(problem, response, &Reading::default(), &Options::default())
    }

    /// [`Rubric::score`] with a say in where the answer is looked for and how it is compared. Problems
    /// with a check of their own, and programs, are judged as always.
    pub fn score_as(
        &self,
        problem: &Problem,
        response: &str,
        reading: &Reading,
        options: &Options,
    ) -> Score {
        self.explained(problem, response, reading, options).0
    }

    /// [`Rubric::score_as`], and why each part could not be judged that could not, those of weight 0
    /// among them.
    pub fn explained(
        &self,
        problem: &Problem,
        response: &str,
        reading: &Reading,
        options: &Options,
    ) -> (Score, Vec<Unjudged>) {
        let response = self.whole(response);
        let mut silent = Vec::new();
        let judged = self.accuracy(problem, &response, reading, options);
        let accuracy = noted(&judged.verdict, Accuracy.name(), &mut silent);
        let mut part = |reward: &dyn Reward, name| {
            noted(&heard(reward, problem, &response), name, &mut silent)
        };
        let format = part(&Format, Format.name()).unwrap_or(0.0);
        let language = part(&self.language, self.language.name()).unwrap_or(0.0);
        let mut further = 0.0;
        let mut extra = Vec::new();
        for term in &self.extra {
            if let Some(value) = part(term.reward.as_ref(), &term.name) {
                further += term.weight * value;
                extra.push((term.name.clone(), value));
            }
        }
        let (pays_answer, pays_form) = match self.config.mode {
            Mode::Sum | Mode::PerPart => (true, true),
            Mode::Gated => (true, accuracy == Some(1.0)),
            Mode::FormGated => (strict(&response), true),
        };
        let weighed = |pays: bool, value: f32| if pays { value } else { 0.0 };
        let answer = self.config.accuracy * accuracy.unwrap_or(0.0);
        let form = self.config.format * format + self.config.language * language;
        let free = |name: &str| self.extra.iter().any(|x| x.name == name && x.weight == 0.0);
        let score = Score {
            total: weighed(pays_answer, answer) + weighed(pays_form, form) + further,
            accuracy,
            format,
            language,
            extra,
            rule: judged.rule.to_owned(),
            answer: judged.answer,
            reason: judged.verdict.reason().to_owned(),
            unjudged: silent
                .iter()
                .filter(|part| !free(&part.name))
                .map(|part| part.name.clone())
                .collect(),
        };
        (score, silent)
    }

    fn accuracy(
        &self,
        problem: &Problem,
        response: &str,
        reading: &Reading,
        options: &Options,
    ) -> Judged {
        if !matches!(problem.check, Check::Code { .. }) {
            let (verdict, answer) = Accuracy.judge_as(problem, response, reading, options);
            return Judged {
                verdict,
                rule: answer.as_ref().map_or("none", |answer| answer.rule.name()),
                answer: answer.ok().map(|answer| answer.text),
            };
        }
        match &self.code {
            Some(code) => {
                let (verdict, program) = code.judge(problem, response);
                Judged {
                    verdict,
                    rule: program.as_ref().map_or("none", |_| "program"),
                    answer: program.map(|program| program.source),
                }
            }
            None => Judged {
                verdict: Verdict::unjudged("programs are not run: the rubric has no code reward"),
                rule: "none",
                answer: None,
            },
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
        for term in &self.extra {
            let value = score.extra.iter().find(|(name, _)| *name == term.name);
            parts.push(part(
                &term.name,
                term.weight,
                value.map(|(_, value)| *value),
            ));
        }
        parts
    }
}

/// What `reward` says; one that panics has not judged.
fn heard(reward: &dyn Reward, problem: &Problem, response: &str) -> Verdict {
    // What it keeps of its own is its own to keep whole, as from one thread to another.
    let said = catch_unwind(AssertUnwindSafe(|| reward.score(problem, response)));
    said.unwrap_or_else(|panic| {
        let words = panic.downcast_ref::<String>().map(String::as_str);
        let words = words.or_else(|| panic.downcast_ref::<&str>().copied());
        Verdict::unjudged(format!(
            "it panicked: {}",
            words.unwrap_or("without a word")
        ))
    })
}

/// A verdict on the accuracy, what found the answer, and the answer.
struct Judged {
    verdict: Verdict,
    rule: &'static str,
    answer: Option<String>,
}

/// The score of `verdict`; where there is none, that is written down.
fn noted(verdict: &Verdict, name: &str, silent: &mut Vec<Unjudged>) -> Option<f32> {
    let score = verdict.score();
    if score.is_none() {
        silent.push(Unjudged {
            name: name.to_owned(),
            reason: verdict.reason().to_owned(),
        });
    }
    score
}

#[cfg(test)]
mod tests;
