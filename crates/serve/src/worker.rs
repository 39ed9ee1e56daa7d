//! The thread the engine runs on.
//!
//! Requests come in over a channel and their tokens go out over one each. Nothing here waits for a
//! client: what a slow one has not read yet lies in its channel, at most the tokens it asked for.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use lm::{CausalLm, Engine, EngineOptions, Event, Reason, Request, Shortage, Spoken, Ticket};
use tokio::sync::{mpsc as tokio_mpsc, oneshot};

use crate::error::ApiError;

/// What a request hears.
#[derive(Debug)]
pub(crate) enum Heard {
    /// A token of a sample.
    Token(Spoken),
    /// A sample has ended.
    Finished { sample: u32, reason: Reason },
}

/// Where a request hears it.
pub(crate) type Events = tokio_mpsc::UnboundedReceiver<Heard>;

struct Job {
    request: Request,
    events: tokio_mpsc::UnboundedSender<Heard>,
    taken: oneshot::Sender<Result<(), lm::RequestError>>,
}

/// An engine at work.
#[derive(Debug, Clone)]
pub struct Worker {
    jobs: mpsc::Sender<Job>,
    load: Arc<Load>,
    most: usize,
    options: EngineOptions,
}

/// How busy the engine is.
#[derive(Debug, Default)]
struct Load {
    /// Samples that were taken and have not ended.
    open: AtomicUsize,
    /// Samples with a row.
    running: AtomicUsize,
}

impl Worker {
    /// Starts an engine for `model`, which takes at most `queue` samples more than it has rows.
    ///
    /// # Errors
    /// [`Shortage`] if the memory allowed does not suffice.
    ///
    /// # Panics
    /// If the system gives no thread.
    pub fn start<M: CausalLm + Send + 'static>(
        model: M,
        options: EngineOptions,
        queue: usize,
    ) -> Result<Self, Shortage> {
        options.check(&model)?;
        let model = model.packed();
        let (jobs, incoming) = mpsc::channel();
        let load = Arc::new(Load::default());
        let worker = Self {
            jobs,
            load: Arc::clone(&load),
            most: options.max_rows + queue,
            options,
        };
        thread::Builder::new()
            .name("engine".into())
            .spawn(move || {
                if let Ok(engine) = Engine::new(&model, options) {
                    work(engine, &incoming, &load);
                }
            })
            .expect("a thread for the engine");
        Ok(worker)
    }

    /// The size of the engine.
    pub fn options(&self) -> &EngineOptions {
        &self.options
    }

    /// Samples with a row.
    pub fn running(&self) -> usize {
        self.load.running.load(Ordering::Relaxed)
    }

    /// Samples that wait for one.
    pub fn waiting(&self) -> usize {
        let open = self.load.open.load(Ordering::Relaxed);
        open.saturating_sub(self.running())
    }

    /// Queues a request; dropping what it hears cancels it.
    pub(crate) async fn submit(&self, request: Request) -> Result<Events, ApiError> {
        let samples = request.samples.len();
        let open = self.load.open.fetch_add(samples, Ordering::Relaxed);
        let give_back = || self.load.open.fetch_sub(samples, Ordering::Relaxed);
        if open + samples > self.most {
            give_back();
            return Err(ApiError::Busy(open));
        }
        let (events, heard) = tokio_mpsc::unbounded_channel();
        let (taken, answer) = oneshot::channel();
        let job = Job {
            request,
            events,
            taken,
        };
        if self.jobs.send(job).is_err() {
            give_back();
            return Err(ApiError::Stopped);
        }
        match answer.await {
            Ok(Ok(())) => Ok(heard),
            Ok(Err(error)) => {
                give_back();
                Err(error.into())
            }
            Err(_) => {
                give_back();
                Err(ApiError::Stopped)
            }
        }
    }
}

/// A request under way.
struct Open {
    events: tokio_mpsc::UnboundedSender<Heard>,
    /// Samples that have not ended.
    left: usize,
}

/// Works until every [`Worker`] is gone and every request done.
fn work<M: CausalLm>(mut engine: Engine<'_, M>, jobs: &mpsc::Receiver<Job>, load: &Load) {
    let mut open: HashMap<Ticket, Open> = HashMap::new();
    loop {
        let next = if open.is_empty() {
            load.running.store(0, Ordering::Relaxed);
            match jobs.recv() {
                Ok(job) => Some(job),
                Err(_) => return,
            }
        } else {
            jobs.try_recv().ok()
        };
        for job in next.into_iter().chain(jobs.try_iter()) {
            take(&mut engine, job, &mut open);
        }
        open.retain(|&ticket, request| {
            let stays = !request.events.is_closed();
            if !stays {
                engine.cancel(ticket);
                load.open.fetch_sub(request.left, Ordering::Relaxed);
            }
            stays
        });
        for event in engine.step() {
            tell(event, &mut open, load);
        }
        load.running.store(engine.running(), Ordering::Relaxed);
    }
}

fn take<M: CausalLm>(engine: &mut Engine<'_, M>, job: Job, open: &mut HashMap<Ticket, Open>) {
    let left = job.request.samples.len();
    let ticket = engine.submit(job.request);
    if let Ok(ticket) = &ticket {
        let request = Open {
            events: job.events,
            left,
        };
        open.insert(*ticket, request);
    }
    // Should nobody wait for the answer, the events' channel is closed as well and says so.
    drop(job.taken.send(ticket.map(|_| ())));
}

/// Passes an event on. Should nobody hear it, the next round cancels the request.
fn tell(event: Event, open: &mut HashMap<Ticket, Open>, load: &Load) {
    match event {
        Event::Token(spoken) => {
            if let Some(request) = open.get(&spoken.ticket) {
                drop(request.events.send(Heard::Token(spoken)));
            }
        }
        Event::Finished {
            ticket,
            sample,
            reason,
        } => {
            let Some(request) = open.get_mut(&ticket) else {
                return;
            };
            drop(request.events.send(Heard::Finished { sample, reason }));
            request.left -= 1;
            load.open.fetch_sub(1, Ordering::Relaxed);
            if request.left == 0 {
                open.remove(&ticket);
            }
        }
    }
}
