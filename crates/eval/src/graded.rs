//! One judged completion, as it is written to `completions.jsonl`.

use data::{Completion, Finish, Problem, Reply};
use rewards::{Rubric, strict};
use serde::{Deserialize, Serialize};

use crate::benchmark::{Judged, Task};

/// What became of a completion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The final answer is right.
    Right,
    /// It is not, or there is none.
    Wrong,
    /// It could not be judged, which is the problem's fault.
    Unjudged,
}

/// A completion with everything that was found out about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Graded {
    /// The problem's id.
    pub problem: String,
    /// The problem's task family.
    pub family: String,
    /// The problem's difficulty, from 1.
    pub level: u32,
    /// ISO 639-1 code of the language the problem asks for.
    pub language_code: String,
    /// Which of the problem's samples, from 0.
    pub sample: u32,
    /// Which reply of the sample, from 0; a benchmark that asks on has several.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub turn: u32,
    /// Whether the model was asked on after it, so that it is not what counts for the sample.
    #[serde(default, skip_serializing_if = "is_false")]
    pub followed_up: bool,
    /// The gold answer.
    pub gold: String,
    /// The final answer of the completion, where it has one.
    pub answer: Option<String>,
    /// Whether that is right.
    pub verdict: Outcome,
    /// Why.
    pub reason: String,
    /// The rule that found the answer, or `none`.
    pub rule: String,
    /// Whether the response keeps the template strictly.
    pub format: bool,
    /// Share of the reasoning in the problem's language, 0 to 1; `None` where it has no words.
    pub language: Option<f32>,
    /// The rubric's total; in a benchmark 1 where the answer is right and 0 otherwise.
    pub reward: f32,
    /// Length of the response in tokens, the end token included.
    pub tokens: usize,
    /// Whether the token budget ran out.
    pub truncated: bool,
    /// The response, without what the prompt prefilled; empty in the grades of a benchmark, whose
    /// replies stand in a file of their own.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub completion: String,
}

impl Outcome {
    /// Of a score from 0 to 1; nothing: it could not be judged.
    pub fn of(score: Option<f32>) -> Self {
        match score {
            Some(score) if score > 0.5 => Self::Right,
            Some(_) => Self::Wrong,
            None => Self::Unjudged,
        }
    }
}

impl Graded {
    /// The record of one reply to a task of a benchmark.
    pub(crate) fn of_reply(task: &Task, sample: u32, reply: &Reply, judged: Judged) -> Self {
        let problem = &task.problem;
        let whole = reply.whole();
        let language = rewards::consistency(&whole, &problem.language);
        let said = Said {
            whole: &whole,
            language,
            tokens: reply.tokens,
            finish: reply.finish,
        };
        Self::new(problem, sample, judged, &said)
    }

    /// The record without a rubric's reward, for which the verdict stands, and without the completion.
    fn new(problem: &Problem, sample: u32, judged: Judged, said: &Said<'_>) -> Self {
        Self {
            problem: problem.id.clone(),
            family: problem.family.clone(),
            level: problem.level,
            language_code: problem.language.clone(),
            sample,
            turn: 0,
            followed_up: false,
            gold: problem.answer.clone(),
            answer: judged.answer,
            reward: f32::from(u8::from(judged.verdict == Outcome::Right)),
            verdict: judged.verdict,
            reason: judged.reason,
            rule: judged.rule,
            format: strict(said.whole),
            language: said.language,
            tokens: said.tokens,
            truncated: said.finish == Finish::Length,
            completion: String::new(),
        }
    }
}

fn is_zero(turn: &u32) -> bool {
    *turn == 0
}

fn is_false(truth: &bool) -> bool {
    !truth
}

/// What was said, with what the prompt prefilled, and how it went.
struct Said<'a> {
    whole: &'a str,
    language: Option<f32>,
    tokens: usize,
    finish: Finish,
}

/// Grades a completion of `problem` with `rubric`.
pub fn grade(problem: &Problem, completion: &Completion, rubric: &Rubric) -> Graded {
    let score = rubric.score(problem, &completion.text);
    let whole = rubric.whole(&completion.text);
    let judged = Judged {
        verdict: Outcome::of(score.accuracy),
        answer: score.answer,
        rule: score.rule,
        reason: score.reason,
    };
    let said = Said {
        whole: &whole,
        language: rubric.language().consistency(&whole, &problem.language),
        tokens: completion.tokens.len(),
        finish: completion.finish,
    };
    Graded {
        reward: score.total,
        completion: completion.text.clone(),
        ..Graded::new(problem, completion.sample, judged, &said)
    }
}

#[cfg(test)]
mod tests {
    use data::Domain;
    use data::check::Check;
    use rewards::RubricConfig;

    use super::*;

    fn problem(answer: &str) -> Problem {
        Problem {
            id: "sum-1".into(),
            question: "What is 7 + 5?".into(),
            answer: answer.into(),
            solution: None,
            family: "sum".into(),
            domain: Domain::Mathematics,
            level: 2,
            language: "en".into(),
            check: Check::Answer,
        }
    }

    fn completion(text: &str, finish: Finish) -> Completion {
        Completion {
            problem: "sum-1".into(),
            sample: 3,
            tokens: vec![1, 2, 3],
            log_probs: vec![0.0; 3],
            text: text.into(),
            finish,
        }
    }

    #[test]
    fn a_completion_is_graded_and_survives_json() {
        let rubric = Rubric::new(&RubricConfig::default());
        let text = "<think>Seven and five.</think><answer>12</answer>";
        let graded = grade(&problem("12"), &completion(text, Finish::Stop), &rubric);
        assert_eq!((graded.verdict, graded.format), (Outcome::Right, true));
        assert_eq!((graded.language, graded.tokens), (Some(1.0), 3));
        assert_eq!((graded.rule.as_str(), graded.reward), ("answer_tag", 1.5));
        assert_eq!(graded.answer.as_deref(), Some("12"));
        let line = serde_json::to_string(&graded).unwrap();
        assert!(line.contains(r#""verdict":"right""#));
        assert_eq!(serde_json::from_str::<Graded>(&line).unwrap(), graded);
    }

    #[test]
    fn wrong_unjudged_and_cut_off_are_kept_apart() {
        let rubric = Rubric::new(&RubricConfig::default());
        let cut = grade(
            &problem("12"),
            &completion("<think>7 + 5", Finish::Length),
            &rubric,
        );
        assert_eq!((cut.verdict, cut.truncated), (Outcome::Wrong, true));
        assert_eq!(
            (cut.language, cut.answer, cut.rule.as_str()),
            (None, None, "none")
        );
        let unjudged = grade(&problem(""), &completion("12", Finish::Stop), &rubric);
        assert_eq!(unjudged.verdict, Outcome::Unjudged);
    }

    #[test]
    fn a_prefilled_tag_counts_for_the_format() {
        let config = RubricConfig {
            prefill: "<think>".into(),
            ..RubricConfig::default()
        };
        let text = "Seven and five.</think><answer>12</answer>";
        let done = completion(text, Finish::Stop);
        assert!(grade(&problem("12"), &done, &Rubric::new(&config)).format);
        assert!(
            !grade(
                &problem("12"),
                &done,
                &Rubric::new(&RubricConfig::default())
            )
            .format
        );
    }
}
