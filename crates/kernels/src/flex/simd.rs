//! Vector code without intrinsics: plain loops, compiled once per instruction set.
//!
//! [`simd_fn!`] turns a function into three copies of its body, for AVX-512, for AVX2 with FMA and
//! for the target's baseline, and calls the best one the processor has. The helpers here are
//! `#[inline(always)]` so that they are compiled as part of each copy. Sums run in [`LANES`]
//! independent lanes, because a compiler may not reorder a floating-point sum by itself; the lanes
//! are the same in every copy, so the result does not depend on the copy.
//!
//! The baseline of x86-64 has no fused multiply-add and computes it in software: correct, slow,
//! and only met on processors from before 2013.

/// Partial sums kept side by side: one AVX-512 register of `f32`.
pub(super) const LANES: usize = 16;

/// Defines functions whose body is compiled for each instruction set and chosen at run time.
///
/// A body must not hide its loops in closures: those would be compiled for the baseline.
macro_rules! simd_fn {
    ($($(#[$meta:meta])* $vis:vis fn $name:ident($($arg:ident: $ty:ty),* $(,)?) $(-> $ret:ty)? $body:block)*) => {$(
        $(#[$meta])*
        #[allow(clippy::too_many_arguments)]
        $vis fn $name($($arg: $ty),*) $(-> $ret)? {
            #[inline(always)]
            #[allow(clippy::too_many_arguments)]
            fn body($($arg: $ty),*) $(-> $ret)? $body

            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
                #[allow(clippy::too_many_arguments)]
                fn avx512($($arg: $ty),*) $(-> $ret)? { body($($arg),*) }
                #[target_feature(enable = "avx2,fma")]
                #[allow(clippy::too_many_arguments)]
                fn avx2($($arg: $ty),*) $(-> $ret)? { body($($arg),*) }

                match $crate::flex::simd::level() {
                    // SAFETY: `level` has found every feature the function is compiled for.
                    $crate::flex::simd::Level::Avx512 => return unsafe { avx512($($arg),*) },
                    // SAFETY: as above.
                    $crate::flex::simd::Level::Avx2 => return unsafe { avx2($($arg),*) },
                    $crate::flex::simd::Level::Baseline => {}
                }
            }
            body($($arg),*)
        }
    )*};
}
pub(super) use simd_fn;

/// The instruction sets a kernel is compiled for.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(super) enum Level {
    /// AVX-512 F, BW, DQ and VL.
    Avx512,
    /// AVX2 and FMA.
    Avx2,
    /// What every processor of the target has.
    Baseline,
}

/// The best instruction set of this processor.
#[cfg(target_arch = "x86_64")]
#[inline]
pub(super) fn level() -> Level {
    let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
    if avx2
        && is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vl")
    {
        Level::Avx512
    } else if avx2 {
        Level::Avx2
    } else {
        Level::Baseline
    }
}

/// `e^x` within 2 ulp for `x` up to 88, where it saturates; 0 below −87.33; NaN stays NaN.
///
/// `x = n ln 2 + r` with `|r| ≤ ln 2 / 2`, a polynomial of degree 7 for `e^r` (Cephes `expf`), and
/// `2^n` put together from its bits.
#[inline(always)]
#[allow(clippy::manual_clamp)] // `clamp` would not be a plain pair of selects
pub(super) fn exp(x: f32) -> f32 {
    const LOWEST: f32 = -87.33;
    const ROUND: f32 = 12_582_912.0; // 1.5 · 2²³: adding it leaves an integer in the low bits
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let low = if x < LOWEST { LOWEST } else { x };
    let x_in = if low > 88.0 { 88.0 } else { low };
    let shifted = x_in.mul_add(std::f32::consts::LOG2_E, ROUND);
    let n = shifted - ROUND;
    let r = n.mul_add(-LN_2_LOW, n.mul_add(-LN_2_HIGH, x_in));
    let p = 1.987_569_1e-4_f32;
    let p = p.mul_add(r, 1.398_199_9e-3);
    let p = p.mul_add(r, 8.333_452e-3);
    let p = p.mul_add(r, 4.166_579_6e-2);
    let p = p.mul_add(r, 0.166_666_66);
    let p = p.mul_add(r, 0.5);
    let y = p.mul_add(r * r, r) + 1.0;
    let power = f32::from_bits(shifted.to_bits().wrapping_add(127) << 23);
    let result = y * power;
    if x < LOWEST { 0.0 } else { result }
}

/// `1 / (1 + e^-x)`.
#[inline(always)]
pub(super) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// The lanes' sum, halved until one is left.
///
/// The lanes pass through `black_box`, that is through memory. Without it the compiler sees the
/// last halving, a sum of two pairs, decides on vectors of two and builds the loop that fills the
/// lanes from those: a dot product then takes four times as long.
#[inline(always)]
pub(super) fn sum_lanes(lanes: [f32; LANES]) -> f32 {
    let mut lanes = std::hint::black_box(lanes);
    let mut width = LANES / 2;
    while width > 0 {
        for l in 0..width {
            lanes[l] += lanes[l + width];
        }
        width /= 2;
    }
    lanes[0]
}

/// `Σ a·b` of two slices of one length.
#[inline(always)]
pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let b = &b[..a.len()];
    let mut lanes = [0.0; LANES];
    let (a_full, a_rest) = a.as_chunks::<LANES>();
    let (b_full, b_rest) = b.as_chunks::<LANES>();
    for (a, b) in a_full.iter().zip(b_full) {
        for l in 0..LANES {
            lanes[l] = a[l].mul_add(b[l], lanes[l]);
        }
    }
    let (a_half, a_tail) = a_rest.as_chunks::<{ LANES / 2 }>();
    let (b_half, b_tail) = b_rest.as_chunks::<{ LANES / 2 }>();
    for (a, b) in a_half.iter().zip(b_half) {
        for l in 0..LANES / 2 {
            lanes[l] = a[l].mul_add(b[l], lanes[l]);
        }
    }
    let mut tail = 0.0;
    for (&a, &b) in a_tail.iter().zip(b_tail) {
        tail = a.mul_add(b, tail);
    }
    sum_lanes(lanes) + tail
}

/// `y += scale · x`.
#[inline(always)]
pub(super) fn add_scaled(y: &mut [f32], scale: f32, x: &[f32]) {
    for (y, &x) in y.iter_mut().zip(x) {
        *y = x.mul_add(scale, *y);
    }
}

/// The largest element, −∞ for none; NaN elements are passed over.
#[inline(always)]
pub(super) fn max(x: &[f32]) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; LANES];
    let (full, rest) = x.as_chunks::<LANES>();
    for x in full {
        for l in 0..LANES {
            lanes[l] = if x[l] > lanes[l] { x[l] } else { lanes[l] };
        }
    }
    for (lane, &x) in lanes.iter_mut().zip(rest) {
        *lane = if x > *lane { x } else { *lane };
    }
    let mut best = lanes[0];
    for &lane in &lanes[1..] {
        best = if lane > best { lane } else { best };
    }
    best
}

/// Replaces `x` by `e^(x − shift)` and returns the sum of the results.
#[inline(always)]
pub(super) fn exp_in_place(x: &mut [f32], shift: f32) -> f32 {
    let mut lanes = [0.0; LANES];
    let (full, rest) = x.as_chunks_mut::<LANES>();
    for x in full {
        for l in 0..LANES {
            x[l] = exp(x[l] - shift);
            lanes[l] += x[l];
        }
    }
    for (lane, x) in lanes.iter_mut().zip(rest) {
        *x = exp(*x - shift);
        *lane += *x;
    }
    sum_lanes(lanes)
}

#[cfg(test)]
mod tests {
    use super::*;

    simd_fn! {
        fn exp_all(x: &mut [f32]) {
            for x in x {
                *x = exp(*x);
            }
        }
        fn dot_of(a: &[f32], b: &[f32]) -> f32 {
            dot(a, b)
        }
    }

    #[test]
    fn exp_is_within_two_ulp() {
        let mut points: Vec<f32> = (0..175_000).map(|i| -87.3 + i as f32 * 1e-3).collect();
        let exact: Vec<f64> = points.iter().map(|&x| f64::from(x).exp()).collect();
        exp_all(&mut points);
        for (&y, &e) in points.iter().zip(&exact) {
            let ulp = f64::from((e as f32).next_up()) - f64::from(e as f32);
            assert!((f64::from(y) - e).abs() <= 2.0 * ulp, "{y} for {e}");
        }
    }

    #[test]
    fn exp_at_its_ends() {
        let mut x = [0.0, f32::NEG_INFINITY, -1e9, f32::NAN, f32::INFINITY, -0.0];
        exp_all(&mut x);
        assert_eq!(x[0], 1.0);
        assert_eq!(x[1], 0.0);
        assert_eq!(x[2], 0.0);
        assert!(x[3].is_nan());
        assert!((f64::from(x[4]) / 88f64.exp() - 1.0).abs() < 1e-5);
        assert_eq!(x[5], 1.0);
    }

    #[test]
    fn dot_at_every_length() {
        for n in 0..70 {
            let a: Vec<f32> = (0..n).map(|i| i as f32).collect();
            let expected: usize = (0..n).map(|i| i * i).sum();
            assert_eq!(dot_of(&a, &a), expected as f32);
        }
    }

    #[test]
    fn max_finds_the_last_element() {
        let mut x = vec![-3.0; 37];
        x[36] = -1.0;
        assert_eq!(max(&x), -1.0);
        assert_eq!(max(&[]), f32::NEG_INFINITY);
    }

    #[test]
    fn sums_its_lanes() {
        assert_eq!(sum_lanes(std::array::from_fn(|i| i as f32)), 120.0);
    }
}
