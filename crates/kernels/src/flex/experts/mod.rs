//! The routed experts: rows sorted by expert, one thread per expert, three products each way.
//!
//! Kept for the backward pass: the rows' order and the two pre-activations, `[n·k, f]` each. The
//! gathered inputs, the activation and the experts' results are computed again or not needed.

mod backward;
mod forward;

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
use super::simd::{add_scaled, simd_fn};
use super::sorted::Sorted;

/// Rows an expert takes at a time, so that what it computes for them stays in the cache.
const BLOCK: usize = 256;

/// See [`crate::experts`].
pub(crate) fn experts(
    x_nd: Tensor<2>,
    index_nk: Tensor<2, Int>,
    weight_nk: Tensor<2>,
    gate_edf: Tensor<3>,
    up_edf: Tensor<3>,
    down_efd: Tensor<3>,
) -> Tensor<2> {
    Tensor::from_dispatch(Dispatch::experts(
        x_nd.into_dispatch(),
        index_nk.into_dispatch(),
        weight_nk.into_dispatch(),
        gate_edf.into_dispatch(),
        up_edf.into_dispatch(),
        down_efd.into_dispatch(),
    ))
}

#[backend_extension(Autodiff, Flex)]
trait ExpertsOp: Backend {
    fn experts(
        x: FloatTensor<Self>,
        index: IntTensor<Self>,
        weight: FloatTensor<Self>,
        gate: FloatTensor<Self>,
        up: FloatTensor<Self>,
        down: FloatTensor<Self>,
    ) -> FloatTensor<Self>;
}

impl ExpertsOp for Flex {
    fn experts(
        x: FlexTensor,
        index: FlexTensor,
        weight: FlexTensor,
        gate: FlexTensor,
        up: FlexTensor,
        down: FlexTensor,
    ) -> FlexTensor {
        let inputs = Inputs::new([x, weight, gate, up, down], index);
        inputs.combine(&forward::run(&inputs.problem(), None))
    }
}

impl<C: CheckpointStrategy> ExpertsOp for Autodiff<Flex, C> {
    fn experts(
        x: Tracked<C>,
        index: FlexTensor,
        weight: Tracked<C>,
        gate: Tracked<C>,
        up: Tracked<C>,
        down: Tracked<C>,
    ) -> Tracked<C> {
        let (x, x_node) = x.into_parts();
        let (weight, weight_node) = weight.into_parts();
        let (gate, gate_node) = gate.into_parts();
        let (up, up_node) = up.into_parts();
        let (down, down_node) = down.into_parts();
        let inputs = Inputs::new([x, weight, gate, up, down], index);
        let rows = inputs.index.len() * inputs.f;
        let mut activations = [vec![0.0; rows], vec![0.0; rows]];
        let results = forward::run(&inputs.problem(), Some(&mut activations));
        let out = inputs.combine(&results);
        let nodes = [x_node, weight_node, gate_node, up_node, down_node];
        record::<C, _, 5>(ExpertsBackward, nodes, (inputs, activations), out)
    }
}

#[derive(Debug)]
struct ExpertsBackward;

impl Backward<Flex, 5> for ExpertsBackward {
    type State = (Inputs, [Vec<f32>; 2]);

    fn backward(self, ops: Ops<Self::State, 5>, grads: &mut Gradients, _: &mut Checkpointer) {
        let grad = contiguous(grads.consume::<Flex>(&ops.node));
        let (inputs, activations) = ops.state;
        let [x, weight, gate, up, down] = ops.parents.map(|p| p.map(|node| node.id));
        // Frozen experts have none.
        let stacks = gate.is_some() || up.is_some() || down.is_some();
        let gradients = backward::run(&inputs.problem(), &activations, slice(&grad), stacks);
        let x_grad = inputs.gather(&gradients.rows, None);
        give(grads, x, x_grad);
        give(
            grads,
            weight,
            tensor(gradients.shares, inputs.weight.layout().shape().clone()),
        );
        if !stacks {
            return;
        }
        give(
            grads,
            gate,
            tensor(gradients.gate, inputs.gate.layout().shape().clone()),
        );
        give(
            grads,
            up,
            tensor(gradients.up, inputs.up.layout().shape().clone()),
        );
        give(
            grads,
            down,
            tensor(gradients.down, inputs.down.layout().shape().clone()),
        );
    }
}

/// What was asked for, every tensor contiguous, and the rows' order. A *place* is a pair of row
/// and choice, `row · k + choice`; places sorted by expert are *lines*.
#[derive(Clone, Debug)]
struct Inputs {
    x: FlexTensor,
    weight: FlexTensor,
    gate: FlexTensor,
    up: FlexTensor,
    down: FlexTensor,
    /// The expert of each place.
    index: Vec<u32>,
    sorted: Sorted,
    k: usize,
    f: usize,
}

impl Inputs {
    fn new(tensors: [FlexTensor; 5], index: FlexTensor) -> Self {
        let [x, weight, gate, up, down] = tensors.map(contiguous);
        let (k, e, f) = (
            weight.layout().shape()[1],
            gate.layout().shape()[0],
            gate.layout().shape()[2],
        );
        let index = indices(index, e, "experts: the index");
        let sorted = Sorted::new(&index, e);
        Self {
            x,
            weight,
            gate,
            up,
            down,
            index,
            sorted,
            k,
            f,
        }
    }

    fn problem(&self) -> Problem<'_> {
        Problem {
            x: slice(&self.x),
            weight: slice(&self.weight),
            gate: slice(&self.gate),
            up: slice(&self.up),
            down: slice(&self.down),
            sorted: &self.sorted,
            e: self.gate.layout().shape()[0],
            d: self.x.layout().shape()[1],
            f: self.f,
            k: self.k,
        }
    }

    /// Each row's results, weighted and added.
    fn combine(&self, results: &[f32]) -> FlexTensor {
        self.gather(results, Some(slice(&self.weight)))
    }

    /// Adds up the `k` lines of each row, each times its weight or 1.
    fn gather(&self, lines: &[f32], weight: Option<&[f32]>) -> FlexTensor {
        let shape = self.x.layout().shape();
        let (n, d, k) = (shape[0], shape[1], self.k);
        let mut line_of = vec![0; n * k];
        for (line, &place) in self.sorted.positions().iter().enumerate() {
            line_of[place as usize] = line as u32;
        }
        let mut out = vec![0.0; n * d];
        let rows = rows_per_piece(d);
        for_each(
            n * d * k,
            out.chunks_mut((rows * d).max(1))
                .zip(line_of.chunks((rows * k).max(1)))
                .enumerate(),
            |(piece, (out, line_of))| {
                let weight = weight.map(|weight| &weight[piece * rows * k..]);
                add_lines(out, d, k, lines, line_of, weight);
            },
        );
        tensor(out, [n, d])
    }
}

simd_fn! {
    fn add_lines(
        out: &mut [f32],
        d: usize,
        k: usize,
        lines: &[f32],
        line_of: &[u32],
        weight: Option<&[f32]>,
    ) {
        for (row, (out, line_of)) in out.chunks_exact_mut(d).zip(line_of.chunks_exact(k)).enumerate() {
            for (choice, &line) in line_of.iter().enumerate() {
                let share = match weight {
                    Some(weight) => weight[row * k + choice],
                    None => 1.0,
                };
                add_scaled(out, share, &lines[line as usize * d..][..d]);
            }
        }
    }
}

/// The same as slices.
#[derive(Clone, Copy)]
struct Problem<'a> {
    x: &'a [f32],
    weight: &'a [f32],
    gate: &'a [f32],
    up: &'a [f32],
    down: &'a [f32],
    sorted: &'a Sorted,
    e: usize,
    d: usize,
    f: usize,
    k: usize,
}

impl<'a> Problem<'a> {
    /// An expert's `d · f` elements of one of the three stacks.
    fn of(&self, stack: &'a [f32], expert: usize) -> &'a [f32] {
        &stack[expert * self.d * self.f..][..self.d * self.f]
    }

    /// Multiply-adds of one product over all lines.
    fn work(&self) -> usize {
        self.sorted.positions().len() * self.d * self.f
    }

    /// Copies the rows of some places to `out`, one after the other.
    fn take(&self, out: &mut Vec<f32>, rows: &[f32], places: &[u32]) {
        out.clear();
        for &place in places {
            out.extend_from_slice(&rows[place as usize / self.k * self.d..][..self.d]);
        }
    }

    /// Cuts lines of `width` elements into one slice per expert.
    fn by_expert<'s>(&self, mut lines: &'s mut [f32], width: usize) -> Vec<&'s mut [f32]> {
        (0..self.e)
            .map(|expert| {
                let (own, rest) =
                    std::mem::take(&mut lines).split_at_mut(self.sorted.of(expert).len() * width);
                lines = rest;
                own
            })
            .collect()
    }
}
