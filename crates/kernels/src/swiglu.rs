//! The gated activation of a Llama-style feed-forward block.

use burn::tensor::{Tensor, activation::silu};

/// `silu(gate) * up`, element by element, with `silu(x) = x / (1 + e^-x)`: the inside of the
/// SwiGLU block of *GLU Variants Improve Transformer* (arXiv 2002.05202, equation 5).
///
/// # Shapes
/// `gate_nf` and `up_nf` are `[n, f]`, and so is the result.
///
/// # Panics
/// If the shapes differ.
pub fn swiglu(gate_nf: Tensor<2>, up_nf: Tensor<2>) -> Tensor<2> {
    assert_eq!(
        gate_nf.dims(),
        up_nf.dims(),
        "swiglu: gate and up differ in shape"
    );
    #[cfg(feature = "flex")]
    if crate::route::is_fused(&gate_nf) && crate::route::is_fused(&up_nf) {
        return crate::flex::swiglu(gate_nf, up_nf);
    }
    composed(gate_nf, up_nf)
}

/// [`swiglu`](crate::swiglu) in burn's own operations.
pub fn composed(gate_nf: Tensor<2>, up_nf: Tensor<2>) -> Tensor<2> {
    silu(gate_nf) * up_nf
}
