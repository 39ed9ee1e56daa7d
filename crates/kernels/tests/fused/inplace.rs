//! The operations that change what they are given: cache writing and AdamW.

use burn::tensor::{DType, Device, Tensor};
use kernels::{AdamWStep, Span, composed};

use crate::against::{close, floats, numbers, values};

/// Where a tensor's elements lie.
fn address<const D: usize>(tensor: &Tensor<D>) -> *const u8 {
    let primitive = tensor.clone().try_into_primitive::<burn::backend::Flex>();
    primitive
        .expect("a tensor on the plain CPU device")
        .bytes()
        .as_ptr()
}

/// A span with these offsets, every batch row its own row.
fn at(offsets: &[u32]) -> Span {
    Span {
        offsets: offsets.to_vec(),
        ..Span::causal(offsets.len())
    }
}

#[test]
fn cache_write_agrees_with_the_composed_form() {
    let device = Device::flex();
    let [b, r, s, g, d] = [3, 5, 7, 2, 5];
    let spans = [
        (1, at(&[0, 6, 3])),
        (1, at(&[2, 2, 2])),
        (4, at(&[0, 3, 1])),
        (7, at(&[0, 0, 0])),
    ];
    let named = |(t, span): (usize, Span)| {
        let span = Span {
            rows: Some(vec![4, 0, 2]),
            lengths: Some(vec![t as u32, 1, 0]),
            ..span
        };
        (t, span, r)
    };
    let plain = spans.clone().map(|(t, span)| (t, span, b));
    for (t, span, r) in plain.into_iter().chain(spans.map(named)) {
        for dtype in [DType::F32, DType::F64] {
            let cache = floats(&numbers(1, r * s * g * d), [r, s, g, d], &device, dtype);
            let new = floats(&numbers(2, b * t * g * d), [b, t, g, d], &device, dtype);
            let written = values(kernels::cache_write(cache.clone(), new.clone(), &span));
            let expected = values(composed::cache_write(cache.clone(), new.clone(), &span));
            assert_eq!(written, expected);
            let (old, new) = (values(cache), values(new));
            let rows = span.rows.clone().unwrap_or(vec![0, 1, 2]);
            let lengths = span.lengths.clone().unwrap_or(vec![t as u32; 3]);
            for (place, &value) in written.iter().enumerate() {
                let (row, column) = (place / (s * g * d), place / (g * d) % s);
                let source = rows
                    .iter()
                    .position(|&at| at as usize == row)
                    .and_then(|at| {
                        let entry = column.checked_sub(span.offsets[at] as usize)?;
                        let written = entry < lengths[at] as usize;
                        written.then(|| new[(at * t + entry) * g * d + place % (g * d)])
                    });
                assert_eq!(value, source.unwrap_or(old[place]));
            }
        }
    }
}

#[test]
fn a_row_is_copied_to_others_as_far_as_asked() {
    let device = Device::flex();
    let shape = [4, 3, 1, 2];
    for dtype in [DType::F32, DType::F64] {
        let cache = floats(&numbers(1, 24), shape, &device, dtype);
        let old = values(cache.clone());
        let fused = values(kernels::cache_copy(cache.clone(), 1, &[1, 3, 0], 2));
        assert_eq!(fused, values(composed::cache_copy(cache, 1, &[1, 3, 0], 2)));
        let expected = |place: usize| match (place / 6, place % 6) {
            (0 | 3, at @ 0..4) => old[6 + at],
            _ => old[place],
        };
        assert!(
            fused
                .iter()
                .enumerate()
                .all(|(at, &value)| value == expected(at))
        );
    }
}

#[test]
fn a_cache_is_written_in_place_unless_it_is_shared() {
    let device = Device::flex();
    let new = Tensor::<4>::ones([2, 1, 1, 4], &device);
    let mut cache = Tensor::<4>::zeros([2, 8, 1, 4], &device);
    let before = address(&cache);
    cache.inplace(|cache| kernels::cache_write(cache, new.clone(), &at(&[3, 5])));
    assert_eq!(address(&cache), before);
    cache.inplace(|cache| kernels::cache_copy(cache, 0, &[1], 2));
    assert_eq!(address(&cache), before);

    let kept = cache.clone();
    cache.inplace(|cache| kernels::cache_write(cache, new, &at(&[0, 0])));
    assert_ne!(address(&cache), before);
    assert_eq!(values(kept).iter().sum::<f64>(), 8.0);
    assert_eq!(values(cache).iter().sum::<f64>(), 16.0);
}

#[test]
#[should_panic(expected = "row 1 has 2 queries from column 7 on, but only 8 columns")]
fn a_cache_has_an_end() {
    let device = Device::flex();
    let (cache, new) = (
        Tensor::zeros([2, 8, 1, 4], &device),
        Tensor::ones([2, 2, 1, 4], &device),
    );
    kernels::cache_write(cache, new, &at(&[0, 7]));
}

#[test]
#[should_panic(expected = "row 2 is not among 4, or named twice")]
fn no_row_of_a_cache_is_named_twice() {
    let device = Device::flex();
    let span = Span {
        rows: Some(vec![2, 2]),
        ..at(&[0, 1])
    };
    let (cache, new) = (
        Tensor::zeros([4, 8, 1, 4], &device),
        Tensor::ones([2, 1, 1, 4], &device),
    );
    kernels::cache_write(cache, new, &span);
}

fn step(count: i32) -> AdamWStep {
    AdamWStep {
        lr: 1e-2,
        beta1: 0.9,
        beta2: 0.95,
        eps: 1e-8,
        weight_decay: 0.1,
        correction1: 1.0 - 0.9f64.powi(count),
        correction2: 1.0 - 0.95f64.powi(count),
    }
}

#[test]
fn adamw_by_hand() {
    // The first step moves by lr · sign(g), after the decay: 1 · (1 − 0.001) − 0.01, and so on.
    let device = Device::flex();
    for dtype in [DType::F32, DType::F64] {
        let zeros = || floats(&[0.0; 3], [3], &device, dtype);
        let param = floats(&[1.0, -2.0, 3.0], [3], &device, dtype);
        let grad = floats(&[0.5, -4.0, 0.0], [3], &device, dtype);
        let (param, m, v) = kernels::adamw(param, grad, zeros(), zeros(), &step(1));
        close("param", &values(param), &[0.989, -1.988, 2.997], 1e-6);
        close("m", &values(m), &[0.05, -0.4, 0.0], 1e-6);
        close("v", &values(v), &[0.0125, 0.8, 0.0], 1e-6);
    }
}

#[test]
fn adamw_stays_with_the_composed_form() {
    let device = Device::flex();
    let [n, d] = [33, 700];
    let start = |dtype| {
        let zeros = Tensor::<2>::zeros([n, d], (&device, dtype));
        (
            floats(&numbers(3, n * d), [n, d], &device, dtype),
            zeros.clone(),
            zeros,
        )
    };
    let (mut fused, mut exact) = (start(DType::F32), start(DType::F64));
    for count in 1..20 {
        let grad = numbers(100 + count as u64, n * d);
        let narrow = floats(&grad, [n, d], &device, DType::F32);
        let wide = floats(&grad, [n, d], &device, DType::F64);
        fused = kernels::adamw(fused.0, narrow, fused.1, fused.2, &step(count));
        exact = composed::adamw(exact.0, wide, exact.1, exact.2, &step(count));
    }
    close("param", &values(fused.0), &values(exact.0), 1e-5);
    close("m", &values(fused.1), &values(exact.1), 1e-5);
    close("v", &values(fused.2), &values(exact.2), 1e-5);
}

#[test]
fn adamw_reuses_the_storage() {
    let device = Device::flex();
    let tensor = |seed| floats(&numbers(seed, 12), [3, 4], &device, DType::F32);
    let (param, m, v) = (tensor(1), tensor(2), tensor(3).abs());
    let before = [&param, &m, &v].map(address);
    let (param, m, v) = kernels::adamw(param, tensor(4), m, v, &step(3));
    assert_eq!([&param, &m, &v].map(address), before);
}
