//! Sampling for a list of prompts: engines until the list is done.
//!
//! On the CPU there are several engines, each on a thread of its own; they take prompts from one
//! list. A single row of a large model has all threads to itself instead. Which engine reads a prompt,
//! and beside what, does not change what is said.

use std::collections::{HashMap, VecDeque};
use std::ops::{ControlFlow, Range};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use data::Finish;

use crate::CausalLm;
use crate::engine::{Engine, EngineOptions, Event, NotFinite, Request, Ticket};
use crate::sampling::Sampling;

/// Tokens to continue.
#[derive(Debug, Clone)]
pub struct Prompt {
    /// Seeds the random streams of its samples.
    pub id: String,
    /// Token ids, at least one.
    pub tokens: Vec<u32>,
}

/// How to sample.
#[derive(Debug, Clone)]
pub struct GenerateOptions {
    /// Samples a prompt.
    pub samples: u32,
    /// The sampling distribution.
    pub sampling: Sampling,
    /// Tokens after which a response is cut off; the first is drawn whatever this says.
    pub max_new_tokens: usize,
    /// The token that ends a response.
    pub end_token: u32,
    /// Root of all random streams.
    pub seed: u64,
    /// Rows sampled side by side at most.
    pub max_rows: usize,
    /// Bytes that [`packed_bytes`], their caches and logits may take; where `max_rows` would take more
    /// there are fewer, but one. `None`: not limited.
    pub memory: Option<u64>,
}

/// One sampled response.
#[derive(Debug, Clone, PartialEq)]
pub struct Rollout {
    /// Index into the prompts.
    pub prompt: usize,
    /// Which sample of that prompt, from 0.
    pub sample: u32,
    /// Response tokens; the end token is last when `finish` is `Stop`.
    pub tokens: Vec<u32>,
    /// Log-probability of each token under the sampling distribution.
    pub log_probs: Vec<f32>,
    /// Why it ended.
    pub finish: Finish,
}

/// Rows of an engine that has a thread to itself, at most and at least: more do not fit the
/// thread's caches, fewer leave its vector units idle.
const ROWS_IN_CACHE: Range<usize> = 8..64;

/// Weights a token passes through that the machine's caches hold, roughly: those of a larger model
/// come from memory at every step, for every engine anew.
const WEIGHTS_IN_CACHE: usize = 1 << 23;

/// Rows an engine on a thread of its own needs for that to be worth it.
const ROWS_WORTH_WEIGHTS: usize = 32;

/// Multiply-adds of a step below which a second thread costs more than it saves.
const SHORT_STEP: usize = 1 << 24;

/// Samples responses, in order of prompt, then sample. `on_done` hears how many have ended since
/// it was last called.
///
/// On the CPU, where short batches fit its caches, several are under way at once
/// ([`kernels::lanes`]). A response depends on the seed, its prompt and its sample alone: on the
/// CPU it is the same to the bit for any `max_rows`, number of threads, and other prompts. The
/// model should be a [`valid`](burn::module::Module::valid) one: nothing here needs gradients.
///
/// # Errors
/// Logits that are not finite; what else was said is lost.
///
/// # Panics
/// If a prompt is empty or has a token outside the vocabulary, or a sampling setting is outside
/// its range ([`Sampling::validate`]).
pub fn generate<M: CausalLm>(
    model: &M,
    prompts: &[Prompt],
    options: &GenerateOptions,
    on_done: &mut (dyn FnMut(usize) + Send),
) -> Result<Vec<Rollout>, NotFinite> {
    let samples = options.samples as usize;
    let requests: Vec<Request> = prompts.iter().map(|it| options.request(it)).collect();
    let mut rollouts: Vec<Option<Rollout>> = vec![None; prompts.len() * samples];
    respond(
        model,
        &requests,
        options.rows(model, &requests),
        &mut |heard| {
            if let Heard::Response(rollout) = heard {
                let place = rollout.prompt * samples + rollout.sample as usize;
                rollouts[place] = Some(rollout);
                on_done(1);
            }
            ControlFlow::Continue(())
        },
    )?;
    let rollouts = rollouts.into_iter();
    Ok(rollouts
        .map(|rollout| rollout.expect("every job was done"))
        .collect())
}

/// Something that happened while [`respond`] was at work.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    /// So many tokens more were said.
    Tokens(usize),
    /// A response has ended; `prompt` is the place of its request.
    Response(Rollout),
}

/// Answers requests, each with an end, a length and a sampling of its own, and tells of every
/// response as it ends: in about the order of the requests, which are begun in order. `hear` may
/// break off all that is under way.
///
/// What [`generate`] says of rows, threads and the model holds here.
///
/// # Errors
/// Logits that are not finite, which break off everything.
///
/// # Panics
/// If a request cannot be taken ([`RequestError`](crate::RequestError)) but for its length, for
/// which there is always room.
pub fn respond<M: CausalLm>(
    model: &M,
    requests: &[Request],
    max_rows: usize,
    hear: &mut (dyn FnMut(Heard) -> ControlFlow<()> + Send),
) -> Result<(), NotFinite> {
    let total: usize = requests.iter().map(|request| request.samples.len()).sum();
    if total == 0 {
        return Ok(());
    }
    let model = &model.clone().packed();
    let device = model.device();
    let rows = max_rows.clamp(1, total);
    let threads = kernels::lanes(&device);
    let lanes = match model.parameters().1 > WEIGHTS_IN_CACHE && rows < ROWS_WORTH_WEIGHTS * threads
    {
        true => 1,
        false => (rows / ROWS_IN_CACHE.start).clamp(1, threads),
    };
    let mut rows = rows.div_ceil(lanes);
    if lanes > 1 {
        rows = rows.min(ROWS_IN_CACHE.end);
    }
    let list = List {
        jobs: Mutex::new(jobs(requests, rows)),
        hear: Mutex::new(hear),
        broken_off: AtomicBool::new(false),
        failed: Mutex::new(None),
        requests,
    };
    if lanes == 1 && rows.saturating_mul(model.parameters().1) > SHORT_STEP {
        list.work(model, rows);
    } else {
        kernels::side_by_side(&device, vec![(); lanes], |()| list.work(model, rows));
    }
    let failed = list.failed.into_inner();
    match failed.unwrap_or_else(PoisonError::into_inner) {
        Some(failed) => Err(failed),
        None => Ok(()),
    }
}

/// Bytes that [`CausalLm::packed`] takes where somebody else goes on holding the weights, as whoever
/// trains them does: those of all of them on the CPU, none elsewhere.
pub fn packed_bytes<M: CausalLm>(model: &M) -> u64 {
    match kernels::has_lanes(&model.device()) {
        true => 4 * model.parameters().0 as u64,
        false => 0,
    }
}

impl GenerateOptions {
    /// As many rows as there may be and as the memory holds, one at least.
    fn rows<M: CausalLm>(&self, model: &M, requests: &[Request]) -> usize {
        let spare = |bytes: u64| bytes.saturating_sub(packed_bytes(model));
        let options = EngineOptions {
            memory: self.memory.map(spare),
            ..EngineOptions::new(self.max_rows, capacity(requests))
        };
        match options.check(model) {
            Ok(()) => self.max_rows,
            Err(shortage) => shortage.fitting.max(1),
        }
    }

    fn request(&self, prompt: &Prompt) -> Request {
        let new = self.max_new_tokens.max(1);
        Request {
            samples: 0..self.samples,
            sampling: self.sampling,
            end_tokens: vec![self.end_token],
            seed: self.seed,
            ..Request::new(prompt.id.clone(), prompt.tokens.clone(), new)
        }
    }
}

/// Tokens in which two lists of responses to the same prompts differ, place by place: the price of
/// rounding that depends on the batch, where a device has it.
pub fn differing_tokens(left: &[Rollout], right: &[Rollout]) -> usize {
    let pair = |(left, right): (&Rollout, &Rollout)| {
        let (left, right) = (&left.tokens, &right.tokens);
        let differ = left.iter().zip(right).filter(|(a, b)| a != b).count();
        differ + left.len().abs_diff(right.len())
    };
    left.iter().zip(right).map(pair).sum()
}

/// Tokens of the longest prompt with the longest response to it.
fn capacity(requests: &[Request]) -> usize {
    let lengths = requests.iter();
    let lengths = lengths.map(|request| request.tokens.len() + request.max_new_tokens);
    lengths.max().unwrap_or(0)
}

/// The place of a request and some of its samples.
type Job = (usize, Range<u32>);

/// All samples, at most `rows` of a request together.
fn jobs(requests: &[Request], rows: usize) -> VecDeque<Job> {
    let parts = |(place, request): (usize, &Request)| {
        let Range { start, end } = request.samples;
        let starts = (start..end).step_by(rows);
        starts.map(move |first| (place, first..end.min(first.saturating_add(rows as u32))))
    };
    requests.iter().enumerate().flat_map(parts).collect()
}

/// What is to be done, and who hears of it.
struct List<'a> {
    jobs: Mutex<VecDeque<Job>>,
    hear: Mutex<&'a mut (dyn FnMut(Heard) -> ControlFlow<()> + Send)>,
    broken_off: AtomicBool,
    failed: Mutex<Option<NotFinite>>,
    requests: &'a [Request],
}

fn lock<T: ?Sized>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl List<'_> {
    /// Does jobs on an engine of `rows` rows until there are none.
    fn work<M: CausalLm>(&self, model: &M, rows: usize) {
        let options = EngineOptions::new(rows, capacity(self.requests));
        let mut engine = Engine::new(model, options).expect("memory without a limit is enough");
        let mut under_way: HashMap<(Ticket, u32), Rollout> = HashMap::new();
        while !self.broken_off.load(Ordering::Relaxed) {
            while engine.waiting() < engine.free_rows() {
                let Some((prompt, samples)) = lock(&self.jobs).pop_front() else {
                    break;
                };
                let ticket = self.submit(&mut engine, prompt, samples.clone());
                under_way.extend(samples.map(|sample| {
                    let rollout = Rollout {
                        prompt,
                        sample,
                        tokens: Vec::new(),
                        log_probs: Vec::new(),
                        finish: Finish::Length,
                    };
                    ((ticket, sample), rollout)
                }));
            }
            let events = engine.step();
            if events.is_empty() {
                return;
            }
            self.tell(events, &mut under_way);
        }
    }

    fn tell(&self, events: Vec<Event>, under_way: &mut HashMap<(Ticket, u32), Rollout>) {
        let mut said = 0;
        let mut ended = Vec::new();
        for event in events {
            match event {
                Event::Token(spoken) => {
                    let key = (spoken.ticket, spoken.sample);
                    let rollout = under_way.get_mut(&key).expect("it was submitted");
                    rollout.tokens.push(spoken.token);
                    rollout.log_probs.push(spoken.log_prob);
                    said += 1;
                }
                Event::Finished {
                    ticket,
                    sample,
                    reason,
                } => {
                    let rollout = under_way.remove(&(ticket, sample));
                    let mut rollout = rollout.expect("it was submitted");
                    let Some(finish) = reason.finish() else {
                        *lock(&self.failed) = Some(self.not_finite(&rollout));
                        self.broken_off.store(true, Ordering::Relaxed);
                        return;
                    };
                    rollout.finish = finish;
                    ended.push(rollout);
                }
            }
        }
        let mut hear = lock(&self.hear);
        let heard = std::iter::once(Heard::Tokens(said));
        for heard in heard.chain(ended.into_iter().map(Heard::Response)) {
            // Another thread may have broken off since; nothing more is told then.
            let broken_off = self.broken_off.load(Ordering::Relaxed);
            if broken_off || hear(heard).is_break() {
                self.broken_off.store(true, Ordering::Relaxed);
                return;
            }
        }
    }

    fn not_finite(&self, rollout: &Rollout) -> NotFinite {
        NotFinite {
            id: self.requests[rollout.prompt].id.clone(),
            sample: rollout.sample,
            after: rollout.tokens.len(),
        }
    }

    fn submit<M: CausalLm>(
        &self,
        engine: &mut Engine<'_, M>,
        place: usize,
        samples: Range<u32>,
    ) -> Ticket {
        let request = &self.requests[place];
        let part = Request {
            samples,
            sampling: request.sampling,
            end_tokens: request.end_tokens.clone(),
            seed: request.seed,
            top_log_probs: request.top_log_probs,
            stop: request.stop.as_ref().map(|stop| stop.fresh()),
            ..Request::new(
                request.id.clone(),
                request.tokens.clone(),
                request.max_new_tokens,
            )
        };
        match engine.submit(part) {
            Ok(ticket) => ticket,
            Err(error) => panic!("prompt {}: {error}", request.id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_cover_every_sample_once() {
        let requests = |count: usize, samples: Range<u32>| {
            let request = || Request {
                samples: samples.clone(),
                ..Request::new("", vec![1], 1)
            };
            (0..count).map(|_| request()).collect::<Vec<_>>()
        };
        assert_eq!(jobs(&requests(2, 0..3), 8), [(0, 0..3), (1, 0..3)]);
        assert_eq!(
            jobs(&requests(1, 0..5), 2),
            [(0, 0..2), (0, 2..4), (0, 4..5)]
        );
        assert_eq!(jobs(&requests(1, 3..5), 2), [(0, 3..5)]);
        assert_eq!(jobs(&requests(3, 0..0), 2), []);
    }
}
