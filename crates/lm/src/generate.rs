//! Sampling for a list of prompts: engines until the list is done.
//!
//! On the CPU small models have several engines, each on a thread of its own; they take prompts
//! from one list. Which engine reads a prompt, and beside what, does not change what is said.

use std::collections::{HashMap, VecDeque};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use data::Finish;

use crate::CausalLm;
use crate::engine::{Engine, EngineOptions, Event, Request, Ticket};
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

/// Samples responses, in order of prompt, then sample. `on_done` hears how many have ended since
/// it was last called.
///
/// On the CPU, where short batches fit its caches, several are under way at once
/// ([`kernels::lanes`]). A response depends on the seed, its prompt and its sample alone: on the
/// CPU it is the same to the bit for any `max_rows`, number of threads, and other prompts. The
/// model should be a [`valid`](burn::module::Module::valid) one: nothing here needs gradients.
///
/// # Panics
/// If a prompt is empty or has a token outside the vocabulary, or a sampling setting is outside
/// its range ([`Sampling::validate`]).
pub fn generate<M: CausalLm>(
    model: &M,
    prompts: &[Prompt],
    options: &GenerateOptions,
    on_done: &mut (dyn FnMut(usize) + Send),
) -> Vec<Rollout> {
    let total = prompts.len() * options.samples as usize;
    if total == 0 {
        return Vec::new();
    }
    let device = model.device();
    let rows = options.max_rows.clamp(1, total);
    let lanes = (rows / ROWS_IN_CACHE.start).clamp(1, kernels::lanes(&device));
    let mut rows = rows.div_ceil(lanes);
    if lanes > 1 {
        rows = rows.min(ROWS_IN_CACHE.end);
    }
    let list = List {
        jobs: Mutex::new(jobs(prompts.len(), options.samples, rows)),
        rollouts: Mutex::new((0..total).map(|_| None).collect()),
        on_done: Mutex::new(on_done),
        prompts,
        options,
    };
    match lanes {
        1 => list.work(model, rows),
        _ => {
            kernels::side_by_side(&device, vec![(); lanes], |()| list.work(model, rows));
        }
    }
    let rollouts = list.rollouts.into_inner();
    let rollouts = rollouts.unwrap_or_else(PoisonError::into_inner).into_iter();
    rollouts
        .map(|rollout| rollout.expect("every job was done"))
        .collect()
}

/// A prompt and some of its samples.
type Job = (usize, Range<u32>);

/// All samples, at most `rows` of a prompt together.
fn jobs(prompts: usize, samples: u32, rows: usize) -> VecDeque<Job> {
    let parts = move |prompt| {
        let starts = (0..samples).step_by(rows);
        starts.map(move |first| {
            let end = (first as usize + rows).min(samples as usize);
            (prompt, first..end as u32)
        })
    };
    (0..prompts).flat_map(parts).collect()
}

/// What is to be done and what has been.
struct List<'a> {
    jobs: Mutex<VecDeque<Job>>,
    rollouts: Mutex<Vec<Option<Rollout>>>,
    on_done: Mutex<&'a mut (dyn FnMut(usize) + Send)>,
    prompts: &'a [Prompt],
    options: &'a GenerateOptions,
}

fn lock<T: ?Sized>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl List<'_> {
    /// Does jobs on an engine of `rows` rows until there are none.
    fn work<M: CausalLm>(&self, model: &M, rows: usize) {
        let longest = self.prompts.iter().map(|prompt| prompt.tokens.len()).max();
        let capacity = longest.unwrap_or(0) + self.options.max_new_tokens.max(1);
        let mut engine = Engine::new(model, EngineOptions::new(rows, capacity))
            .expect("memory without a limit is enough");
        let mut under_way: HashMap<(Ticket, u32), Rollout> = HashMap::new();
        loop {
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
            let mut ended = 0;
            for event in events {
                match event {
                    Event::Token(spoken) => {
                        let key = (spoken.ticket, spoken.sample);
                        let rollout = under_way.get_mut(&key).expect("it was submitted");
                        rollout.tokens.push(spoken.token);
                        rollout.log_probs.push(spoken.log_prob);
                    }
                    Event::Finished {
                        ticket,
                        sample,
                        reason,
                    } => {
                        let mut rollout = under_way
                            .remove(&(ticket, sample))
                            .expect("it was submitted");
                        rollout.finish = reason.into();
                        let samples = self.options.samples as usize;
                        let place = rollout.prompt * samples + sample as usize;
                        lock(&self.rollouts)[place] = Some(rollout);
                        ended += 1;
                    }
                }
            }
            if ended > 0 {
                lock(&self.on_done)(ended);
            }
        }
    }

    fn submit<M: CausalLm>(
        &self,
        engine: &mut Engine<'_, M>,
        prompt: usize,
        samples: Range<u32>,
    ) -> Ticket {
        let Prompt { id, tokens } = &self.prompts[prompt];
        let new = self.options.max_new_tokens.max(1);
        let request = Request {
            samples,
            sampling: self.options.sampling,
            end_tokens: vec![self.options.end_token],
            seed: self.options.seed,
            ..Request::new(id.clone(), tokens.clone(), new)
        };
        match engine.submit(request) {
            Ok(ticket) => ticket,
            Err(error) => panic!("prompt {id}: {error}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_cover_every_sample_once() {
        assert_eq!(jobs(2, 3, 8), [(0, 0..3), (1, 0..3)]);
        assert_eq!(jobs(1, 5, 2), [(0, 0..2), (0, 2..4), (0, 4..5)]);
        assert_eq!(jobs(3, 0, 2), []);
    }
}
