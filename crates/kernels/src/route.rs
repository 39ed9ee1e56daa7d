//! Which form of an operation a tensor takes.

use burn::backend::DispatchDevice;
use burn::tensor::{DType, Device, Tensor};

/// Whether `tensor` can take the fused CPU path: `f32` on the Flex backend, tracked or not.
pub(crate) fn is_fused<const D: usize>(tensor: &Tensor<D>) -> bool {
    tensor.dtype() == DType::F32 && is_flex(&tensor.device())
}

/// Whether a device belongs to the Flex backend, tracked or not.
pub(crate) fn is_flex(device: &Device) -> bool {
    let on_flex = |device: &DispatchDevice| matches!(device, DispatchDevice::Flex(_));
    match device.as_dispatch() {
        DispatchDevice::Autodiff(device) => on_flex(device),
        device => on_flex(device),
    }
}
