//! Times each operation, forward and backward, fused and composed, at the sizes of a small
//! mixture-of-experts model: `cargo run --release -p kernels --features flex --example timing`.
//!
//! Prints the best of several runs in milliseconds; start it on an idle machine.

#![recursion_limit = "256"]
#![allow(clippy::print_stdout)]

use std::time::Instant;

use burn::tensor::{Device, Distribution, Int, Tensor};
use kernels::{AdamWStep, RopeLayout, Selection, Span, composed};

/// n, d, f, e, k of the row-wise operations, and the vocabulary.
const ROWS: [usize; 6] = [4096, 128, 64, 16, 2, 512];
/// b, t, h, dk, dv of attention.
const HEADS: [usize; 5] = [32, 128, 4, 40, 32];

/// The best of several runs, in milliseconds.
fn best(mut run: impl FnMut()) -> f64 {
    (0..7)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed().as_secs_f64() * 1e3
        })
        .fold(f64::INFINITY, f64::min)
}

fn compare(name: &str, fused: impl FnMut(), composed: impl FnMut()) {
    let (fused, composed) = (best(fused), best(composed));
    println!(
        "{name:<28} {fused:>9.3} {composed:>9.3} {:>7.1}x",
        composed / fused
    );
}

fn random<const D: usize>(shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::random(shape, Distribution::Uniform(-1.0, 1.0), device)
}

fn leaf<const D: usize>(shape: [usize; D]) -> Tensor<D> {
    random(shape, &Device::flex().autodiff()).require_grad()
}

fn ints<const D: usize>(shape: [usize; D], bound: usize) -> Tensor<D, Int> {
    let highest = Distribution::Uniform(0.0, bound as f64);
    Tensor::<D>::random(shape, highest, &Device::flex())
        .int()
        .clamp(0, bound as i64 - 1)
}

/// Runs the backward pass and waits for it.
fn pull<const D: usize>(out: Tensor<D>) {
    drop(out.sum().backward());
}

fn main() {
    println!(
        "{:<28} {:>9} {:>9} {:>8}",
        "milliseconds", "fused", "composed", "ratio"
    );
    row_wise();
    heads();
    mixture();
    optimizer();
}

fn row_wise() {
    let [n, d, f, _, _, v] = ROWS;
    let (gate, up) = (leaf([n, f]), leaf([n, f]));
    compare(
        "swiglu",
        || pull(kernels::swiglu(gate.clone(), up.clone())),
        || pull(composed::swiglu(gate.clone(), up.clone())),
    );
    let (x, weight) = (leaf([n, d]), leaf([d]));
    compare(
        "rms_norm",
        || pull(kernels::rms_norm(x.clone(), weight.clone(), 1e-6)),
        || pull(composed::rms_norm(x.clone(), weight.clone(), 1e-6)),
    );
    let (logits, targets) = (leaf([n, v]), ints([n], v));
    compare(
        "log_prob",
        || pull(kernels::log_prob(logits.clone(), targets.clone(), 0.9).0),
        || pull(composed::log_prob(logits.clone(), targets.clone(), 0.9).0),
    );
    let table = leaf([v, d]);
    compare(
        "embedding",
        || pull(kernels::embedding(table.clone(), targets.clone())),
        || pull(composed::embedding(table.clone(), targets.clone())),
    );
}

fn heads() {
    let [b, t, h, dk, dv] = HEADS;
    let (q, k, v) = (
        leaf([b, t, h, dk]),
        leaf([b, t, h, dk]),
        leaf([b, t, h, dv]),
    );
    let span = Span::causal(b);
    compare(
        "attention",
        || {
            pull(kernels::attention(
                q.clone(),
                k.clone(),
                v.clone(),
                &span,
                0.2,
            ))
        },
        || {
            pull(composed::attention(
                q.clone(),
                k.clone(),
                v.clone(),
                &span,
                0.2,
            ))
        },
    );
    let plain = Device::flex();
    compare(
        "attention, forward only",
        || {
            drop(kernels::attention(
                q.clone().inner(),
                k.clone().inner(),
                v.clone().inner(),
                &span,
                0.2,
            ))
        },
        || {
            drop(composed::attention(
                q.clone().inner(),
                k.clone().inner(),
                v.clone().inner(),
                &span,
                0.2,
            ))
        },
    );
    let rows = 128;
    let query = random([rows, 1, h, dk], &plain);
    let (k_cache, v_cache) = (
        random([rows, 512, h, dk], &plain),
        random([rows, 512, h, dv], &plain),
    );
    let late = Span {
        starts: vec![0; rows],
        offsets: vec![300; rows],
        ..Span::causal(0)
    };
    compare(
        "attention, decoding",
        || {
            drop(kernels::attention(
                query.clone(),
                k_cache.clone(),
                v_cache.clone(),
                &late,
                0.2,
            ))
        },
        || {
            drop(composed::attention(
                query.clone(),
                k_cache.clone(),
                v_cache.clone(),
                &late,
                0.2,
            ))
        },
    );
    let (mut one, mut two) = (
        random([rows, 512, h, dk], &plain),
        random([rows, 512, h, dk], &plain),
    );
    let span = Span {
        offsets: (0..rows as u32).collect(),
        ..Span::causal(rows)
    };
    compare(
        "cache_write",
        || one.inplace(|cache| kernels::cache_write(cache, query.clone(), &span)),
        || two.inplace(|cache| composed::cache_write(cache, query.clone(), &span)),
    );
    let angles = random([b, t, dk / 2], &plain);
    for layout in [RopeLayout::Split, RopeLayout::Interleaved] {
        compare(
            &format!("rope, {layout:?}"),
            || {
                pull(kernels::rope(
                    q.clone(),
                    angles.clone(),
                    angles.clone(),
                    layout,
                ))
            },
            || {
                let angles: Tensor<3> = Tensor::from_inner(angles.clone());
                pull(composed::rope(q.clone(), angles.clone(), angles, layout));
            },
        );
    }
}

fn mixture() {
    let [n, d, f, e, k, _] = ROWS;
    let (x, weight, index) = (leaf([n, d]), leaf([n, k]), ints([n, k], e));
    let (gate, up, down) = (leaf([e, d, f]), leaf([e, d, f]), leaf([e, f, d]));
    let run = |experts: fn(_, _, _, _, _, _) -> Tensor<2>| {
        let (gate, up, down) = (gate.clone(), up.clone(), down.clone());
        pull(experts(
            x.clone(),
            index.clone(),
            weight.clone(),
            gate,
            up,
            down,
        ));
    };
    compare(
        "experts",
        || run(kernels::experts),
        || run(composed::experts),
    );
    let run = |rows: usize, experts: fn(_, _, _, _, _, _) -> Tensor<2>| {
        let (gate, up, down) = (
            gate.clone().inner(),
            up.clone().inner(),
            down.clone().inner(),
        );
        let (x, weight) = (
            x.clone().inner().narrow(0, 0, rows),
            weight.clone().inner().narrow(0, 0, rows),
        );
        drop(experts(
            x,
            index.clone().narrow(0, 0, rows),
            weight,
            gate,
            up,
            down,
        ));
    };
    compare(
        "experts, forward only",
        || run(n, kernels::experts),
        || run(n, composed::experts),
    );
    compare(
        "experts, decoding 64 rows",
        || run(64, kernels::experts),
        || run(64, composed::experts),
    );
    let plain = Device::flex();
    let (scores, bias) = (random([n, e], &plain), random([e], &plain));
    let selection = Selection {
        groups: 4,
        top_groups: 2,
        k,
    };
    compare(
        "select_experts",
        || {
            drop(kernels::select_experts(
                scores.clone(),
                bias.clone(),
                &selection,
            ))
        },
        || {
            drop(composed::select_experts(
                scores.clone(),
                bias.clone(),
                &selection,
            ))
        },
    );
}

fn optimizer() {
    let [n, d, ..] = ROWS;
    let plain = Device::flex();
    let step = AdamWStep {
        lr: 1e-3,
        beta1: 0.9,
        beta2: 0.95,
        eps: 1e-8,
        weight_decay: 0.1,
        correction1: 0.1,
        correction2: 0.05,
    };
    let grad = random([n, d], &plain);
    let state = || {
        let zeros = || Tensor::<2>::zeros([n, d], &plain);
        Some((random([n, d], &plain), zeros(), zeros()))
    };
    let (mut one, mut two) = (state(), state());
    compare(
        "adamw, 524288 parameters",
        || {
            one = one
                .take()
                .map(|(p, m, v)| kernels::adamw(p, grad.clone(), m, v, &step));
        },
        || {
            two = two
                .take()
                .map(|(p, m, v)| composed::adamw(p, grad.clone(), m, v, &step));
        },
    );
}
