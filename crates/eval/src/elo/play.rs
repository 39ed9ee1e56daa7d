//! A model's programs become attempts: each is run against the problem's tests in the sandbox.

use data::Problem;
use rewards::Code;

use super::rules::Attempt;

/// A problem whose tests could not be run; it says nothing about the model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("problem `{problem}` cannot be judged: {reason}")]
pub struct CannotJudge {
    /// The problem's id.
    pub problem: String,
    /// Why not.
    pub reason: String,
}

/// Judges `responses` to `problem` in their order up to the first that passes all tests, shown and
/// hidden; the attempt at place `i` is handed in at `minute(i)` of the contest.
///
/// A model has no clock that compares with people's. `|_| 0` leaves time out of the score.
///
/// # Errors
/// When a response cannot be judged: no tests, or no sandbox.
pub fn attempts(
    problem: &Problem,
    responses: &[impl AsRef<str>],
    code: &Code,
    minute: impl Fn(usize) -> u32,
) -> Result<Vec<Attempt>, CannotJudge> {
    let mut attempts = Vec::new();
    for (at, response) in responses.iter().enumerate() {
        let (verdict, _) = code.judge(problem, response.as_ref());
        let score = verdict.score().ok_or_else(|| CannotJudge {
            problem: problem.id.clone(),
            reason: verdict.reason().to_owned(),
        })?;
        let right = score == 1.0;
        attempts.push(Attempt {
            right,
            minute: minute(at),
        });
        if right {
            break;
        }
    }
    Ok(attempts)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use data::{Case, Check, CodeTests, Domain};
    use rewards::code::Limits;

    use super::*;

    #[test]
    fn programs_are_tried_up_to_the_first_that_passes() {
        let problem = Problem {
            id: "twice".into(),
            question: "Print twice the number.".into(),
            answer: String::new(),
            solution: None,
            family: "contest".into(),
            domain: Domain::Code,
            level: 1,
            language: "en".into(),
            check: Check::Code {
                tests: CodeTests::StdinStdout {
                    shown: vec![Case {
                        input: "3\n".into(),
                        output: "6".into(),
                    }],
                    hidden: vec![],
                },
            },
        };
        let code = Code::new(Limits::default());
        let sandbox = code
            .sandbox()
            .map(|sandbox| sandbox.has(rewards::code::Language::Python));
        if !matches!(sandbox, Ok(Ok(()))) {
            let _ = writeln!(std::io::stderr(), "skipped: no Python in a sandbox here");
            return;
        }
        let program = |body: &str| format!("```python\n{body}\n```");
        let responses = [
            "no program".to_owned(),
            program("print(int(input()) + 1)"),
            program("print(2 * int(input()))"),
            program("print(0)"),
        ];
        let judged = attempts(&problem, &responses, &code, |at| 7 * at as u32).unwrap();
        let rights: Vec<bool> = judged.iter().map(|attempt| attempt.right).collect();
        assert_eq!(rights, [false, false, true]);
        assert_eq!(judged[2].minute, 14);
        let untested = Problem {
            check: Check::Answer,
            ..problem
        };
        let error = attempts(&untested, &responses, &code, |_| 0).unwrap_err();
        assert_eq!(error.problem, "twice");
    }
}
