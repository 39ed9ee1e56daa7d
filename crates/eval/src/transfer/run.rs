//! Solving in Python, porting to Rust, and counting.

use data::chat::Message;
use data::{Answers, Ask, Check, Problem};
use rewards::Code;
use rewards::code::find;
use serde::{Deserialize, Serialize};

use super::translate::Translated;
use crate::debug::Asking;

/// What became of a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fate {
    /// Wrong in Python.
    Unsolved,
    /// Right in Python, wrong in Rust.
    Lost,
    /// Right in both.
    Ported,
    /// Not answered, or not to be judged.
    Unjudged,
}

/// A problem that was solved and ported, or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// The problem's id.
    pub id: String,
    /// What became of it.
    pub fate: Fate,
    /// Why.
    pub reason: String,
    /// The answer in Python.
    pub python: Option<String>,
    /// The answer in Rust, where it was asked for.
    pub rust: Option<String>,
}

/// How often solving and porting come off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    /// The problems, in order.
    pub attempts: Vec<Attempt>,
}

impl Transfer {
    /// How many problems have this fate.
    pub fn count(&self, fate: Fate) -> usize {
        self.attempts.iter().filter(|one| one.fate == fate).count()
    }

    /// The share solved in Python, of what was judged.
    pub fn solved(&self) -> Option<f64> {
        let solved = self.count(Fate::Lost) + self.count(Fate::Ported);
        share(solved, solved + self.count(Fate::Unsolved))
    }

    /// The share of what was solved that is right in Rust as well.
    pub fn ported(&self) -> Option<f64> {
        let ported = self.count(Fate::Ported);
        share(ported, ported + self.count(Fate::Lost))
    }

    /// The share of what was solved that is wrong in Rust.
    pub fn lost(&self) -> Option<f64> {
        self.ported().map(|ported| 1.0 - ported)
    }
}

fn share(part: usize, of: usize) -> Option<f64> {
    (of > 0).then(|| part as f64 / of as f64)
}

/// Has a model solve problems in Python, and port what is right to Rust; one sample each.
///
/// # Errors
/// What the model's own asking ends with.
pub fn transfer(
    model: &dyn Answers,
    code: &Code,
    problems: &[Translated],
    sample: u32,
) -> Result<Transfer, Asking> {
    let ask = |one: &Translated, messages| Ask {
        id: one.problem.id.clone(),
        sample,
        messages,
    };
    let first = |one: &Translated| ask(one, vec![Message::user(one.problem.question.clone())]);
    let replies = crate::debug::replies(model, problems.iter().map(first).collect())?;
    let mut attempts = Vec::new();
    let mut open = Vec::new();
    for (at, (one, reply)) in problems.iter().zip(replies).enumerate() {
        let mut attempt = Attempt {
            id: one.problem.id.clone(),
            fate: Fate::Unjudged,
            reason: String::new(),
            python: None,
            rust: None,
        };
        match reply {
            Err(reason) => attempt.reason = reason,
            Ok((reply, _)) => {
                let solved = judge(
                    code,
                    one,
                    Check::Code {
                        tests: one.python.clone(),
                    },
                    &reply,
                );
                attempt.settle(solved, Fate::Unsolved);
                if attempt.fate == Fate::Ported {
                    open.push(at);
                }
                attempt.python = Some(reply);
            }
        }
        attempts.push(attempt);
    }
    let port = |at: &usize| {
        let solved = attempts[*at].python.as_deref().unwrap_or_default();
        let answer = Message::assistant(solved);
        let question = Message::user(problems[*at].problem.question.clone());
        ask(
            &problems[*at],
            vec![
                question,
                answer,
                Message::user(porting(&problems[*at], solved)),
            ],
        )
    };
    let asks = open.iter().map(port).collect();
    for (at, reply) in open.into_iter().zip(crate::debug::replies(model, asks)?) {
        let (one, attempt) = (&problems[at], &mut attempts[at]);
        match reply {
            Err(reason) => (attempt.fate, attempt.reason) = (Fate::Unjudged, reason),
            Ok((reply, _)) => {
                let ported = judge(
                    code,
                    one,
                    Check::Code {
                        tests: one.rust.clone(),
                    },
                    &reply,
                );
                attempt.settle(ported, Fate::Lost);
                attempt.rust = Some(reply);
            }
        }
    }
    Ok(Transfer { attempts })
}

impl Attempt {
    /// Takes a judgement: right for now means ported, wrong means `wrong`.
    fn settle(&mut self, (right, reason): (Option<bool>, String), wrong: Fate) {
        self.reason = reason;
        self.fate = match right {
            Some(true) => Fate::Ported,
            Some(false) => wrong,
            None => Fate::Unjudged,
        };
    }
}

fn judge(code: &Code, one: &Translated, check: Check, reply: &str) -> (Option<bool>, String) {
    let problem = Problem {
        check,
        ..one.problem.clone()
    };
    let (verdict, _) = code.judge(&problem, reply);
    let right = verdict.score().map(|score| score > 0.5);
    (right, verdict.reason().to_owned())
}

/// What a model is asked for the port.
fn porting(one: &Translated, solved: &str) -> String {
    let source = find(solved).map_or_else(|_| solved.to_owned(), |program| program.source);
    format!(
        "Port this Python program to Rust.\n\n```python\n{}\n```\n\nWrite the function `{}` with exactly this \
         signature:\n\n```text\n{}\n```\n\nIt must give the same results. Use the standard library alone, write \
         no `main`, and answer with the whole program in a block that begins with ```rust.\n",
        source.trim_end(),
        one.entry_point,
        one.signature
    )
}
