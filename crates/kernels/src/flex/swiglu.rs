//! SwiGLU in one pass each way; the backward pass computes the sigmoid again.

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops};
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension, tensor::FloatTensor};
use burn::tensor::Tensor;
use burn_flex::FlexTensor;

use super::buffer::{contiguous, slice, tensor};
use super::parallel::{for_each, rows_per_piece};
use super::record::{Tracked, give, record};
use super::simd::{sigmoid, simd_fn};

/// See [`crate::swiglu`].
pub(crate) fn swiglu(gate_nf: Tensor<2>, up_nf: Tensor<2>) -> Tensor<2> {
    Tensor::from_dispatch(Dispatch::swiglu(
        gate_nf.into_dispatch(),
        up_nf.into_dispatch(),
    ))
}

#[backend_extension(Autodiff, Flex)]
trait SwigluOp: Backend {
    fn swiglu(gate: FloatTensor<Self>, up: FloatTensor<Self>) -> FloatTensor<Self>;
}

impl SwigluOp for Flex {
    fn swiglu(gate: FlexTensor, up: FlexTensor) -> FlexTensor {
        let (gate, up) = (contiguous(gate), contiguous(up));
        let mut out = vec![0.0; slice(&gate).len()];
        let piece = rows_per_piece(1);
        let tasks = out.chunks_mut(piece).zip(slice(&gate).chunks(piece));
        for_each(
            slice(&gate).len() * 8,
            tasks.zip(slice(&up).chunks(piece)),
            |((out, gate), up)| forward(out, gate, up),
        );
        tensor(out, gate.layout().shape().clone())
    }
}

impl<C: CheckpointStrategy> SwigluOp for Autodiff<Flex, C> {
    fn swiglu(gate: Tracked<C>, up: Tracked<C>) -> Tracked<C> {
        let ((gate, gate_node), (up, up_node)) = (gate.into_parts(), up.into_parts());
        let (gate, up) = (contiguous(gate), contiguous(up));
        let out = Flex::swiglu(gate.clone(), up.clone());
        record::<C, _, 2>(SwigluBackward, [gate_node, up_node], (gate, up), out)
    }
}

#[derive(Debug)]
struct SwigluBackward;

impl Backward<Flex, 2> for SwigluBackward {
    type State = (FlexTensor, FlexTensor);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let grad = contiguous(grads.consume::<Flex>(&ops.node));
        let (gate, up) = ops.state;
        let len = slice(&gate).len();
        let (mut gate_grad, mut up_grad) = (vec![0.0; len], vec![0.0; len]);
        let piece = rows_per_piece(1);
        let outputs = gate_grad.chunks_mut(piece).zip(up_grad.chunks_mut(piece));
        let inputs = slice(&gate).chunks(piece).zip(slice(&up).chunks(piece));
        for_each(
            len * 8,
            outputs.zip(inputs).zip(slice(&grad).chunks(piece)),
            |(((gate_grad, up_grad), (gate, up)), grad)| {
                backward(gate_grad, up_grad, gate, up, grad);
            },
        );
        let [gate_parent, up_parent] = ops.parents.map(|parent| parent.map(|node| node.id));
        give(
            grads,
            gate_parent,
            tensor(gate_grad, gate.layout().shape().clone()),
        );
        give(
            grads,
            up_parent,
            tensor(up_grad, up.layout().shape().clone()),
        );
    }
}

simd_fn! {
    fn forward(out: &mut [f32], gate: &[f32], up: &[f32]) {
        let (gate, up) = (&gate[..out.len()], &up[..out.len()]);
        for i in 0..out.len() {
            out[i] = gate[i] * sigmoid(gate[i]) * up[i];
        }
    }

    // With σ = sigmoid(gate): d silu = σ (1 + gate (1 − σ)).
    fn backward(
        gate_grad: &mut [f32],
        up_grad: &mut [f32],
        gate: &[f32],
        up: &[f32],
        grad: &[f32],
    ) {
        let len = grad.len();
        let (gate, up) = (&gate[..len], &up[..len]);
        let (gate_grad, up_grad) = (&mut gate_grad[..len], &mut up_grad[..len]);
        for i in 0..len {
            let sigma = sigmoid(gate[i]);
            let slope = sigma * gate[i].mul_add(1.0 - sigma, 1.0);
            up_grad[i] = grad[i] * gate[i] * sigma;
            gate_grad[i] = grad[i] * up[i] * slope;
        }
    }
}
