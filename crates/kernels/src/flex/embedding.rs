//! Embedding rows, and their gradient: occurrences sorted by token, then each row summed by one
//! thread in the order of its occurrences.

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops};
use burn::backend::tensor::{FloatTensor, IntTensor};
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::{Int, Tensor};
use burn_flex::FlexTensor;

use super::buffer::{contiguous, indices, slice, tensor};
use super::parallel::{for_each, rows_per_piece};
use super::record::{Tracked, give, record};
use super::simd::simd_fn;
use super::sorted::Sorted;

/// See [`crate::embedding`].
pub(crate) fn embedding(weight_vd: Tensor<2>, tokens_n: Tensor<1, Int>) -> Tensor<2> {
    let out = Dispatch::embedding(weight_vd.into_dispatch(), tokens_n.into_dispatch());
    Tensor::from_dispatch(out)
}

#[backend_extension(Autodiff, Flex)]
trait EmbeddingOp: Backend {
    fn embedding(weight: FloatTensor<Self>, tokens: IntTensor<Self>) -> FloatTensor<Self>;
}

impl EmbeddingOp for Flex {
    fn embedding(weight: FlexTensor, tokens: FlexTensor) -> FlexTensor {
        let weight = contiguous(weight);
        let tokens = checked(&weight, tokens);
        gather(&weight, &tokens)
    }
}

impl<C: CheckpointStrategy> EmbeddingOp for Autodiff<Flex, C> {
    fn embedding(weight: Tracked<C>, tokens: FlexTensor) -> Tracked<C> {
        let (weight, node) = weight.into_parts();
        let weight = contiguous(weight);
        let tokens = checked(&weight, tokens);
        let out = gather(&weight, &tokens);
        let shape = weight.layout().shape();
        record::<C, _, 1>(
            EmbeddingBackward,
            [node],
            (tokens, [shape[0], shape[1]]),
            out,
        )
    }
}

fn checked(weight: &FlexTensor, tokens: FlexTensor) -> Vec<u32> {
    indices(tokens, weight.layout().shape()[0], "embedding: the token")
}

fn gather(weight: &FlexTensor, tokens: &[u32]) -> FlexTensor {
    let d = weight.layout().shape()[1];
    let mut out = vec![0.0; tokens.len() * d];
    let rows = rows_per_piece(d);
    for_each(
        tokens.len() * d,
        out.chunks_mut((rows * d).max(1)).zip(tokens.chunks(rows)),
        |(out, tokens)| {
            for (out, &token) in out.chunks_exact_mut(d).zip(tokens) {
                out.copy_from_slice(&slice(weight)[token as usize * d..][..d]);
            }
        },
    );
    tensor(out, [tokens.len(), d])
}

#[derive(Debug)]
struct EmbeddingBackward;

impl Backward<Flex, 1> for EmbeddingBackward {
    type State = (Vec<u32>, [usize; 2]);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let grad = contiguous(grads.consume::<Flex>(&ops.node));
        let (tokens, [v, d]) = ops.state;
        let sorted = Sorted::new(&tokens, v);
        let mut weight_grad = vec![0.0; v * d];
        let rows = rows_per_piece(d);
        for_each(
            tokens.len() * d,
            weight_grad.chunks_mut((rows * d).max(1)).enumerate(),
            |(piece, weight_grad)| {
                add_rows(weight_grad, d, &sorted, piece * rows, slice(&grad));
            },
        );
        let [parent] = ops.parents.map(|parent| parent.map(|node| node.id));
        give(grads, parent, tensor(weight_grad, [v, d]));
    }
}

simd_fn! {
    fn add_rows(out: &mut [f32], d: usize, sorted: &Sorted, first: usize, grad: &[f32]) {
        for (i, out) in out.chunks_exact_mut(d).enumerate() {
            for &occurrence in sorted.of(first + i) {
                let grad = &grad[occurrence as usize * d..][..d];
                for (out, &grad) in out.iter_mut().zip(grad) {
                    *out += grad;
                }
            }
        }
    }
}
