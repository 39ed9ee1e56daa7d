//! Numbers as they lie on disk: f32, bf16 or f16, little endian.

use half::{bf16, f16};
use safetensors::Dtype;

/// The type weights are stored in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Storage {
    /// 32 bits, nothing lost.
    #[default]
    F32,
    /// 16 bits with f32's range and 8 significant bits, rounded to nearest.
    Bf16,
    /// 16 bits up to 65504 with 11 significant bits, rounded to nearest.
    F16,
}

impl Storage {
    /// As `config.json` calls it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::F32 => "float32",
            Self::Bf16 => "bfloat16",
            Self::F16 => "float16",
        }
    }

    /// What a tensor is stored in. Router biases stay f32 whatever the rest is, as DeepSeek
    /// publishes them: their steps, 0.001, would be lost.
    pub(super) fn dtype(self, tensor: &str) -> Dtype {
        match self {
            _ if tensor.ends_with("e_score_correction_bias") => Dtype::F32,
            Self::F32 => Dtype::F32,
            Self::Bf16 => Dtype::BF16,
            Self::F16 => Dtype::F16,
        }
    }
}

/// Bytes of one number, for the types that are read.
pub(crate) fn width(dtype: Dtype) -> Option<usize> {
    match dtype {
        Dtype::F32 => Some(4),
        Dtype::BF16 | Dtype::F16 => Some(2),
        _ => None,
    }
}

/// Replaces the content of `to` by the numbers in `bytes`.
pub(crate) fn decode(dtype: Dtype, bytes: &[u8], to: &mut Vec<f32>) {
    to.clear();
    let pairs = || bytes.as_chunks::<2>().0.iter().copied();
    match dtype {
        Dtype::F32 => to.extend(bytes.as_chunks().0.iter().copied().map(f32::from_le_bytes)),
        Dtype::BF16 => to.extend(pairs().map(|pair| bf16::from_le_bytes(pair).to_f32())),
        Dtype::F16 => to.extend(pairs().map(|pair| f16::from_le_bytes(pair).to_f32())),
        other => unreachable!("{other:?} has no width here"),
    }
}

/// Replaces the content of `to` by the bytes of `values`. The error is the place of the first
/// value that would not be finite on disk.
pub(super) fn encode(dtype: Dtype, values: &[f32], to: &mut Vec<u8>) -> Result<(), usize> {
    to.clear();
    let most = match dtype {
        // Half-way to the next power of two is rounded up to infinity.
        Dtype::BF16 => f32::from_bits(0x7f7f_7fff),
        Dtype::F16 => 65_519.996,
        _ => f32::MAX,
    };
    let fits = |value: &f32| value.abs() <= most;
    if let Some(at) = values.iter().position(|value| !fits(value)) {
        return Err(at);
    }
    match dtype {
        Dtype::BF16 => to.extend(values.iter().flat_map(|&x| bf16::from_f32(x).to_le_bytes())),
        Dtype::F16 => to.extend(values.iter().flat_map(|&x| f16::from_f32(x).to_le_bytes())),
        _ => to.extend(values.iter().flat_map(|x| x.to_le_bytes())),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there_and_back(dtype: Dtype, values: &[f32]) -> Vec<f32> {
        let (mut bytes, mut back) = (Vec::new(), Vec::new());
        encode(dtype, values, &mut bytes).unwrap();
        assert_eq!(bytes.len(), values.len() * width(dtype).unwrap());
        decode(dtype, &bytes, &mut back);
        back
    }

    #[test]
    fn each_type_keeps_what_it_can() {
        let values = [0.0, -1.5, 1.0 + 1.0 / 512.0, 3e38, 65_504.0, 1e-40];
        assert_eq!(there_and_back(Dtype::F32, &values), values);
        // Eight significant bits: 1 + 2⁻⁹ goes to the even neighbour, 1.
        assert_eq!(
            there_and_back(Dtype::BF16, &[-1.5, 1.0 + 1.0 / 512.0]),
            [-1.5, 1.0]
        );
        // Eleven: 1 + 2⁻⁹ stays.
        let kept = [-1.5, 1.0 + 1.0 / 512.0, 65_504.0];
        assert_eq!(there_and_back(Dtype::F16, &kept), kept);
    }

    #[test]
    fn what_would_become_infinite_is_found() {
        let mut bytes = Vec::new();
        assert_eq!(encode(Dtype::F16, &[1.0, 7e4], &mut bytes), Err(1));
        // The largest that rounds to 65504, and the smallest that does not.
        assert_eq!(encode(Dtype::F16, &[65_519.996], &mut bytes), Ok(()));
        assert!(f16::from_f32(65_519.996).is_finite());
        assert_eq!(encode(Dtype::F16, &[-65_520.0], &mut bytes), Err(0));
        assert!(!f16::from_f32(65_520.0).is_finite());
        assert_eq!(encode(Dtype::BF16, &[f32::MAX], &mut bytes), Err(0));
        assert!(!bf16::from_f32(f32::MAX).is_finite());
        assert!(bf16::from_f32(f32::from_bits(0x7f7f_7fff)).is_finite());
        assert_eq!(encode(Dtype::F32, &[f32::MAX], &mut bytes), Ok(()));
        assert_eq!(encode(Dtype::F32, &[f32::NAN], &mut bytes), Err(0));
    }

    #[test]
    fn router_biases_stay_f32() {
        let bias = "model.layers.3.mlp.gate.e_score_correction_bias";
        assert_eq!(Storage::Bf16.dtype(bias), Dtype::F32);
        assert_eq!(
            Storage::Bf16.dtype("model.layers.3.mlp.gate.weight"),
            Dtype::BF16
        );
    }
}
