//! The backward pass.
//!
//! With weights P, scores S and the result's gradient G: `dV = Pᵀ G`, `dP = G Vᵀ`,
//! `dS = P ∘ (dP − rowsum(P ∘ dP))`, `dQ = scale · dS K`, `dK = scale · dSᵀ Q`.

use super::{Problem, TILE};
use crate::flex::buffer::Rows;
use crate::flex::matmul::{Into, Matrix, matmul};
use crate::flex::parallel::{Pool, Scattered, for_each_with};
use crate::flex::simd::{dot, exp, simd_fn};

static POOL: Pool<Scratch> = Pool::new();

/// A thread's tile and its key-value head's gradients.
#[derive(Default)]
struct Scratch {
    weights: Vec<f32>,
    slopes: Vec<f32>,
    q_grad: Vec<f32>,
    k_grad: Vec<f32>,
    v_grad: Vec<f32>,
}

/// The gradients of q, k and v, each contiguous in its own shape.
pub(super) fn run(problem: &Problem<'_>, log_sums: &[f32], grad: Rows<'_>) -> [Vec<f32>; 3] {
    let Problem { q, k, v, .. } = problem;
    let [mut q_grad, mut k_grad, mut v_grad] =
        [q.dims, k.dims, v.dims].map(|dims| vec![0.0; dims.iter().product()]);
    let ([_, t, h, d], [_, s, g, e]) = (q.dims, v.dims);
    let outputs = [&mut q_grad, &mut k_grad, &mut v_grad].map(|out| Scattered::new(out));
    for_each_with(
        &POOL,
        problem.work() * 3,
        problem.tasks(),
        |scratch, (row, group)| {
            let columns = problem.columns(row, t - 1);
            scratch.k_grad.clear();
            scratch.k_grad.resize(columns.len() * d, 0.0);
            scratch.v_grad.clear();
            scratch.v_grad.resize(columns.len() * e, 0.0);
            for head in problem.heads(group) {
                let log_sums = &log_sums[(row * h + head) * t..][..t];
                for (tile, log_sums) in log_sums.chunks(TILE).enumerate() {
                    let first = tile * TILE;
                    scratch.tile(problem, grad, [row, head, group], first, log_sums);
                    for (i, values) in scratch.q_grad.chunks_exact(d.max(1)).enumerate() {
                        let place = ((row * t + first + i) * h + head) * d;
                        // SAFETY: a task writes the rows of its own batch row and heads.
                        unsafe { outputs[0].write(place, values) };
                    }
                }
            }
            let pairs = [
                (&scratch.k_grad, outputs[1], d),
                (&scratch.v_grad, outputs[2], e),
            ];
            for (values, output, width) in pairs {
                for (column, values) in columns.clone().zip(values.chunks_exact(width.max(1))) {
                    let place = ((row * s + column) * g + group) * width;
                    // SAFETY: a task writes the columns of its own batch row and head.
                    unsafe { output.write(place, values) };
                }
            }
        },
    );
    [q_grad, k_grad, v_grad]
}

impl Scratch {
    /// Fills `q_grad` for the queries from `first` on, and adds to `k_grad` and `v_grad`.
    fn tile(
        &mut self,
        problem: &Problem<'_>,
        grad: Rows<'_>,
        [row, head, group]: [usize; 3],
        first: usize,
        log_sums: &[f32],
    ) {
        let (d, e) = (problem.q.dims[3], problem.v.dims[3]);
        let queries = log_sums.len();
        let columns = problem.columns(row, first + queries - 1);
        let width = columns.len();
        self.weights.resize(queries * width, 0.0);
        self.slopes.resize(queries * width, 0.0);
        self.q_grad.resize(queries * d, 0.0);
        if width == 0 {
            self.q_grad.fill(0.0);
            return;
        }
        let q = Matrix::new(problem.q.from(row, first, head), problem.q.step());
        let k = Matrix::new(problem.k.from(row, columns.start, group), problem.k.step());
        let v = Matrix::new(problem.v.from(row, columns.start, group), problem.v.step());
        let grad = Matrix::new(grad.from(row, first, head), grad.step());
        let scale = problem.scale;
        matmul(
            &mut self.weights,
            [queries, d, width],
            q,
            k.t(),
            scale,
            Into::Set,
        );
        matmul(
            &mut self.slopes,
            [queries, e, width],
            grad,
            v.t(),
            1.0,
            Into::Set,
        );
        slopes(&mut self.weights, &mut self.slopes, log_sums, width);
        let (weights, slopes) = (
            Matrix::new(&self.weights, width),
            Matrix::new(&self.slopes, width),
        );
        matmul(
            &mut self.v_grad,
            [width, queries, e],
            weights.t(),
            grad,
            1.0,
            Into::Add,
        );
        matmul(
            &mut self.q_grad,
            [queries, width, d],
            slopes,
            k,
            scale,
            Into::Set,
        );
        matmul(
            &mut self.k_grad,
            [width, queries, d],
            slopes.t(),
            q,
            scale,
            Into::Add,
        );
    }
}

simd_fn! {
    // Scores become weights, and the weights' gradients the scores' gradients.
    fn slopes(weights: &mut [f32], slopes: &mut [f32], log_sums: &[f32], width: usize) {
        let queries = log_sums.len();
        let rows = weights.chunks_exact_mut(width).zip(slopes.chunks_exact_mut(width));
        for (i, (weights, slopes)) in rows.enumerate() {
            let visible = (width + i + 1).saturating_sub(queries);
            let (weights, hidden) = weights.split_at_mut(visible);
            hidden.fill(0.0);
            let (slopes, hidden) = slopes.split_at_mut(visible);
            hidden.fill(0.0);
            let shift = log_sums[i];
            for weight in weights.iter_mut() {
                *weight = exp(*weight - shift);
            }
            let mean = dot(weights, slopes);
            for (slope, &weight) in slopes.iter_mut().zip(weights.iter()) {
                *slope = weight * (*slope - mean);
            }
        }
    }
}
