//! Products with weights, where a row's result does not depend on the rows beside it.

use burn::tensor::Tensor;
use burn::tensor::module;

/// `x · weight + bias`.
///
/// Without gradients the fused form adds every element's products in their order, one fused
/// multiply-add each: a row has the same bits alone and among others, on one thread and on many.
/// With gradients, and in the composed form, it is burn's own product.
///
/// # Shapes
/// `x_nd` is `[n, d]`, `weight_df` `[d, f]`, `bias_f` `[f]`, the result `[n, f]`. A transposed
/// weight is read as it lies.
///
/// # Panics
/// If the shapes do not fit.
pub fn linear(x_nd: Tensor<2>, weight_df: Tensor<2>, bias_f: Option<Tensor<1>>) -> Tensor<2> {
    let ([n, d], [_, f]) = (x_nd.dims(), weight_df.dims());
    assert_eq!(
        weight_df.dims(),
        [d, f],
        "linear: weight does not fit x {:?}",
        [n, d]
    );
    if let Some(bias) = &bias_f {
        assert_eq!(
            bias.dims(),
            [f],
            "linear: bias does not fit weight {:?}",
            [d, f]
        );
    }
    #[cfg(feature = "flex")]
    if is_fused(&x_nd, &weight_df) {
        let out_nf = crate::flex::linear(x_nd, weight_df);
        return match bias_f {
            Some(bias) => out_nf + bias.unsqueeze(),
            None => out_nf,
        };
    }
    composed(x_nd, weight_df, bias_f)
}

/// A weight laid out for products of few rows, which spend most of their time reading it: in panels of
/// 32 columns, each in one piece. For weights that stay as they are over many products, sampling's.
#[derive(Clone, Debug)]
pub struct Packed {
    /// `[p, d, 32]`, the last panel filled up with zeros.
    panels_pdk: Tensor<3>,
    columns: usize,
}

impl Packed {
    /// Copies a weight `[d, f]`; `None` where nothing reads such copies: with gradients, and
    /// wherever [`linear`] is not fused.
    pub fn new(weight_df: Tensor<2>) -> Option<Self> {
        #[cfg(feature = "flex")]
        if is_fused(&weight_df, &weight_df) {
            let columns = weight_df.dims()[1];
            let panels_pdk = crate::flex::pack_weight(weight_df);
            return Some(Self {
                panels_pdk,
                columns,
            });
        }
        let _ = weight_df;
        None
    }

    /// The weight's rows and columns, `[d, f]`.
    pub fn dims(&self) -> [usize; 2] {
        [self.panels_pdk.dims()[1], self.columns]
    }
}

/// [`linear`] with a packed weight: the same bits.
///
/// # Shapes
/// `x_nd` is `[n, d]`, the weight `[d, f]`, `bias_f` `[f]`, the result `[n, f]`.
///
/// # Panics
/// If the shapes do not fit, or with gradients.
pub fn linear_packed(x_nd: Tensor<2>, weight: &Packed, bias_f: Option<Tensor<1>>) -> Tensor<2> {
    let [d, f] = weight.dims();
    assert_eq!(
        x_nd.dims()[1],
        d,
        "linear_packed: the weight {:?} does not fit x {:?}",
        [d, f],
        x_nd.dims()
    );
    #[cfg(feature = "flex")]
    {
        assert!(
            is_fused(&x_nd, &x_nd),
            "linear_packed: x is tracked, or not f32 on the CPU as the weight is"
        );
        let out_nf = crate::flex::linear_packed(x_nd, weight.panels_pdk.clone(), f);
        match bias_f {
            Some(bias) => out_nf + bias.unsqueeze(),
            None => out_nf,
        }
    }
    #[cfg(not(feature = "flex"))]
    {
        let _ = bias_f;
        unreachable!("nothing is packed but for the CPU")
    }
}

/// [`linear`](crate::linear) in burn's own operations.
pub fn composed(x_nd: Tensor<2>, weight_df: Tensor<2>, bias_f: Option<Tensor<1>>) -> Tensor<2> {
    module::linear(x_nd, weight_df, bias_f)
}

/// `x · weight`, head by head; what [`linear`] says of rows holds here too.
///
/// # Shapes
/// `x_nhd` is `[n, h, d]`, `weight_hde` `[h, d, e]`, the result `[n, h, e]`. A permuted weight is
/// read as it lies where the stride of one of its last two axes is 1.
///
/// # Panics
/// If the shapes do not fit.
pub fn linear_heads(x_nhd: Tensor<3>, weight_hde: Tensor<3>) -> Tensor<3> {
    let ([n, h, d], [_, _, e]) = (x_nhd.dims(), weight_hde.dims());
    assert_eq!(
        weight_hde.dims(),
        [h, d, e],
        "linear_heads: weight does not fit x {:?}",
        [n, h, d]
    );
    #[cfg(feature = "flex")]
    if is_fused(&x_nhd, &weight_hde) {
        return crate::flex::linear_heads(x_nhd, weight_hde);
    }
    composed_heads(x_nhd, weight_hde)
}

/// [`linear_heads`](crate::linear_heads) in burn's own operations.
pub fn composed_heads(x_nhd: Tensor<3>, weight_hde: Tensor<3>) -> Tensor<3> {
    x_nhd.swap_dims(0, 1).matmul(weight_hde).swap_dims(0, 1)
}

#[cfg(feature = "flex")]
fn is_fused<const D: usize>(x: &Tensor<D>, weight: &Tensor<D>) -> bool {
    let untracked = !x.device().is_autodiff() && !weight.device().is_autodiff();
    untracked && crate::route::is_fused(x) && crate::route::is_fused(weight)
}
