//! Attention in training, prefill and decoding.

use burn::tensor::{DType, Device, Tensor};
use kernels::{Span, composed};

use crate::against::{Form, close, compare, floats, numbers, values};

/// b, t, s, h, g, d, e
type Shape = [usize; 7];

fn check([b, t, s, h, g, d, e]: Shape, span: &Span) {
    compare(
        |form, x: &[Tensor<1>]| {
            let q = x[0].clone().reshape([b, t, h, d]);
            let k = x[1].clone().reshape([b, s, g, d]);
            let v = x[2].clone().reshape([b, s, g, e]);
            match form {
                Form::Fused => kernels::attention(q, k, v, span, 0.7),
                Form::Composed => composed::attention(q, k, v, span, 0.7),
            }
            .reshape([b * t * h * e])
        },
        &[
            numbers(1, b * t * h * d),
            numbers(2, b * s * g * d),
            numbers(3, b * s * g * e),
        ],
    );
}

#[test]
fn training() {
    for shape in [
        [1, 1, 1, 1, 1, 1, 1],
        [2, 7, 7, 4, 4, 13, 13],
        [3, 33, 33, 4, 2, 40, 32],
        [2, 13, 13, 6, 1, 7, 33],
        [1, 150, 150, 2, 2, 16, 8],
    ] {
        check(shape, &Span::causal(shape[0]));
    }
}

#[test]
fn left_padding_and_a_cache() {
    let span = Span {
        starts: vec![0, 2, 5],
        offsets: vec![3, 4, 0],
        ..Span::causal(0)
    };
    check([3, 7, 13, 4, 2, 8, 6], &span);
    check(
        [3, 70, 90, 2, 1, 8, 6],
        &Span {
            starts: vec![0, 20, 66],
            offsets: vec![3, 4, 0],
            ..Span::causal(0)
        },
    );
}

#[test]
fn decoding() {
    let span = Span {
        starts: vec![0, 3, 7],
        offsets: vec![0, 9, 12],
        ..Span::causal(0)
    };
    for (h, g) in [(4, 4), (4, 2), (8, 1)] {
        check([3, 1, 13, h, g, 40, 33], &span);
    }
}

#[test]
fn decoding_equals_the_last_row_of_training() {
    let [b, s, h, d] = [2, 9, 3, 8];
    let tensor = |seed| {
        floats(
            &numbers(seed, b * s * h * d),
            [b, s, h, d],
            &Device::flex(),
            DType::F32,
        )
    };
    let (q, k, v) = (tensor(1), tensor(2), tensor(3));
    let whole = kernels::attention(q.clone(), k.clone(), v.clone(), &Span::causal(b), 1.0);
    let span = Span {
        starts: vec![0; b],
        offsets: vec![8; b],
        ..Span::causal(0)
    };
    let last = kernels::attention(q.narrow(1, 8, 1), k, v, &span, 1.0);
    close(
        "last row",
        &values(last),
        &values(whole.narrow(1, 8, 1)),
        1e-6,
    );
}

#[test]
fn named_rows_are_read_where_they_lie_and_lengths_are_those_of_a_row_alone() {
    let [b, r, s, h, g, d] = [3, 5, 40, 4, 2, 8];
    for dtype in [DType::F32, DType::F64] {
        let tensor = |seed, shape: [usize; 4]| {
            floats(
                &numbers(seed, shape.iter().product()),
                shape,
                &Device::flex(),
                dtype,
            )
        };
        let (k, v) = (tensor(2, [r, s, g, d]), tensor(3, [r, s, g, d]));
        for (t, lengths) in [(1, [1, 1, 1]), (30, [30, 7, 1])] {
            let q = tensor(1, [b, t, h, d]);
            let (rows, offsets) = ([4, 0, 3], [0, 3, 9]);
            let span = Span {
                starts: vec![0; b],
                offsets: offsets.to_vec(),
                rows: Some(rows.to_vec()),
                lengths: Some(lengths.to_vec()),
            };
            let together = kernels::attention(q.clone(), k.clone(), v.clone(), &span, 0.3);
            for (at, &length) in lengths.iter().enumerate() {
                let row = |x: &Tensor<4>| x.clone().narrow(0, rows[at] as usize, 1);
                let own = q.clone().narrow(0, at, 1).narrow(1, 0, length as usize);
                let span = Span {
                    offsets: vec![offsets[at]],
                    ..Span::causal(1)
                };
                let alone = values(kernels::attention(own, row(&k), row(&v), &span, 0.3));
                let found = together
                    .clone()
                    .narrow(0, at, 1)
                    .narrow(1, 0, length as usize);
                match dtype {
                    DType::F32 => assert_eq!(values(found), alone, "to the bit"),
                    _ => close("composed", &values(found), &alone, 1e-12),
                }
            }
        }
    }
}

#[test]
fn a_query_that_sees_nothing_gets_zeros() {
    let device = Device::flex();
    for dtype in [DType::F32, DType::F64] {
        for t in [1, 3] {
            let q = floats(&numbers(4, t * 2), [1, t, 1, 2], &device, dtype);
            let k = floats(&numbers(5, 10), [1, 5, 1, 2], &device, dtype);
            let span = Span {
                starts: vec![4],
                offsets: vec![0],
                ..Span::causal(0)
            };
            let out = kernels::attention(q, k.clone(), k, &span, 1.0);
            assert!(values(out).iter().all(|&x| x == 0.0));
        }
    }
}

#[test]
fn what_lies_past_the_span_does_not_matter() {
    let device = Device::flex();
    let mut cache = numbers(6, 24);
    let q = floats(&numbers(7, 8), [1, 2, 2, 2], &device, DType::F32);
    let span = Span {
        starts: vec![1],
        offsets: vec![3],
        ..Span::causal(0)
    };
    let run = |cache: &[f64]| {
        let k = floats(cache, [1, 12, 1, 2], &device, DType::F32);
        values(kernels::attention(q.clone(), k.clone(), k, &span, 1.0))
    };
    let before = run(&cache);
    cache[0] = f64::NAN;
    cache[10] = f64::NAN;
    assert_eq!(run(&cache), before);
}

#[test]
#[should_panic(expected = "row 1 has 2 queries from column 4 on, but only 5 columns")]
fn refuses_a_query_past_the_cache() {
    let tensor = |t| Tensor::<4>::zeros([2, t, 1, 2], &Device::flex());
    let span = Span {
        starts: vec![0; 2],
        offsets: vec![0, 4],
        ..Span::causal(0)
    };
    kernels::attention(tensor(2), tensor(5), tensor(5), &span, 1.0);
}
