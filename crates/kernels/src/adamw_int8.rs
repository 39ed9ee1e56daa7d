//! One AdamW update of one parameter whose moments take a byte each.

use burn::tensor::{DType, Device, Int, Tensor};

use crate::AdamWStep;

/// Elements that share a scale.
pub const INT8_BLOCK: usize = 256;
/// Codes in a word.
const PLANES: usize = 4;
/// Words of a block. The word j holds the codes of the elements j, j + 64, j + 128 and j + 192, from
/// its lowest byte up.
const WORDS: usize = INT8_BLOCK / PLANES;

/// The two moments of a flattened parameter, quantised in blocks (*8-bit Optimizers via Block-wise
/// Quantization*, arXiv 2110.02861, sections 2.1 and 2.2) of [`INT8_BLOCK`] elements, the last one
/// filled up with zeros. With s the largest absolute value of a block, a moment x is stored as the
/// code c nearest to
///
/// ```text
/// m: c = 127 · sign(m) · sqrt(|m| / s),   m = s · sign(c) · (c / 127)²      in −127..=127
/// v: c = 255 · sqrt(sqrt(v / s)),         v = s · (c / 255)⁴                in 0..=255
/// ```
///
/// except that a v above 0 has at least the code 1, so that no step is divided by a v that was lost.
/// The powers stand in for the paper's dynamic exponent: codes lie dense near 0, where most
/// elements of a block are. Near s neighbours are 1.6 % apart; the smallest m is s / 16129, the
/// smallest root of v is that of s / 65025.
#[derive(Clone, Debug)]
pub struct Int8Moments {
    /// The mean of gradients, m.
    pub(crate) mean: Codes,
    /// The mean of squared gradients, v.
    pub(crate) square: Codes,
}

/// One of the moments.
#[derive(Clone, Debug)]
pub(crate) struct Codes {
    /// Packed codes, 64 words a block.
    pub(crate) words: Tensor<1, Int>,
    /// s of each block.
    pub(crate) scales: Tensor<1>,
}

impl Int8Moments {
    /// Those of a parameter of `elements` before its first step: zeros.
    pub fn zeros(elements: usize, device: &Device) -> Self {
        let blocks = elements.div_ceil(INT8_BLOCK);
        let codes = || Codes {
            words: Tensor::zeros([blocks * WORDS], (device, DType::I32)),
            scales: Tensor::zeros([blocks], (device, DType::F32)),
        };
        Self {
            mean: codes(),
            square: codes(),
        }
    }

    /// Bytes in memory.
    pub fn bytes(&self) -> usize {
        let of = |codes: &Codes| 4 * (codes.words.dims()[0] + codes.scales.dims()[0]);
        of(&self.mean) + of(&self.square)
    }

    /// The packed codes and the scales of m and of v, as they are remembered.
    pub fn into_parts(self) -> [(Tensor<1, Int>, Tensor<1>); 2] {
        [self.mean, self.square].map(|codes| (codes.words, codes.scales))
    }

    /// Those that [`into_parts`](Self::into_parts) gave.
    pub fn from_parts(parts: [(Tensor<1, Int>, Tensor<1>); 2]) -> Self {
        let [mean, square] = parts.map(|(words, scales)| Codes { words, scales });
        Self { mean, square }
    }

    /// The mean of gradients and that of squared gradients as they are remembered, filled up to
    /// whole blocks.
    pub fn values(&self) -> [Tensor<1>; 2] {
        let flat = |values_bi: Tensor<2>| values_bi.flatten(0, 1);
        [flat(mean_of(&self.mean)), flat(square_of(&self.square))]
    }
}

/// [`adamw`](crate::adamw) with moments of a byte each: they are read, moved by the gradient, used
/// for the step as they then are, and quantised again.
///
/// # Shapes
/// `param` and `grad` are flattened, `[n]`, `moments` those of n elements.
///
/// # Panics
/// If they do not fit.
pub fn adamw_int8(
    param: Tensor<1>,
    grad: Tensor<1>,
    moments: Int8Moments,
    step: &AdamWStep,
) -> (Tensor<1>, Int8Moments) {
    let [n] = param.dims();
    assert_eq!(
        grad.dims(),
        [n],
        "adamw_int8: the gradient does not fit the parameter"
    );
    assert_eq!(
        moments.mean.scales.dims(),
        [n.div_ceil(INT8_BLOCK)],
        "adamw_int8: the moments do not fit {n} elements"
    );
    #[cfg(feature = "flex")]
    if [&param, &grad].into_iter().all(crate::route::is_fused) {
        return crate::flex::adamw_int8(param.without_autodiff(), grad, moments, step);
    }
    composed(param, grad, moments, step)
}

/// [`adamw_int8`](crate::adamw_int8) in burn's own operations.
pub fn composed(
    param: Tensor<1>,
    grad: Tensor<1>,
    moments: Int8Moments,
    step: &AdamWStep,
) -> (Tensor<1>, Int8Moments) {
    let [n] = param.dims();
    let blocks = n.div_ceil(INT8_BLOCK);
    let fill = Tensor::zeros([blocks * INT8_BLOCK - n], &grad.device());
    let blocked = |values: Tensor<1>| {
        let filled = Tensor::cat(vec![values.detach(), fill.clone()], 0);
        filled.reshape([blocks, INT8_BLOCK])
    };
    let (param, mean, square) = crate::composed::adamw(
        blocked(param),
        blocked(grad),
        mean_of(&moments.mean),
        square_of(&moments.square),
        step,
    );
    let moments = Int8Moments {
        mean: mean_codes(mean),
        square: square_codes(square),
    };
    let flat: Tensor<1> = param.flatten(0, 1);
    (flat.narrow(0, 0, n), moments)
}

/// m, `[blocks, 256]`.
fn mean_of(codes: &Codes) -> Tensor<2> {
    let bytes = unpack(&codes.words);
    let negative = bytes.clone().greater_elem(127).int();
    let codes_bi = (bytes - negative * 256).float() / 127.0;
    codes_bi.clone() * codes_bi.abs() * codes.scales.clone().unsqueeze_dim(1)
}

/// v, `[blocks, 256]`.
fn square_of(codes: &Codes) -> Tensor<2> {
    let root_bi = unpack(&codes.words).float() / 255.0;
    let root_bi = root_bi.clone() * root_bi;
    root_bi.clone() * root_bi * codes.scales.clone().unsqueeze_dim(1)
}

fn mean_codes(mean_bi: Tensor<2>) -> Codes {
    let (share_bi, scales) = shares(&mean_bi);
    let size = (share_bi.sqrt() * 127.0 + 0.5).int();
    let negative = mean_bi.lower_elem(0.0).int();
    // Two's complement: −c is 256 − c; a code of 0 has no sign.
    let complement = size.clone().neg() + 256;
    let bytes = size.clone() * (negative.clone() * -1 + 1) + complement * negative;
    Codes {
        words: pack(bytes.bitwise_and_scalar(255)),
        scales,
    }
}

fn square_codes(square_bi: Tensor<2>) -> Codes {
    let (share_bi, scales) = shares(&square_bi);
    let code = (share_bi.sqrt().sqrt() * 255.0 + 0.5).int();
    let least = square_bi.greater_elem(0.0).int();
    Codes {
        words: pack(code.max_pair(least)),
        scales,
    }
}

/// Absolute values as shares of the largest of their block, and that.
fn shares(values_bi: &Tensor<2>) -> (Tensor<2>, Tensor<1>) {
    let size_bi = values_bi.clone().abs();
    let most_b1 = size_bi.clone().max_dim(1);
    let none = most_b1.clone().equal_elem(0.0);
    let share_bi = size_bi / most_b1.clone().mask_fill(none, 1.0);
    (share_bi, most_b1.squeeze_dim(1))
}

/// The bytes of words as integers, `[blocks, 256]`.
fn unpack(words: &Tensor<1, Int>) -> Tensor<2, Int> {
    let blocks = words.dims()[0] / WORDS;
    let words = words.clone().reshape([blocks, WORDS]);
    let plane = |plane| {
        let shifted = words.clone().bitwise_right_shift_scalar(8 * plane);
        shifted.bitwise_and_scalar(255)
    };
    Tensor::cat((0..PLANES as i32).map(plane).collect(), 1)
}

fn pack(bytes_bi: Tensor<2, Int>) -> Tensor<1, Int> {
    let plane = |plane: usize| {
        let bytes = bytes_bi.clone().narrow(1, plane * WORDS, WORDS);
        bytes.bitwise_left_shift_scalar(8 * plane as i32)
    };
    let words = (1..PLANES).fold(plane(0), |words, at| words.bitwise_or(plane(at)));
    words.flatten(0, 1)
}
