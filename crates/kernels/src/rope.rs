//! Rotary position embedding, in the two pairings published checkpoints use.

use burn::tensor::Tensor;

/// Which two elements of a head form the pair that is rotated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RopeLayout {
    /// Pairs `(i, i + d/2)`, read and written in place: Llama, Qwen, and Hugging Face's
    /// `rotate_half`.
    Split,
    /// Pairs `(2i, 2i + 1)` are read; the result holds all first elements, then all second ones:
    /// DeepSeek-V3's checkpoints. Queries and keys are permuted alike, so their products are
    /// those of an in-place rotation.
    Interleaved,
}

/// Rotates each pair `(a, b)` of a head to `(a cos − b sin, a sin + b cos)`
/// (*RoFormer*, arXiv 2104.09864, equation 34).
///
/// # Shapes
/// `x_bthd` is `[b, t, h, d]` with `d` even; `cos_btr` and `sin_btr` are `[b, t, d/2]`, one angle
/// per position and pair, the same for all heads. The result is `[b, t, h, d]`.
///
/// No gradient flows to `cos_btr` and `sin_btr`.
///
/// # Panics
/// If the shapes do not fit.
pub fn rope(
    x_bthd: Tensor<4>,
    cos_btr: Tensor<3>,
    sin_btr: Tensor<3>,
    layout: RopeLayout,
) -> Tensor<4> {
    let [b, t, _, d] = x_bthd.dims();
    assert!(d.is_multiple_of(2), "rope: the head width {d} is odd");
    assert_eq!(
        cos_btr.dims(),
        [b, t, d / 2],
        "rope: cos does not fit x {:?}",
        x_bthd.dims()
    );
    assert_eq!(
        sin_btr.dims(),
        [b, t, d / 2],
        "rope: sin does not fit x {:?}",
        x_bthd.dims()
    );
    #[cfg(feature = "flex")]
    if crate::route::is_fused(&x_bthd)
        && crate::route::is_fused(&cos_btr)
        && crate::route::is_fused(&sin_btr)
    {
        return crate::flex::rope(x_bthd, cos_btr, sin_btr, layout);
    }
    composed(x_bthd, cos_btr, sin_btr, layout)
}

/// [`rope`](crate::rope) in burn's own operations.
pub fn composed(
    x_bthd: Tensor<4>,
    cos_btr: Tensor<3>,
    sin_btr: Tensor<3>,
    layout: RopeLayout,
) -> Tensor<4> {
    let [b, t, h, d] = x_bthd.dims();
    let r = d / 2;
    let cos_bt1r: Tensor<4> = cos_btr.detach().unsqueeze_dim(2);
    let sin_bt1r: Tensor<4> = sin_btr.detach().unsqueeze_dim(2);
    let (first, second) = match layout {
        RopeLayout::Split => (x_bthd.clone().narrow(3, 0, r), x_bthd.narrow(3, r, r)),
        RopeLayout::Interleaved => {
            let pairs: Tensor<5> = x_bthd.reshape([b, t, h, r, 2]);
            (
                pairs.clone().narrow(4, 0, 1).squeeze_dim(4),
                pairs.narrow(4, 1, 1).squeeze_dim(4),
            )
        }
    };
    let turned_first = first.clone() * cos_bt1r.clone() - second.clone() * sin_bt1r.clone();
    let turned_second = first * sin_bt1r + second * cos_bt1r;
    Tensor::cat(vec![turned_first, turned_second], 3)
}
