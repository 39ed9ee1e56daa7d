//! What the machine could do, measured by what comes closest to it.

use std::time::Instant;

use burn::tensor::{Device, Distribution, Tensor};

/// Operations and bytes a second, of all threads.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) flop_s: f64,
    pub(super) bytes_s: f64,
}

impl Limits {
    /// The best of several large products, and of several sums over what no cache holds.
    pub(super) fn measure(device: &Device) -> Self {
        let side = 1024;
        let matrix = Tensor::<2>::random([side, side], Distribution::Default, device);
        let product = best(5, || {
            let out = matrix.clone().matmul(matrix.clone());
            out.slice([0..1, 0..1]).into_data();
        });
        let long = Tensor::<1>::random([1 << 26], Distribution::Default, device);
        let sum = best(5, || {
            long.clone().sum().into_data();
        });
        Self {
            flop_s: 2.0 * (side as f64).powi(3) / product,
            bytes_s: 4.0 * f64::from(1 << 26) / sum,
        }
    }
}

/// Seconds of the fastest of `times` runs after one for warmth.
fn best(times: usize, mut f: impl FnMut()) -> f64 {
    f();
    let run = |_| {
        let start = Instant::now();
        f();
        start.elapsed().as_secs_f64()
    };
    (0..times).map(run).fold(f64::INFINITY, f64::min)
}
