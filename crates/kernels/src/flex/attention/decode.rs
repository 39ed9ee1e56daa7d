//! The forward pass for one new query per batch row: decoding, bound by reading the cache.

use super::Problem;
use super::forward::normalise;
use crate::flex::buffer::Rows;
use crate::flex::parallel::for_each_with;
use crate::flex::simd::{add_scaled, dot, simd_fn};

/// The result as `[b, 1, h, e]` and the log-sum-exp of each query's scores as `[b, h, 1]`.
pub(super) fn run(problem: &Problem<'_>) -> (Vec<f32>, Vec<f32>) {
    let ([b, _, h, _], e) = (problem.q.dims, problem.v.dims[3]);
    let mut out = vec![0.0; b * h * e];
    let mut log_sums = vec![0.0; b * h];
    let shared = h / problem.k.dims[2];
    let outputs = out
        .chunks_mut((shared * e).max(1))
        .zip(log_sums.chunks_mut(shared.max(1)));
    for_each_with(
        problem.work(),
        problem.tasks().zip(outputs),
        Vec::new,
        |scores, ((row, group), (out, log_sums))| {
            let columns = problem.columns(row, 0);
            scores.resize(log_sums.len() * columns.len(), 0.0);
            if !columns.is_empty() {
                let place = [row, group, columns.start];
                heads(
                    out,
                    log_sums,
                    scores,
                    problem.q,
                    problem.k,
                    problem.v,
                    place,
                    problem.scale,
                );
            }
        },
    );
    (out, log_sums)
}

simd_fn! {
    // `scores` is `[heads, columns]`. Each cached row is read once, for all heads.
    fn heads(
        out: &mut [f32],
        log_sums: &mut [f32],
        scores: &mut [f32],
        q: Rows<'_>,
        k: Rows<'_>,
        v: Rows<'_>,
        place: [usize; 3],
        scale: f32,
    ) {
        let [row, group, start] = place;
        let shared = log_sums.len();
        let width = scores.len() / shared;
        let e = v.dims[3];
        for column in 0..width {
            let key = k.row(row, start + column, group);
            for head in 0..shared {
                let query = q.row(row, 0, group * shared + head);
                scores[head * width + column] = dot(query, key) * scale;
            }
        }
        for (log_sum, scores) in log_sums.iter_mut().zip(scores.chunks_exact_mut(width)) {
            *log_sum = normalise(scores);
        }
        for column in 0..width {
            let value = v.row(row, start + column, group);
            for head in 0..shared {
                add_scaled(&mut out[head * e..][..e], scores[head * width + column], value);
            }
        }
    }
}
