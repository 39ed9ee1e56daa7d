//! Independent computations side by side.
//!
//! The operations of a small model are too short to share: handing half of one to a second thread
//! costs as much as it saves. Whole forward and backward passes are long enough, so they run on a
//! thread each. An accelerator is busy with one pass at a time and gets them one after the other.

use burn::tensor::Device;

/// How many computations a device carries out at once: the processor's threads on the fused CPU
/// path, otherwise 1.
pub fn lanes(device: &Device) -> usize {
    #[cfg(feature = "flex")]
    if has_lanes(device) {
        return rayon::current_num_threads();
    }
    let _ = device;
    1
}

/// Whether a device may carry out several computations at once, however many its threads are now.
pub fn has_lanes(device: &Device) -> bool {
    #[cfg(feature = "flex")]
    return crate::route::is_flex(device);
    #[cfg(not(feature = "flex"))]
    {
        let _ = device;
        false
    }
}

/// Applies `f` to every item, up to [`lanes`] at once, and returns the results in order.
///
/// On the fused CPU path each computation has one thread to itself, a lone one too: burn's own
/// matrix product may round differently when it is shared out, and so the results are the same for
/// any number of threads. A panic in `f` reaches the caller once the computations under way have ended.
pub fn side_by_side<T: Send, R: Send>(
    device: &Device,
    items: Vec<T>,
    f: impl Fn(T) -> R + Sync,
) -> Vec<R> {
    #[cfg(feature = "flex")]
    if lanes(device) > 1 {
        return crate::flex::lanes::run(lanes(device), items, f);
    }
    let _ = device;
    items.into_iter().map(f).collect()
}
