//! Root-mean-square normalisation (arXiv 1910.07467).

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};

/// Scales a vector to unit root mean square, then by a learned weight.
#[derive(Module, Debug)]
pub(crate) struct RmsNorm {
    weight: Param<Tensor<1>>,
    eps: f64,
}

impl RmsNorm {
    pub(crate) fn new(width: usize, eps: f64, device: &Device) -> Self {
        Self {
            weight: Param::from_tensor(Tensor::ones([width], device)),
            eps,
        }
    }

    /// # Shapes
    /// `x_nd` and the result: `[n, d]`.
    pub(crate) fn forward(&self, x_nd: Tensor<2>) -> Tensor<2> {
        kernels::rms_norm(x_nd, self.weight.val(), self.eps)
    }
}
