//! Asking a teacher: every problem several times, through whatever answers ([`data::Answers`]).
//!
//! ```text
//! Problem × k ─asks→ teacher ─replies→ group by problem ─rubric→ (Problem, [(Completion, Score)])
//! ```
//!
//! Problems are drawn as the teacher has room, and a problem is given on when its last sample has come,
//! so memory holds those under way and no others. What a sample is does not depend on the order in
//! which others come. Left out: what is kept of it, which is [`crate::curate`]'s, and keeping replies
//! over a restart, which a [`data::journal`] around the teacher does.

mod gather;
mod report;
#[cfg(test)]
pub(crate) mod teacher;
#[cfg(test)]
mod tests;

use std::ops::ControlFlow;

use data::chat::Message;
use data::{Answers, Ask, Completion, Problem, Reply, Unanswered, template};
use rewards::{Rubric, Score};
use serde::{Deserialize, Serialize};

pub(crate) use gather::{Gathered, Plan, gather};
pub use report::{Passes, SampleReport};

/// Asks for the strict template, for a teacher that does not give its reasoning apart; the idea is
/// DeepSeek-R1's (arXiv 2501.12948v1, table 1).
pub const INSTRUCTION: &str = "Think before you answer. Write your reasoning between <think> and \
</think>, and after it nothing but the final answer between <answer> and </answer>.";

/// What a teacher is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SampleConfig {
    /// Samples of each problem, k. Default 4.
    pub samples: u32,
    /// What the system turn says, as [`INSTRUCTION`]; empty, as by default: there is none.
    pub system: String,
}

impl Default for SampleConfig {
    fn default() -> Self {
        Self {
            samples: 4,
            system: String::new(),
        }
    }
}

impl SampleConfig {
    /// Samples `numbers` of a problem, asked with `text`.
    pub(crate) fn asks(&self, id: &str, text: &str, numbers: std::ops::Range<u32>) -> Vec<Ask> {
        let system = (!self.system.is_empty()).then(|| Message::system(&*self.system));
        let messages: Vec<Message> = system.into_iter().chain([Message::user(text)]).collect();
        let ask = |sample| Ask {
            id: id.to_owned(),
            sample,
            messages: messages.clone(),
        };
        numbers.map(ask).collect()
    }

    pub(crate) fn check(&self, rubric: &Rubric) -> Result<(), SampleError> {
        if self.samples == 0 {
            return Err(SampleError::NoSamples);
        }
        match rubric.whole("").is_empty() {
            true => Ok(()),
            false => Err(SampleError::Prefill),
        }
    }
}

/// A problem with all that the teacher said to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Sampled {
    /// The problem's place among those asked, from 0. Problems come in any order.
    pub at: usize,
    /// What was asked.
    pub problem: Problem,
    /// What was answered, in the order of the samples. The texts are in the strict template with its
    /// white space where they can be; tokens and log-probabilities are not known.
    pub responses: Vec<(Completion, Score)>,
    /// Samples without a reply, in order.
    pub unanswered: Vec<Unanswered>,
}

impl Sampled {
    /// Whether a response is right.
    pub fn is_solved(&self) -> bool {
        let right = |(_, score): &(Completion, Score)| score.accuracy == Some(1.0);
        self.responses.iter().any(right)
    }
}

/// Why sampling ended before its end.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// Nothing is asked for.
    #[error("`samples` is 0: ask every problem at least once")]
    NoSamples,
    /// The rubric puts text before responses that are whole.
    #[error("the rubric has a `prefill`: leave it empty, a teacher's response is whole")]
    Prefill,
    /// Two problems have one id, which names a sample.
    #[error("two problems have the id `{id}`: give every problem its own")]
    SameId {
        /// The id.
        id: String,
    },
    /// The teacher left samples out.
    #[error("the teacher ended with {problems} problems neither answered nor refused")]
    LeftOut {
        /// How many.
        problems: usize,
    },
    /// The teacher cannot go on.
    #[error("the teacher cannot go on: {0}")]
    Teacher(Box<dyn std::error::Error + Send + Sync>),
}

/// Asks `teacher` every problem `config.samples` times and scores what it says. Each problem is given to
/// `each` when it is complete; after `each` breaks nothing new is asked.
///
/// # Errors
/// When the teacher cannot go on, two problems have the same id, the rubric has a prefill, or nothing
/// is asked for. What was complete before has been given.
pub fn sample(
    problems: impl Iterator<Item = Problem> + Send,
    teacher: &dyn Answers,
    rubric: &Rubric,
    config: &SampleConfig,
    each: &mut dyn FnMut(Sampled) -> ControlFlow<()>,
) -> Result<SampleReport, SampleError> {
    config.check(rubric)?;
    let mut report = SampleReport::default();
    let mut plans = problems.map(|problem| Plan {
        asks: config.asks(&problem.id, &problem.question, 0..config.samples),
        problem,
        with: (),
    });
    gather(&mut plans, teacher, &mut |gathered| {
        report.add(&gathered.replies);
        let sampled = score(gathered, rubric);
        report
            .passes
            .add(sampled.responses.iter().map(|(_, score)| score.accuracy));
        each(sampled)
    })?;
    Ok(report)
}

/// Scores what was said to a problem.
pub(crate) fn score<T>(gathered: Gathered<T>, rubric: &Rubric) -> Sampled {
    let problem = gathered.problem;
    let (mut responses, mut unanswered) = (Vec::new(), Vec::new());
    for (sample, reply) in gathered.replies {
        match reply {
            Ok(reply) => {
                let completion = completion(&problem, sample, &reply);
                let score = rubric.score(&problem, &completion.text);
                responses.push((completion, score));
            }
            Err(none) => unanswered.push(none),
        }
    }
    Sampled {
        at: gathered.at,
        problem,
        responses,
        unanswered,
    }
}

fn completion(problem: &Problem, sample: u32, reply: &Reply) -> Completion {
    let whole = reply.whole();
    let text = match template::parse(&whole) {
        Some((think, answer)) => template::strict(think, answer),
        None => whole,
    };
    Completion {
        problem: problem.id.clone(),
        sample,
        tokens: Vec::new(),
        log_probs: Vec::new(),
        text,
        finish: reply.finish,
    }
}
