//! Batched sampling with a key-value cache.
//!
//! A prompt is read once and its cache repeated for its samples. Rows that have ended leave the
//! batch; prompts that wait take the place freed once a batch is through. Each sample draws from
//! its own random stream, so neither batch size nor order decides what it says.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use burn::tensor::{Int, Tensor, TensorData};
use data::Finish;
use rayon::prelude::*;

use crate::sampling::{Sampler, Sampling};
use crate::{Cache, CausalLm, TokenBatch};

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
    /// Tokens after which a response is cut off.
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

/// Rows of a batch on the CPU at most.
const ROWS_IN_CACHE: usize = 64;

/// The cache is compacted once this share of its rows or less is still alive: doing it for every
/// row that ends would copy more than it saves.
const COMPACT: (usize, usize) = (7, 8);

/// Samples responses, in order of prompt, then sample. `on_done` hears how many have ended since
/// it was last called.
///
/// On the CPU, where short batches fit its caches, several are under way at once
/// ([`kernels::lanes`]). How the prompts are cut into batches does not depend on the machine. The
/// model should be a [`valid`](burn::module::Module::valid) one: nothing here needs
/// gradients.
pub fn generate<M: CausalLm>(
    model: &M,
    prompts: &[Prompt],
    options: &GenerateOptions,
    on_done: &mut (dyn FnMut(usize) + Send),
) -> Vec<Rollout> {
    let device = model.device();
    let rows = match kernels::has_lanes(&device) {
        true => options.max_rows.min(ROWS_IN_CACHE),
        false => options.max_rows,
    };
    let per_batch = (rows / options.samples.max(1) as usize).max(1);
    let batches: Vec<Range<usize>> = (0..prompts.len())
        .step_by(per_batch)
        .map(|first| first..(first + per_batch).min(prompts.len()))
        .collect();
    let on_done = Mutex::new(on_done);
    let done = |count| on_done.lock().unwrap_or_else(PoisonError::into_inner)(count);
    kernels::side_by_side(&device, batches, |range| {
        generate_batch(model, prompts, range, options, &done)
    })
    .concat()
}

/// A response under way.
struct Row {
    rollout: Rollout,
    sampler: Sampler,
    done: bool,
}

fn generate_batch<M: CausalLm>(
    model: &M,
    prompts: &[Prompt],
    range: Range<usize>,
    options: &GenerateOptions,
    on_done: &(dyn Fn(usize) + Sync),
) -> Vec<Rollout> {
    let batch_prompts = &prompts[range.clone()];
    let tokens: Vec<&[u32]> = batch_prompts.iter().map(|p| p.tokens.as_slice()).collect();
    let batch = TokenBatch::new(&tokens);
    let mut cache = model.cache(batch.rows(), batch.width() + options.max_new_tokens);
    let hidden_btd = model.decode(&batch, &mut cache);
    let last: Vec<usize> = batch.lengths().iter().map(|&length| length - 1).collect();
    let mut logits = last_logits(model, hidden_btd, &last);
    let vocabulary = model.vocabulary();

    let mut rows = start_rows(prompts, range, options);
    // live[i] is the row whose cache is at place i; source[i] where its logits are.
    let mut live: Vec<usize> = (0..rows.len()).collect();
    let mut source: Vec<usize> = live
        .iter()
        .map(|&row| row / options.samples as usize)
        .collect();
    cache.select(&source);
    let mut reported = 0;
    loop {
        let mut places: Vec<Option<usize>> = vec![None; rows.len()];
        live.iter()
            .zip(&source)
            .for_each(|(&row, &place)| places[row] = Some(place));
        rows.par_iter_mut().zip(&places).for_each(|(row, place)| {
            if let (false, Some(place)) = (row.done, place) {
                row.extend(&logits[place * vocabulary..][..vocabulary], options);
            }
        });
        let ended = rows.iter().filter(|row| row.done).count();
        on_done(ended - reported);
        reported = ended;
        if ended == rows.len() {
            break;
        }
        let alive: Vec<usize> = (0..live.len()).filter(|&i| !rows[live[i]].done).collect();
        if alive.len() * COMPACT.1 <= live.len() * COMPACT.0 {
            cache.select(&alive);
            live = alive.iter().map(|&place| live[place]).collect();
        }
        let next: Vec<[u32; 1]> = live.iter().map(|&row| [rows[row].last()]).collect();
        let hidden_btd = model.decode(&TokenBatch::new(&next), &mut cache);
        logits = last_logits(model, hidden_btd, &vec![0; live.len()]);
        source = (0..live.len()).collect();
    }
    rows.into_iter().map(|row| row.rollout).collect()
}

fn start_rows(prompts: &[Prompt], range: Range<usize>, options: &GenerateOptions) -> Vec<Row> {
    range
        .flat_map(|prompt| (0..options.samples).map(move |sample| (prompt, sample)))
        .map(|(prompt, sample)| Row {
            rollout: Rollout {
                prompt,
                sample,
                tokens: Vec::new(),
                log_probs: Vec::new(),
                finish: Finish::Length,
            },
            sampler: Sampler::new(options.seed, &prompts[prompt].id, sample),
            done: false,
        })
        .collect()
}

impl Row {
    fn extend(&mut self, logits: &[f32], options: &GenerateOptions) {
        let (token, log_prob) = self.sampler.draw(logits, &options.sampling);
        self.rollout.tokens.push(token);
        self.rollout.log_probs.push(log_prob);
        if token == options.end_token {
            self.rollout.finish = Finish::Stop;
            self.done = true;
        } else if self.rollout.tokens.len() >= options.max_new_tokens {
            self.done = true;
        }
    }

    fn last(&self) -> u32 {
        *self
            .rollout
            .tokens
            .last()
            .expect("a live row has drawn a token")
    }
}

/// Logits at one position a row, on the host, row by row.
fn last_logits<M: CausalLm>(model: &M, hidden_btd: Tensor<3>, last: &[usize]) -> Vec<f32> {
    let width = hidden_btd.dims()[1];
    let flat = last.iter().enumerate().map(|(row, col)| row * width + col);
    logits_at(model, hidden_btd, flat.collect())
}

/// Logits at flat positions, on the host, one after the other.
pub(crate) fn logits_at<M: CausalLm>(
    model: &M,
    hidden_btd: Tensor<3>,
    flat: Vec<usize>,
) -> Vec<f32> {
    let [b, t, d] = hidden_btd.dims();
    let flat: Vec<i32> = flat.into_iter().map(|at| at as i32).collect();
    let count = flat.len();
    let index = Tensor::<1, Int>::from_data(TensorData::new(flat, [count]), &hidden_btd.device());
    let hidden_nd = hidden_btd.reshape([b * t, d]).select(0, index);
    model.logits(hidden_nd).into_data().iter::<f32>().collect()
}
