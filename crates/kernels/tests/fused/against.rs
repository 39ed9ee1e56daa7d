//! Runs one function in both forms on the same random numbers and compares what comes out.

use burn::tensor::{DType, Device, Int, Tensor, TensorData};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// `n` numbers in −1..1.
pub(crate) fn numbers(seed: u64, n: usize) -> Vec<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..n).map(|_| rng.random_range(-1.0..1.0)).collect()
}

/// `n` indices below `bound`.
pub(crate) fn indices(seed: u64, n: usize, bound: usize) -> Vec<i64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..n).map(|_| rng.random_range(0..bound as i64)).collect()
}

/// An int tensor on the plain CPU device.
pub(crate) fn ints<const D: usize>(values: Vec<i64>, shape: [usize; D]) -> Tensor<D, Int> {
    Tensor::from_data(TensorData::new(values, shape), &Device::flex())
}

/// A float tensor of `dtype` on `device`.
pub(crate) fn floats<const D: usize>(
    values: &[f64],
    shape: [usize; D],
    device: &Device,
    dtype: DType,
) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values.to_vec(), shape), (device, dtype))
}

/// Which form a function under test should call.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Fused,
    Composed,
}

/// A function of flat inputs to a flat output, in either form.
pub(crate) trait Subject: Fn(Form, &[Tensor<1>]) -> Tensor<1> {}
impl<F: Fn(Form, &[Tensor<1>]) -> Tensor<1>> Subject for F {}

/// The output, and the gradient of `Σ c · output` by each input, for fixed random `c`.
pub(crate) fn run(
    subject: &impl Subject,
    form: Form,
    inputs: &[Vec<f64>],
    dtype: DType,
) -> (Vec<f64>, Vec<Vec<f64>>) {
    let device = Device::flex().autodiff();
    let inputs: Vec<Tensor<1>> = inputs
        .iter()
        .map(|values| floats(values, [values.len()], &device, dtype).require_grad())
        .collect();
    let output = subject(form, &inputs);
    let [len] = output.dims();
    let pull = floats(&numbers(99, len), [len], &device, dtype);
    let grads = (output.clone() * pull).sum().backward();
    let gradients = inputs
        .iter()
        .map(|input| match input.grad(&grads) {
            Some(grad) => values(grad),
            None => vec![0.0; input.dims()[0]],
        })
        .collect();
    (values(output), gradients)
}

/// A tensor's elements.
pub(crate) fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}

/// Checks the fused form in `f32` against the composed one in `f64`, and the latter's gradient
/// against central differences at a few places of each input.
pub(crate) fn compare(subject: impl Subject, inputs: &[Vec<f64>]) {
    let (fused, fused_grads) = run(&subject, Form::Fused, inputs, DType::F32);
    let (exact, exact_grads) = run(&subject, Form::Composed, inputs, DType::F64);
    close("output", &fused, &exact, 1e-5);
    for (i, (fused, exact)) in fused_grads.iter().zip(&exact_grads).enumerate() {
        close(&format!("gradient of input {i}"), fused, exact, 2e-5);
    }
    for (i, input) in inputs.iter().enumerate() {
        for place in [0, input.len() / 3, input.len() / 2, input.len() - 1] {
            let loss = |change: f64| {
                let mut inputs = inputs.to_vec();
                inputs[i][place] += change;
                let (output, _) = run(&subject, Form::Composed, &inputs, DType::F64);
                let pull = numbers(99, output.len());
                output.iter().zip(pull).map(|(x, c)| x * c).sum::<f64>()
            };
            let slope = (loss(1e-5) - loss(-1e-5)) / 2e-5;
            let exact = exact_grads[i][place];
            let error = (slope - exact).abs();
            assert!(
                error <= 1e-6 * (1.0 + exact.abs()),
                "input {i}, place {place}: difference quotient {slope}, gradient {exact}"
            );
        }
    }
}

/// Panics unless the two agree to `tolerance` of the largest exact value.
pub(crate) fn close(what: &str, found: &[f64], exact: &[f64], tolerance: f64) {
    assert_eq!(found.len(), exact.len(), "{what}: length");
    let size = exact.iter().fold(1e-3_f64, |size, x| size.max(x.abs()));
    for (i, (found, exact)) in found.iter().zip(exact).enumerate() {
        assert!(
            (found - exact).abs() <= tolerance * size,
            "{what}, place {i}: {found}, expected {exact}"
        );
    }
}
