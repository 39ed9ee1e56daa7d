//! Sixteen numbers at a time, with the vector instructions named by hand: sums in two dozen
//! registers are beyond what a compiler finds in plain loops.
//!
//! Every lane does the same chain of fused multiply-adds in each version, so results do not depend
//! on the processor.

use super::simd::LANES;

/// Rows whose sums the largest set of registers holds.
pub(super) const ROWS: usize = 12;

/// 16 numbers, in as many registers as the processor needs for them.
pub(super) trait Vector: Copy {
    /// Rows whose sums, a vector each, fit the registers, or two vectors each if [`Self::ROWS_OF_PANELS`]
    /// says so.
    const ROWS: usize;
    /// Rows whose sums fit with two vectors each.
    const ROWS_OF_PANELS: usize;
    /// Inner elements taken between two turns of the loop: few where sums fill the registers, or the
    /// compiler reads ahead and has to put them aside.
    const STEPS: usize;

    /// # Safety
    /// The processor has the instructions.
    unsafe fn zero() -> Self;
    /// # Safety
    /// `from` has 16 elements and the processor has the instructions.
    unsafe fn load(from: *const f32) -> Self;
    /// # Safety
    /// `to` has 16 elements and the processor has the instructions.
    unsafe fn store(self, to: *mut f32);
    /// `self · value + sum`, rounded once.
    ///
    /// # Safety
    /// The processor has the instructions.
    unsafe fn mul_add(self, value: f32, sum: Self) -> Self;
    /// The transpose of a square of 16 by 16.
    ///
    /// # Safety
    /// The processor has the instructions.
    unsafe fn transpose(square: [Self; LANES]) -> [Self; LANES];
}

impl Vector for [f32; LANES] {
    const ROWS: usize = 1;
    const ROWS_OF_PANELS: usize = 1;
    const STEPS: usize = 1;

    #[inline(always)]
    unsafe fn zero() -> Self {
        [0.0; LANES]
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: by the caller's promise; an array of `f32` is aligned as `f32`.
        unsafe { from.cast::<Self>().read() }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: as above.
        unsafe { to.cast::<Self>().write(self) }
    }

    #[inline(always)]
    unsafe fn mul_add(self, value: f32, sum: Self) -> Self {
        std::array::from_fn(|lane| self[lane].mul_add(value, sum[lane]))
    }

    #[inline(always)]
    unsafe fn transpose(square: [Self; LANES]) -> [Self; LANES] {
        std::array::from_fn(|i| std::array::from_fn(|j| square[j][i]))
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        __m256, __m512, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_permute2f128_ps, _mm256_set1_ps,
        _mm256_setzero_ps, _mm256_shuffle_ps, _mm256_storeu_ps, _mm256_unpackhi_ps,
        _mm256_unpacklo_ps, _mm512_castpd_ps, _mm512_castps_pd, _mm512_fmadd_ps, _mm512_loadu_ps,
        _mm512_set1_ps, _mm512_setzero_ps, _mm512_shuffle_f32x4, _mm512_storeu_ps,
        _mm512_unpackhi_pd, _mm512_unpackhi_ps, _mm512_unpacklo_pd, _mm512_unpacklo_ps,
    };

    use super::{LANES, Vector};

    impl Vector for __m512 {
        const ROWS: usize = super::ROWS;
        const ROWS_OF_PANELS: usize = super::ROWS;
        const STEPS: usize = 1;

        #[inline(always)]
        unsafe fn zero() -> Self {
            // SAFETY: by the caller's promise.
            unsafe { _mm512_setzero_ps() }
        }

        #[inline(always)]
        unsafe fn load(from: *const f32) -> Self {
            // SAFETY: by the caller's promise.
            unsafe { _mm512_loadu_ps(from) }
        }

        #[inline(always)]
        unsafe fn store(self, to: *mut f32) {
            // SAFETY: by the caller's promise.
            unsafe { _mm512_storeu_ps(to, self) }
        }

        #[inline(always)]
        unsafe fn mul_add(self, value: f32, sum: Self) -> Self {
            // SAFETY: by the caller's promise.
            unsafe { _mm512_fmadd_ps(self, _mm512_set1_ps(value), sum) }
        }

        /// Pairs of rows, then of pairs, are interleaved within each quarter of the registers;
        /// then the quarters change places, as a square of 4 by 4.
        #[inline(always)]
        unsafe fn transpose(mut rows: [Self; LANES]) -> [Self; LANES] {
            // SAFETY: by the caller's promise.
            unsafe {
                let mut pairs = rows;
                for i in (0..LANES).step_by(2) {
                    pairs[i] = _mm512_unpacklo_ps(rows[i], rows[i + 1]);
                    pairs[i + 1] = _mm512_unpackhi_ps(rows[i], rows[i + 1]);
                }
                for i in (0..LANES).step_by(4) {
                    for half in 0..2 {
                        let left = _mm512_castps_pd(pairs[i + half]);
                        let right = _mm512_castps_pd(pairs[i + 2 + half]);
                        let low = _mm512_unpacklo_pd(left, right);
                        let high = _mm512_unpackhi_pd(left, right);
                        rows[i + 2 * half] = _mm512_castpd_ps(low);
                        rows[i + 2 * half + 1] = _mm512_castpd_ps(high);
                    }
                }
                // rows[4a + c] holds, in quarter q, column 4q + c of rows 4a..4a + 4.
                for c in 0..4 {
                    let [a, b, e, f] = [rows[c], rows[4 + c], rows[8 + c], rows[12 + c]];
                    let even_low = _mm512_shuffle_f32x4::<0x88>(a, b);
                    let odd_low = _mm512_shuffle_f32x4::<0xDD>(a, b);
                    let even_high = _mm512_shuffle_f32x4::<0x88>(e, f);
                    let odd_high = _mm512_shuffle_f32x4::<0xDD>(e, f);
                    pairs[c] = _mm512_shuffle_f32x4::<0x88>(even_low, even_high);
                    pairs[8 + c] = _mm512_shuffle_f32x4::<0xDD>(even_low, even_high);
                    pairs[4 + c] = _mm512_shuffle_f32x4::<0x88>(odd_low, odd_high);
                    pairs[12 + c] = _mm512_shuffle_f32x4::<0xDD>(odd_low, odd_high);
                }
                pairs
            }
        }
    }

    /// The transpose of a square of 8 by 8: pairs of rows, then of pairs, are interleaved within
    /// each half of the registers; then halves change places.
    ///
    /// # Safety
    /// The processor has AVX.
    #[inline(always)]
    unsafe fn transpose_8(r: [__m256; 8]) -> [__m256; 8] {
        // SAFETY: by the caller's promise.
        unsafe {
            let mut fours = r;
            for i in 0..2 {
                let [a, b, c, d] = [r[4 * i], r[4 * i + 1], r[4 * i + 2], r[4 * i + 3]];
                let (ab_low, ab_high) = (_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
                let (cd_low, cd_high) = (_mm256_unpacklo_ps(c, d), _mm256_unpackhi_ps(c, d));
                fours[4 * i] = _mm256_shuffle_ps::<0x44>(ab_low, cd_low);
                fours[4 * i + 1] = _mm256_shuffle_ps::<0xEE>(ab_low, cd_low);
                fours[4 * i + 2] = _mm256_shuffle_ps::<0x44>(ab_high, cd_high);
                fours[4 * i + 3] = _mm256_shuffle_ps::<0xEE>(ab_high, cd_high);
            }
            let mut turned = fours;
            for i in 0..4 {
                turned[i] = _mm256_permute2f128_ps::<0x20>(fours[i], fours[4 + i]);
                turned[4 + i] = _mm256_permute2f128_ps::<0x31>(fours[i], fours[4 + i]);
            }
            turned
        }
    }

    impl Vector for [__m256; 2] {
        const ROWS: usize = 6;
        const ROWS_OF_PANELS: usize = 2;
        const STEPS: usize = 4;

        #[inline(always)]
        unsafe fn zero() -> Self {
            // SAFETY: by the caller's promise.
            unsafe { [_mm256_setzero_ps(); 2] }
        }

        #[inline(always)]
        unsafe fn load(from: *const f32) -> Self {
            // SAFETY: by the caller's promise.
            unsafe { [_mm256_loadu_ps(from), _mm256_loadu_ps(from.add(8))] }
        }

        #[inline(always)]
        unsafe fn store(self, to: *mut f32) {
            // SAFETY: by the caller's promise.
            unsafe {
                _mm256_storeu_ps(to, self[0]);
                _mm256_storeu_ps(to.add(8), self[1]);
            }
        }

        #[inline(always)]
        unsafe fn mul_add(self, value: f32, sum: Self) -> Self {
            // SAFETY: by the caller's promise.
            unsafe {
                let value = _mm256_set1_ps(value);
                [
                    _mm256_fmadd_ps(self[0], value, sum[0]),
                    _mm256_fmadd_ps(self[1], value, sum[1]),
                ]
            }
        }

        #[inline(always)]
        unsafe fn transpose(square: [Self; LANES]) -> [Self; LANES] {
            let mut turned = square;
            for rows in 0..2 {
                for columns in 0..2 {
                    let mut part = [square[0][0]; 8];
                    for (i, part) in part.iter_mut().enumerate() {
                        *part = square[8 * rows + i][columns];
                    }
                    // SAFETY: by the caller's promise.
                    let part = unsafe { transpose_8(part) };
                    for (i, part) in part.into_iter().enumerate() {
                        turned[8 * columns + i][rows] = part;
                    }
                }
            }
            turned
        }
    }
}
