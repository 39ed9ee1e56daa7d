//! A corpus written about problems from a file.
//!
//! Each problem becomes a solution as it is, a bare answer, or a solution with a number gone
//! wrong; a problem whose answer is a program becomes its solution, or that of another. Left out: checks, talk and mixed languages, which need a derivation.

use rand::RngExt;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::curated::fenced;
use super::{CorpusError, Document, Mixture, Style, answer_line, language_of, plain};
use crate::tasks::{choose, step};
use crate::{Check, Problem, seed};

/// An endless iterator of documents about given problems, all of them once before any comes
/// again, in an order of its own each time.
#[derive(Debug, Clone)]
pub struct FileCorpus {
    problems: Vec<Problem>,
    mixture: Mixture,
    seed: u64,
    /// Documents made so far.
    position: u64,
    epoch: u64,
    /// Problems left in this epoch.
    left: Vec<usize>,
}

/// Documents about problems from a file: in the mixture, `steps` and `checked` weigh solutions as
/// they are, `wrong` and `rambling` solutions with a wrong number, `guess` bare answers, which
/// is also what becomes of problems without a solution. `mixed_language` has no effect.
///
/// # Errors
/// When there is no problem or a share is out of range.
pub fn from_problems(
    problems: &[Problem],
    mixture: &Mixture,
    seed: u64,
) -> Result<FileCorpus, CorpusError> {
    mixture.validate()?;
    if problems.is_empty() {
        return Err(CorpusError::NoProblems);
    }
    Ok(FileCorpus {
        problems: problems.to_vec(),
        mixture: mixture.clone(),
        seed,
        position: 0,
        epoch: 0,
        left: Vec::new(),
    })
}

impl FileCorpus {
    fn next_problem(&mut self) -> usize {
        if self.left.is_empty() {
            self.left = (0..self.problems.len()).collect();
            let epoch = self.epoch.to_string();
            self.left
                .shuffle(&mut seed::stream(self.seed, &["file-order", &epoch]));
            self.epoch += 1;
        }
        self.left.pop().expect("filled above")
    }

    /// A wrong answer: a number nearby, or the answer to another problem.
    fn miss(&self, answer: &str, rng: &mut ChaCha8Rng) -> String {
        match answer.parse::<i64>() {
            Ok(number) => number.saturating_add(step::slip(number, rng)).to_string(),
            Err(_) => choose(rng, &self.problems).answer,
        }
    }

    fn write(&self, problem: &Problem, rng: &mut ChaCha8Rng) -> (String, Style) {
        let language = language_of(&problem.language);
        let style = self.mixture.style(rng);
        if let Check::Code { .. } = problem.check {
            return self.program(problem, style, rng);
        }
        match (&problem.solution, style) {
            (Some(solution), Style::Steps | Style::Checked) => {
                let last = answer_line(language, &problem.answer);
                (format!("{}\n{last}", solution.trim()), Style::Steps)
            }
            (Some(solution), Style::Wrong | Style::Rambling) => {
                let miss = self.miss(&problem.answer, rng);
                let told = replace_last(solution.trim(), &problem.answer, &miss);
                (
                    format!("{told}\n{}", answer_line(language, &miss)),
                    Style::Wrong,
                )
            }
            _ => {
                let right = rng.random_bool(0.35);
                let answer = if right {
                    problem.answer.clone()
                } else {
                    self.miss(&problem.answer, rng)
                };
                (answer_line(language, &answer), Style::Guess)
            }
        }
    }
}

impl FileCorpus {
    /// The program that solves a problem, or that of another one.
    fn program(&self, problem: &Problem, style: Style, rng: &mut ChaCha8Rng) -> (String, Style) {
        let right = match style {
            Style::Steps | Style::Checked => true,
            Style::Wrong | Style::Rambling => false,
            Style::Guess => rng.random_bool(0.35),
        };
        let program = if right {
            fenced(problem)
        } else {
            fenced(&choose(rng, &self.problems))
        };
        let style = if right { Style::Steps } else { Style::Wrong };
        (program.unwrap_or_else(|| "pass".to_owned()), style)
    }
}

impl Iterator for FileCorpus {
    type Item = Document;

    fn next(&mut self) -> Option<Document> {
        let mut rng = seed::stream(self.seed, &["file", &self.position.to_string()]);
        self.position += 1;
        let at = self.next_problem();
        if rng.random_bool(self.mixture.plain_text) {
            self.left.push(at);
            return Some(plain::document(
                language_of(&self.problems[at].language),
                &mut rng,
            ));
        }
        let problem = &self.problems[at];
        let (text, style) = self.write(problem, &mut rng);
        Some(Document {
            question: Some(problem.question.clone()),
            text,
            domain: problem.domain,
            language: problem.language.clone(),
            style: style.name().to_owned(),
        })
    }
}

fn replace_last(text: &str, from: &str, to: &str) -> String {
    match text.rfind(from) {
        Some(at) if !from.is_empty() => format!("{}{to}{}", &text[..at], &text[at + from.len()..]),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::import::tests::problem;

    #[test]
    fn every_problem_is_written_about_before_any_again() {
        let problems: Vec<Problem> = (0..20)
            .map(|i| problem(&format!("{i} + 1?"), &(i + 1).to_string()))
            .collect();
        let mixture = Mixture {
            plain_text: 0.3,
            ..Mixture::default()
        };
        let corpus = from_problems(&problems, &mixture, 1).unwrap();
        let asked: Vec<String> = corpus
            .filter_map(|document| document.question)
            .take(40)
            .collect();
        for epoch in asked.chunks(20) {
            assert_eq!(epoch.iter().collect::<BTreeSet<_>>().len(), 20);
        }
        assert_ne!(asked[..20], asked[20..]);
        assert_eq!(
            from_problems(&[], &mixture, 1).unwrap_err(),
            CorpusError::NoProblems
        );
    }

    #[test]
    fn programs_are_shown_as_code() {
        let mut one = problem("Write f.", "");
        one.solution = Some("def f(): return 1\n".into());
        one.check = Check::Code {
            tests: crate::CodeTests::StdinStdout {
                shown: vec![],
                hidden: vec![],
            },
        };
        let program = "```python\ndef f(): return 1\n```";
        let mixture = Mixture {
            plain_text: 0.0,
            ..Mixture::default()
        };
        let mut corpus = from_problems(std::slice::from_ref(&one), &mixture, 1).unwrap();
        assert!(
            corpus
                .by_ref()
                .take(10)
                .all(|document| document.text == program)
        );
        let curated = crate::corpus::cold_start_from_problem(&one).unwrap();
        let (think, answer) = crate::template::parse(&curated.response).unwrap();
        assert_eq!((think.starts_with("I write"), answer), (true, program));
    }

    #[test]
    fn solutions_are_told_right_or_wrong() {
        let mut one = problem("2 + 2?", "4");
        one.solution = Some("We get 2 + 2 = 4.".into());
        let only = |steps, wrong| Mixture {
            guess: 0.0,
            steps,
            checked: 0.0,
            rambling: 0.0,
            wrong,
            plain_text: 0.0,
            ..Mixture::default()
        };
        let text = |mixture| {
            from_problems(std::slice::from_ref(&one), &mixture, 1)
                .unwrap()
                .next()
                .unwrap()
        };
        assert_eq!(text(only(1.0, 0.0)).text, "We get 2 + 2 = 4.\nAnswer: 4");
        let wrong = text(only(0.0, 1.0));
        assert_eq!(wrong.style, "wrong");
        assert!(
            !wrong.text.contains('4') || !wrong.text.ends_with(": 4"),
            "{}",
            wrong.text
        );
        let (told, answer) = wrong.text.split_once("\nAnswer: ").unwrap();
        assert_eq!(told, format!("We get 2 + 2 = {answer}."));
    }
}
