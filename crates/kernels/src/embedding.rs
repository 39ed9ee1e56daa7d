//! Token embedding.

use burn::tensor::{Int, Tensor};

/// Row `tokens[i]` of the weight for every `i`. The gradient of a row is the sum over its
/// occurrences, in their order.
///
/// # Shapes
/// `weight_vd` is `[v, d]`, `tokens_n` `[n]` with values in `0..v`, the result `[n, d]`.
///
/// # Panics
/// On the CPU, if a token lies outside the vocabulary; other devices do not check.
pub fn embedding(weight_vd: Tensor<2>, tokens_n: Tensor<1, Int>) -> Tensor<2> {
    #[cfg(feature = "flex")]
    if crate::route::is_fused(&weight_vd) {
        return crate::flex::embedding(weight_vd, tokens_n);
    }
    composed(weight_vd, tokens_n)
}

/// [`embedding`](crate::embedding) in burn's own operations.
pub fn composed(weight_vd: Tensor<2>, tokens_n: Tensor<1, Int>) -> Tensor<2> {
    weight_vd.select(0, tokens_n)
}
