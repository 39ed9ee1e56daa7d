//! The threads that grade, one per processor.

use std::num::NonZero;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, Scope};

use data::Reply;

use crate::benchmark::{Benchmark, Task};
use crate::graded::Graded;

/// Replies that wait to be graded before whoever brings them is made to wait.
const WAITING: usize = 4096;

/// A reply to grade: its task, which sample it is, and what was said.
pub(crate) type Job<'a> = (&'a Task, u32, Reply);

/// Where replies go and grades come from. Dropped, it grades nothing further.
pub(crate) struct Graders<'a> {
    jobs: Option<SyncSender<Job<'a>>>,
    grades: Receiver<Graded>,
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
                while let Some((task, sample, reply)) = next() {
                    if stopped.load(Ordering::Relaxed) {
                        continue;
                    }
                    let judged = benchmark.grade(task, &reply);
                    if done
                        .send(Graded::of_reply(task, sample, &reply, judged))
                        .is_err()
                    {
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

    /// A grade that is there already.
    pub(crate) fn ready(&self) -> Option<Graded> {
        self.grades.try_recv().ok()
    }

    /// The next grade, waited for; `None` once every reply is graded. Nothing can be handed over
    /// after this.
    pub(crate) fn rest(&mut self) -> Option<Graded> {
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
