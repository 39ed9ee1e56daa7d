//! One measurement: a stream of questions across all tasks, graded while the model goes on.
//!
//! The thread that calls asks and writes; grading has threads of its own. Left out: trying again
//! within a run. A sample without a reply is asked again by the next run over the same store.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::thread;

use data::{Answers, Ask, Reply, Unanswered};

use crate::benchmark::{Benchmark, NotReady, Task};
use crate::graded::Graded;
use crate::graders::Graders;
use crate::manifest::Manifest;
use crate::progress::{Progress, Running};
use crate::store::{Key, Store, StoreError};
use crate::summary::NothingToSummarise;

/// A measurement that came to its end.
#[derive(Debug)]
pub struct Evaluation {
    /// The result, as it was written to the store.
    pub manifest: Manifest,
    /// Every grade, in the order of problems and samples.
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
        /// Replies in the store.
        answered: usize,
        /// Replies wanted.
        total: usize,
        /// What the model said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The observer ended it.
    #[error("interrupted after {answered} of {total} samples; the same command goes on from there")]
    Interrupted {
        /// Replies in the store.
        answered: usize,
        /// Replies wanted.
        total: usize,
    },
    /// Not one sample has a reply.
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

/// Asks `model` whatever the store's plan has not asked yet, grades whatever is not graded, and
/// writes the manifest.
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
    let samples = plan.protocol.samples;
    let unanswered = thread::scope(|scope| {
        let mut run = Run::new(
            tasks,
            samples,
            store,
            Graders::start(scope, benchmark),
            observer,
        );
        let mut asks = open(tasks, samples, run.store)
            .into_iter()
            .map(|(task, sample)| Ask {
                id: task.problem.id.clone(),
                sample,
                messages: benchmark.messages(task),
            });
        run.grade_stored();
        let asked = match run.go_on() {
            ControlFlow::Continue(()) => {
                model.answer(&mut asks, &mut |ask, reply| run.hear(ask, reply))
            }
            ControlFlow::Break(()) => Ok(()),
        };
        run.end(asked)
    })?;
    store.sync()?;
    if let (true, Some(first)) = (store.is_empty(), unanswered.first()) {
        return Err(EvaluateError::Silent {
            asked: unanswered.len(),
            first: first.clone(),
        });
    }
    let graded: Vec<Graded> = store.graded().cloned().collect();
    let manifest = Manifest::new(store, benchmark, tasks, &graded)?;
    manifest.write(store.dir())?;
    Ok(Evaluation {
        manifest,
        graded,
        unanswered,
    })
}

/// The samples without a reply, task by task.
fn open<'a>(tasks: &'a [Task], samples: u32, store: &Store) -> Vec<(&'a Task, u32)> {
    let all = tasks
        .iter()
        .flat_map(|task| (0..samples).map(move |sample| (task, sample)));
    all.filter(|(task, sample)| !store.has(&(task.problem.id.clone(), *sample)))
        .collect()
}

/// What is under way.
struct Run<'a, 'o> {
    tasks: BTreeMap<&'a str, &'a Task>,
    store: &'o mut Store,
    graders: Graders<'a>,
    observer: &'o mut Observer<'o>,
    running: Running,
    unanswered: Vec<Unanswered>,
    failure: Option<StoreError>,
    interrupted: bool,
}

type Asked = Result<(), Box<dyn std::error::Error + Send + Sync>>;

impl<'a, 'o> Run<'a, 'o> {
    fn new(
        tasks: &'a [Task],
        samples: u32,
        store: &'o mut Store,
        graders: Graders<'a>,
        observer: &'o mut Observer<'o>,
    ) -> Self {
        let mut running = Running::new(tasks.len() * samples as usize);
        running.progress.answered = store.len();
        for grade in store.graded() {
            running.count(grade);
        }
        Self {
            tasks: tasks
                .iter()
                .map(|task| (task.problem.id.as_str(), task))
                .collect(),
            store,
            graders,
            observer,
            running,
            unanswered: Vec::new(),
            failure: None,
            interrupted: false,
        }
    }

    /// Grades the replies an earlier run was given.
    fn grade_stored(&mut self) {
        for ((id, sample), reply) in self.store.take_ungraded() {
            if let Some(task) = self.tasks.get(id.as_str()) {
                self.graders.grade((task, sample, reply));
            }
        }
    }

    /// Takes a reply, or the news that there is none.
    fn hear(&mut self, ask: Ask, reply: Result<Reply, Unanswered>) -> ControlFlow<()> {
        let key: Key = (ask.id, ask.sample);
        match (reply, self.tasks.get(key.0.as_str())) {
            (Err(missing), _) => {
                self.running.progress.unanswered += 1;
                self.unanswered.push(missing);
            }
            (Ok(reply), Some(&task)) if !self.store.has(&key) => {
                let sample = key.1;
                if let Err(error) = self.store.put_reply(key, &reply) {
                    return self.fail(error);
                }
                self.running.progress.answered += 1;
                self.graders.grade((task, sample, reply));
            }
            // Nobody asked, or it has answered before.
            (Ok(_), _) => return ControlFlow::Continue(()),
        }
        while let Some(grade) = self.graders.ready() {
            self.keep(grade)?;
        }
        self.go_on()
    }

    fn keep(&mut self, grade: Graded) -> ControlFlow<()> {
        self.running.count(&grade);
        match self.store.put_grade(grade) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => self.fail(error),
        }
    }

    fn fail(&mut self, error: StoreError) -> ControlFlow<()> {
        self.failure = Some(error);
        ControlFlow::Break(())
    }

    /// Tells the observer, who may have had enough.
    fn go_on(&mut self) -> ControlFlow<()> {
        self.interrupted |= (self.observer)(&self.running.progress).is_break();
        match self.interrupted {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }

    /// Waits for the grades that are still to come, and says what became of it all.
    fn end(mut self, asked: Asked) -> Result<Vec<Unanswered>, EvaluateError> {
        while !self.interrupted && self.failure.is_none() {
            let Some(grade) = self.graders.rest() else {
                break;
            };
            let _ = self.keep(grade);
            let _ = self.go_on();
        }
        let (answered, total) = (self.store.len(), self.running.progress.total);
        match (self.failure, asked) {
            (Some(error), _) => Err(error.into()),
            (None, _) if self.interrupted => Err(EvaluateError::Interrupted { answered, total }),
            (None, Err(source)) => Err(EvaluateError::Model {
                answered,
                total,
                source,
            }),
            (None, Ok(())) => Ok(self.unanswered),
        }
    }
}
