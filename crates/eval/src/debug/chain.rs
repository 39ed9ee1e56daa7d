//! Rounds: ask, try, show what failed, ask again.

use std::ops::ControlFlow;

use data::chat::Message;
use data::{Answers, Ask};
use serde::{Deserialize, Serialize};

/// Something a model is asked for, with tests of the chain's own and a judge nobody asks twice.
pub trait Subject: Sync {
    /// The problem's id.
    fn id(&self) -> &str;

    /// What the model is asked first.
    fn question(&self) -> String;

    /// What the chain's tests find wrong with a reply; nothing where they find nothing.
    ///
    /// # Errors
    /// Why they could not be run.
    fn failures(&self, reply: &str) -> Result<Vec<Failure>, String>;

    /// Whether a reply is right; `None` where that could not be judged. The model never learns of it.
    fn judge(&self, reply: &str) -> Option<bool>;
}

/// A test that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The test: an assertion, an input, a command.
    pub test: String,
    /// What should come out, where it is known.
    pub expected: Option<String>,
    /// What came out.
    pub got: String,
}

/// How a chain is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chain {
    /// How often a model is asked again, at most.
    pub rounds: u32,
    /// How many failures it is shown at a time.
    pub shown: usize,
}

impl Default for Chain {
    /// Three rounds, three failures each.
    fn default() -> Self {
        Self {
            rounds: 3,
            shown: 3,
        }
    }
}

/// One answer of a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// The reply, whole.
    pub reply: String,
    /// What the chain's tests found wrong.
    pub failures: Vec<Failure>,
    /// Whether it is right.
    pub right: Option<bool>,
    /// Its tokens.
    pub tokens: usize,
}

/// All answers to one question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trail {
    /// The problem's id.
    pub id: String,
    /// The answers, the last one counting; none where the model did not answer.
    pub turns: Vec<Turn>,
    /// Why it ended before the tests were content or the rounds were spent.
    pub stopped: Option<String>,
}

/// What makes all asking pointless.
pub type Asking = Box<dyn std::error::Error + Send + Sync>;

impl Chain {
    /// Runs the chain on many subjects, round by round, with one sample each.
    ///
    /// # Errors
    /// What the model's own asking ends with.
    pub fn run(
        &self,
        model: &dyn Answers,
        subjects: &[&dyn Subject],
        sample: u32,
    ) -> Result<Vec<Trail>, Asking> {
        let new = |subject: &&dyn Subject| Trail {
            id: subject.id().to_owned(),
            turns: vec![],
            stopped: None,
        };
        let mut trails: Vec<Trail> = subjects.iter().map(new).collect();
        for round in 0..=self.rounds {
            let open: Vec<usize> = (0..trails.len())
                .filter(|at| trails[*at].is_open(round))
                .collect();
            let ask = |at: &usize| Ask {
                id: trails[*at].id.clone(),
                sample,
                messages: self.messages(subjects[*at], &trails[*at]),
            };
            let asks: Vec<Ask> = open.iter().map(ask).collect();
            for (at, reply) in open.into_iter().zip(replies(model, asks)?) {
                match reply {
                    Ok((reply, tokens)) => turn(subjects[at], &mut trails[at], reply, tokens),
                    Err(reason) => trails[at].stopped = Some(reason),
                }
            }
        }
        Ok(trails)
    }

    fn messages(&self, subject: &dyn Subject, trail: &Trail) -> Vec<Message> {
        let mut messages = vec![Message::user(subject.question())];
        for turn in &trail.turns {
            messages.push(Message::assistant(turn.reply.clone()));
            messages.push(Message::user(self.feedback(&turn.failures)));
        }
        messages
    }

    fn feedback(&self, failures: &[Failure]) -> String {
        let mut text = String::from("Your answer was tried, and this went wrong:\n");
        for failure in failures.iter().take(self.shown) {
            text += &format!("\n```text\n{}\n```\n", failure.test.trim_end());
            if let Some(expected) = &failure.expected {
                text += &format!("expected: {}\n", expected.trim_end());
            }
            text += &format!("got: {}\n", failure.got.trim_end());
        }
        text + "\nFind the mistake, and give the whole corrected answer in the same form. Where a test \
                itself is mistaken, keep what is right.\n"
    }
}

impl Trail {
    fn is_open(&self, round: u32) -> bool {
        let found = self
            .turns
            .last()
            .is_some_and(|turn| !turn.failures.is_empty());
        self.stopped.is_none() && (round == 0 || found)
    }
}

fn turn(subject: &dyn Subject, trail: &mut Trail, reply: String, tokens: usize) {
    let failures = subject.failures(&reply).unwrap_or_else(|reason| {
        trail.stopped = Some(reason);
        vec![]
    });
    trail.turns.push(Turn {
        right: subject.judge(&reply),
        reply,
        failures,
        tokens,
    });
}

/// A reply's text with its tokens, or why there is none.
type Answered = Result<(String, usize), String>;

/// Asks all, and gives the replies in the order of `asks`, which must differ in id or sample.
pub(crate) fn replies(model: &dyn Answers, asks: Vec<Ask>) -> Result<Vec<Answered>, Asking> {
    let keys: Vec<(String, u32)> = asks
        .iter()
        .map(|ask| (ask.id.clone(), ask.sample))
        .collect();
    let mut replies = vec![Err("the model did not answer".to_owned()); asks.len()];
    model.answer(&mut asks.into_iter(), &mut |ask, reply| {
        let at = keys
            .iter()
            .position(|(id, sample)| (id, *sample) == (&ask.id, ask.sample));
        if let Some(at) = at {
            let told = reply.map(|reply| (reply.whole(), reply.tokens));
            replies[at] = told.map_err(|error| error.to_string());
        }
        ControlFlow::Continue(())
    })?;
    Ok(replies)
}

/// What the chain did for the answers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Report {
    /// Questions whose first and last answers were judged.
    pub judged: usize,
    /// First answers that are right.
    pub right_first: usize,
    /// Last answers that are right.
    pub right_last: usize,
    /// Wrong at first, right at last.
    pub repaired: usize,
    /// Right at first, wrong at last.
    pub spoiled: usize,
    /// Right answers the chain's tests found fault with.
    pub false_alarms: usize,
    /// Wrong answers they found no fault with.
    pub missed: usize,
    /// Answers beyond the first.
    pub further_answers: usize,
    /// Their tokens.
    pub further_tokens: usize,
    /// After each round, the first answers being 0: answers that are right, of those not asked again too.
    pub right_after: Vec<usize>,
}

impl Report {
    /// Counts trails.
    pub fn of(trails: &[Trail]) -> Self {
        let mut report = Self::default();
        let rounds = trails
            .iter()
            .map(|trail| trail.turns.len())
            .max()
            .unwrap_or(0);
        report.right_after = vec![0; rounds];
        for trail in trails {
            let ends = trail.turns.first().zip(trail.turns.last());
            let Some((Some(first), Some(last))) = ends.map(|(a, b)| (a.right, b.right)) else {
                continue;
            };
            report.judged += 1;
            report.right_first += usize::from(first);
            report.right_last += usize::from(last);
            report.repaired += usize::from(!first && last);
            report.spoiled += usize::from(first && !last);
            report.further_answers += trail.turns.len() - 1;
            report.further_tokens += trail.turns[1..]
                .iter()
                .map(|turn| turn.tokens)
                .sum::<usize>();
            for turn in &trail.turns {
                let faulty = !turn.failures.is_empty();
                report.false_alarms += usize::from(turn.right == Some(true) && faulty);
                report.missed += usize::from(turn.right == Some(false) && !faulty);
            }
            for (round, count) in report.right_after.iter_mut().enumerate() {
                let turn = trail.turns.get(round).or(trail.turns.last());
                *count += usize::from(turn.is_some_and(|turn| turn.right == Some(true)));
            }
        }
        report
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trail(turns: &[(bool, bool)]) -> Trail {
        let failure = Failure {
            test: "t".into(),
            expected: None,
            got: "g".into(),
        };
        let turn = |(right, faulty): &(bool, bool)| Turn {
            reply: String::new(),
            failures: if *faulty {
                vec![failure.clone()]
            } else {
                vec![]
            },
            right: Some(*right),
            tokens: 10,
        };
        Trail {
            id: "p".into(),
            turns: turns.iter().map(turn).collect(),
            stopped: None,
        }
    }

    /// Repaired in two rounds; right and left alone; right, doubted, spoiled; wrong and missed.
    #[test]
    fn a_report_counts_both_directions() {
        let trails = [
            trail(&[(false, true), (false, true), (true, false)]),
            trail(&[(true, false)]),
            trail(&[(true, true), (false, false)]),
            trail(&[(false, false)]),
        ];
        let wanted = Report {
            judged: 4,
            right_first: 2,
            right_last: 2,
            repaired: 1,
            spoiled: 1,
            false_alarms: 1,
            missed: 2,
            further_answers: 3,
            further_tokens: 30,
            right_after: vec![2, 1, 2],
        };
        assert_eq!(Report::of(&trails), wanted);
    }
}
