//! RMS normalisation, a row at a time while it lies in the first-level cache; the backward pass
//! computes the row's root again.

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops};
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension, tensor::FloatTensor};
use burn::tensor::Tensor;
use burn_flex::FlexTensor;

use super::buffer::{contiguous, slice, tensor};
use super::parallel::{for_each, rows_per_piece, sum_pieces};
use super::record::{Tracked, give, record};
use super::simd::{LANES, dot, simd_fn, sum_lanes};

/// See [`crate::rms_norm`].
pub(crate) fn rms_norm(x_nd: Tensor<2>, weight_d: Tensor<1>, eps: f64) -> Tensor<2> {
    let out = Dispatch::rms_norm(x_nd.into_dispatch(), weight_d.into_dispatch(), eps as f32);
    Tensor::from_dispatch(out)
}

#[backend_extension(Autodiff, Flex)]
trait RmsNormOp: Backend {
    fn rms_norm(x: FloatTensor<Self>, weight: FloatTensor<Self>, eps: f32) -> FloatTensor<Self>;
}

impl RmsNormOp for Flex {
    fn rms_norm(x: FlexTensor, weight: FlexTensor, eps: f32) -> FlexTensor {
        let (x, weight) = (contiguous(x), contiguous(weight));
        let (x_all, w) = (slice(&x), slice(&weight));
        let mut out = vec![0.0; x_all.len()];
        let piece = rows_per_piece(w.len()) * w.len().max(1);
        for_each(
            x_all.len() * 2,
            out.chunks_mut(piece).zip(x_all.chunks(piece)),
            |(out, x)| forward(out, x, w, eps),
        );
        tensor(out, x.layout().shape().clone())
    }
}

impl<C: CheckpointStrategy> RmsNormOp for Autodiff<Flex, C> {
    fn rms_norm(x: Tracked<C>, weight: Tracked<C>, eps: f32) -> Tracked<C> {
        let ((x, x_node), (weight, weight_node)) = (x.into_parts(), weight.into_parts());
        let (x, weight) = (contiguous(x), contiguous(weight));
        let out = Flex::rms_norm(x.clone(), weight.clone(), eps);
        record::<C, _, 2>(
            RmsNormBackward,
            [x_node, weight_node],
            (x, weight, eps),
            out,
        )
    }
}

#[derive(Debug)]
struct RmsNormBackward;

impl Backward<Flex, 2> for RmsNormBackward {
    type State = (FlexTensor, FlexTensor, f32);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let grad = contiguous(grads.consume::<Flex>(&ops.node));
        let (x, weight, eps) = ops.state;
        let (x_all, w) = (slice(&x), slice(&weight));
        let d = w.len().max(1);
        let piece = rows_per_piece(d) * d;
        let mut x_grad = vec![0.0; x_all.len()];
        let mut weight_grads = vec![0.0; x_all.len().div_ceil(piece) * d];
        let outputs = x_grad.chunks_mut(piece).zip(weight_grads.chunks_mut(d));
        let inputs = x_all.chunks(piece).zip(slice(&grad).chunks(piece));
        for_each(
            x_all.len() * 4,
            outputs.zip(inputs),
            |((x_grad, weight_grad), (x, grad))| backward(x_grad, weight_grad, x, w, grad, eps),
        );
        let [x_parent, weight_parent] = ops.parents.map(|parent| parent.map(|node| node.id));
        give(grads, x_parent, tensor(x_grad, x.layout().shape().clone()));
        give(
            grads,
            weight_parent,
            tensor(sum_pieces(&weight_grads, w.len()), [w.len()]),
        );
    }
}

simd_fn! {
    fn forward(out: &mut [f32], x: &[f32], weight: &[f32], eps: f32) {
        let d = weight.len();
        for (out, x) in out.chunks_exact_mut(d).zip(x.chunks_exact(d)) {
            let scale = 1.0 / (dot(x, x) / d as f32 + eps).sqrt();
            for i in 0..d {
                out[i] = x[i] * scale * weight[i];
            }
        }
    }

    // With r = 1/rms: dx = r (g·w) − x r³ mean(g·w·x), dw = Σ g x r.
    fn backward(
        x_grad: &mut [f32],
        weight_grad: &mut [f32],
        x: &[f32],
        weight: &[f32],
        grad: &[f32],
        eps: f32,
    ) {
        let d = weight.len();
        let weight_grad = &mut weight_grad[..d];
        let rows = x.chunks_exact(d).zip(grad.chunks_exact(d));
        for (x_grad, (x, grad)) in x_grad.chunks_exact_mut(d).zip(rows) {
            let scale = 1.0 / (dot(x, x) / d as f32 + eps).sqrt();
            let pull = triple(grad, weight, x) * scale * scale * scale / d as f32;
            for i in 0..d {
                x_grad[i] = grad[i] * weight[i] * scale - x[i] * pull;
                weight_grad[i] = (grad[i] * x[i]).mul_add(scale, weight_grad[i]);
            }
        }
    }
}

/// `Σ a·b·c` of three slices of one length.
#[inline(always)]
fn triple(a: &[f32], b: &[f32], c: &[f32]) -> f32 {
    let mut lanes = [0.0; LANES];
    let (a, a_rest) = a.as_chunks::<LANES>();
    let (b, b_rest) = b.as_chunks::<LANES>();
    let (c, c_rest) = c.as_chunks::<LANES>();
    for ((a, b), c) in a.iter().zip(b).zip(c) {
        for l in 0..LANES {
            lanes[l] = (a[l] * b[l]).mul_add(c[l], lanes[l]);
        }
    }
    let mut tail = 0.0;
    for ((&a, &b), &c) in a_rest.iter().zip(b_rest).zip(c_rest) {
        tail = (a * b).mul_add(c, tail);
    }
    sum_lanes(lanes) + tail
}
