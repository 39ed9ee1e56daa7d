//! One measurement: a stream of questions across all tasks, graded while the model goes on, and then
//! round by round what the benchmark asks in the light of a reply.
//!
//! The thread that calls asks and writes; grading has threads of its own. Left out: trying again
//! within a run. A sample without a reply is asked again by the next run over the same store.

use std::ops::ControlFlow;
use std::thread;

use data::{Answers, Ask, Unanswered};

use crate::benchmark::{Benchmark, NotReady, Task};
use crate::conversation::Conversation;
use crate::graded::Graded;
use crate::graders::Graders;
use crate::manifest::Manifest;
use crate::progress::Progress;
use crate::store::Store;
use crate::store_error::StoreError;
use crate::summary::NothingToSummarise;
use crate::under_way::UnderWay;

/// A measurement that came to its end.
#[derive(Debug)]
pub struct Evaluation {
    /// The result, as it was written to the store.
    pub manifest: Manifest,
    /// Every grade, in the order of problems, samples and turns.
    pub graded: Vec<Graded>,
    /// The samples that this run got no reply for.
    pub unanswered: Vec<Unanswered>,
}

/// Why a measurement did not come to its end. What was answered and graded is in the store, and the
/// same call goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum EvaluateError {
    /// Replies could not be graded here.
    #[error(transparent)]
    NotReady(#[from] NotReady),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store belongs to another benchmark or to other tasks.
    #[error(
        "the store is of `{planned}` with {tasks} tasks; give evaluate what its plan was made of"
    )]
    Other {
        /// The benchmark of the store's plan.
        planned: String,
        /// How many tasks it has.
        tasks: usize,
    },
    /// The model cannot be asked on.
    #[error("the model cannot be asked on after {answered} of {total} samples: {source}")]
    Model {
        /// Samples with a reply in the store.
        answered: usize,
        /// Samples wanted.
        total: usize,
        /// What the model said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The observer ended it.
    #[error("interrupted after {answered} of {total} samples; the same command goes on from there")]
    Interrupted {
        /// Samples with a reply in the store.
        answered: usize,
        /// Samples wanted.
        total: usize,
    },
    /// Not one sample has a reply, and to its follow-ups.
    #[error("none of {asked} samples has a reply; the first: {first}")]
    Silent {
        /// Samples asked for.
        asked: usize,
        /// Why the first has none.
        first: Unanswered,
    },
    /// No reply could be judged.
    #[error(transparent)]
    Nothing(#[from] NothingToSummarise),
}

/// What is told of a run: after every reply and after every grade.
pub type Observer<'a> = dyn FnMut(&Progress) -> ControlFlow<()> + 'a;

/// Asks `model` whatever the store's plan has not asked yet, grades whatever is not graded, asks on where
/// the benchmark does, and writes the manifest.
///
/// `tasks` are those the plan was made of ([`crate::TaskSet::tasks`]), and the model samples by the
/// plan's protocol and seed. The observer may end the run at any time.
///
/// # Errors
/// See [`EvaluateError`].
pub fn evaluate(
    model: &dyn Answers,
    benchmark: &dyn Benchmark,
    tasks: &[Task],
    store: &mut Store,
    observer: &mut Observer<'_>,
) -> Result<Evaluation, EvaluateError> {
    let plan = store.plan();
    if plan.benchmark != benchmark.name() || plan.tasks.tasks != tasks.len() {
        return Err(EvaluateError::Other {
            planned: plan.benchmark.clone(),
            tasks: plan.tasks.tasks,
        });
    }
    benchmark.ready(tasks)?;
    let unanswered = thread::scope(|scope| -> Result<Vec<Unanswered>, EvaluateError> {
        let graders = || Graders::start(scope, benchmark);
        let mut run = UnderWay::new(tasks, store, graders(), observer);
        let unasked = run.grade_stored()?;
        let first = unasked.into_iter().map(|(task, sample)| {
            let said = Default::default();
            Conversation { task, sample, said }.ask(benchmark)
        });
        let mut asks: Box<dyn Iterator<Item = Ask> + Send> = Box::new(first);
        loop {
            let asked = match run.go_on() {
                ControlFlow::Continue(()) => {
                    model.answer(&mut *asks, &mut |ask, reply| run.hear(ask, reply))
                }
                ControlFlow::Break(()) => Ok(()),
            };
            run.grade_rest();
            run.check(asked)?;
            let further = run.further(benchmark);
            if further.is_empty() {
                return Ok(run.unanswered);
            }
            run.graders = graders();
            asks = Box::new(further.into_iter());
        }
    })?;
    store.sync()?;
    if let (0, Some(first)) = (store.finished(), unanswered.first()) {
        return Err(EvaluateError::Silent {
            asked: unanswered.len(),
            first: first.clone(),
        });
    }
    let graded: Vec<Graded> = store.graded().cloned().collect();
    let manifest = Manifest::new(store, benchmark, tasks, &graded)?;
    store.settle()?;
    manifest.write(store.dir())?;
    Ok(Evaluation {
        manifest,
        graded,
        unanswered,
    })
}
