//! One AdamW update of one parameter.

use burn::tensor::Tensor;

/// The numbers of one optimizer step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamWStep {
    /// Learning rate of this step.
    pub lr: f64,
    /// Decay of the gradient's running mean, in `[0, 1)`.
    pub beta1: f64,
    /// Decay of the squared gradient's running mean, in `[0, 1)`.
    pub beta2: f64,
    /// Added to the denominator, outside the root.
    pub eps: f64,
    /// Decoupled decay: the parameter loses `lr · weight_decay` of itself first.
    pub weight_decay: f64,
    /// `1 − beta1^step`, with `step` counted from 1.
    pub correction1: f64,
    /// `1 − beta2^step`, with `step` counted from 1.
    pub correction2: f64,
}

/// AdamW as PyTorch computes it (*Decoupled Weight Decay Regularization*, arXiv 1711.05101,
/// algorithm 2):
///
/// ```text
/// p ← p (1 − lr · weight_decay)
/// m ← beta1 m + (1 − beta1) g
/// v ← beta2 v + (1 − beta2) g²
/// p ← p − lr · (m / correction1) / (sqrt(v / correction2) + eps)
/// ```
///
/// Returns the new `(param, m, v)`. On the CPU one pass does it all, and the storage of `param`,
/// `m` and `v` is reused where nothing else holds it. The results carry no gradient.
///
/// # Panics
/// If the four shapes differ.
pub fn adamw<const D: usize>(
    param: Tensor<D>,
    grad: Tensor<D>,
    m: Tensor<D>,
    v: Tensor<D>,
    step: &AdamWStep,
) -> (Tensor<D>, Tensor<D>, Tensor<D>) {
    assert_eq!(
        param.dims(),
        grad.dims(),
        "adamw: the gradient does not fit the parameter"
    );
    assert_eq!(
        param.dims(),
        m.dims(),
        "adamw: m does not fit the parameter"
    );
    assert_eq!(
        param.dims(),
        v.dims(),
        "adamw: v does not fit the parameter"
    );
    #[cfg(feature = "flex")]
    if [&param, &grad, &m, &v]
        .into_iter()
        .all(crate::route::is_fused)
    {
        return crate::flex::adamw(param, grad, m, v, step);
    }
    composed(param, grad, m, v, step)
}

/// [`adamw`](crate::adamw) in burn's own operations.
pub fn composed<const D: usize>(
    param: Tensor<D>,
    grad: Tensor<D>,
    m: Tensor<D>,
    v: Tensor<D>,
    step: &AdamWStep,
) -> (Tensor<D>, Tensor<D>, Tensor<D>) {
    let (param, grad, m, v) = (param.detach(), grad.detach(), m.detach(), v.detach());
    let m = m.mul_scalar(step.beta1) + grad.clone().mul_scalar(1.0 - step.beta1);
    let v = v.mul_scalar(step.beta2) + (grad.clone() * grad).mul_scalar(1.0 - step.beta2);
    let root = v
        .clone()
        .div_scalar(step.correction2)
        .sqrt()
        .add_scalar(step.eps);
    let change = m.clone().mul_scalar(step.lr / step.correction1) / root;
    let param = param.mul_scalar(1.0 - step.lr * step.weight_decay) - change;
    (param, m, v)
}
