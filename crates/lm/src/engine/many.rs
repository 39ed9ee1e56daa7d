//! Several tokens between two synchronisations with the device.
//!
//! The numbers that decide them are drawn ahead on the host, each row's from its own stream, so a
//! row's tokens do not depend on how many are drawn at once.

use burn::tensor::{Int, Tensor, TensorData};

use super::{Engine, Event};
use crate::sampling::{Settings, draw_on_device};
use crate::{CausalLm, TokenBatch};

impl<M: CausalLm> Engine<'_, M> {
    /// Draws as many tokens as every row may still say, `sync_every` at most.
    pub(super) fn draw_many(&mut self, events: &mut Vec<Event>) {
        let device = self.model.device();
        let rows = self.rows.len();
        let shortest = self.rows.iter().map(super::Row::left).min().unwrap_or(0);
        let steps = self.sync_every.min(shortest);
        let sampling: Vec<_> = self.rows.iter().map(super::Row::sampling).collect();
        let settings = Settings::new(&sampling, self.model.vocabulary(), &device);
        let uniforms = self.rows.iter_mut().flat_map(|row| row.uniforms(steps));
        let uniforms = TensorData::new(uniforms.collect::<Vec<f32>>(), [rows, steps]);
        let uniforms_bn = Tensor::<2>::from_data(uniforms, &device);
        let last: Vec<i32> = self.rows.iter().map(|row| row.last() as i32).collect();
        let mut last_b = Tensor::<1, Int>::from_data(TensorData::new(last, [rows]), &device);
        let slots = self.slots();
        let (mut tokens, mut log_probs) = (Vec::new(), Vec::new());
        for step in 0..steps {
            let batch = TokenBatch::next(last_b.clone());
            let hidden_btd = self.model.decode_rows(&batch, &slots, &mut self.cache);
            let [b, _, d] = hidden_btd.dims();
            let logits_bv = self.model.logits(hidden_btd.reshape([b, d]));
            let uniform_b1 = uniforms_bn.clone().narrow(1, step, 1);
            let (token_b, log_prob_b) = draw_on_device(logits_bv, &settings, uniform_b1);
            last_b = token_b.clone();
            tokens.push(token_b);
            log_probs.push(log_prob_b);
        }
        let tokens: Vec<u32> = Tensor::cat(tokens, 0)
            .into_data()
            .iter::<i64>()
            .map(|id| id as u32)
            .collect();
        let log_probs: Vec<f32> = Tensor::cat(log_probs, 0).into_data().iter().collect();
        for (tokens, log_probs) in tokens.chunks(rows).zip(log_probs.chunks(rows)) {
            let drawn = tokens.iter().zip(log_probs);
            for (row, (&token, &log_prob)) in self.rows.iter_mut().zip(drawn) {
                row.push(token, log_prob, None);
            }
        }
        self.settle(events);
    }
}
