//! Giving rows to the samples that wait, and reading their prompts.

use std::sync::Arc;

use rayon::prelude::*;

use super::row::Row;
use super::{Engine, Event, Request, Ticket, last_logits};
use crate::{Cache, CausalLm, TokenBatch, micro_batches};

/// Padded tokens of prompts in one pass at most; a longer prompt has a pass of its own.
const PROMPT_TOKENS: usize = 2048;

/// A request some samples of which have no row yet.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) ticket: Ticket,
    request: Arc<Request>,
    /// The next sample to get a row.
    next: u32,
    prompt: Option<Prompt>,
}

/// A prompt that was read.
#[derive(Debug, Clone)]
struct Prompt {
    /// Logits after its last token.
    logits: Arc<[f32]>,
    /// A row whose cache begins with it. It stays so: while samples wait, no other request gets a
    /// row.
    row: usize,
}

impl<M: CausalLm> Engine<'_, M> {
    /// Starts samples in free rows.
    pub(super) fn admit(&mut self, events: &mut Vec<Event>) {
        // Places of the queue, each with the rows its samples get.
        let mut granted: Vec<Vec<usize>> = Vec::new();
        for waiting in &self.waiting {
            let rows = waiting.left().min(self.free.len());
            if rows == 0 {
                break;
            }
            granted.push(waiting.take(rows, &mut self.free));
        }
        self.read_prompts(&granted);
        let mut started = Vec::new();
        for (waiting, rows) in self.waiting.iter_mut().zip(&granted) {
            let prompt = waiting.prompt.as_mut().expect("granted prompts were read");
            let length = waiting.request.tokens.len();
            self.cache.copy(prompt.row, rows, length);
            prompt.row = rows[0];
            for &slot in rows {
                let row = Row::new(waiting.ticket, &waiting.request, waiting.next, slot);
                started.push((row, Arc::clone(&prompt.logits)));
                waiting.next += 1;
            }
        }
        self.waiting.retain(|waiting| waiting.left() > 0);
        started
            .par_iter_mut()
            .for_each(|(row, logits)| row.extend(logits));
        self.rows.extend(started.into_iter().map(|(row, _)| row));
        self.settle(events);
    }

    /// Reads the prompts of the first places of the queue into the first of the rows granted.
    fn read_prompts(&mut self, granted: &[Vec<usize>]) {
        let unread: Vec<usize> = (0..granted.len())
            .filter(|&place| self.waiting[place].prompt.is_none())
            .collect();
        let tokens = |at: usize| self.waiting[unread[at]].request.tokens.as_slice();
        let lengths: Vec<usize> = (0..unread.len()).map(|at| tokens(at).len()).collect();
        let mut read = Vec::new();
        for group in micro_batches(&lengths, PROMPT_TOKENS) {
            let prompts: Vec<&[u32]> = group.iter().map(|&at| tokens(at)).collect();
            let slots: Vec<usize> = group.iter().map(|&at| granted[unread[at]][0]).collect();
            self.cache.clear(&slots);
            let batch = TokenBatch::new(&prompts);
            let hidden_btd = self.model.decode_rows(&batch, &slots, &mut self.cache);
            let last = batch.lengths().iter().map(|&length| length - 1);
            let logits = last_logits(self.model, hidden_btd, last);
            let rows = logits.chunks(self.model.vocabulary()).map(Arc::from);
            read.extend(
                group
                    .iter()
                    .zip(slots)
                    .zip(rows)
                    .map(|((&at, row), logits)| (unread[at], Prompt { logits, row })),
            );
        }
        for (place, prompt) in read {
            self.waiting[place].prompt = Some(prompt);
        }
    }
}

impl Waiting {
    pub(super) fn new(ticket: Ticket, request: Request) -> Self {
        Self {
            ticket,
            next: request.samples.start,
            request: Arc::new(request),
            prompt: None,
        }
    }

    /// Samples that still have no row.
    pub(super) fn left(&self) -> usize {
        (self.request.samples.end.saturating_sub(self.next)) as usize
    }

    /// Takes `count` of the free rows, that of its own prompt first if it is among them: there is
    /// nothing to copy then.
    fn take(&self, count: usize, free: &mut Vec<usize>) -> Vec<usize> {
        let own = self.prompt.as_ref().map(|prompt| prompt.row);
        if let Some(place) = free.iter().position(|&row| Some(row) == own) {
            let last = free.len() - 1;
            free.swap(place, last);
        }
        let mut rows = free.split_off(free.len() - count);
        rows.reverse();
        rows
    }
}
