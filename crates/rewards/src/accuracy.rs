//! The accuracy reward: the final answer is right or it is not.

use data::Problem;
use data::check::{Check, Judgement};

use crate::echo::repeats;
use crate::equal::verify_with;
use crate::extract::{Extracted, NoAnswer, Reading, extract_as};
use crate::options::Options;
use crate::reward::{Reward, Verdict};

/// 1 for a right final answer, 0 otherwise (DeepSeek-R1, arXiv 2501.12948v1, section 2.2.2).
///
/// The answer goes to the problem's own check first; a check that only knows the gold answer
/// leaves it to [`crate::verify`]. What is worth as much as the gold answer but only repeats the question,
/// as `24/2` after `What is 24/2?`, is wrong. A response without an answer is wrong, unless the gold answer is
/// unusable: then nothing can be judged.
#[derive(Debug, Clone, Copy, Default)]
pub struct Accuracy;

impl Accuracy {
    /// The verdict, and the answer it is about.
    pub fn judge(
        &self,
        problem: &Problem,
        response: &str,
    ) -> (Verdict, Result<Extracted, NoAnswer>) {
        self.judge_as(problem, response, &Reading::default(), &Options::default())
    }

    /// [`Accuracy::judge`] with a say in where the answer is looked for and how it is compared.
    pub fn judge_as(
        &self,
        problem: &Problem,
        response: &str,
        reading: &Reading,
        options: &Options,
    ) -> (Verdict, Result<Extracted, NoAnswer>) {
        self.judge_found(problem, extract_as(response, reading), reading, options)
    }

    /// [`Accuracy::judge_as`] for an answer that was found already, by `reading` or with more care.
    pub fn judge_found(
        &self,
        problem: &Problem,
        answer: Result<Extracted, NoAnswer>,
        reading: &Reading,
        options: &Options,
    ) -> (Verdict, Result<Extracted, NoAnswer>) {
        let judge = |text: &str| match reading.letters {
            true => judge_letter(problem, text, reading),
            false => judge_answer(problem, text, options),
        };
        let verdict = match &answer {
            Ok(answer) => judge(&answer.text),
            Err(none) => match judge("") {
                unjudged @ Verdict::Unjudged { .. } => unjudged,
                Verdict::Judged { .. } => Verdict::wrong(none.to_string()),
            },
        };
        (verdict, answer)
    }
}

/// The letter of a multiple choice against the one the gold answer begins with.
fn judge_letter(problem: &Problem, answer: &str, reading: &Reading) -> Verdict {
    match extract_as(&problem.answer, reading) {
        Ok(gold) if gold.text == answer => Verdict::right("the same choice"),
        Ok(_) => Verdict::wrong("another choice"),
        Err(_) => Verdict::unjudged("the gold answer names no option"),
    }
}

fn judge_answer(problem: &Problem, answer: &str, options: &Options) -> Verdict {
    let verdict = match problem.check.judge(answer) {
        Judgement::Right => Verdict::right("passes the problem's check"),
        Judgement::Wrong(reason) => Verdict::wrong(reason),
        Judgement::NotMine => verify_with(&problem.answer, answer, options),
    };
    // The answer of Countdown is a calculation with the numbers of the question.
    let calculates = matches!(problem.check, Check::Countdown { .. });
    let right = verdict.score() == Some(1.0);
    if right && !calculates && repeats(&problem.question, &problem.answer, answer) {
        return Verdict::wrong("only repeats the question");
    }
    verdict
}

impl Reward for Accuracy {
    fn name(&self) -> &'static str {
        "accuracy"
    }

    fn score(&self, problem: &Problem, response: &str) -> Verdict {
        self.judge(problem, response).0
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use data::Domain;

    use super::*;

    /// A problem whose gold answer is `answer`, asked in `language`.
    pub(crate) fn problem(answer: &str, language: &str) -> Problem {
        Problem {
            id: "p".into(),
            question: "What is 7 + 5?".into(),
            answer: answer.into(),
            solution: None,
            family: "arithmetic".into(),
            domain: Domain::Mathematics,
            level: 1,
            language: language.into(),
            check: Check::Answer,
        }
    }

    #[test]
    fn accuracy_is_binary() {
        let sum = problem("12", "en");
        assert_eq!(
            Accuracy.score(&sum, "<answer>12</answer>").score(),
            Some(1.0)
        );
        assert_eq!(
            Accuracy.score(&sum, "<answer>13</answer>").score(),
            Some(0.0)
        );
        let none = Accuracy.score(&sum, "who knows");
        assert_eq!(
            (none.score(), none.reason()),
            (Some(0.0), "no answer was found")
        );
    }

    #[test]
    fn a_broken_gold_answer_is_unjudged_with_or_without_an_answer() {
        let broken = problem("", "en");
        assert_eq!(Accuracy.score(&broken, "<answer>12</answer>").score(), None);
        assert_eq!(Accuracy.score(&broken, "who knows").score(), None);
    }
}
