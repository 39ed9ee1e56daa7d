//! Rotary embedding in one pass, the permutation folded in. The gradient is the rotation by the
//! opposite angle.

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops};
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension, tensor::FloatTensor};
use burn::tensor::Tensor;
use burn_flex::FlexTensor;

use super::buffer::{Rows, contiguous, slice, tensor, with_rows};
use super::parallel::{for_each, rows_per_piece};
use super::record::{Tracked, give, record};
use super::simd::simd_fn;
use crate::RopeLayout;

/// See [`crate::rope`].
pub(crate) fn rope(
    x_bthd: Tensor<4>,
    cos_btr: Tensor<3>,
    sin_btr: Tensor<3>,
    layout: RopeLayout,
) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::rope(
        x_bthd.into_dispatch(),
        cos_btr.into_dispatch(),
        sin_btr.into_dispatch(),
        layout,
    ))
}

#[backend_extension(Autodiff, Flex)]
trait RopeOp: Backend {
    fn rope(
        x: FloatTensor<Self>,
        cos: FloatTensor<Self>,
        sin: FloatTensor<Self>,
        layout: RopeLayout,
    ) -> FloatTensor<Self>;
}

impl RopeOp for Flex {
    fn rope(x: FlexTensor, cos: FlexTensor, sin: FlexTensor, layout: RopeLayout) -> FlexTensor {
        rotate(x, &contiguous(cos), &contiguous(sin), layout, Turn::Forward)
    }
}

impl<C: CheckpointStrategy> RopeOp for Autodiff<Flex, C> {
    fn rope(x: Tracked<C>, cos: Tracked<C>, sin: Tracked<C>, layout: RopeLayout) -> Tracked<C> {
        let (x, node) = x.into_parts();
        let (cos, sin) = (
            contiguous(cos.into_primitive()),
            contiguous(sin.into_primitive()),
        );
        let out = rotate(x, &cos, &sin, layout, Turn::Forward);
        record::<C, _, 1>(RopeBackward, [node], (cos, sin, layout), out)
    }
}

#[derive(Debug)]
struct RopeBackward;

impl Backward<Flex, 1> for RopeBackward {
    type State = (FlexTensor, FlexTensor, RopeLayout);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let grad = grads.consume::<Flex>(&ops.node);
        let (cos, sin, layout) = ops.state;
        let [parent] = ops.parents.map(|parent| parent.map(|node| node.id));
        give(grads, parent, rotate(grad, &cos, &sin, layout, Turn::Back));
    }
}

/// The rotation or its transpose.
#[derive(Clone, Copy)]
enum Turn {
    Forward,
    Back,
}

fn rotate(
    x: FlexTensor,
    cos: &FlexTensor,
    sin: &FlexTensor,
    layout: RopeLayout,
    turn: Turn,
) -> FlexTensor {
    let x = with_rows(x);
    let x_rows = Rows::new(&x);
    let [_, t, h, d] = x_rows.dims;
    let mut out = vec![0.0; x_rows.dims.iter().product()];
    let positions = rows_per_piece(h * d);
    for_each(
        out.len() * 2,
        out.chunks_mut((positions * h * d).max(1)).enumerate(),
        |(piece, out)| {
            piece_of(
                out,
                x_rows,
                slice(cos),
                slice(sin),
                piece * positions,
                t,
                layout,
                turn,
            );
        },
    );
    tensor(out, x_rows.dims)
}

simd_fn! {
    fn piece_of(
        out: &mut [f32],
        x: Rows<'_>,
        cos: &[f32],
        sin: &[f32],
        first: usize,
        t: usize,
        layout: RopeLayout,
        turn: Turn,
    ) {
        let [_, _, h, d] = x.dims;
        let r = d / 2;
        for (i, out) in out.chunks_exact_mut(h * d).enumerate() {
            let position = first + i;
            let (cos, sin) = (&cos[position * r..][..r], &sin[position * r..][..r]);
            for (head, out) in out.chunks_exact_mut(d).enumerate() {
                let x = x.row(position / t, position % t, head);
                match (layout, turn) {
                    (RopeLayout::Split, Turn::Forward) => split(out, x, cos, sin, 1.0),
                    (RopeLayout::Split, Turn::Back) => split(out, x, cos, sin, -1.0),
                    (RopeLayout::Interleaved, Turn::Forward) => gather(out, x, cos, sin),
                    (RopeLayout::Interleaved, Turn::Back) => scatter(out, x, cos, sin),
                }
            }
        }
    }
}

/// Halves to halves; `sign` −1 turns back.
#[inline(always)]
fn split(out: &mut [f32], x: &[f32], cos: &[f32], sin: &[f32], sign: f32) {
    let r = cos.len();
    let (out_a, out_b) = out.split_at_mut(r);
    let (x_a, x_b) = x.split_at(r);
    let (out_b, x_b, sin) = (&mut out_b[..r], &x_b[..r], &sin[..r]);
    for i in 0..r {
        let s = sign * sin[i];
        out_a[i] = x_a[i] * cos[i] - x_b[i] * s;
        out_b[i] = x_a[i] * s + x_b[i] * cos[i];
    }
}

/// Neighbours to halves.
#[inline(always)]
fn gather(out: &mut [f32], x: &[f32], cos: &[f32], sin: &[f32]) {
    let r = cos.len();
    let (out_a, out_b) = out.split_at_mut(r);
    let (pairs, _) = x.as_chunks::<2>();
    let (out_b, pairs, sin) = (&mut out_b[..r], &pairs[..r], &sin[..r]);
    for i in 0..r {
        let [a, b] = pairs[i];
        out_a[i] = a * cos[i] - b * sin[i];
        out_b[i] = a * sin[i] + b * cos[i];
    }
}

/// Halves back to neighbours, turning back.
#[inline(always)]
fn scatter(out: &mut [f32], x: &[f32], cos: &[f32], sin: &[f32]) {
    let r = cos.len();
    let (x_a, x_b) = x.split_at(r);
    let (pairs, _) = out.as_chunks_mut::<2>();
    let (pairs, x_b, sin) = (&mut pairs[..r], &x_b[..r], &sin[..r]);
    for i in 0..r {
        pairs[i] = [
            x_a[i] * cos[i] + x_b[i] * sin[i],
            x_b[i] * cos[i] - x_a[i] * sin[i],
        ];
    }
}
