//! The forward pass for several queries: training and prefill.

use super::{Problem, TILE};
use crate::flex::matmul::{Into, Matrix, matmul};
use crate::flex::parallel::{Pool, Scattered, for_each_with};
use crate::flex::simd::{exp_in_place, max, simd_fn};

static POOL: Pool<Scratch> = Pool::new();

/// A thread's scores, and its tile of the result.
#[derive(Default)]
struct Scratch {
    scores: Vec<f32>,
    out: Vec<f32>,
}

/// The result as `[b, t, h, e]` and the log-sum-exp of each query's scores as `[b, h, t]`.
pub(super) fn run(problem: &Problem<'_>) -> (Vec<f32>, Vec<f32>) {
    let ([b, t, h, _], e) = (problem.q.dims, problem.v.dims[3]);
    let mut out = vec![0.0; b * t * h * e];
    let mut log_sums = vec![0.0; b * h * t];
    let shared = h / problem.k.dims[2];
    let scattered = Scattered::new(&mut out);
    for_each_with(
        &POOL,
        problem.work(),
        problem
            .tasks()
            .zip(log_sums.chunks_mut((shared * t).max(1))),
        |scratch, ((row, group), log_sums)| {
            let wanted = problem.span.length(row, t);
            for (head, log_sums) in problem.heads(group).zip(log_sums.chunks_mut(t)) {
                for (tile, log_sums) in log_sums[..wanted].chunks_mut(TILE).enumerate() {
                    let first = tile * TILE;
                    scratch.tile(problem, [row, head, group], first, log_sums);
                    for (i, values) in scratch.out.chunks_exact(e.max(1)).enumerate() {
                        let place = ((row * t + first + i) * h + head) * e;
                        // SAFETY: a task writes the rows of its own batch row and heads.
                        unsafe { scattered.write(place, values) };
                    }
                }
            }
        },
    );
    (out, log_sums)
}

impl Scratch {
    /// Fills `out` and `log_sums` for the queries from `first` on.
    fn tile(
        &mut self,
        problem: &Problem<'_>,
        [row, head, group]: [usize; 3],
        first: usize,
        log_sums: &mut [f32],
    ) {
        let ([_, _, _, d], e) = (problem.q.dims, problem.v.dims[3]);
        let queries = log_sums.len();
        let held = problem.span.row(row);
        let columns = problem.columns(row, first + queries - 1);
        let width = columns.len();
        self.scores.resize(queries * width, 0.0);
        self.out.resize(queries * e, 0.0);
        if width == 0 {
            self.out.fill(0.0);
            log_sums.fill(0.0);
            return;
        }
        matmul(
            &mut self.scores,
            [queries, d, width],
            Matrix::new(problem.q.from(row, first, head), problem.q.step()),
            Matrix::new(problem.k.from(held, columns.start, group), problem.k.step()).t(),
            problem.scale,
            Into::Set,
        );
        softmax(&mut self.scores, log_sums, width);
        matmul(
            &mut self.out,
            [queries, width, e],
            Matrix::new(&self.scores, width),
            Matrix::new(problem.v.from(held, columns.start, group), problem.v.step()),
            1.0,
            Into::Set,
        );
    }
}

simd_fn! {
    // The tile's last query sees every column, the one before it one less, and so on.
    fn softmax(scores: &mut [f32], log_sums: &mut [f32], width: usize) {
        let queries = log_sums.len();
        for (i, scores) in scores.chunks_exact_mut(width).enumerate() {
            let visible = (width + i + 1).saturating_sub(queries);
            let (seen, hidden) = scores.split_at_mut(visible);
            hidden.fill(0.0);
            log_sums[i] = normalise(seen);
        }
    }
}

/// Turns scores into weights and returns their log-sum-exp, 0 for no scores.
#[inline(always)]
pub(super) fn normalise(scores: &mut [f32]) -> f32 {
    if scores.is_empty() {
        return 0.0;
    }
    let top = max(scores);
    let sum = exp_in_place(scores, top);
    let share = 1.0 / sum;
    for score in scores {
        *score *= share;
    }
    top + sum.ln()
}
