//! Root-mean-square normalisation.

use burn::tensor::Tensor;

/// `x / sqrt(mean(x²) + eps) * weight` over the last axis, without a mean or a bias
/// (*Root Mean Square Layer Normalization*, arXiv 1910.07467, equation 4).
///
/// # Shapes
/// `x_nd` is `[n, d]`, `weight_d` is `[d]`, the result `[n, d]`.
///
/// # Panics
/// If the widths differ.
pub fn rms_norm(x_nd: Tensor<2>, weight_d: Tensor<1>, eps: f64) -> Tensor<2> {
    let ([_, d], [w]) = (x_nd.dims(), weight_d.dims());
    assert_eq!(d, w, "rms_norm: x has width {d}, the weight {w}");
    #[cfg(feature = "flex")]
    if crate::route::is_fused(&x_nd) && crate::route::is_fused(&weight_d) {
        return crate::flex::rms_norm(x_nd, weight_d, eps);
    }
    composed(x_nd, weight_d, eps)
}

/// [`rms_norm`](crate::rms_norm) in burn's own operations.
pub fn composed(x_nd: Tensor<2>, weight_d: Tensor<1>, eps: f64) -> Tensor<2> {
    let rms_n1 = (x_nd.clone() * x_nd.clone())
        .mean_dim(1)
        .add_scalar(eps)
        .sqrt();
    x_nd / rms_n1 * weight_d.unsqueeze()
}
