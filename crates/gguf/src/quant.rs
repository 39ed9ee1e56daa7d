//! Numbers as blocks: widened to `f32`, and for some kinds back.
//!
//! The formats are llama.cpp's (ggml-quants). A block of 32 has a scale d, and a minimum m or none: a
//! number q stands for d·q + m, or for d·(q − 8). A block of 256 has a scale of its scales, which are 4, 6
//! or 8 bits wide.

use half::{bf16, f16};

use crate::kind::Kind;

/// Replaces the content of `to` by the numbers in `bytes`, whole blocks of `kind`.
///
/// # Panics
/// If the bytes are no whole number of blocks.
pub fn dequantise(kind: Kind, bytes: &[u8], to: &mut Vec<f32>) {
    let width = kind.block_bytes();
    assert!(
        bytes.len().is_multiple_of(width),
        "whole blocks of {}",
        kind.name()
    );
    to.clear();
    to.reserve(bytes.len() / width * kind.block());
    for block in bytes.chunks_exact(width) {
        match kind {
            Kind::F32 => to.push(f32::from_le_bytes([block[0], block[1], block[2], block[3]])),
            Kind::F16 => to.push(half_at(block, 0)),
            Kind::Bf16 => to.push(bf16::from_le_bytes([block[0], block[1]]).to_f32()),
            Kind::Q4_0 => {
                let d = half_at(block, 0);
                halves(&block[2..], to, |q, _| d * (f32::from(q) - 8.0));
            }
            Kind::Q4_1 => {
                let (d, m) = (half_at(block, 0), half_at(block, 2));
                halves(&block[4..], to, |q, _| d * f32::from(q) + m);
            }
            Kind::Q5_0 => {
                let (d, high) = (half_at(block, 0), word(&block[2..]));
                halves(&block[6..], to, |q, at| d * (fifth(q, high, at) - 16.0));
            }
            Kind::Q5_1 => {
                let (d, m, high) = (half_at(block, 0), half_at(block, 2), word(&block[4..]));
                halves(&block[8..], to, |q, at| d * fifth(q, high, at) + m);
            }
            Kind::Q8_0 => {
                let d = half_at(block, 0);
                to.extend(block[2..].iter().map(|&q| d * f32::from(q as i8)));
            }
            Kind::Q2K => q2_k(block, to),
            Kind::Q4K => q4_k(block, to),
            Kind::Q5K => q5_k(block, to),
            Kind::Q6K => q6_k(block, to),
        }
    }
}

fn half_at(bytes: &[u8], at: usize) -> f32 {
    f16::from_le_bytes([bytes[at], bytes[at + 1]]).to_f32()
}

fn word(bytes: &[u8]) -> u32 {
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

/// 32 numbers of 16 bytes: the lower halves first, then the upper ones. `value` gets the four bits and the
/// place.
fn halves(bytes: &[u8], to: &mut Vec<f32>, value: impl Fn(u8, usize) -> f32) {
    let low = bytes[..16].iter().zip(0..);
    let high = bytes[..16].iter().zip(16..);
    to.extend(low.map(|(byte, at)| value(byte & 15, at)));
    to.extend(high.map(|(byte, at)| value(byte >> 4, at)));
}

/// Four bits with a fifth from `high`.
fn fifth(q: u8, high: u32, at: usize) -> f32 {
    f32::from(q | (((high >> at) & 1) << 4) as u8)
}

/// The six-bit scale and minimum number `j` of eight, packed in 12 bytes.
fn scale_and_min(packed: &[u8], j: usize) -> (f32, f32) {
    let (scale, min) = if j < 4 {
        (packed[j] & 63, packed[j + 4] & 63)
    } else {
        let both = packed[j + 4];
        let scale = (both & 15) | ((packed[j - 4] >> 6) << 4);
        (scale, (both >> 4) | ((packed[j] >> 6) << 4))
    };
    (f32::from(scale), f32::from(min))
}

fn q2_k(block: &[u8], to: &mut Vec<f32>) {
    let (scales, quants) = (&block[..16], &block[16..80]);
    let (d, m) = (half_at(block, 80), half_at(block, 82));
    for (group, &scale) in scales.iter().enumerate() {
        // 16 numbers: of which half of 128, which two bits, and which half of 32 bytes.
        let (part, shift, side) = (group / 8, group % 8 / 2 * 2, group % 2);
        let (d, m) = (d * f32::from(scale & 15), m * f32::from(scale >> 4));
        let bytes = &quants[part * 32 + side * 16..][..16];
        to.extend(
            bytes
                .iter()
                .map(|byte| d * f32::from((byte >> shift) & 3) - m),
        );
    }
}

fn q4_k(block: &[u8], to: &mut Vec<f32>) {
    let (d, m, packed) = (half_at(block, 0), half_at(block, 2), &block[4..16]);
    for (group, quants) in block[16..].chunks_exact(32).enumerate() {
        for (side, shift) in [(0, 0), (1, 4)] {
            let (scale, min) = scale_and_min(packed, 2 * group + side);
            let (d, m) = (d * scale, m * min);
            to.extend(
                quants
                    .iter()
                    .map(|byte| d * f32::from((byte >> shift) & 15) - m),
            );
        }
    }
}

fn q5_k(block: &[u8], to: &mut Vec<f32>) {
    let (d, m, packed) = (half_at(block, 0), half_at(block, 2), &block[4..16]);
    let high = &block[16..48];
    for (group, quants) in block[48..].chunks_exact(32).enumerate() {
        for (side, shift) in [(0, 0), (1, 4)] {
            let at = 2 * group + side;
            let (scale, min) = scale_and_min(packed, at);
            let (d, m) = (d * scale, m * min);
            let value =
                |(byte, high): (&u8, &u8)| ((byte >> shift) & 15) | (((high >> at) & 1) << 4);
            let values = quants.iter().zip(high).map(value);
            to.extend(values.map(|q| d * f32::from(q) - m));
        }
    }
}

fn q6_k(block: &[u8], to: &mut Vec<f32>) {
    let (low, high, scales) = (&block[..128], &block[128..192], &block[192..208]);
    let d = half_at(block, 208);
    for part in 0..2 {
        let (low, high) = (&low[part * 64..][..64], &high[part * 32..][..32]);
        for quarter in 0..4 {
            let (side, shift) = (quarter % 2 * 32, quarter / 2 * 4);
            for at in 0..32 {
                let q = ((low[side + at] >> shift) & 15) | (((high[at] >> (2 * quarter)) & 3) << 4);
                let scale = scales[part * 8 + quarter * 2 + at / 16] as i8;
                to.push(d * f32::from(scale) * (f32::from(q) - 32.0));
            }
        }
    }
}

/// Appends `values` to `to` as blocks of `kind`: F32, F16, BF16 or Q8_0. Rounding is to nearest; of Q8_0
/// as llama.cpp does it, halves away from zero.
///
/// # Panics
/// If the kind is another, or the values are no whole number of blocks.
pub fn quantise(kind: Kind, values: &[f32], to: &mut Vec<u8>) {
    match kind {
        Kind::F32 => to.extend(values.iter().flat_map(|x| x.to_le_bytes())),
        Kind::F16 => to.extend(values.iter().flat_map(|&x| f16::from_f32(x).to_le_bytes())),
        Kind::Bf16 => to.extend(values.iter().flat_map(|&x| bf16::from_f32(x).to_le_bytes())),
        Kind::Q8_0 => {
            assert!(values.len().is_multiple_of(32), "whole blocks of Q8_0");
            for block in values.chunks_exact(32) {
                let most = block.iter().fold(0.0, |most: f32, x| most.max(x.abs()));
                let d = most / 127.0;
                let inverse = if d > 0.0 { 1.0 / d } else { 0.0 };
                to.extend(f16::from_f32(d).to_le_bytes());
                to.extend(block.iter().map(|x| (x * inverse).round() as i8 as u8));
            }
        }
        other => panic!("{} is read and not written", other.name()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn widened(kind: Kind, bytes: &[u8]) -> Vec<f32> {
        let mut to = Vec::new();
        dequantise(kind, bytes, &mut to);
        to
    }

    fn half(x: f32) -> [u8; 2] {
        f16::from_f32(x).to_le_bytes()
    }

    #[test]
    fn blocks_of_32_are_scales_and_minima() {
        let nibbles: Vec<u8> = (0..16).map(|i| i | ((15 - i) << 4)).collect();
        let block = [&half(0.5)[..], &nibbles].concat();
        let found = widened(Kind::Q4_0, &block);
        assert_eq!(
            (found[0], found[15], found[16], found[31]),
            (-4.0, 3.5, 3.5, -4.0)
        );
        let block = [&half(0.5)[..], &half(-1.0), &nibbles].concat();
        let found = widened(Kind::Q4_1, &block);
        assert_eq!((found[0], found[15], found[16]), (-1.0, 6.5, 6.5));
        // The fifth bits of places 0 and 31 alone.
        let high = (1_u32 | 1 << 31).to_le_bytes();
        let block = [&half(0.5)[..], &high, &nibbles].concat();
        let found = widened(Kind::Q5_0, &block);
        assert_eq!((found[0], found[1], found[31]), (0.0, -7.5, 0.0));
        let block = [&half(0.5)[..], &half(1.0), &high, &nibbles].concat();
        let found = widened(Kind::Q5_1, &block);
        assert_eq!((found[0], found[1], found[31]), (9.0, 1.5, 9.0));
    }

    #[test]
    fn eight_bits_round_to_nearest() {
        let values: Vec<f32> = (0..32).map(|i| (i as f32 - 12.0) / 4.0).collect();
        let mut bytes = Vec::new();
        quantise(Kind::Q8_0, &values, &mut bytes);
        // The largest, 4.75, is 127 steps.
        assert_eq!(bytes[..2], half(4.75 / 127.0));
        assert_eq!(bytes[2 + 31], 127);
        assert_eq!(bytes[2 + 12], 0);
        let back = widened(Kind::Q8_0, &bytes);
        let step = 4.75 / 127.0;
        assert!(
            values
                .iter()
                .zip(&back)
                .all(|(a, b)| (a - b).abs() <= 0.51 * step)
        );
        bytes.clear();
        quantise(Kind::Q8_0, &[0.0; 32], &mut bytes);
        assert_eq!(widened(Kind::Q8_0, &bytes), [0.0; 32]);
    }

    #[test]
    fn scales_of_six_bits_are_unpacked() {
        let mut packed = [0_u8; 12];
        // Number 1: scale 33, minimum 7. Number 6: scale 0b101010, minimum 0b010101.
        packed[1] = 33;
        packed[5] = 7;
        packed[10] = 0b1010 | 0b0101 << 4;
        packed[2] = 0b10 << 6;
        packed[6] = 0b01 << 6;
        assert_eq!(scale_and_min(&packed, 1), (33.0, 7.0));
        assert_eq!(scale_and_min(&packed, 6), (42.0, 21.0));
    }

    #[test]
    fn wide_floats_stay() {
        for kind in [Kind::F32, Kind::F16, Kind::Bf16] {
            let mut bytes = Vec::new();
            quantise(kind, &[0.5, -1.5, 0.0], &mut bytes);
            assert_eq!(widened(kind, &bytes), [0.5, -1.5, 0.0]);
        }
    }
}
