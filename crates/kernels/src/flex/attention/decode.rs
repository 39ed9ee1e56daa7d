//! The forward pass for one new query per batch row: decoding, bound by reading the cache.
//!
//! A task is a batch row with all its heads, so that the cache is read from one end to the other;
//! a single batch row is split by key-value head instead.

use std::ops::Range;

use super::Problem;
use super::forward::normalise;
use crate::flex::parallel::{Pool, for_each_with};
use crate::flex::simd::{add_scaled, dot, simd_fn};

/// Scores, `[heads, columns]`.
static POOL: Pool<Vec<f32>> = Pool::new();

/// The result as `[b, 1, h, e]` and the log-sum-exp of each query's scores as `[b, h, 1]`.
pub(super) fn run(problem: &Problem<'_>) -> (Vec<f32>, Vec<f32>) {
    let ([b, _, h, _], [_, _, g, e]) = (problem.q.dims, problem.v.dims);
    let mut out = vec![0.0; b * h * e];
    let mut log_sums = vec![0.0; b * h];
    let groups = if b == 1 { 1 } else { g };
    let heads = h / g * groups;
    let outputs = out
        .chunks_mut((heads * e).max(1))
        .zip(log_sums.chunks_mut(heads.max(1)));
    let tasks = (0..b).flat_map(|row| (0..g / groups).map(move |part| (row, part * groups)));
    for_each_with(
        &POOL,
        problem.work(),
        tasks.zip(outputs),
        |scores, ((row, first), (out, log_sums))| {
            let columns = problem.columns(row, 0).len();
            scores.resize(heads * columns, 0.0);
            if columns > 0 {
                attend(out, log_sums, scores, problem, row, first..first + groups);
            }
        },
    );
    (out, log_sums)
}

simd_fn! {
    // `scores` is `[heads, columns]`. Each cached row is read once, for all the heads sharing it.
    fn attend(
        out: &mut [f32],
        log_sums: &mut [f32],
        scores: &mut [f32],
        problem: &Problem<'_>,
        row: usize,
        groups: Range<usize>,
    ) {
        let Problem { q, k, v, span, scale } = *problem;
        let start = span.starts[row] as usize;
        let held = span.row(row);
        let width = scores.len() / log_sums.len();
        let e = v.dims[3];
        let shared = log_sums.len() / groups.len();
        let first = groups.start * shared;
        for column in 0..width {
            for group in groups.clone() {
                let key = k.row(held, start + column, group);
                for head in group * shared..(group + 1) * shared {
                    let score = dot(q.row(row, 0, head), key) * scale;
                    scores[(head - first) * width + column] = score;
                }
            }
        }
        for (log_sum, scores) in log_sums.iter_mut().zip(scores.chunks_exact_mut(width)) {
            *log_sum = normalise(scores);
        }
        for column in 0..width {
            for group in groups.clone() {
                let value = v.row(held, start + column, group);
                for head in group * shared - first..(group + 1) * shared - first {
                    add_scaled(&mut out[head * e..][..e], scores[head * width + column], value);
                }
            }
        }
    }
}
