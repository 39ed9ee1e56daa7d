//! The device this build trains on. The only place that names a backend.

use anyhow::Result;
use burn::tensor::{Device, Tensor};

/// Padded tokens in one forward pass at most: on the CPU what its caches hold, so that several
/// passes run side by side; on an accelerator enough to keep it busy.
pub const MICRO_TOKENS: usize = if cfg!(any(feature = "wgpu", feature = "cuda")) {
    16384
} else {
    1024
};

/// The device of the backend compiled in: CUDA before WGPU before the CPU.
///
/// # Errors
/// When the device cannot be used, for want of a driver say.
pub fn device() -> Result<Device> {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| ()));
    let probed = std::panic::catch_unwind(|| {
        let device = open();
        Tensor::<1>::ones([1], &device).into_scalar::<f32>();
        device
    });
    std::panic::set_hook(hook);
    probed.map_err(|panic| {
        let words = panic.downcast_ref::<String>().map(String::as_str);
        let words = words
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("no reason");
        anyhow::anyhow!("the {BACKEND} device cannot be used ({words}). {REMEDY}")
    })
}

#[cfg(feature = "cuda")]
const BACKEND: &str = "CUDA";
#[cfg(feature = "cuda")]
const REMEDY: &str = "Install the NVIDIA driver, or choose --backend wgpu or --backend flex";
#[cfg(feature = "cuda")]
fn open() -> Device {
    Device::cuda(0)
}

#[cfg(all(feature = "wgpu", not(feature = "cuda")))]
const BACKEND: &str = "Vulkan";
#[cfg(all(feature = "wgpu", not(feature = "cuda")))]
const REMEDY: &str = "Install a Vulkan driver (on Debian mesa-vulkan-drivers), or choose \
                      --backend flex";
#[cfg(all(feature = "wgpu", not(feature = "cuda")))]
fn open() -> Device {
    Device::vulkan(burn::tensor::DeviceKind::DefaultDevice)
}

#[cfg(all(feature = "flex", not(any(feature = "wgpu", feature = "cuda"))))]
const BACKEND: &str = "CPU";
#[cfg(all(feature = "flex", not(any(feature = "wgpu", feature = "cuda"))))]
const REMEDY: &str = "This should not happen on any machine";
#[cfg(all(feature = "flex", not(any(feature = "wgpu", feature = "cuda"))))]
fn open() -> Device {
    Device::flex()
}

#[cfg(not(any(feature = "flex", feature = "wgpu", feature = "cuda")))]
compile_error!("choose a backend: --features flex, wgpu or cuda");
