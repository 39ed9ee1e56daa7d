//! The accuracy reward: the final answer is right or it is not.

use data::Problem;
use data::check::Judgement;

use crate::equal::verify;
use crate::extract::{Extracted, NoAnswer, extract};
use crate::reward::{Reward, Verdict};

/// 1 for a right final answer, 0 otherwise (DeepSeek-R1, arXiv 2501.12948v1, section 2.2.2).
///
/// The answer goes to the problem's own check first; a check that only knows the gold answer
/// leaves it to [`verify`]. A response without an answer is wrong, unless the gold answer is
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
        let answer = extract(response);
        let verdict = match &answer {
            Ok(answer) => judge_answer(problem, &answer.text),
            Err(none) => match judge_answer(problem, "") {
                unjudged @ Verdict::Unjudged { .. } => unjudged,
                Verdict::Judged { .. } => Verdict::wrong(none.to_string()),
            },
        };
        (verdict, answer)
    }
}

fn judge_answer(problem: &Problem, answer: &str) -> Verdict {
    match problem.check.judge(answer) {
        Judgement::Right => Verdict::right("passes the problem's check"),
        Judgement::Wrong(reason) => Verdict::wrong(reason),
        Judgement::NotMine => verify(&problem.answer, answer),
    }
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
    use data::check::Check;

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
