//! The one interface algorithms know of a model.

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor};

use crate::TokenBatch;

/// What a full forward pass returns.
pub struct Hidden {
    /// Final normalised hidden states, `[b, t, d]`. Rows of padding are meaningless.
    pub hidden_btd: Tensor<3>,
    /// A loss the architecture adds to the objective (a mixture's balance loss), already weighted.
    pub aux_loss: Option<Tensor<1>>,
    /// The chosen experts of each mixture layer, `[b·t, k]`, padding included.
    pub routing: Vec<Tensor<2, Int>>,
}

/// A decoder-only language model.
pub trait CausalLm: Module + Sync {
    /// Keys and values of the tokens read so far.
    type Cache: Cache;

    /// Reads whole sequences, for training and scoring.
    fn forward(&self, batch: &TokenBatch) -> Hidden;

    /// Next-token logits `[n, v]` of hidden states `[n, d]`.
    fn logits(&self, hidden_nd: Tensor<2>) -> Tensor<2>;

    /// An empty cache for `rows` sequences of at most `capacity` tokens each.
    fn cache(&self, rows: usize, capacity: usize) -> Self::Cache;

    /// Reads further tokens of every row after those in the cache and returns their hidden states
    /// `[b, t, d]`. A row's padding leaves no trace in the cache.
    fn decode(&self, batch: &TokenBatch, cache: &mut Self::Cache) -> Tensor<3>;

    /// Called after each optimizer step with the tokens each expert received since the last one,
    /// layer by layer. A mixture moves its router biases here.
    fn after_step(self, load: &[Vec<u64>]) -> Self {
        let _ = load;
        self
    }

    /// Experts a token can be routed to, 0 for a dense model.
    fn experts(&self) -> usize {
        0
    }

    /// Number of ids the model can read and write.
    fn vocabulary(&self) -> usize;

    /// Parameters in all, and parameters one token passes through.
    fn parameters(&self) -> (usize, usize);

    /// Where the weights are.
    fn device(&self) -> Device;
}

/// The rows of a key-value cache.
pub trait Cache {
    /// Tokens held for each row.
    fn lengths(&self) -> &[usize];

    /// Keeps the named rows in the order given; a row may be repeated.
    fn select(&mut self, rows: &[usize]);
}
