//! A few problems with what each model answered.
//!
//! The answers were written by models and are untrusted: they are handed to the template as plain
//! text, which escapes them.

use super::read::Answer;

/// How many problems are shown.
const PROBLEMS: usize = 12;
/// The most of one answer that is shown, in characters.
const LONGEST: usize = 2_000;

/// A problem and one answer per model.
#[derive(Debug, PartialEq)]
pub(super) struct Shown {
    pub(super) problem: String,
    pub(super) question: String,
    pub(super) gold: String,
    pub(super) answers: Vec<ShownAnswer>,
}

/// One answer, cut into parts.
#[derive(Debug, PartialEq)]
pub(super) struct ShownAnswer {
    pub(super) model: String,
    pub(super) verdict: String,
    pub(super) rule: String,
    /// What stands in the reasoning tags, where the template was kept to.
    pub(super) reasoning: String,
    /// The rest.
    pub(super) rest: String,
}

/// Problems spread evenly over those that were measured with, each with every model's first answer.
pub(super) fn choose(answers: &[Answer]) -> Vec<Shown> {
    let mut problems: Vec<&str> = Vec::new();
    for answer in answers {
        // The first model answers every problem, so its lines suffice.
        if answer.model == answers[0].model && problems.last() != Some(&answer.problem.as_str()) {
            problems.push(&answer.problem);
        }
    }
    let shown = problems.len().min(PROBLEMS);
    (0..shown)
        .map(|n| show(problems[n * problems.len() / shown], answers))
        .collect()
}

fn show(problem: &str, answers: &[Answer]) -> Shown {
    let mine = || answers.iter().filter(|answer| answer.problem == problem);
    let first = mine().next().cloned().unwrap_or_default();
    let answers = mine()
        .filter(|answer| answer.sample == 0)
        .map(cut)
        .collect();
    Shown {
        problem: problem.into(),
        question: first.question,
        gold: first.gold,
        answers,
    }
}

fn cut(answer: &Answer) -> ShownAnswer {
    let text: String = match answer.completion.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{} …", &answer.completion[..end]),
        None => answer.completion.clone(),
    };
    let tagged = text
        .strip_prefix("<think>")
        .and_then(|rest| rest.split_once("</think>"));
    let (reasoning, rest) = tagged.unwrap_or(("", &text));
    ShownAnswer {
        model: answer.model.clone(),
        verdict: answer.verdict.clone(),
        rule: answer.rule.clone(),
        reasoning: reasoning.trim().to_owned(),
        rest: rest.trim().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(problem: usize, model: &str, sample: u32, completion: &str) -> Answer {
        Answer {
            problem: problem.to_string(),
            model: model.into(),
            sample,
            completion: completion.into(),
            ..Answer::default()
        }
    }

    #[test]
    fn problems_are_spread_and_models_are_together() {
        let mut answers = Vec::new();
        for model in ["base", "r1"] {
            for problem in 0..24 {
                for sample in 0..2 {
                    answers.push(answer(problem, model, sample, "x"));
                }
            }
        }
        let shown = choose(&answers);
        let problems: Vec<usize> = shown
            .iter()
            .map(|shown| shown.problem.parse::<usize>().unwrap())
            .collect();
        assert_eq!(problems, (0..24).step_by(2).collect::<Vec<usize>>());
        let models: Vec<_> = shown[3].answers.iter().map(|a| a.model.as_str()).collect();
        assert_eq!(models, ["base", "r1"]);
        assert!(choose(&[]).is_empty());
    }

    #[test]
    fn reasoning_is_cut_from_the_rest() {
        let cut = cut(&answer(
            0,
            "r1",
            0,
            "<think>\n1 + 1\n</think>\n<answer>2</answer>",
        ));
        assert_eq!(
            (cut.reasoning.as_str(), cut.rest.as_str()),
            ("1 + 1", "<answer>2</answer>")
        );
        assert_eq!(
            super::cut(&answer(0, "r1", 0, "<think>endless")).rest,
            "<think>endless"
        );
        let long = super::cut(&answer(0, "r1", 0, &"好".repeat(3_000))).rest;
        assert_eq!(long.chars().count(), LONGEST + 2);
    }
}
