//! The choice of experts and the experts.

use burn::tensor::{DType, Device, Int, Tensor};
use kernels::{Selection, composed};

use crate::against::{Form, compare, floats, indices, ints, numbers};

fn chosen(index: Tensor<2, Int>) -> Vec<i64> {
    index.into_data().iter::<i64>().collect()
}

#[test]
fn experts() {
    // n, d, f, e, k; more rows than a block in the last, an expert without rows in the first two.
    for [n, d, f, e, k] in [
        [1, 3, 2, 4, 1],
        [7, 13, 5, 9, 2],
        [33, 16, 8, 4, 3],
        [700, 8, 8, 2, 2],
    ] {
        let index = indices(1, n * k, e);
        compare(
            |form, x: &[Tensor<1>]| {
                let (input, weight) = (x[0].clone().reshape([n, d]), x[1].clone().reshape([n, k]));
                let (gate, up) = (
                    x[2].clone().reshape([e, d, f]),
                    x[3].clone().reshape([e, d, f]),
                );
                let down = x[4].clone().reshape([e, f, d]);
                let index = ints(index.clone(), [n, k]);
                match form {
                    Form::Fused => kernels::experts(input, index, weight, gate, up, down),
                    Form::Composed => composed::experts(input, index, weight, gate, up, down),
                }
                .reshape([n * d])
            },
            &[
                numbers(2, n * d),
                numbers(3, n * k),
                numbers(4, e * d * f),
                numbers(5, e * d * f),
                numbers(6, e * d * f),
            ],
        );
    }
}

#[test]
fn selection_by_hand() {
    // Biased scores by group: (5, 1 | 4, 3 | 6, −9); the groups' scores 6, 7, −3.
    let scores = [5.0, 0.0, 4.0, 3.0, 6.0, -9.0];
    let bias = [0.0, 1.0, 0.0, 0.0, 0.0, 0.0];
    for dtype in [DType::F32, DType::F64] {
        let choose = |groups, top_groups, k| {
            let device = Device::flex();
            let scores = floats(&scores, [1, 6], &device, dtype);
            let bias = floats(&bias, [6], &device, dtype);
            chosen(kernels::select_experts(
                scores,
                bias,
                &Selection {
                    groups,
                    top_groups,
                    k,
                },
            ))
        };
        assert_eq!(choose(1, 1, 3), [4, 0, 2]);
        assert_eq!(choose(3, 3, 3), [4, 0, 2]);
        assert_eq!(choose(3, 2, 3), [0, 2, 3]);
        assert_eq!(choose(3, 1, 2), [2, 3]);
        assert_eq!(choose(6, 2, 2), [4, 0]);
    }
}

#[test]
fn equal_scores_go_to_the_lower_index() {
    for dtype in [DType::F32, DType::F64] {
        let scores = floats(&[1.0, 2.0, 2.0, 2.0], [1, 4], &Device::flex(), dtype);
        let bias = floats(&[0.0; 4], [4], &Device::flex(), dtype);
        let plain = Selection {
            groups: 1,
            top_groups: 1,
            k: 4,
        };
        assert_eq!(
            chosen(kernels::select_experts(
                scores.clone(),
                bias.clone(),
                &plain
            )),
            [1, 2, 3, 0]
        );
        let tied = floats(&[2.0, 1.0, 1.0, 2.0], [1, 4], &Device::flex(), dtype);
        let grouped = Selection {
            groups: 2,
            top_groups: 1,
            k: 2,
        };
        assert_eq!(
            chosen(kernels::select_experts(tied, bias, &grouped)),
            [0, 1]
        );
    }
}

#[test]
fn selection_agrees_with_the_composed_form() {
    for (n, e, groups, top_groups, k) in [
        (1, 4, 1, 1, 2),
        (33, 16, 1, 1, 2),
        (700, 16, 4, 2, 3),
        (13, 24, 8, 4, 8),
        (7, 6, 6, 3, 2),
    ] {
        // Halves of small integers: exact in both types, and full of ties.
        let coarse = |seed, n| -> Vec<f64> {
            numbers(seed, n)
                .iter()
                .map(|x| (x * 6.0).round() / 2.0)
                .collect()
        };
        let device = Device::flex();
        let selection = Selection {
            groups,
            top_groups,
            k,
        };
        let scores = floats(&coarse(7, n * e), [n, e], &device, DType::F32);
        let bias = floats(&coarse(8, e), [e], &device, DType::F32);
        let fused = kernels::select_experts(scores.clone(), bias.clone(), &selection);
        assert_eq!(fused.dims(), [n, k]);
        assert_eq!(
            chosen(fused),
            chosen(composed::select_experts(scores, bias, &selection))
        );
    }
}

#[test]
fn the_choice_can_index_what_it_was_made_from() {
    let device = Device::flex().autodiff();
    let scores = floats(&numbers(9, 12), [3, 4], &device, DType::F32).require_grad();
    let bias = Tensor::zeros([4], &device);
    let selection = Selection {
        groups: 1,
        top_groups: 1,
        k: 2,
    };
    let index = kernels::select_experts(scores.clone(), bias, &selection);
    let grads = scores.clone().gather(1, index).sum().backward();
    let gradient = scores.grad(&grads).expect("a gradient").into_data();
    assert_eq!(gradient.iter::<f32>().sum::<f32>(), 6.0);
}

#[test]
#[should_panic(expected = "cannot choose 3 experts from 1 groups of 2")]
fn refuses_to_choose_more_than_there_is() {
    let device = Device::flex();
    let selection = Selection {
        groups: 2,
        top_groups: 1,
        k: 3,
    };
    kernels::select_experts(
        Tensor::zeros([1, 4], &device),
        Tensor::zeros([4], &device),
        &selection,
    );
}
