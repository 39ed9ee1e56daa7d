//! Attention without a score matrix that outlives its head.
//!
//! A task is one batch row and one key-value head. [`forward`] and [`backward`] walk its query
//! heads in tiles of [`TILE`] queries and multiply tile by tile, columns past a tile's last query
//! never computed; [`decode`] serves a single new query, reading each cached row once for all the
//! heads that share it. The forward pass keeps each query's log-sum-exp, from which the backward
//! pass restores the weights.

mod backward;
mod decode;
mod forward;

use std::ops::Range;

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops};
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension, tensor::FloatTensor};
use burn::tensor::Tensor;
use burn_flex::FlexTensor;

use super::buffer::{Rows, tensor, with_rows};
use super::record::{Tracked, give, record};
use crate::Span;

/// Queries whose scores are held at once: at 512 columns the scores fill a quarter of a
/// second-level cache.
const TILE: usize = 64;

/// See [`crate::attention`].
pub(crate) fn attention(
    q_bthd: Tensor<4>,
    k_bsgd: Tensor<4>,
    v_bsge: Tensor<4>,
    span: &Span,
    scale: f64,
) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::attention(
        q_bthd.into_dispatch(),
        k_bsgd.into_dispatch(),
        v_bsge.into_dispatch(),
        span.clone(),
        scale as f32,
    ))
}

#[backend_extension(Autodiff, Flex)]
trait AttentionOp: Backend {
    fn attention(
        q: FloatTensor<Self>,
        k: FloatTensor<Self>,
        v: FloatTensor<Self>,
        span: Span,
        scale: f32,
    ) -> FloatTensor<Self>;
}

impl AttentionOp for Flex {
    fn attention(
        q: FlexTensor,
        k: FlexTensor,
        v: FlexTensor,
        span: Span,
        scale: f32,
    ) -> FlexTensor {
        let inputs = Inputs {
            q: with_rows(q),
            k: with_rows(k),
            v: with_rows(v),
            span,
            scale,
        };
        inputs.run().0
    }
}

impl<C: CheckpointStrategy> AttentionOp for Autodiff<Flex, C> {
    fn attention(
        q: Tracked<C>,
        k: Tracked<C>,
        v: Tracked<C>,
        span: Span,
        scale: f32,
    ) -> Tracked<C> {
        let ((q, q_node), (k, k_node), (v, v_node)) =
            (q.into_parts(), k.into_parts(), v.into_parts());
        let inputs = Inputs {
            q: with_rows(q),
            k: with_rows(k),
            v: with_rows(v),
            span,
            scale,
        };
        let (out, log_sums) = inputs.run();
        record::<C, _, 3>(
            AttentionBackward,
            [q_node, k_node, v_node],
            (inputs, log_sums),
            out,
        )
    }
}

#[derive(Debug)]
struct AttentionBackward;

impl Backward<Flex, 3> for AttentionBackward {
    type State = (Inputs, Vec<f32>);

    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let grad = with_rows(grads.consume::<Flex>(&ops.node));
        let (inputs, log_sums) = ops.state;
        let problem = inputs.problem();
        let [q_grad, k_grad, v_grad] = backward::run(&problem, &log_sums, Rows::new(&grad));
        let [q_parent, k_parent, v_parent] = ops.parents.map(|p| p.map(|node| node.id));
        give(grads, q_parent, tensor(q_grad, problem.q.dims));
        give(grads, k_parent, tensor(k_grad, problem.k.dims));
        give(grads, v_parent, tensor(v_grad, problem.v.dims));
    }
}

/// What attention was asked for.
#[derive(Clone, Debug)]
struct Inputs {
    q: FlexTensor,
    k: FlexTensor,
    v: FlexTensor,
    span: Span,
    scale: f32,
}

impl Inputs {
    fn problem(&self) -> Problem<'_> {
        Problem {
            q: Rows::new(&self.q),
            k: Rows::new(&self.k),
            v: Rows::new(&self.v),
            span: &self.span,
            scale: self.scale,
        }
    }

    /// The result, and the log-sum-exp of each query's scores as `[b, h, t]`.
    fn run(&self) -> (FlexTensor, Vec<f32>) {
        let problem = self.problem();
        let [b, t, h, _] = problem.q.dims;
        let (out, log_sums) = if t == 1 {
            decode::run(&problem)
        } else {
            forward::run(&problem)
        };
        (tensor(out, [b, t, h, problem.v.dims[3]]), log_sums)
    }
}

/// The same, ready to be read.
#[derive(Clone, Copy)]
struct Problem<'a> {
    q: Rows<'a>,
    k: Rows<'a>,
    v: Rows<'a>,
    span: &'a Span,
    scale: f32,
}

impl Problem<'_> {
    /// Every pair of batch row and key-value head.
    fn tasks(&self) -> impl Iterator<Item = (usize, usize)> {
        let ([b, ..], [_, _, g, _]) = (self.q.dims, self.k.dims);
        (0..b).flat_map(move |row| (0..g).map(move |group| (row, group)))
    }

    /// The query heads that read a key-value head.
    fn heads(&self, group: usize) -> Range<usize> {
        let shared = self.q.dims[2] / self.k.dims[2];
        group * shared..(group + 1) * shared
    }

    /// The columns from a row's first to the last that query `last` sees.
    fn columns(&self, row: usize, last: usize) -> Range<usize> {
        let start = self.span.starts[row] as usize;
        start..(self.span.offsets[row] as usize + last + 1).max(start)
    }

    /// Multiply-adds of the whole, roughly.
    fn work(&self) -> usize {
        let [_, t, h, d] = self.q.dims;
        let columns: usize = (0..self.q.dims[0])
            .map(|row| self.columns(row, t - 1).len())
            .sum();
        columns * t * h * (d + self.v.dims[3])
    }
}
