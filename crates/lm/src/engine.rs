//! Generation for whoever asks, whenever: requests come and go while others are under way.
//!
//! An engine has a cache of a fixed number of rows, each with room for a fixed number of tokens.
//! [`submit`](Engine::submit) queues a request; every [`step`](Engine::step) gives free rows to the
//! samples that wait, first come, first served, and draws a token for every row. A prompt is read
//! once: its further samples take a copy of its cache. A row that ends is free for the next step.
//!
//! What a sample says depends on its request alone: on the CPU to the bit, since there every
//! operation computes a row as if it were the only one. Elsewhere rounding may depend on the rows
//! beside it.
//!
//! Left out: sharing the cache of prompts that begin alike, and reading a long prompt in parts
//! between steps of the rows that speak.

mod admit;
mod budget;
mod many;
mod request;
mod row;

use std::collections::VecDeque;

use burn::tensor::{Int, Tensor, TensorData};
use rayon::prelude::*;

use admit::Waiting;
pub use budget::{Draw, EngineOptions, Shortage};
pub use request::{Event, NotFinite, Reason, Request, RequestError, Spoken, Ticket, TopLogProbs};
use row::Row;

use crate::{CausalLm, TokenBatch};

/// Samples from one model.
///
/// The model should be a [`valid`](burn::module::Module::valid) one: nothing here needs gradients.
#[derive(Debug)]
pub struct Engine<'m, M: CausalLm> {
    model: &'m M,
    options: EngineOptions,
    sync_every: usize,
    cache: M::Cache,
    /// Rows of the cache nobody speaks in; the last is the next to be taken.
    free: Vec<usize>,
    waiting: VecDeque<Waiting>,
    rows: Vec<Row>,
    submitted: u64,
}

impl<'m, M: CausalLm> Engine<'m, M> {
    /// An engine with its cache allocated.
    ///
    /// # Errors
    /// [`Shortage`] if the memory allowed does not suffice, before anything is allocated.
    pub fn new(model: &'m M, options: EngineOptions) -> Result<Self, Shortage> {
        let options = EngineOptions {
            max_rows: options.max_rows.max(1),
            ..options
        };
        options.check(model)?;
        let on_host = kernels::has_lanes(&model.device());
        let sync_every = match options.draw {
            Draw::Host => 0,
            Draw::Auto if on_host => 0,
            Draw::Auto => 8,
            Draw::Device { sync_every } => sync_every.max(1),
        };
        Ok(Self {
            model,
            options,
            sync_every,
            cache: model.cache(options.max_rows, options.capacity),
            free: (0..options.max_rows).rev().collect(),
            waiting: VecDeque::new(),
            rows: Vec::new(),
            submitted: 0,
        })
    }

    /// Its size.
    pub fn options(&self) -> &EngineOptions {
        &self.options
    }

    /// Queues a request. One without samples is done at once.
    ///
    /// # Errors
    /// [`RequestError`], and nothing is queued.
    pub fn submit(&mut self, request: Request) -> Result<Ticket, RequestError> {
        request.check(self.model.vocabulary(), self.options.capacity)?;
        let ticket = Ticket(self.submitted);
        self.submitted += 1;
        let waiting = Waiting::new(ticket, request);
        if waiting.left() > 0 {
            self.waiting.push_back(waiting);
        }
        Ok(ticket)
    }

    /// Forgets a request and frees its rows. No further event tells of it. Unknown and finished
    /// tickets are ignored.
    pub fn cancel(&mut self, ticket: Ticket) {
        self.waiting.retain(|waiting| waiting.ticket != ticket);
        let free = &mut self.free;
        self.rows.retain(|row| {
            let stays = row.ticket != ticket;
            if !stays {
                free.push(row.slot);
            }
            stays
        });
    }

    /// Samples without a row yet.
    pub fn waiting(&self) -> usize {
        self.waiting.iter().map(Waiting::left).sum()
    }

    /// Samples under way.
    pub fn running(&self) -> usize {
        self.rows.len()
    }

    /// Rows nobody speaks in.
    pub fn free_rows(&self) -> usize {
        self.free.len()
    }

    /// Gives free rows to those who wait and draws the next token of every row, several where they
    /// are drawn on the device. Returns what happened: nothing if there is nothing to do.
    pub fn step(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        self.admit(&mut events);
        if self.rows.is_empty() {
            return events;
        }
        let on_device = self.rows.iter().all(Row::may_draw_on_device);
        match self.sync_every {
            0 => self.draw_on_host(&mut events),
            _ if !on_device => self.draw_on_host(&mut events),
            _ => self.draw_many(&mut events),
        }
        events
    }

    fn slots(&self) -> Vec<usize> {
        self.rows.iter().map(|row| row.slot).collect()
    }

    fn draw_on_host(&mut self, events: &mut Vec<Event>) {
        let next: Vec<[u32; 1]> = self.rows.iter().map(|row| [row.last()]).collect();
        let batch = TokenBatch::new(&next);
        let hidden_btd = self
            .model
            .decode_rows(&batch, &self.slots(), &mut self.cache);
        let count = self.rows.len();
        let logits = last_logits(self.model, hidden_btd, std::iter::repeat_n(0, count));
        let logits = logits.par_chunks(self.model.vocabulary());
        self.rows
            .par_iter_mut()
            .zip(logits)
            .for_each(|(row, logits)| row.extend(logits));
        self.settle(events);
    }

    /// Tells what the rows have said since the last time, and frees those that have ended.
    fn settle(&mut self, events: &mut Vec<Event>) {
        for row in &mut self.rows {
            row.tell(events);
        }
        let free = &mut self.free;
        self.rows.retain(|row| {
            let ended = row.ended();
            if ended {
                free.push(row.slot);
            }
            !ended
        });
    }
}

/// Logits at one position a row, on the host, row by row.
fn last_logits<M: CausalLm>(
    model: &M,
    hidden_btd: Tensor<3>,
    last: impl Iterator<Item = usize>,
) -> Vec<f32> {
    let width = hidden_btd.dims()[1];
    let flat = last.enumerate().map(|(row, col)| row * width + col);
    logits_at(model, hidden_btd, flat.collect())
}

/// Logits at flat positions, on the host, one after the other.
pub(crate) fn logits_at<M: CausalLm>(
    model: &M,
    hidden_btd: Tensor<3>,
    flat: Vec<usize>,
) -> Vec<f32> {
    let [b, t, d] = hidden_btd.dims();
    let mut hidden_nd = hidden_btd.reshape([b * t, d]);
    if !flat.iter().copied().eq(0..b * t) {
        let flat: Vec<i32> = flat.into_iter().map(|at| at as i32).collect();
        let count = flat.len();
        let index = TensorData::new(flat, [count]);
        let index = Tensor::<1, Int>::from_data(index, &hidden_nd.device());
        hidden_nd = hidden_nd.select(0, index);
    }
    let logits = model.logits(hidden_nd).into_data();
    match logits.as_slice::<f32>() {
        Ok(values) => values.to_vec(),
        Err(_) => logits.iter::<f32>().collect(),
    }
}
