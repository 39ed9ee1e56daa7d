//! The values of constants, and of variables at the points where expressions are compared.

use super::{POINTS, Point};
use crate::math::approx::Approx;

/// The constants, and the value that a variable has at a point.
pub(super) fn symbol(name: &str, point: Point) -> Approx {
    match name {
        "pi" => Approx::real(std::f64::consts::PI),
        "e" => Approx::real(std::f64::consts::E),
        "i" => Approx::unit(),
        // `xyz` is a product of three variables.
        _ if name.len() > 1 && name.len() <= 3 && name.bytes().all(|b| b.is_ascii_lowercase()) => {
            (0..name.len())
                .map(|at| symbol(&name[at..=at], point))
                .fold(Approx::real(1.0), Approx::mul)
        }
        _ => Approx::real(spread(hash(name.as_bytes(), point.0), point)),
    }
}

/// A hash (FNV-1a, 64 bits) with its bits mixed once more.
pub(super) fn hash(bytes: &[u8], seed: u32) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325 ^ u64::from(seed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let hash = bytes.iter().fold(start, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mixed = (hash ^ (hash >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed ^ (mixed >> 29)
}

/// A hash as a number between 0.25 and 3.25, at the later points with either sign.
pub(super) fn spread(hash: u64, point: Point) -> f64 {
    let unit = (hash >> 12) as f64 / (1_u64 << 52) as f64;
    let size = 0.25 + 3.0 * unit;
    if point.0 >= POINTS / 2 && hash & 1 == 1 {
        -size
    } else {
        size
    }
}
