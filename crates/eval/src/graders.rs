//! The threads that grade, one per processor.

use std::num::NonZero;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, Scope};

use crate::benchmark::Benchmark;
use crate::conversation::Conversation;
use crate::graded::Graded;

/// Replies that wait to be graded before whoever brings them is made to wait.
const WAITING: usize = 4096;

/// A conversation, and the first of its turns that is to be graded.
pub(crate) type Job<'a> = (Conversation<'a>, usize);

/// A conversation whose turns are graded.
pub(crate) struct Done<'a> {
    pub(crate) conversation: Conversation<'a>,
    pub(crate) grades: Vec<Graded>,
    /// What the model is asked next, where it is.
    pub(crate) next: Option<String>,
}

/// Where replies go and grades come from. Dropped, it grades nothing further.
pub(crate) struct Graders<'a> {
    jobs: Option<SyncSender<Job<'a>>>,
    grades: Receiver<Done<'a>>,
    stopped: Arc<AtomicBool>,
}

impl<'a> Graders<'a> {
    pub(crate) fn start<'scope>(
        scope: &'scope Scope<'scope, '_>,
        benchmark: &'scope dyn Benchmark,
    ) -> Self
    where
        'a: 'scope,
    {
        let (jobs, waiting) = sync_channel::<Job<'a>>(WAITING);
        let (done, grades) = channel();
        let waiting = Arc::new(Mutex::new(waiting));
        let stopped = Arc::new(AtomicBool::new(false));
        for _ in 0..thread::available_parallelism().map_or(1, NonZero::get) {
            let (waiting, done) = (waiting.clone(), done.clone());
            let stopped = stopped.clone();
            scope.spawn(move || {
                let next = || {
                    let waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
                    waiting.recv().ok()
                };
                while let Some((conversation, from)) = next() {
                    if stopped.load(Ordering::Relaxed) {
                        continue;
                    }
                    let (grades, next) = conversation.grade(benchmark, from);
                    let graded = Done {
                        conversation,
                        grades,
                        next,
                    };
                    if done.send(graded).is_err() {
                        return;
                    }
                }
            });
        }
        Self {
            jobs: Some(jobs),
            grades,
            stopped,
        }
    }

    /// Hands a reply over; waits where too many are waiting.
    pub(crate) fn grade(&self, job: Job<'a>) {
        if let Some(jobs) = &self.jobs {
            // Nobody is there to take it only after a grader panicked, which its scope reports.
            let _ = jobs.send(job);
        }
    }

    /// What is graded already.
    pub(crate) fn ready(&self) -> Option<Done<'a>> {
        self.grades.try_recv().ok()
    }

    /// What is graded next, waited for; `None` once every reply is graded. Nothing can be handed over
    /// after this.
    pub(crate) fn rest(&mut self) -> Option<Done<'a>> {
        self.jobs = None;
        self.grades.recv().ok()
    }
}

impl Drop for Graders<'_> {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        self.jobs = None;
    }
}
