//! The texts a base model is pretrained on, and the curated responses it learns from later.
//!
//! The corpus resembles the web in what matters here: right and wrong solutions side by side,
//! answers without reasons, reasoning that is checked and reasoning that rambles, and texts that
//! change language half-way, most of all in the careful ones. None of it has the tags of the
//! strict template. Only training problems appear.

mod curated;
mod derivation;
mod facts;
mod file;
mod general;
mod mixture;
mod plain;
mod voice;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::tasks::{Split, Stream, TaskError, TaskSettings, Worked};
use crate::{Domain, Language, seed};

pub use curated::{cold_start, cold_start_from_problem};
pub use derivation::solution;
pub use file::{FileCorpus, from_problems};
pub use general::general;
pub use mixture::{Mixture, MixtureError};

/// How a solution in the corpus is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Style {
    /// The answer alone, right about one time in three.
    Guess,
    /// Step by step; one solution in twenty has a slip that carries through to the answer.
    Steps,
    /// Step by step and verified by the inverse operation; slips are noticed and mended.
    Checked,
    /// Talk, then an answer that is right half of the time.
    Rambling,
    /// Fluent, and wrong.
    Wrong,
}

impl Style {
    /// All styles, in a fixed order.
    pub const ALL: [Self; 5] = [
        Self::Guess,
        Self::Steps,
        Self::Checked,
        Self::Rambling,
        Self::Wrong,
    ];

    /// The name documents carry.
    pub fn name(self) -> &'static str {
        match self {
            Self::Guess => "guess",
            Self::Steps => "steps",
            Self::Checked => "checked",
            Self::Rambling => "rambling",
            Self::Wrong => "wrong",
        }
    }
}

/// A text of the corpus.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// What is asked; `None` for a plain text.
    pub question: Option<String>,
    /// The solution, or the plain text.
    pub text: String,
    /// What it is about.
    pub domain: Domain,
    /// ISO 639-1 code of the question's language, or of the plain text.
    pub language: String,
    /// The name of its [`Style`], or `plain`.
    pub style: String,
}

/// Why a corpus cannot be made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CorpusError {
    /// The tasks cannot be drawn from.
    #[error(transparent)]
    Tasks(#[from] TaskError),
    /// The mixture makes no sense.
    #[error(transparent)]
    Mixture(#[from] MixtureError),
    /// There is no problem to write about.
    #[error("the list of problems is empty; give at least one")]
    NoProblems,
}

/// An endless iterator of documents about training problems. Document `i` depends on the
/// settings, the seed and `i` alone.
#[derive(Debug, Clone)]
pub struct Corpus {
    problems: Stream,
    languages: Vec<Language>,
    mixture: Mixture,
    seed: u64,
}

impl Corpus {
    /// Starts at document 0.
    ///
    /// # Errors
    /// When the settings name something unknown or a share is out of range.
    pub fn new(tasks: &TaskSettings, mixture: &Mixture, seed: u64) -> Result<Self, CorpusError> {
        mixture.validate()?;
        let problems = Stream::new(tasks, Split::Train, seed)?;
        let languages = tasks
            .languages
            .iter()
            .filter_map(|code| Language::from_code(code));
        Ok(Self {
            problems,
            languages: languages.collect(),
            mixture: mixture.clone(),
            seed,
        })
    }
}

impl Iterator for Corpus {
    type Item = Document;

    fn next(&mut self) -> Option<Document> {
        let position = self.problems.position();
        let mut rng = seed::stream(self.seed, &["corpus", &position.to_string()]);
        if rng.random_bool(self.mixture.plain_text) {
            self.problems.seek(position + 1);
            let language = crate::tasks::choose(&mut rng, &self.languages);
            return Some(plain::document(language, &mut rng));
        }
        let worked = self.problems.next()?;
        let style = self.mixture.style(&mut rng);
        Some(document(&worked, style, &self.mixture, &mut rng))
    }
}

fn document(worked: &Worked, style: Style, mixture: &Mixture, rng: &mut ChaCha8Rng) -> Document {
    let problem = &worked.problem;
    let mixed = rng.random_bool(mixture.mixed_share(style, language_of(&problem.language)));
    Document {
        question: Some(problem.question.clone()),
        text: solution(worked, style, mixed, rng),
        domain: problem.domain,
        language: problem.language.clone(),
        style: style.name().to_owned(),
    }
}

/// The language of a code; texts in a third language are treated as English.
fn language_of(code: &str) -> Language {
    Language::from_code(code).unwrap_or(Language::En)
}

/// The line every solution of the corpus ends with.
fn answer_line(language: Language, answer: &str) -> String {
    format!("{}{answer}", language.pick("Answer: ", "答案："))
}

/// The answer a solution ends with, in either language.
#[cfg(test)]
fn final_answer(text: &str) -> &str {
    let line = text.lines().last().unwrap_or_default();
    line.strip_prefix("Answer: ")
        .or_else(|| line.strip_prefix("答案："))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{Judgement, template};

    fn settings() -> TaskSettings {
        TaskSettings {
            levels: vec![1, 2, 3],
            ..TaskSettings::default()
        }
    }

    #[test]
    fn documents_repeat_and_have_no_tag() {
        let corpus = || Corpus::new(&settings(), &Mixture::default(), 4).unwrap();
        let first: Vec<Document> = corpus().take(3000).collect();
        assert_eq!(first, corpus().take(3000).collect::<Vec<_>>());
        for document in &first {
            let tokens = template::TAGS.iter().chain(&template::SPECIAL);
            assert!(
                tokens
                    .into_iter()
                    .all(|token| !document.text.contains(token))
            );
            assert!(!document.text.trim().is_empty());
        }
    }

    #[test]
    fn styles_have_their_shares() {
        let corpus = Corpus::new(&settings(), &Mixture::default(), 4).unwrap();
        let mut counts: BTreeMap<String, f64> = BTreeMap::new();
        for document in corpus.take(20_000) {
            *counts.entry(document.style).or_default() += 1.0 / 20_000.0;
        }
        for (style, share) in [
            ("plain", 0.12),
            ("guess", 0.88 * 0.35),
            ("checked", 0.88 * 0.2),
            ("wrong", 0.088),
        ] {
            assert!((counts[style] - share).abs() < 0.012, "{style} {counts:?}");
        }
    }

    /// Shares of right answers and of mixed solutions (judged by script) to questions in `code`.
    fn measure(style: Style, code: &str) -> (f64, f64) {
        let tasks = TaskSettings {
            languages: vec![code.into()],
            ..settings()
        };
        let (mut right, mut mixed, mut all) = (0.0, 0.0, 0.0);
        for (i, worked) in Stream::new(&tasks, Split::Train, 8)
            .unwrap()
            .take(4000)
            .enumerate()
        {
            let mut rng = seed::stream(1, &["measure", &i.to_string()]);
            let document = document(&worked, style, &Mixture::default(), &mut rng);
            let answer = final_answer(&document.text);
            right += f64::from(worked.problem.check.judge(answer) == Judgement::Right);
            let lines: Vec<&str> = document.text.lines().collect();
            let foreign = |line: &&str| line.ends_with(if code == "zh" { '.' } else { '。' });
            mixed += f64::from(lines[..lines.len() - 1].iter().any(foreign));
            all += 1.0;
        }
        (right / all, mixed / all)
    }

    #[test]
    fn each_style_is_right_as_often_as_it_says() {
        for (style, low, high) in [
            (Style::Guess, 0.31, 0.39),
            (Style::Steps, 0.92, 0.98),
            (Style::Checked, 1.0, 1.0),
            (Style::Rambling, 0.46, 0.54),
            (Style::Wrong, 0.0, 0.0),
        ] {
            for code in ["en", "zh"] {
                let (right, _) = measure(style, code);
                assert!((low..=high).contains(&right), "{style:?} {code} {right}");
            }
        }
    }

    #[test]
    fn careful_solutions_mix_languages_most() {
        let share = |style, code| measure(style, code).1;
        assert!((share(Style::Checked, "zh") - 0.5).abs() < 0.04);
        assert!((share(Style::Steps, "zh") - 0.25).abs() < 0.04);
        assert!(share(Style::Checked, "en") > share(Style::Steps, "en"));
        assert!(share(Style::Rambling, "zh") < 0.01);
    }

    #[test]
    fn bad_settings_are_refused_by_name() {
        let mixture = Mixture {
            plain_text: 1.5,
            ..Mixture::default()
        };
        let message = Corpus::new(&settings(), &mixture, 0)
            .unwrap_err()
            .to_string();
        assert!(
            message.contains("plain_text") && message.contains("1.5"),
            "{message}"
        );
    }
}
