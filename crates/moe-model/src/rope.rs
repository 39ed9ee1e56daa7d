//! Rotary position embedding (arXiv 2104.09864) and its extensions to longer contexts.

use std::f64::consts::TAU;

use burn::tensor::{Device, Tensor, TensorData};

use crate::config::{RopeConfig, RopeScaling, YarnConfig};

/// Cosines and sines of the positions of one batch, `[b, t, r]` with r half the rotated width.
#[derive(Debug, Clone)]
pub(crate) struct Angles {
    pub(crate) cos_btr: Tensor<3>,
    pub(crate) sin_btr: Tensor<3>,
}

impl Angles {
    /// Row b's token i stands at position `starts[b] + i`; `dim` is the rotated width.
    pub(crate) fn new(
        starts: &[usize],
        t: usize,
        dim: usize,
        rope: &RopeConfig,
        device: &Device,
    ) -> Self {
        let frequencies = frequencies(rope, dim);
        let size = rope.magnitude();
        let mut cos = Vec::with_capacity(starts.len() * t * frequencies.len());
        let mut sin = Vec::with_capacity(starts.len() * t * frequencies.len());
        for &start in starts {
            for position in start..start + t {
                for frequency in &frequencies {
                    let (s, c) = (position as f64 * frequency).sin_cos();
                    cos.push((c * size) as f32);
                    sin.push((s * size) as f32);
                }
            }
        }
        let shape = [starts.len(), t, frequencies.len()];
        Self {
            cos_btr: Tensor::from_data(TensorData::new(cos, shape), device),
            sin_btr: Tensor::from_data(TensorData::new(sin, shape), device),
        }
    }
}

/// Radians a position turns each of the `dim / 2` pairs by.
pub(crate) fn frequencies(rope: &RopeConfig, dim: usize) -> Vec<f64> {
    let plain = (0..dim / 2).map(|i| rope.theta.powf(-((2 * i) as f64) / dim as f64));
    match &rope.scaling {
        RopeScaling::None => plain.collect(),
        RopeScaling::Linear { factor } => plain.map(|frequency| frequency / factor).collect(),
        RopeScaling::Llama3 {
            factor,
            low,
            high,
            trained_positions,
        } => {
            let trained = *trained_positions as f64;
            let scale = |frequency: f64| {
                // Turns a pair makes over the context it was trained on.
                let turns = trained * frequency / TAU;
                let kept = ((turns - low) / (high - low)).clamp(0.0, 1.0);
                frequency * (kept + (1.0 - kept) / factor)
            };
            plain.map(scale).collect()
        }
        RopeScaling::Yarn(yarn) => {
            let (from, to) = yarn.ramp(rope.theta, dim);
            let scale = |(i, frequency): (usize, f64)| {
                let slowed = ((i as f64 - from) / (to - from)).clamp(0.0, 1.0);
                frequency * (1.0 - slowed + slowed / yarn.factor)
            };
            plain.enumerate().map(scale).collect()
        }
    }
}

/// YaRN's growth of a magnitude with the factor of extension (arXiv 2309.00071, equation 22).
fn growth(factor: f64, weight: f64) -> f64 {
    if factor <= 1.0 {
        1.0
    } else {
        0.1 * weight * factor.ln() + 1.0
    }
}

impl RopeConfig {
    /// The factor on cosines and sines.
    pub(crate) fn magnitude(&self) -> f64 {
        let RopeScaling::Yarn(yarn) = &self.scaling else {
            return 1.0;
        };
        let given = |weight: Option<f64>| weight.filter(|&weight| weight != 0.0);
        yarn.attention_factor.unwrap_or_else(|| {
            match (given(yarn.mscale), given(yarn.mscale_all_dim)) {
                (Some(part), Some(all)) => growth(yarn.factor, part) / growth(yarn.factor, all),
                _ => growth(yarn.factor, 1.0),
            }
        })
    }

    /// The further factor DeepSeek puts on the attention's scale.
    pub(crate) fn attention_scale(&self) -> f64 {
        match &self.scaling {
            RopeScaling::Yarn(YarnConfig {
                factor,
                mscale_all_dim: Some(weight),
                ..
            }) if *weight != 0.0 => growth(*factor, *weight).powi(2),
            _ => 1.0,
        }
    }
}

impl YarnConfig {
    /// Between which pairs the frequencies go over from kept to slowed (arXiv 2309.00071, section
    /// 3.2): those that turn `beta_fast` and `beta_slow` times over the trained context.
    fn ramp(&self, theta: f64, dim: usize) -> (f64, f64) {
        let trained = self.trained_positions as f64;
        let pair = |turns: f64| dim as f64 * (trained / (turns * TAU)).ln() / (2.0 * theta.ln());
        let (mut from, mut to) = (pair(self.beta_fast), pair(self.beta_slow));
        if self.truncate {
            (from, to) = (from.floor(), to.ceil());
        }
        from = from.max(0.0);
        to = to.min(dim as f64 - 1.0);
        // Two equal ends still make a step.
        (from, if to == from { to + 1e-3 } else { to })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn yarn(factor: f64, trained_positions: usize) -> YarnConfig {
        YarnConfig {
            factor,
            trained_positions,
            ..YarnConfig::default()
        }
    }

    fn rope(scaling: RopeScaling) -> RopeConfig {
        RopeConfig {
            theta: 10_000.0,
            scaling,
        }
    }

    #[test]
    fn plain_frequencies_fall_by_powers() {
        let found = frequencies(&rope(RopeScaling::None), 8);
        let expected = [1.0, 0.1, 0.01, 0.001];
        assert!(
            found
                .iter()
                .zip(expected)
                .all(|(a, b)| (a - b).abs() < 1e-12)
        );
        let slowed = frequencies(&rope(RopeScaling::Linear { factor: 4.0 }), 8);
        assert!(
            slowed
                .iter()
                .zip(&found)
                .all(|(a, b)| (a * 4.0 - b).abs() < 1e-12)
        );
    }

    #[test]
    fn llama3_keeps_the_fast_and_slows_the_slow() {
        let plain = frequencies(&rope(RopeScaling::None), 64);
        let scaling = RopeScaling::Llama3 {
            factor: 8.0,
            low: 1.0,
            high: 4.0,
            trained_positions: 8192,
        };
        let scaled = frequencies(&rope(scaling), 64);
        assert_eq!(scaled[0], plain[0]);
        assert!((scaled[31] - plain[31] / 8.0).abs() < 1e-15);
        let between = scaled
            .iter()
            .zip(&plain)
            .filter(|(s, p)| *s < *p && **s > *p / 8.0);
        assert!(between.count() > 0);
    }

    #[test]
    fn yarn_goes_over_from_kept_to_slowed() {
        let plain = frequencies(&rope(RopeScaling::None), 64);
        let rope = rope(RopeScaling::Yarn(yarn(40.0, 4096)));
        let scaled = frequencies(&rope, 64);
        let ratio: Vec<f64> = plain.iter().zip(&scaled).map(|(p, s)| p / s).collect();
        assert_eq!((ratio[0], ratio[31].round()), (1.0, 40.0));
        assert!(ratio.windows(2).all(|pair| pair[0] <= pair[1] + 1e-9));
        assert!((rope.magnitude() - (0.1 * 40_f64.ln() + 1.0)).abs() < 1e-12);
        assert_eq!(rope.attention_scale(), 1.0);
    }

    /// DeepSeek-V3: equal weights cancel in the cosines and stay in the attention's scale.
    #[test]
    fn deepseek_scales_the_attention_instead() {
        let rope = rope(RopeScaling::Yarn(YarnConfig {
            mscale: Some(1.0),
            mscale_all_dim: Some(1.0),
            ..yarn(40.0, 4096)
        }));
        assert_eq!(rope.magnitude(), 1.0);
        assert!((rope.attention_scale() - (0.1 * 40_f64.ln() + 1.0).powi(2)).abs() < 1e-12);
    }
}
