//! SwiGLU: `down(silu(gate(x)) · up(x))` (arXiv 2002.05202).

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use crate::projection::Projection;

#[derive(Module, Debug)]
pub(crate) struct Dense {
    gate_proj: Projection,
    up_proj: Projection,
    down_proj: Projection,
}

impl Dense {
    pub(crate) fn new(width: usize, inner: usize, bias: bool, device: &Device) -> Self {
        Self {
            gate_proj: Projection::new(width, inner, bias, device),
            up_proj: Projection::new(width, inner, bias, device),
            down_proj: Projection::new(inner, width, bias, device),
        }
    }

    pub(crate) fn forward(&self, x_nd: Tensor<2>) -> Tensor<2> {
        let gate = self.gate_proj.forward(x_nd.clone());
        let up = self.up_proj.forward(x_nd);
        self.down_proj.forward(kernels::swiglu(gate, up))
    }

    pub(crate) fn projections(&mut self) -> Vec<(&'static str, &mut Projection)> {
        vec![
            ("gate_proj", &mut self.gate_proj),
            ("up_proj", &mut self.up_proj),
            ("down_proj", &mut self.down_proj),
        ]
    }
}
