//! AdamW with moments of a byte.

use burn::tensor::{DType, Device, Tensor};
use kernels::{AdamWStep, INT8_BLOCK, Int8Moments, adamw_int8, composed};

use crate::against::{close, floats, numbers, values};

fn step(count: i32) -> AdamWStep {
    AdamWStep {
        lr: 1e-2,
        beta1: 0.5,
        beta2: 0.5,
        eps: 1e-8,
        weight_decay: 0.0,
        correction1: 1.0 - 0.5f64.powi(count),
        correction2: 1.0 - 0.5f64.powi(count),
    }
}

type Update = fn(Tensor<1>, Tensor<1>, Int8Moments, &AdamWStep) -> (Tensor<1>, Int8Moments);

const FORMS: [Update; 2] = [adamw_int8, composed::adamw_int8];

#[test]
fn codes_worked_by_hand() {
    // m is half of the gradient, v half of its square. Of s = 2 the m 0.5 has the code
    // 127 · −0.5 = −63.5 → −64 (rounded away from 0), the m 1e-6 none. Of s = 8 the v 0.5 has
    // 255 · 0.5 = 127.5 → 128, and the v 2e-12 the least, 1.
    let device = Device::flex();
    for update in FORMS {
        let grad = floats(&[4.0, -1.0, 0.0, 2e-6], [4], &device, DType::F32);
        let param = Tensor::zeros([4], (&device, DType::F32));
        let (param, moments) = update(param, grad, Int8Moments::zeros(4, &device), &step(1));
        close("param", &values(param), &[-0.01, 0.01, 0.0, -0.00995], 1e-3);
        assert_eq!(moments.bytes(), 2 * (INT8_BLOCK + 4));
        let [mean, square] = moments.values().map(values);
        let least = 8.0 / 255f64.powi(4);
        let m = [2.0, -2.0 * (64.0 / 127f64).powi(2), 0.0, 0.0];
        let v = [8.0, 8.0 * (128.0 / 255f64).powi(4), 0.0, least];
        close("m", &mean[..4], &m, 1e-6);
        close("v", &square[..4], &v, 1e-6);
        assert!((square[3] / least - 1.0).abs() < 1e-4);
        assert!(
            mean[4..]
                .iter()
                .chain(&square[4..])
                .all(|&rest| rest == 0.0)
        );
    }
}

#[test]
fn forms_agree_and_stay_near_the_exact_one() {
    let device = Device::flex();
    // More than one task of blocks, and a last block that is not full.
    let n = 33 * INT8_BLOCK + 100;
    let start = || floats(&numbers(3, n), [n], &device, DType::F32);
    let zeros = || Tensor::<1>::zeros([n], (&device, DType::F32));
    let mut both = FORMS.map(|update| (update, start(), Int8Moments::zeros(n, &device)));
    let mut exact = (start(), zeros(), zeros());
    for count in 1..20 {
        let grad = || floats(&numbers(100 + count as u64, n), [n], &device, DType::F32);
        both = both.map(|(update, param, moments)| {
            let (param, moments) = update(param, grad(), moments, &step(count));
            (update, param, moments)
        });
        exact = kernels::adamw(exact.0, grad(), exact.1, exact.2, &step(count));
    }
    let [(_, fused, codes), (_, plain, others)] = both;
    let fused = values(fused);
    // A code that lies half-way may be rounded either way once in a while.
    close("param", &fused, &values(plain), 1e-3);
    let [m, v] = codes.values().map(values);
    let [other_m, other_v] = others.values().map(values);
    close("m", &m, &other_m, 1e-2);
    close("v", &v, &other_v, 1e-2);
    let moved = fused
        .iter()
        .zip(values(start()))
        .map(|(a, b)| (a - b).abs());
    let moved = moved.sum::<f64>() / n as f64;
    let apart = fused
        .iter()
        .zip(values(exact.0))
        .map(|(a, b)| (a - b).abs());
    let apart = apart.sum::<f64>() / n as f64;
    assert!(apart < 0.03 * moved, "{apart} of {moved}");
}

#[test]
#[should_panic(expected = "the moments do not fit 257 elements")]
fn moments_are_those_of_the_parameter() {
    let device = Device::flex();
    let tensor = || Tensor::<1>::zeros([257], (&device, DType::F32));
    adamw_int8(
        tensor(),
        tensor(),
        Int8Moments::zeros(256, &device),
        &step(1),
    );
}
