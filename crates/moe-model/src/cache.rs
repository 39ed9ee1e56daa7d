//! Keys and values of tokens already read, preallocated, with a length of its own for each row.

use burn::tensor::{Device, Int, Tensor, TensorData};
use kernels::Span;
use lm::TokenBatch;

/// The cache of a decoder.
#[derive(Debug, Clone)]
pub struct DecoderCache {
    pub(crate) layers: Vec<LayerCache>,
    lengths: Vec<usize>,
    capacity: usize,
}

/// The cache of one block.
#[derive(Debug, Clone)]
pub(crate) struct LayerCache {
    /// Keys `[b, s, g, d]`. Latent attention keeps the compressed vector and the rotary key here.
    pub(crate) keys: Tensor<4>,
    /// Values `[b, s, g, d]`; latent attention reads them out of its keys.
    pub(crate) values: Option<Tensor<4>>,
}

impl LayerCache {
    pub(crate) fn new(key: [usize; 4], value: Option<[usize; 4]>, device: &Device) -> Self {
        Self {
            keys: Tensor::zeros(key, device),
            values: value.map(|shape| Tensor::zeros(shape, device)),
        }
    }
}

impl DecoderCache {
    pub(crate) fn new(layers: Vec<LayerCache>, rows: usize, capacity: usize) -> Self {
        Self {
            layers,
            lengths: vec![0; rows],
            capacity,
        }
    }

    /// Where the next tokens of `rows`, those of `batch`, go and what they see.
    pub(crate) fn span(&self, batch: &TokenBatch, rows: &[usize]) -> Span {
        let (b, t) = (batch.rows(), batch.width());
        assert_eq!(rows.len(), b, "a cache row for every row of the batch");
        let longest = rows.iter().map(|&row| self.lengths[row]).max().unwrap_or(0);
        assert!(
            longest + t <= self.capacity,
            "cache of {} columns cannot take {t} tokens after {longest}",
            self.capacity
        );
        let all = rows.iter().copied().eq(0..self.lengths.len());
        let ragged = batch.lengths().iter().any(|&length| length < t);
        let narrow = |values: &[usize]| values.iter().map(|&value| value as u32).collect();
        Span {
            starts: vec![0; b],
            offsets: rows.iter().map(|&row| self.lengths[row] as u32).collect(),
            rows: (!all).then(|| narrow(rows)),
            lengths: ragged.then(|| narrow(batch.lengths())),
        }
    }

    /// Counts the tokens of `batch` as read.
    pub(crate) fn advance(&mut self, batch: &TokenBatch, rows: &[usize]) {
        for (&row, &more) in rows.iter().zip(batch.lengths()) {
            self.lengths[row] += more;
        }
    }

    /// The number of its rows.
    pub(crate) fn rows(&self) -> usize {
        self.lengths.len()
    }
}

impl lm::Cache for DecoderCache {
    fn lengths(&self) -> &[usize] {
        &self.lengths
    }

    fn select(&mut self, rows: &[usize]) {
        let Some(first) = self.layers.first() else {
            return;
        };
        let index: Vec<i32> = rows.iter().map(|&row| row as i32).collect();
        let index =
            Tensor::<1, Int>::from_data(TensorData::new(index, [rows.len()]), &first.keys.device());
        for layer in &mut self.layers {
            layer.keys.inplace(|keys| keys.select(0, index.clone()));
            if let Some(values) = &mut layer.values {
                values.inplace(|values| values.select(0, index.clone()));
            }
        }
        self.lengths = rows.iter().map(|&row| self.lengths[row]).collect();
    }

    fn copy(&mut self, from: usize, to: &[usize], length: usize) {
        let held = self.lengths[from];
        assert!(
            length <= held,
            "row {from} holds {held} tokens, not {length}"
        );
        to.iter().for_each(|&row| self.lengths[row] = length);
        if to.iter().all(|&row| row == from) {
            return;
        }
        for layer in &mut self.layers {
            let copy = |cache| kernels::cache_copy(cache, from, to, length);
            layer.keys.inplace(copy);
            if let Some(values) = &mut layer.values {
                values.inplace(copy);
            }
        }
    }

    fn clear(&mut self, rows: &[usize]) {
        rows.iter().for_each(|&row| self.lengths[row] = 0);
    }

    /// What lies beyond a row's length is never read and overwritten by what comes next.
    fn truncate(&mut self, lengths: &[usize]) {
        let rows = (self.lengths.len(), lengths.len());
        assert_eq!(rows.0, rows.1, "a length for every row of the cache");
        for (row, (held, &kept)) in self.lengths.iter_mut().zip(lengths).enumerate() {
            assert!(kept <= *held, "row {row} holds {held} tokens, not {kept}");
            *held = kept;
        }
    }
}
