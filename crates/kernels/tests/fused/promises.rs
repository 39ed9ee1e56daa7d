//! What holds for every fused operation: threads do not matter, layouts do not matter, and inputs
//! that want no gradient are left alone.

use burn::tensor::{DType, Device, Tensor};
use kernels::{RopeLayout, Span};

use crate::against::{Form, close, floats, indices, ints, numbers, run, values};

const B: usize = 3;
const T: usize = 70;
const H: usize = 4;
const D: usize = 32;

/// Every differentiable operation in a row, large enough to be split over threads.
fn chain(_: Form, x: &[Tensor<1>]) -> Tensor<1> {
    let (n, d) = (B * T, H * D);
    let tokens = ints(indices(20, n, 50), [n]);
    let x_nd = kernels::embedding(x[0].clone().reshape([50, d]), tokens);
    let x_nd = kernels::rms_norm(x_nd, x[1].clone(), 1e-6);
    let angles = floats(
        &numbers(21, B * T * D / 2),
        [B, T, D / 2],
        &x[0].device(),
        DType::F32,
    );
    let heads = x_nd.reshape([B, T, H, D]);
    let (cos, sin) = (angles.clone().cos(), angles.sin());
    let q = kernels::rope(heads.clone(), cos, sin, RopeLayout::Interleaved);
    let x_nd = kernels::attention(q, heads.clone(), heads, &Span::causal(B), 0.2).reshape([n, d]);
    let weight = x_nd.clone().narrow(1, 0, 2);
    let stack = |x: &Tensor<1>| x.clone().reshape([4, d, 16]);
    let x_nd = kernels::experts(
        x_nd,
        ints(indices(22, n * 2, 4), [n, 2]),
        weight,
        stack(&x[2]),
        stack(&x[3]),
        x[4].clone().reshape([4, 16, d]),
    );
    let x_nd = kernels::swiglu(x_nd.clone(), x_nd);
    kernels::log_prob(x_nd, ints(indices(23, n, d), [n]), 0.9).0
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let d = H * D;
    let stack = 4 * d * 16;
    let inputs = [50 * d, d, stack, stack, stack];
    let inputs: Vec<Vec<f64>> = (30..)
        .zip(inputs)
        .map(|(seed, n)| numbers(seed, n))
        .collect();
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.expect("a thread pool")
            .install(|| run(&chain, Form::Fused, &inputs, DType::F32))
    };
    let one = with(1);
    assert!(one.0.iter().all(|x| x.is_finite()));
    assert!(
        one.1
            .iter()
            .all(|gradient| gradient.iter().any(|&x| x != 0.0))
    );
    for threads in [2, 3, 5] {
        assert!(with(threads) == one, "{threads} threads differ from one");
    }
}

#[test]
fn permuted_and_narrowed_inputs() {
    let device = Device::flex();
    let whole = floats(
        &numbers(1, 2 * 5 * 6 * 8),
        [2, 5, 6, 8],
        &device,
        DType::F32,
    );
    let copy = |x: Tensor<4>| {
        let dims = x.dims();
        floats(&values(x), dims, &device, DType::F32)
    };
    let permuted = || whole.clone().permute([0, 2, 1, 3]).narrow(3, 2, 4);
    let turned = || whole.clone().permute([0, 1, 3, 2]).narrow(1, 0, 5);
    let shared = || whole.clone().narrow(2, 0, 1).expand([2, 5, 6, 8]);
    for make in [&permuted as &dyn Fn() -> Tensor<4>, &turned, &shared] {
        let (view, dense) = (make(), copy(make()));
        let [b, t, h, d] = view.dims();
        let span = Span::causal(b);
        let attend = |x: Tensor<4>| kernels::attention(x.clone(), x.clone(), x, &span, 1.0);
        assert_eq!(values(attend(view.clone())), values(attend(dense.clone())));
        let angles = floats(
            &numbers(2, b * t * d / 2),
            [b, d / 2, t],
            &device,
            DType::F32,
        );
        let rotate = |x| {
            let angles = angles.clone().swap_dims(1, 2);
            kernels::rope(x, angles.clone().cos(), angles.sin(), RopeLayout::Split)
        };
        assert_eq!(values(rotate(view.clone())), values(rotate(dense.clone())));
        let flat = |x: Tensor<4>| {
            x.narrow(0, 1, 1)
                .narrow(1, 0, 1)
                .reshape([h, d])
                .swap_dims(0, 1)
        };
        let norm = |x| kernels::rms_norm(flat(x), Tensor::ones([h], &device), 1e-6);
        assert_eq!(values(norm(view.clone())), values(norm(dense.clone())));
        let gated = |x: Tensor<4>| kernels::swiglu(flat(x.clone()), flat(x));
        assert_eq!(values(gated(view)), values(gated(dense)));
    }
}

#[test]
fn an_untracked_input_is_a_constant() {
    let (plain, tracked) = (Device::flex(), Device::flex().autodiff());
    let x = floats(&numbers(3, 21), [3, 7], &tracked, DType::F32).require_grad();
    let weight = floats(&numbers(4, 7), [7], &plain, DType::F32);
    let grads = kernels::rms_norm(x.clone(), weight.clone(), 1e-6)
        .sum()
        .backward();
    let gradient = values(x.grad(&grads).expect("a gradient"));

    let weight = Tensor::from_inner(weight).require_grad();
    let grads = kernels::rms_norm(x.clone(), weight.clone(), 1e-6)
        .sum()
        .backward();
    close(
        "gradient",
        &gradient,
        &values(x.grad(&grads).expect("a gradient")),
        0.0,
    );
    assert!(weight.grad(&grads).is_some());
}

#[test]
fn gradient_checkpointing_changes_nothing() {
    let gradient = |device: Device| {
        let x = floats(&numbers(6, 40), [5, 8], &device, DType::F32).require_grad();
        let y = kernels::swiglu(x.clone().exp(), x.clone());
        let y = kernels::rms_norm(y, Tensor::ones([8], &device), 1e-6);
        values(
            x.grad(&y.powi_scalar(2).sum().backward())
                .expect("a gradient"),
        )
    };
    let plain = gradient(Device::flex().autodiff());
    assert_eq!(
        gradient(Device::flex().autodiff().gradient_checkpointing()),
        plain
    );
}

#[test]
fn inference_on_a_tracked_device_records_nothing() {
    let tracked = Device::flex().autodiff();
    let x = floats(&numbers(5, 21), [3, 7], &tracked, DType::F32);
    let y = kernels::swiglu(x.clone(), x);
    assert!(!y.is_require_grad());
    assert_eq!(y.dims(), [3, 7]);
}

#[test]
fn nothing_is_a_fine_number_of_rows() {
    let device = Device::flex();
    let empty = || Tensor::<2>::zeros([0, 7], &device);
    assert_eq!(kernels::swiglu(empty(), empty()).dims(), [0, 7]);
    assert_eq!(
        kernels::rms_norm(empty(), Tensor::ones([7], &device), 1e-6).dims(),
        [0, 7]
    );
    assert_eq!(
        kernels::log_prob(empty(), ints(vec![], [0]), 1.0).0.dims(),
        [0]
    );
}

#[test]
fn a_row_of_a_product_is_the_same_alone_and_among_others() {
    let device = Device::flex();
    let tensor =
        |seed, [n, d]: [usize; 2]| floats(&numbers(seed, n * d), [n, d], &device, DType::F32);
    for [n, d, f] in [[40, 33, 50], [200, 700, 32], [5, 16, 600]] {
        let x = tensor(1, [n, d]);
        let bias = floats(&numbers(3, f), [f], &device, DType::F32);
        for weight in [tensor(2, [d, f]), tensor(2, [f, d]).transpose()] {
            let product = |x| kernels::linear(x, weight.clone(), Some(bias.clone()));
            let together = values(product(x.clone()));
            let composed = kernels::composed::linear(x.clone(), weight.clone(), Some(bias.clone()));
            close("linear", &together, &values(composed), 1e-4);
            for row in [0, n / 2, n - 1] {
                let alone = values(product(x.clone().narrow(0, row, 1)));
                assert_eq!(alone, together[row * f..][..f]);
            }
            let packed = kernels::Packed::new(weight.clone()).expect("the product is fused");
            assert_eq!(packed.dims(), [d, f]);
            let bias = Some(bias.clone());
            assert_eq!(
                values(kernels::linear_packed(x.clone(), &packed, bias)),
                together
            );
        }
    }
}

#[test]
fn weights_that_are_trained_or_read_otherwise_are_not_packed() {
    let tracked = Tensor::<2>::ones([3, 4], &Device::flex().autodiff());
    assert!(kernels::Packed::new(tracked).is_none());
    let wide = floats(&numbers(1, 12), [3, 4], &Device::flex(), DType::F64);
    assert!(kernels::Packed::new(wide).is_none());
}

#[test]
#[should_panic(expected = "linear_packed: the weight [3, 4] does not fit x [2, 5]")]
fn a_packed_weight_of_another_size_is_named() {
    let device = Device::flex();
    let packed = kernels::Packed::new(Tensor::ones([3, 4], &device)).unwrap();
    let _ = kernels::linear_packed(Tensor::ones([2, 5], &device), &packed, None);
}

#[test]
fn heads_of_a_product_have_their_own_weights() {
    let device = Device::flex();
    let [n, h, d, e] = [7, 3, 10, 12];
    let tensor = |seed, shape: [usize; 3]| {
        floats(
            &numbers(seed, shape.iter().product()),
            shape,
            &device,
            DType::F32,
        )
    };
    let x = tensor(1, [n, h, d]);
    for weight in [
        tensor(2, [h, d, e]),
        tensor(2, [e, h, d]).permute([1, 2, 0]),
    ] {
        let fused = values(kernels::linear_heads(x.clone(), weight.clone()));
        let composed = kernels::composed::linear_heads(x.clone(), weight);
        close("linear_heads", &fused, &values(composed), 1e-5);
    }
}

#[test]
fn experts_give_a_row_the_same_alone_and_among_others() {
    let device = Device::flex();
    let [n, k, e, d, f] = [30, 2, 4, 600, 24];
    let stack = |seed, shape: [usize; 3]| {
        floats(
            &numbers(seed, shape.iter().product()),
            shape,
            &device,
            DType::F32,
        )
    };
    let x = floats(&numbers(1, n * d), [n, d], &device, DType::F32);
    let weight = floats(&numbers(2, n * k), [n, k], &device, DType::F32);
    let index = ints(indices(3, n * k, e), [n, k]);
    let (gate, up, down) = (
        stack(4, [e, d, f]),
        stack(5, [e, d, f]),
        stack(6, [e, f, d]),
    );
    let run = |first: usize, rows: usize| {
        let (x, weight) = (
            x.clone().narrow(0, first, rows),
            weight.clone().narrow(0, first, rows),
        );
        let index = index.clone().narrow(0, first, rows);
        values(kernels::experts(
            x,
            index,
            weight,
            gate.clone(),
            up.clone(),
            down.clone(),
        ))
    };
    let together = run(0, n);
    for row in 0..n {
        assert_eq!(run(row, 1), together[row * d..][..d]);
    }
}
