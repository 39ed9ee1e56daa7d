//! Which form of an operation a tensor takes.

use burn::backend::DispatchDevice;
use burn::tensor::{DType, Tensor};

/// Whether `tensor` can take the fused CPU path: `f32` on the Flex backend, tracked or not.
pub(crate) fn is_fused<const D: usize>(tensor: &Tensor<D>) -> bool {
    let on_flex = |device: &DispatchDevice| matches!(device, DispatchDevice::Flex(_));
    tensor.dtype() == DType::F32
        && match tensor.device().as_dispatch() {
            DispatchDevice::Autodiff(device) => on_flex(device),
            device => on_flex(device),
        }
}
