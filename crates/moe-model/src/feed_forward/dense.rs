//! SwiGLU: `down(silu(gate(x)) · up(x))` (arXiv 2002.05202).

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Device, Tensor};

use crate::attention::{biased, project};

#[derive(Module, Debug)]
pub(crate) struct Dense {
    gate_proj: Linear,
    up_proj: Linear,
    down_proj: Linear,
}

impl Dense {
    pub(crate) fn new(width: usize, inner: usize, bias: bool, device: &Device) -> Self {
        Self {
            gate_proj: biased(width, inner, bias, device),
            up_proj: biased(width, inner, bias, device),
            down_proj: biased(inner, width, bias, device),
        }
    }

    pub(crate) fn forward(&self, x_nd: Tensor<2>) -> Tensor<2> {
        let gate = project(&self.gate_proj, x_nd.clone());
        let up = project(&self.up_proj, x_nd);
        project(&self.down_proj, kernels::swiglu(gate, up))
    }
}
