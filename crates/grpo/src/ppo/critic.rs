//! The critic: a policy with a head that says how a response will end.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use lm::{CausalLm, Hidden, Sequence, Tape, TokenBatch, states};

use super::super::rows::vector;

/// A model whose one logit is the value of having come this far, in units of the reward.
///
/// It is a [`CausalLm`] so that whatever trains a policy trains it too; there is nothing to sample.
#[derive(Module, Debug)]
pub struct Critic<M: Module> {
    body: M,
    /// `[d, 1]`.
    head: Param<Tensor<2>>,
    /// `[1]`.
    bias: Param<Tensor<1>>,
}

impl<M: CausalLm> Critic<M> {
    /// Starts from `body`, usually the policy, expecting nothing: every value is 0.
    pub fn new(body: M) -> Self {
        let device = body.device();
        let output = body.forward(&TokenBatch::new(&[&[0u32]]));
        let [_, _, width] = output.hidden_btd.dims();
        Self {
            head: Param::from_tensor(Tensor::zeros([width, 1], &device)),
            bias: Param::from_tensor(vector(vec![0.0], &device)),
            body,
        }
    }

    /// The value before each response token of `sequences`, one after the other, `[n]`, and what
    /// else the body has to say.
    pub(crate) fn values(&self, sequences: &[Sequence]) -> (Tensor<1>, lm::States) {
        let states = states(self, sequences);
        let values_n = self.logits(states.hidden_nd.clone()).squeeze_dim(1);
        (values_n, states)
    }
}

impl<M: CausalLm> CausalLm for Critic<M> {
    type Cache = M::Cache;

    fn forward(&self, batch: &TokenBatch) -> Hidden {
        self.body.forward(batch)
    }

    fn logits(&self, hidden_nd: Tensor<2>) -> Tensor<2> {
        hidden_nd.matmul(self.head.val()) + self.bias.val().unsqueeze_dim(0)
    }

    fn cache(&self, rows: usize, capacity: usize) -> Self::Cache {
        self.body.cache(rows, capacity)
    }

    fn cache_bytes(&self) -> usize {
        self.body.cache_bytes()
    }

    fn decode_rows(
        &self,
        batch: &TokenBatch,
        rows: &[usize],
        cache: &mut Self::Cache,
    ) -> Tensor<3> {
        self.body.decode_rows(batch, rows, cache)
    }

    fn after_step(self, load: &[Vec<u64>]) -> Self {
        Self {
            body: self.body.after_step(load),
            ..self
        }
    }

    fn checkpointed(self, tape: &Tape) -> Self {
        Self {
            body: self.body.checkpointed(tape),
            ..self
        }
    }

    fn experts(&self) -> usize {
        self.body.experts()
    }

    fn vocabulary(&self) -> usize {
        1
    }

    fn parameters(&self) -> (usize, usize) {
        let (all, active) = self.body.parameters();
        let [width, _] = self.head.val().dims();
        (all + width + 1, active + width + 1)
    }

    fn device(&self) -> Device {
        self.body.device()
    }
}
