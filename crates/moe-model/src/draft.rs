//! Guessing the next token but one with the first module for further tokens, for
//! [`lm::speculate`] (DeepSeek-V3, arXiv 2412.19437, section 5.4.3).
//!
//! One token a step, whatever the depth of the model: deeper modules only train. The module has a
//! cache of its own, which holds settled tokens alone, so that nothing of it is ever taken back.

use burn::tensor::{Int, Tensor, TensorData};
use lm::{Cache, CausalLm, Drafter, TokenBatch};

use crate::Decoder;
use crate::cache::DecoderCache;

/// A drafter for the rows of one batch.
#[derive(Debug)]
pub struct MtpDrafter<'a> {
    model: &'a Decoder,
    cache: DecoderCache,
}

impl Decoder {
    /// A drafter for `rows` sequences of at most `capacity` tokens each; `None` for a model without
    /// modules for further tokens.
    pub fn drafter(&self, rows: usize, capacity: usize) -> Option<MtpDrafter<'_>> {
        let module = self.mtp.first()?;
        let cache = module.cache(rows, capacity, &self.device());
        Some(MtpDrafter {
            model: self,
            cache: DecoderCache::new(vec![cache], rows, capacity),
        })
    }
}

impl Drafter for MtpDrafter<'_> {
    fn draft(&mut self, hidden_btd: Tensor<3>, settled: &TokenBatch) -> Vec<Vec<u32>> {
        let [b, t, d] = hidden_btd.dims();
        let rows: Vec<usize> = (0..self.cache.rows()).collect();
        let layout = self.model.layout(settled, self.cache.span(settled, &rows));
        let out_nd = self.model.mtp[0].decode(
            hidden_btd.reshape([b * t, d]),
            self.model.embed(settled),
            &layout,
            &mut self.cache.layers[0],
        );
        self.cache.advance(settled, &rows);
        let lengths = settled.lengths().iter().enumerate();
        let last: Vec<i32> = lengths.map(|(row, n)| (row * t + n - 1) as i32).collect();
        let last = Tensor::<1, Int>::from_data(TensorData::new(last, [b]), &out_nd.device());
        let logits_bv = self.model.logits(out_nd.select(0, last));
        let best = logits_bv.argmax(1).into_data();
        best.iter::<i64>().map(|id| vec![id as u32]).collect()
    }

    fn select(&mut self, rows: &[usize]) {
        self.cache.select(rows);
    }
}
