//! Products with weights, bound to burn; the loops are in [`super::product`].

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, Flex, backend_extension};
use burn::tensor::Tensor;
use burn_flex::FlexTensor;

use super::buffer::{strided, tensor, with_lines};
use super::product::{Product, Weight, run};

/// See [`crate::linear`]. Untracked tensors only.
pub(crate) fn linear(x_nd: Tensor<2>, weight_df: Tensor<2>) -> Tensor<2> {
    Tensor::from_dispatch(Dispatch::linear(
        x_nd.into_dispatch(),
        weight_df.into_dispatch(),
    ))
}

/// See [`crate::linear_heads`]. Untracked tensors only.
pub(crate) fn linear_heads(x_nhd: Tensor<3>, weight_hde: Tensor<3>) -> Tensor<3> {
    Tensor::from_dispatch(Dispatch::linear_heads(
        x_nhd.into_dispatch(),
        weight_hde.into_dispatch(),
    ))
}

#[backend_extension(Flex)]
trait LinearOp: Backend {
    fn linear(x: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self>;

    fn linear_heads(x: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self>;
}

impl LinearOp for Flex {
    fn linear(x: FlexTensor, weight: FlexTensor) -> FlexTensor {
        let (x, weight) = (with_lines(x, false), with_lines(weight, true));
        let (n, d) = (x.layout().shape()[0], x.layout().shape()[1]);
        let f = weight.layout().shape()[1];
        let (rows, [x_row, _]) = strided(&x);
        let (data, [row, column]) = strided(&weight);
        let mut out = vec![0.0; n * f];
        let weight = Weight {
            data,
            head: 0,
            row,
            column,
        };
        run(
            &mut out,
            &Product {
                x: rows,
                x_row,
                x_head: 0,
                weight,
                heads: 1,
                sizes: [n, d, f],
            },
        );
        tensor(out, [n, f])
    }

    fn linear_heads(x: FlexTensor, weight: FlexTensor) -> FlexTensor {
        let (x, weight) = (with_lines(x, false), with_lines(weight, true));
        let [n, heads, d] = std::array::from_fn(|axis| x.layout().shape()[axis]);
        let e = weight.layout().shape()[2];
        let (rows, [x_row, x_head, _]) = strided(&x);
        let (data, [head, row, column]) = strided(&weight);
        let mut out = vec![0.0; n * heads * e];
        let weight = Weight {
            data,
            head,
            row,
            column,
        };
        run(
            &mut out,
            &Product {
                x: rows,
                x_row,
                x_head,
                weight,
                heads,
                sizes: [n, d, e],
            },
        );
        tensor(out, [n, heads, e])
    }
}
