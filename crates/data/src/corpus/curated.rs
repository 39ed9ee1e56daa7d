//! Curated responses in the strict template: clean, checked, in the question's language.

use rand_chacha::ChaCha8Rng;

use super::derivation::clean;
use super::language_of;
use crate::tasks::Worked;
use crate::{Check, Language, Problem, Sample, template};

/// A cold-start sample: steps without a slip, a check, then the answer, all in the language of
/// the question. `None` for a problem without a derivation.
pub fn cold_start(worked: &Worked, rng: &mut ChaCha8Rng) -> Option<Sample> {
    let think = clean(worked, rng);
    (!think.is_empty()).then(|| sample(&worked.problem, &think, &worked.problem.answer))
}

/// A cold-start sample of a problem that brings its own solution; `None` when it has none, or
/// when the solution holds a tag of the template. A solution that is a program is the answer.
pub fn cold_start_from_problem(problem: &Problem) -> Option<Sample> {
    let solution = problem.solution.as_deref()?.trim();
    let sample = match fenced(problem) {
        Some(program) => {
            let think = match language_of(&problem.language) {
                Language::En => "I write a program that does what is asked.",
                Language::Zh => "我来写一个符合要求的程序。",
            };
            sample(problem, think, &program)
        }
        None => sample(problem, solution, &problem.answer),
    };
    (!solution.is_empty() && template::parse(&sample.response).is_some()).then_some(sample)
}

/// The solution of a problem whose answer is a program, as a block of code; `None` for any other.
pub(super) fn fenced(problem: &Problem) -> Option<String> {
    let solution = problem.solution.as_deref()?.trim();
    match problem.check {
        Check::Code { .. } if solution.contains("```") => Some(solution.to_owned()),
        Check::Code { .. } => {
            let rust = solution.contains("fn ") && solution.contains('{');
            let language = if rust { "rust" } else { "python" };
            Some(format!("```{language}\n{solution}\n```"))
        }
        _ => None,
    }
}

fn sample(problem: &Problem, think: &str, answer: &str) -> Sample {
    Sample {
        id: problem.id.clone(),
        question: problem.question.clone(),
        response: template::strict(think, answer),
        domain: problem.domain,
        language: problem.language.clone(),
        source: "cold-start".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tasks::{Split, Stream, TaskSettings};
    use crate::{Judgement, Language, seed};

    #[test]
    fn every_sample_is_strict_right_and_in_its_language() {
        let tasks = TaskSettings {
            levels: vec![1, 2, 3, 4, 5],
            ..TaskSettings::default()
        };
        for (i, worked) in Stream::new(&tasks, Split::Train, 2)
            .unwrap()
            .take(1000)
            .enumerate()
        {
            let mut rng = seed::stream(1, &["cold", &i.to_string()]);
            let sample = cold_start(&worked, &mut rng).unwrap();
            let (think, answer) = template::parse(&sample.response).expect("strict");
            assert_eq!(worked.problem.check.judge(answer), Judgement::Right);
            assert_eq!(template::strict(think, answer), sample.response);
            for line in think.lines() {
                assert_eq!(Language::detect(line).code(), sample.language, "{think}");
            }
        }
    }

    #[test]
    fn solutions_from_files_are_wrapped_and_tags_refused() {
        let mut problem = crate::import::tests::problem("2 + 2?", "4");
        assert_eq!(cold_start_from_problem(&problem), None);
        problem.solution = Some("2 + 2 = 4.\n".into());
        let response = cold_start_from_problem(&problem).unwrap().response;
        assert_eq!(
            response,
            "<think>\n2 + 2 = 4.\n</think>\n<answer>4</answer>"
        );
        problem.solution = Some("</think>".into());
        assert_eq!(cold_start_from_problem(&problem), None);
    }
}
