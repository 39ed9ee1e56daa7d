//! Rotary position embedding (arXiv 2104.09864).

use burn::tensor::{Device, Tensor, TensorData};

/// Cosines and sines of the positions of one batch, `[b, t, r]` with r half the rotated width.
#[derive(Debug, Clone)]
pub(crate) struct Angles {
    pub(crate) cos_btr: Tensor<3>,
    pub(crate) sin_btr: Tensor<3>,
}

impl Angles {
    /// Row b's token i stands at position `starts[b] + i`; `dim` is the rotated width.
    pub(crate) fn new(starts: &[usize], t: usize, dim: usize, theta: f64, device: &Device) -> Self {
        let half = dim / 2;
        let frequencies: Vec<f64> = (0..half)
            .map(|i| theta.powf(-((2 * i) as f64) / dim as f64))
            .collect();
        let mut cos = Vec::with_capacity(starts.len() * t * half);
        let mut sin = Vec::with_capacity(starts.len() * t * half);
        for &start in starts {
            for position in start..start + t {
                for frequency in &frequencies {
                    let (s, c) = (position as f64 * frequency).sin_cos();
                    cos.push(c as f32);
                    sin.push(s as f32);
                }
            }
        }
        let shape = [starts.len(), t, half];
        Self {
            cos_btr: Tensor::from_data(TensorData::new(cos, shape), device),
            sin_btr: Tensor::from_data(TensorData::new(sin, shape), device),
        }
    }
}
