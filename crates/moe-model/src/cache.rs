//! Keys and values of tokens already read, preallocated, with a length of its own for each row.

use burn::tensor::{Device, Int, Tensor, TensorData};
use kernels::Span;

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

    /// Where the next tokens of each row go and what they see. `t` is the width of the batch.
    pub(crate) fn span(&self, t: usize) -> Span {
        let longest = self.lengths.iter().copied().max().unwrap_or(0);
        assert!(
            longest + t <= self.capacity,
            "cache of {} columns cannot take {t} tokens after {longest}",
            self.capacity
        );
        Span {
            starts: vec![0; self.lengths.len()],
            offsets: self.lengths.iter().map(|&length| length as u32).collect(),
        }
    }

    /// Counts tokens as read.
    pub(crate) fn advance(&mut self, lengths: &[usize]) {
        self.lengths
            .iter_mut()
            .zip(lengths)
            .for_each(|(have, &more)| *have += more);
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
