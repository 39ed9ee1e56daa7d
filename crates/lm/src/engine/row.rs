//! One sample under way.

use std::sync::Arc;

use super::request::{Event, Reason, Request, Spoken, Ticket, TopLogProbs};
use crate::sampling::{Sampler, Sampling};
use crate::stop::Stop;

/// A sample with a row of the cache.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) ticket: Ticket,
    request: Arc<Request>,
    sample: u32,
    /// Its row of the cache.
    pub(super) slot: usize,
    sampler: Sampler,
    stop: Option<Box<dyn Stop>>,
    said: usize,
    last: u32,
    reason: Option<Reason>,
    untold: Vec<Spoken>,
}

impl Row {
    pub(super) fn new(ticket: Ticket, request: &Arc<Request>, sample: u32, slot: usize) -> Self {
        let mut sampler = Sampler::new(request.seed, &request.id, sample);
        if request.sampling.penalises() {
            sampler.see(&request.tokens);
        }
        Self {
            ticket,
            request: Arc::clone(request),
            sample,
            slot,
            sampler,
            stop: request.stop.as_ref().map(|stop| stop.fresh()),
            said: 0,
            last: 0,
            reason: None,
            untold: Vec::new(),
        }
    }

    /// Draws the next token from its logits.
    pub(super) fn extend(&mut self, logits: &[f32]) {
        let (token, log_prob) = self.sampler.draw(logits, &self.request.sampling);
        let top = self.request.top_log_probs;
        let top = top.map(|count| top_log_probs(logits, token, count));
        self.push(token, log_prob, top);
    }

    /// Takes a token unless it has ended, which it does where there was no distribution to draw it from.
    pub(super) fn push(&mut self, token: u32, log_prob: f32, top: Option<TopLogProbs>) {
        if self.ended() {
            return;
        }
        if log_prob.is_nan() {
            self.reason = Some(Reason::NotFinite);
            return;
        }
        self.said += 1;
        self.last = token;
        self.untold.push(Spoken {
            ticket: self.ticket,
            sample: self.sample,
            token,
            log_prob,
            top,
        });
        let stopped = self.stop.as_mut().is_some_and(|stop| stop.push(token));
        self.reason = if self.request.end_tokens.contains(&token) {
            Some(Reason::EndToken)
        } else if stopped {
            Some(Reason::Stopped)
        } else if self.left() == 0 {
            Some(Reason::Length)
        } else {
            None
        };
    }

    /// Tokens it may still say.
    pub(super) fn left(&self) -> usize {
        self.request.max_new_tokens - self.said
    }

    pub(super) fn last(&self) -> u32 {
        self.last
    }

    pub(super) fn ended(&self) -> bool {
        self.reason.is_some()
    }

    pub(super) fn sampling(&self) -> Sampling {
        self.request.sampling
    }

    /// Whether the device knows all that decides its tokens.
    pub(super) fn may_draw_on_device(&self) -> bool {
        !self.request.sampling.penalises() && self.request.top_log_probs.is_none()
    }

    /// The numbers that decide the next `count` tokens, if it does not end before.
    pub(super) fn uniforms(&mut self, count: usize) -> Vec<f32> {
        (0..count)
            .map(|_| below_one(self.sampler.uniform()))
            .collect()
    }

    /// Tells the tokens not told yet, and its end.
    pub(super) fn tell(&mut self, events: &mut Vec<Event>) {
        events.extend(self.untold.drain(..).map(Event::Token));
        events.extend(self.reason.map(|reason| Event::Finished {
            ticket: self.ticket,
            sample: self.sample,
            reason,
        }));
    }
}

/// The number as an `f32`, which rounds the last of them to 1.
fn below_one(uniform: f64) -> f32 {
    (uniform as f32).min(1.0_f32.next_down())
}

fn top_log_probs(logits: &[f32], taken: u32, count: usize) -> TopLogProbs {
    let top = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f64 = logits.iter().map(|&l| f64::from(l - top).exp()).sum();
    let log_prob = |id: u32| (f64::from(logits[id as usize] - top) - sum.ln()) as f32;
    let mut ids: Vec<u32> = (0..logits.len() as u32).collect();
    let count = count.min(ids.len());
    let better = |a: &u32, b: &u32| {
        let by_logit = logits[*b as usize].total_cmp(&logits[*a as usize]);
        by_logit.then(a.cmp(b))
    };
    if count < ids.len() {
        ids.select_nth_unstable_by(count, better);
        ids.truncate(count);
    }
    ids.sort_unstable_by(better);
    TopLogProbs {
        taken: log_prob(taken),
        likeliest: ids.into_iter().map(|id| (id, log_prob(id))).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_likeliest_come_first_and_ties_by_id() {
        // softmax: 1/8, 2/8, 2/8, 3/8
        let logits = [0.0, 2f32.ln(), 2f32.ln(), 3f32.ln()];
        let found = top_log_probs(&logits, 0, 3);
        let shares: Vec<(u32, f32)> = [(3, 3.0), (1, 2.0), (2, 2.0)]
            .map(|(id, weight): (u32, f32)| (id, (weight / 8.0).ln()))
            .into();
        assert!((found.taken - 0.125f32.ln()).abs() < 1e-6);
        for (found, expected) in found.likeliest.iter().zip(&shares) {
            assert_eq!(found.0, expected.0);
            assert!((found.1 - expected.1).abs() < 1e-6);
        }
        assert_eq!(found.likeliest.len(), 3);
        assert_eq!(top_log_probs(&logits, 0, 9).likeliest.len(), 4);
    }

    #[test]
    fn no_number_rounds_to_one() {
        assert!(below_one(1.0_f64.next_down()) < 1.0);
        assert_eq!(below_one(0.25), 0.25);
    }
}
