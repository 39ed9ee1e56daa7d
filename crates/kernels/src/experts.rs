//! The routed experts of a mixture: each row through its own few feed-forward blocks.

use burn::tensor::{Int, Tensor};

/// `Σ_k weight_k · down(silu(x · gate) * (x · up))` over the experts chosen for each row: the
/// routed part of *DeepSeek-V3*'s feed-forward layer (arXiv 2412.19437, equation 12) with SwiGLU
/// experts.
///
/// The fused form computes the chosen experts alone; the composed one runs every row through every
/// expert and weighs the others by zero. An expert without rows is fine. Gradients reach `x`, the
/// weights and the three matrices.
///
/// # Shapes
/// `x_nd` is `[n, d]`, `index_nk` `[n, k]` with values in `0..e`, `weight_nk` `[n, k]`, `gate_edf`
/// and `up_edf` `[e, d, f]`, `down_efd` `[e, f, d]`; the result is `[n, d]`. An expert listed twice
/// in a row counts twice.
///
/// # Panics
/// If the shapes do not fit; on the CPU, if an index is not an expert.
pub fn experts(
    x_nd: Tensor<2>,
    index_nk: Tensor<2, Int>,
    weight_nk: Tensor<2>,
    gate_edf: Tensor<3>,
    up_edf: Tensor<3>,
    down_efd: Tensor<3>,
) -> Tensor<2> {
    let ([n, d], [_, k], [e, _, f]) = (x_nd.dims(), index_nk.dims(), gate_edf.dims());
    assert_eq!(
        index_nk.dims(),
        [n, k],
        "experts: index does not fit {n} rows"
    );
    assert_eq!(
        weight_nk.dims(),
        [n, k],
        "experts: weight does not fit index {:?}",
        [n, k]
    );
    assert_eq!(
        gate_edf.dims(),
        [e, d, f],
        "experts: gate does not fit width {d}"
    );
    assert_eq!(
        up_edf.dims(),
        [e, d, f],
        "experts: up does not fit gate {:?}",
        [e, d, f]
    );
    assert_eq!(
        down_efd.dims(),
        [e, f, d],
        "experts: down does not fit gate {:?}",
        [e, d, f]
    );
    #[cfg(feature = "flex")]
    if crate::route::is_fused(&x_nd)
        && crate::route::is_fused(&weight_nk)
        && [&gate_edf, &up_edf, &down_efd]
            .into_iter()
            .all(crate::route::is_fused)
    {
        return crate::flex::experts(x_nd, index_nk, weight_nk, gate_edf, up_edf, down_efd);
    }
    composed(x_nd, index_nk, weight_nk, gate_edf, up_edf, down_efd)
}

/// [`experts`](crate::experts) in burn's own operations.
pub fn composed(
    x_nd: Tensor<2>,
    index_nk: Tensor<2, Int>,
    weight_nk: Tensor<2>,
    gate_edf: Tensor<3>,
    up_edf: Tensor<3>,
    down_efd: Tensor<3>,
) -> Tensor<2> {
    let expert = |stack: &Tensor<3>, e: usize| stack.clone().narrow(0, e, 1).squeeze_dim::<2>(0);
    let mut out_nd = x_nd.zeros_like();
    for e in 0..gate_edf.dims()[0] {
        let elsewhere_nk = index_nk.clone().not_equal_elem(e as i64);
        let share_n1 = weight_nk.clone().mask_fill(elsewhere_nk, 0.0).sum_dim(1);
        let inner_nf = crate::composed::swiglu(
            x_nd.clone().matmul(expert(&gate_edf, e)),
            x_nd.clone().matmul(expert(&up_edf, e)),
        );
        out_nd = out_nd + inner_nf.matmul(expert(&down_efd, e)) * share_n1;
    }
    out_nd
}
