//! Products with weights, bound to burn; the loops are in [`super::product`].

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, Flex, backend_extension};
use burn::tensor::Tensor;
use burn_flex::FlexTensor;

use super::buffer::{contiguous, slice, strided, tensor, with_lines};
use super::panel::PANEL;
use super::product::{Product, Weight, pack, run};

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

/// See [`crate::Packed`]: `[d, f]` to `[p, d, 32]`. Untracked tensors only.
pub(crate) fn pack_weight(weight_df: Tensor<2>) -> Tensor<3> {
    Tensor::from_dispatch(Dispatch::pack_weight(weight_df.into_dispatch()))
}

/// See [`crate::linear_packed`]. Untracked tensors only.
pub(crate) fn linear_packed(x_nd: Tensor<2>, panels_pdk: Tensor<3>, columns: usize) -> Tensor<2> {
    Tensor::from_dispatch(Dispatch::linear_packed(
        x_nd.into_dispatch(),
        panels_pdk.into_dispatch(),
        columns,
    ))
}

#[backend_extension(Flex)]
trait LinearOp: Backend {
    fn pack_weight(weight: FloatTensor<Self>) -> FloatTensor<Self>;

    fn linear_packed(
        x: FloatTensor<Self>,
        panels: FloatTensor<Self>,
        columns: usize,
    ) -> FloatTensor<Self>;

    fn linear(x: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self>;

    fn linear_heads(x: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self>;
}

impl LinearOp for Flex {
    fn pack_weight(weight: FlexTensor) -> FlexTensor {
        let weight = with_lines(weight, true);
        let [d, f] = std::array::from_fn(|axis| weight.layout().shape()[axis]);
        let (data, [row, column]) = strided(&weight);
        let panels = pack(Weight::strided(data, 0, row, column), [d, f]);
        tensor(panels, [f.div_ceil(PANEL), d, PANEL])
    }

    fn linear_packed(x: FlexTensor, panels: FlexTensor, columns: usize) -> FlexTensor {
        let (panels, d) = (contiguous(panels), x.layout().shape()[1]);
        rows_times(x, Weight::packed(slice(&panels), d), columns)
    }

    fn linear(x: FlexTensor, weight: FlexTensor) -> FlexTensor {
        let weight = with_lines(weight, true);
        let (data, [row, column]) = strided(&weight);
        let columns = weight.layout().shape()[1];
        rows_times(x, Weight::strided(data, 0, row, column), columns)
    }

    fn linear_heads(x: FlexTensor, weight: FlexTensor) -> FlexTensor {
        let (x, weight) = (with_lines(x, false), with_lines(weight, true));
        let [n, heads, d] = std::array::from_fn(|axis| x.layout().shape()[axis]);
        let e = weight.layout().shape()[2];
        let (rows, [x_row, x_head, _]) = strided(&x);
        let (data, [head, row, column]) = strided(&weight);
        let mut out = vec![0.0; n * heads * e];
        let weight = Weight::strided(data, head, row, column);
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

/// The product of the rows of x with one matrix of so many columns.
fn rows_times(x: FlexTensor, weight: Weight<'_>, columns: usize) -> FlexTensor {
    let x = with_lines(x, false);
    let [n, d] = std::array::from_fn(|axis| x.layout().shape()[axis]);
    let (rows, [x_row, _]) = strided(&x);
    let mut out = vec![0.0; n * columns];
    let product = Product {
        x: rows,
        x_row,
        x_head: 0,
        weight,
        heads: 1,
        sizes: [n, d, columns],
    };
    run(&mut out, &product);
    tensor(out, [n, columns])
}
