//! The row-wise operations: SwiGLU, normalisation, rotation, log-probabilities, embedding.

use burn::tensor::{DType, Device, Tensor};
use kernels::{RopeLayout, composed};

use crate::against::{Form, close, compare, floats, indices, ints, numbers, values};

#[test]
fn swiglu() {
    for (n, f) in [(1, 1), (7, 13), (33, 64), (300, 129)] {
        let inputs = [3.0, 30.0].map(|size| {
            numbers(1, n * f)
                .iter()
                .map(|x| x * size)
                .collect::<Vec<_>>()
        });
        compare(
            |form, x: &[Tensor<1>]| {
                let (gate, up) = (x[0].clone().reshape([n, f]), x[1].clone().reshape([n, f]));
                match form {
                    Form::Fused => kernels::swiglu(gate, up),
                    Form::Composed => composed::swiglu(gate, up),
                }
                .reshape([n * f])
            },
            &inputs,
        );
    }
}

#[test]
fn rms_norm() {
    for (n, d) in [(1, 7), (13, 33), (7, 128), (600, 40)] {
        compare(
            |form, x: &[Tensor<1>]| {
                let (x, weight) = (x[0].clone().reshape([n, d]), x[1].clone());
                match form {
                    Form::Fused => kernels::rms_norm(x, weight, 1e-5),
                    Form::Composed => composed::rms_norm(x, weight, 1e-5),
                }
                .reshape([n * d])
            },
            &[numbers(2, n * d), numbers(3, d)],
        );
    }
}

#[test]
fn rope() {
    for layout in [RopeLayout::Split, RopeLayout::Interleaved] {
        for [b, t, h, d] in [[1, 1, 1, 2], [2, 7, 3, 6], [3, 33, 4, 32]] {
            let angles = numbers(4, b * t * d / 2);
            compare(
                |form, x: &[Tensor<1>]| {
                    let table = |f: fn(f64) -> f64| {
                        let values: Vec<f64> = angles.iter().map(|&a| f(3.0 * a)).collect();
                        floats(&values, [b, t, d / 2], &x[0].device(), x[0].dtype())
                    };
                    let (cos, sin) = (table(f64::cos), table(f64::sin));
                    let x = x[0].clone().reshape([b, t, h, d]);
                    match form {
                        Form::Fused => kernels::rope(x, cos, sin, layout),
                        Form::Composed => composed::rope(x, cos, sin, layout),
                    }
                    .reshape([b * t * h * d])
                },
                &[numbers(5, b * t * h * d)],
            );
        }
    }
}

#[test]
fn rope_by_hand() {
    // A quarter turn takes (a, b) to (−b, a).
    let device = Device::flex();
    let x = || Tensor::<4>::from_data([[[[1.0f32, 2.0, 3.0, 4.0]]]], &device);
    let cos = || Tensor::<3>::from_data([[[0.0f32, 0.0]]], &device);
    let sin = || Tensor::<3>::from_data([[[1.0f32, 1.0]]], &device);
    let split = kernels::rope(x(), cos(), sin(), RopeLayout::Split);
    assert_eq!(values(split), [-3.0, -4.0, 1.0, 2.0]);
    let interleaved = kernels::rope(x(), cos(), sin(), RopeLayout::Interleaved);
    assert_eq!(values(interleaved), [-2.0, -4.0, 1.0, 3.0]);
}

#[test]
fn log_prob() {
    for (n, v, temperature) in [(1, 7, 1.0), (13, 33, 0.7), (64, 259, 1.5)] {
        let targets = indices(6, n, v);
        let logits: Vec<f64> = numbers(7, n * v).iter().map(|x| x * 8.0).collect();
        compare(
            |form, x: &[Tensor<1>]| {
                let (logits, targets) = (x[0].clone().reshape([n, v]), ints(targets.clone(), [n]));
                match form {
                    Form::Fused => kernels::log_prob(logits, targets, temperature),
                    Form::Composed => composed::log_prob(logits, targets, temperature),
                }
                .0
            },
            std::slice::from_ref(&logits),
        );
        let entropy = |dtype| {
            let logits = floats(&logits, [n, v], &Device::flex(), dtype);
            values(kernels::log_prob(logits, ints(targets.clone(), [n]), temperature).1)
        };
        close("entropy", &entropy(DType::F32), &entropy(DType::F64), 1e-5);
    }
}

#[test]
fn log_prob_by_hand() {
    // Logits ln 1, ln 3: probabilities 1/4 and 3/4; an impossible third token changes nothing.
    for dtype in [DType::F32, DType::F64] {
        let logits = [0.0, 3f64.ln(), f64::NEG_INFINITY];
        let logits = floats(&logits, [1, 3], &Device::flex(), dtype);
        let (chosen, entropy) = kernels::log_prob(logits, ints(vec![1], [1]), 1.0);
        close("log-probability", &values(chosen), &[0.75f64.ln()], 1e-6);
        let expected = -0.25 * 0.25f64.ln() - 0.75 * 0.75f64.ln();
        close("entropy", &values(entropy), &[expected], 1e-6);
    }
}

#[test]
fn entropy_has_no_gradient() {
    let device = Device::flex().autodiff();
    for dtype in [DType::F32, DType::F64] {
        let logits = floats(&numbers(8, 6), [2, 3], &device, dtype).require_grad();
        let gradient = |with_entropy: bool| {
            let (chosen, entropy) = kernels::log_prob(logits.clone(), ints(vec![0, 2], [2]), 1.0);
            let loss = if with_entropy {
                chosen + entropy
            } else {
                chosen
            };
            values(logits.grad(&loss.sum().backward()).expect("a gradient"))
        };
        assert_eq!(gradient(true), gradient(false));
    }
}

#[test]
fn embedding() {
    for (v, d, n) in [(7, 13, 1), (33, 8, 100), (259, 64, 700)] {
        let tokens = indices(9, n, v);
        compare(
            |form, x: &[Tensor<1>]| {
                let (weight, tokens) = (x[0].clone().reshape([v, d]), ints(tokens.clone(), [n]));
                match form {
                    Form::Fused => kernels::embedding(weight, tokens),
                    Form::Composed => composed::embedding(weight, tokens),
                }
                .reshape([n * d])
            },
            &[numbers(10, v * d)],
        );
    }
}

#[test]
#[should_panic(expected = "the token 9 lies outside 0..4")]
fn embedding_refuses_an_unknown_token() {
    let weight = floats(&numbers(11, 8), [4, 2], &Device::flex(), DType::F32);
    kernels::embedding(weight, ints(vec![9], [1]));
}
