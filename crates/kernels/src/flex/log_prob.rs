//! Log-probabilities and entropies of a row in two passes over it; the backward pass writes the
//! logits' gradient in one.

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops};
use burn::backend::tensor::{FloatTensor, IntTensor};
use burn::backend::{Autodiff, AutodiffBackend, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::{Int, Tensor};
use burn_flex::FlexTensor;

use super::buffer::{contiguous, indices, slice, tensor};
use super::parallel::{for_each, rows_per_piece};
use super::record::{Tracked, give, record};
use super::simd::{LANES, exp, max, simd_fn, sum_lanes};

/// See [`crate::log_prob`].
pub(crate) fn log_prob(
    logits_nv: Tensor<2>,
    targets_n: Tensor<1, Int>,
    temperature: f64,
) -> (Tensor<1>, Tensor<1>) {
    let (chosen, entropy) = Dispatch::log_prob(
        logits_nv.into_dispatch(),
        targets_n.into_dispatch(),
        (1.0 / temperature) as f32,
    );
    (
        Tensor::from_dispatch(chosen),
        Tensor::from_dispatch(entropy),
    )
}

#[backend_extension(Autodiff, Flex)]
trait LogProbOp: Backend {
    fn log_prob(
        logits: FloatTensor<Self>,
        targets: IntTensor<Self>,
        sharpness: f32,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);
}

impl LogProbOp for Flex {
    fn log_prob(
        logits: FlexTensor,
        targets: FlexTensor,
        sharpness: f32,
    ) -> (FlexTensor, FlexTensor) {
        let logits = contiguous(logits);
        let targets = indices(targets, logits.layout().shape()[1], "log_prob: the target");
        let [chosen, entropy, _] = all(&logits, &targets, sharpness);
        let n = targets.len();
        (tensor(chosen, [n]), tensor(entropy, [n]))
    }
}

impl<C: CheckpointStrategy> LogProbOp for Autodiff<Flex, C> {
    fn log_prob(
        logits: Tracked<C>,
        targets: FlexTensor,
        sharpness: f32,
    ) -> (Tracked<C>, Tracked<C>) {
        let (logits, node) = logits.into_parts();
        let logits = contiguous(logits);
        let targets = indices(targets, logits.layout().shape()[1], "log_prob: the target");
        let [chosen, entropy, normaliser] = all(&logits, &targets, sharpness);
        let n = targets.len();
        let state = State {
            logits,
            targets,
            normaliser,
            sharpness,
        };
        let chosen = record::<C, _, 1>(LogProbBackward, [node], state, tensor(chosen, [n]));
        (chosen, Self::from_inner(tensor(entropy, [n])))
    }
}

/// Log-probability of the target, entropy, and the log of the normaliser, row by row.
fn all(logits: &FlexTensor, targets: &[u32], sharpness: f32) -> [Vec<f32>; 3] {
    let n = targets.len();
    let [mut chosen, mut entropy, mut normaliser] = [vec![0.0; n], vec![0.0; n], vec![0.0; n]];
    let v = logits.layout().shape()[1];
    let rows = rows_per_piece(v);
    let outputs = chosen.chunks_mut(rows).zip(entropy.chunks_mut(rows));
    let inputs = slice(logits).chunks(rows * v).zip(targets.chunks(rows));
    for_each(
        n * v * 8,
        outputs.zip(normaliser.chunks_mut(rows)).zip(inputs),
        |(((chosen, entropy), normaliser), (logits, targets))| {
            forward(chosen, entropy, normaliser, logits, targets, sharpness);
        },
    );
    [chosen, entropy, normaliser]
}

#[derive(Clone, Debug)]
struct State {
    logits: FlexTensor,
    targets: Vec<u32>,
    normaliser: Vec<f32>,
    sharpness: f32,
}

#[derive(Debug)]
struct LogProbBackward;

impl Backward<Flex, 1> for LogProbBackward {
    type State = State;

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let grad = contiguous(grads.consume::<Flex>(&ops.node));
        let State {
            logits,
            targets,
            normaliser,
            sharpness,
        } = ops.state;
        let v = logits.layout().shape()[1];
        let rows = rows_per_piece(v);
        let mut logits_grad = vec![0.0; slice(&logits).len()];
        let inputs = slice(&logits).chunks(rows * v).zip(targets.chunks(rows));
        let per_row = normaliser.chunks(rows).zip(slice(&grad).chunks(rows));
        for_each(
            logits_grad.len() * 8,
            logits_grad.chunks_mut(rows * v).zip(inputs).zip(per_row),
            |((logits_grad, (logits, targets)), (normaliser, grad))| {
                backward(logits_grad, logits, targets, normaliser, grad, sharpness);
            },
        );
        let [parent] = ops.parents.map(|parent| parent.map(|node| node.id));
        give(
            grads,
            parent,
            tensor(logits_grad, logits.layout().shape().clone()),
        );
    }
}

simd_fn! {
    // With z = (logit − max) / T: log p = z − log Σ e^z, and the entropy is log Σ e^z − Σ e^z z / Σ e^z.
    fn forward(
        chosen: &mut [f32],
        entropy: &mut [f32],
        normaliser: &mut [f32],
        logits: &[f32],
        targets: &[u32],
        sharpness: f32,
    ) {
        let v = logits.len() / targets.len();
        for (row, logits) in logits.chunks_exact(v).enumerate() {
            let top = max(logits) * sharpness;
            let (sum, weighted) = partition(logits, sharpness, top);
            let log_sum = sum.ln();
            normaliser[row] = top + log_sum;
            chosen[row] = logits[targets[row] as usize].mul_add(sharpness, -top) - log_sum;
            entropy[row] = log_sum - weighted / sum;
        }
    }

    // d log p_target / d logit_j = (1[j = target] − p_j) / T.
    fn backward(
        logits_grad: &mut [f32],
        logits: &[f32],
        targets: &[u32],
        normaliser: &[f32],
        grad: &[f32],
        sharpness: f32,
    ) {
        let v = logits.len() / targets.len();
        let rows = logits_grad.chunks_exact_mut(v).zip(logits.chunks_exact(v));
        for (row, (logits_grad, logits)) in rows.enumerate() {
            let scale = grad[row] * sharpness;
            let shift = normaliser[row];
            for i in 0..v {
                logits_grad[i] = -scale * exp(logits[i].mul_add(sharpness, -shift));
            }
            logits_grad[targets[row] as usize] += scale;
        }
    }
}

/// `Σ e^z` and `Σ e^z z` of a row, with `z = logit · sharpness − top`.
#[inline(always)]
fn partition(logits: &[f32], sharpness: f32, top: f32) -> (f32, f32) {
    let (mut sums, mut weighted) = ([0.0; LANES], [0.0; LANES]);
    let (full, rest) = logits.as_chunks::<LANES>();
    for x in full {
        for l in 0..LANES {
            let (e, z) = term(x[l], sharpness, top);
            sums[l] += e;
            weighted[l] = e.mul_add(z, weighted[l]);
        }
    }
    for (l, &x) in rest.iter().enumerate() {
        let (e, z) = term(x, sharpness, top);
        sums[l] += e;
        weighted[l] = e.mul_add(z, weighted[l]);
    }
    (sum_lanes(sums), sum_lanes(weighted))
}

/// `e^z` and `z`, the latter held finite so that a logit of −∞ adds 0 and not 0 · ∞.
#[inline(always)]
fn term(logit: f32, sharpness: f32, top: f32) -> (f32, f32) {
    let z = logit.mul_add(sharpness, -top);
    (exp(z), if z < -1e4 { -1e4 } else { z })
}
