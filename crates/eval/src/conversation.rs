//! What is said in one sample: a question, a reply, and where a benchmark asks on, more of both.

use data::chat::Message;
use data::{Ask, Reply};

use crate::benchmark::{Benchmark, Task};
use crate::graded::Graded;

/// The replies of one sample and what was asked between them.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Dialogue {
    /// What the model said, turn by turn.
    pub(crate) replies: Vec<Reply>,
    /// What it was asked after each of them; the last may wait for its reply.
    pub(crate) asked: Vec<String>,
}

/// A dialogue under way.
#[derive(Debug)]
pub(crate) struct Conversation<'a> {
    pub(crate) task: &'a Task,
    pub(crate) sample: u32,
    pub(crate) said: Dialogue,
}

impl<'a> Conversation<'a> {
    /// The next question: the benchmark's in the first turn, its follow-up in a later one.
    pub(crate) fn ask(&self, benchmark: &dyn Benchmark) -> Ask {
        let Dialogue { replies, asked } = &self.said;
        let mut messages = benchmark.messages(self.task);
        for (reply, asked) in replies.iter().zip(asked) {
            messages.push(Message::assistant(reply.whole()));
            messages.push(Message::user(asked.clone()));
        }
        let id = &self.task.problem.id;
        Ask {
            id: match replies.len() {
                0 => id.clone(),
                // Another question, and so another stream of random numbers.
                turn => format!("{id}#{turn}"),
            },
            sample: self.sample,
            messages,
        }
    }

    /// Grades the turns from number `from` on, and gives what the model is asked next. What it was asked
    /// already stays asked, whatever the benchmark would ask now.
    pub(crate) fn grade(
        &self,
        benchmark: &dyn Benchmark,
        from: usize,
    ) -> (Vec<Graded>, Option<String>) {
        let (task, replies) = (self.task, &self.said.replies);
        let mut next = None;
        let turns = replies.iter().enumerate().skip(from);
        let grades = turns.map(|(turn, reply)| {
            let judged = benchmark.grade(task, reply, &replies[..turn]);
            let is_last = turn + 1 == replies.len();
            if is_last {
                next = benchmark.follow_up(task, reply, &replies[..turn], &judged);
            }
            Graded {
                turn: turn as u32,
                followed_up: !is_last || next.is_some(),
                ..Graded::of_reply(task, self.sample, reply, judged)
            }
        });
        (grades.collect(), next)
    }
}
