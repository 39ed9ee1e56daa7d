//! The memory an engine takes, known before it is taken.

use crate::CausalLm;

/// How large an engine is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EngineOptions {
    /// Samples under way at once at most, the rows of the cache; at least 1.
    pub max_rows: usize,
    /// Tokens a row holds: the longest prompt with the longest response to it.
    pub capacity: usize,
    /// Bytes the cache and the logits may take; `None`: not checked.
    pub memory: Option<u64>,
    /// Where tokens are drawn.
    pub draw: Draw,
}

/// Where tokens are drawn from their distribution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Draw {
    /// On the host on the CPU, on the device with 8 tokens a synchronisation elsewhere.
    #[default]
    Auto,
    /// On the host: exact, and the logits of every step come over.
    Host,
    /// On the device, which is waited for once in so many tokens: a row may be given up to one
    /// less than that in vain past its end. Sums are `f32`: at the edges of the distribution's
    /// steps a draw can fall on the other side than on the host. Rows with a repetition penalty or
    /// top log-probabilities, and rows that start, are drawn on the host.
    Device {
        /// Tokens between two synchronisations, at least 1.
        sync_every: usize,
    },
}

impl EngineOptions {
    /// `max_rows` rows of `capacity` tokens, unchecked, drawn where it suits the device.
    pub fn new(max_rows: usize, capacity: usize) -> Self {
        Self {
            max_rows,
            capacity,
            memory: None,
            draw: Draw::Auto,
        }
    }

    /// Bytes of the cache of one row and of its logits twice, on the device and on the host. The
    /// model's weights and the activations of a pass come on top.
    pub fn bytes_a_row<M: CausalLm>(&self, model: &M) -> u64 {
        let cache = self.capacity as u64 * model.cache_bytes() as u64;
        cache + 2 * 4 * model.vocabulary() as u64
    }

    /// Whether the memory suffices.
    ///
    /// # Errors
    /// [`Shortage`], with the number of rows that would fit.
    pub fn check<M: CausalLm>(&self, model: &M) -> Result<(), Shortage> {
        let row = self.bytes_a_row(model);
        let needed = row.saturating_mul(self.max_rows as u64);
        match self.memory {
            Some(memory) if needed > memory => Err(Shortage {
                rows: self.max_rows,
                capacity: self.capacity,
                needed,
                memory,
                fitting: (memory / row.max(1)) as usize,
            }),
            _ => Ok(()),
        }
    }
}

/// An engine that would not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{rows} rows of {capacity} tokens need {needed} bytes and there are {memory}: at most \
     {fitting} rows of this length fit; lower the rows or the tokens"
)]
pub struct Shortage {
    /// Rows asked for.
    pub rows: usize,
    /// Tokens a row.
    pub capacity: usize,
    /// Bytes they need.
    pub needed: u64,
    /// Bytes there are.
    pub memory: u64,
    /// The most rows of this length that would fit.
    pub fitting: usize,
}
