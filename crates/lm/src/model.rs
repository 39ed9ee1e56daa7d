//! The one interface algorithms know of a model.

use burn::module::{Module, ModuleDisplay};
use burn::tensor::{Device, Int, Tensor};

use crate::{Tape, TokenBatch};

/// What a full forward pass returns.
pub struct Hidden {
    /// Final normalised hidden states, `[b, t, d]`. Rows of padding are meaningless.
    pub hidden_btd: Tensor<3>,
    /// A loss the architecture adds to the objective (a mixture's balance loss), already weighted.
    pub aux_loss: Option<Tensor<1>>,
    /// What the router of each mixture layer did.
    pub routing: Vec<Routing>,
}

/// What a router did with a batch, padding included; without gradient.
pub struct Routing {
    /// The chosen experts, `[b·t, k]`.
    pub index_nk: Tensor<2, Int>,
    /// Entropy in nats of the scores as a distribution over the experts, `[b·t]`.
    pub entropy_n: Tensor<1>,
    /// log² Σ_e exp(logit_e), `[b·t]`: what a router z-loss holds down (ST-MoE, arXiv 2202.08906,
    /// equation 5).
    pub z_n: Tensor<1>,
}

/// What the modules that predict further tokens return (multi-token prediction, DeepSeek-V3, arXiv
/// 2412.19437, section 2.2).
pub struct MultiToken {
    /// One a depth k, from 1: its state at position i has read the tokens up to i + k and predicts
    /// that at i + k + 1. The last k positions of a row are meaningless.
    pub modules: Vec<Hidden>,
    /// λ, the weight of the mean of their losses.
    pub weight: f64,
}

/// A decoder-only language model.
pub trait CausalLm: Module + ModuleDisplay + Sync {
    /// Keys and values of the tokens read so far.
    type Cache: Cache;

    /// Reads whole sequences, for training and scoring. Products may round otherwise where gradients
    /// are wanted.
    fn forward(&self, batch: &TokenBatch) -> Hidden;

    /// Reads whole sequences with the modules that predict further tokens, given what
    /// [`forward`](Self::forward) made of the same batch; `None` for a model without such modules.
    fn multi_token(&self, batch: &TokenBatch, hidden_btd: Tensor<3>) -> Option<MultiToken> {
        let _ = (batch, hidden_btd);
        None
    }

    /// Next-token logits `[n, v]` of hidden states `[n, d]`, the modules' included.
    fn logits(&self, hidden_nd: Tensor<2>) -> Tensor<2>;

    /// An empty cache for `rows` sequences of at most `capacity` tokens each.
    fn cache(&self, rows: usize, capacity: usize) -> Self::Cache;

    /// Bytes a cache holds of one token.
    fn cache_bytes(&self) -> usize;

    /// Reads further tokens after those in the cache, row i of the batch after row `rows[i]` of the
    /// cache, and returns their hidden states `[b, t, d]`. No row of the cache is named twice. A
    /// row's padding leaves no trace in the cache.
    ///
    /// On the CPU a row's states are the same bits whatever rows stand beside it.
    fn decode_rows(&self, batch: &TokenBatch, rows: &[usize], cache: &mut Self::Cache)
    -> Tensor<3>;

    /// [`decode_rows`](Self::decode_rows) of every row of the cache, in order.
    fn decode(&self, batch: &TokenBatch, cache: &mut Self::Cache) -> Tensor<3> {
        let rows: Vec<usize> = (0..cache.lengths().len()).collect();
        self.decode_rows(batch, &rows, cache)
    }

    /// Called after each optimizer step with the tokens each expert received since the last one,
    /// layer by layer, the modules of [`multi_token`](Self::multi_token) last, if they were trained.
    /// A mixture moves its router biases here.
    fn after_step(self, load: &[Vec<u64>]) -> Self {
        let _ = load;
        self
    }

    /// The same model, whose passes with gradients keep the inputs of its blocks alone and note on
    /// `tape` what is to be computed again: their gradients are whole after [`Tape::replay`], and
    /// what they would be without. A model without blocks may leave it at that and keep everything.
    #[must_use]
    fn checkpointed(self, tape: &Tape) -> Self {
        let _ = tape;
        self
    }

    /// The same model laid out for sampling: the same results to the bit, and nothing but results, for
    /// it may have let go of what training, saving and looking at weights take. Where nobody else
    /// holds the weights it takes no more memory than before. A model with one layout alone has
    /// nothing to do.
    #[must_use]
    fn packed(self) -> Self {
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
pub trait Cache: std::fmt::Debug {
    /// Tokens held for each row.
    fn lengths(&self) -> &[usize];

    /// Keeps the named rows in the order given; a row may be repeated.
    fn select(&mut self, rows: &[usize]);

    /// Makes the rows `to` hold the first `length` tokens of row `from`, and nothing else. `from`
    /// may be among them.
    ///
    /// # Panics
    /// If `from` holds fewer.
    fn copy(&mut self, from: usize, to: &[usize], length: usize);

    /// Makes rows hold nothing.
    fn clear(&mut self, rows: &[usize]);

    /// Forgets all but the first `lengths[row]` tokens of each row.
    ///
    /// # Panics
    /// If a row holds fewer, or there is not a length for every row.
    fn truncate(&mut self, lengths: &[usize]);
}
