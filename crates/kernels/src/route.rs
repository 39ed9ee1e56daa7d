//! Which form of an operation a tensor takes.

use burn::tensor::Tensor;

/// Whether `tensor` can take the fused CPU path: `f32` on the Flex backend, tracked or not.
#[cfg(feature = "flex")]
pub(crate) fn is_fused<const D: usize>(tensor: &Tensor<D>) -> bool {
    use burn::backend::DispatchDevice;
    use burn::tensor::DType;

    let on_flex = |device: &DispatchDevice| matches!(device, DispatchDevice::Flex(_));
    tensor.dtype() == DType::F32
        && match tensor.device().as_dispatch() {
            DispatchDevice::Autodiff(device) => on_flex(device),
            device => on_flex(device),
        }
}

/// Whether `tensor` can take the fused CPU path: never, in a build without it.
#[cfg(not(feature = "flex"))]
pub(crate) fn is_fused<const D: usize>(_tensor: &Tensor<D>) -> bool {
    false
}
