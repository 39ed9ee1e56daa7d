//! Rows times a panel of weights, kept in registers: the one place with vector instructions named
//! by hand. Sums of 24 registers are beyond what a compiler finds in plain loops.
//!
//! Every lane does the same chain of fused multiply-adds in each version, so results do not depend
//! on the processor.

/// Columns of a panel: two AVX-512 registers.
pub(super) const PANEL: usize = 2 * LANES;

/// Rows multiplied at a time at most.
pub(super) const ROWS: usize = 12;

use super::simd::LANES;

/// 16 numbers, in as many registers as the processor needs for them.
trait Vector: Copy {
    /// Rows whose sums fit the registers.
    const ROWS: usize;

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
        _mm256_shuffle_ps, _mm256_storeu_ps, _mm256_unpackhi_ps, _mm256_unpacklo_ps,
        _mm512_castpd_ps, _mm512_castps_pd, _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_set1_ps,
        _mm512_shuffle_f32x4, _mm512_storeu_ps, _mm512_unpackhi_pd, _mm512_unpackhi_ps,
        _mm512_unpacklo_pd, _mm512_unpacklo_ps,
    };

    use super::{LANES, Vector};

    impl Vector for __m512 {
        const ROWS: usize = super::ROWS;

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
        const ROWS: usize = 2;

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

/// Where a block of rows lies.
#[derive(Clone, Copy)]
struct Block {
    sums: *mut f32,
    sums_row: usize,
    x: *const f32,
    x_row: usize,
    weight: *const f32,
    weight_row: usize,
    /// Inner elements.
    depth: usize,
}

impl Block {
    /// Adds the products of R rows with a panel to their sums.
    ///
    /// # Safety
    /// R rows of [`PANEL`] sums and of `depth` elements of x, and `depth` rows of [`PANEL`] weights
    /// lie where it says, and the processor has the vector's instructions.
    #[inline(always)]
    unsafe fn add<V: Vector, const R: usize>(self) {
        // SAFETY: every access is to an element the caller vouches for.
        unsafe {
            let place = |row: usize, half: usize| self.sums.add(row * self.sums_row + half * LANES);
            let mut sums = [[V::load(place(0, 0)); 2]; R];
            for (row, sums) in sums.iter_mut().enumerate() {
                *sums = [V::load(place(row, 0)), V::load(place(row, 1))];
            }
            for i in 0..self.depth {
                let weight = self.weight.add(i * self.weight_row);
                let weight = [V::load(weight), V::load(weight.add(LANES))];
                for (row, sums) in sums.iter_mut().enumerate() {
                    let value = *self.x.add(row * self.x_row + i);
                    sums[0] = weight[0].mul_add(value, sums[0]);
                    sums[1] = weight[1].mul_add(value, sums[1]);
                }
            }
            for (row, sums) in sums.into_iter().enumerate() {
                sums[0].store(place(row, 0));
                sums[1].store(place(row, 1));
            }
        }
    }

    /// [`Self::add`] for `rows` rows.
    ///
    /// # Safety
    /// As there, with `rows` for R.
    #[inline(always)]
    unsafe fn rows<V: Vector>(mut self, rows: usize) {
        let mut left = rows;
        while left > 0 {
            // As even as can be: 13 rows are 7 and 6, not 12 and 1.
            let now = left.div_ceil(left.div_ceil(V::ROWS));
            // SAFETY: by the caller's promise, `now` rows at a time.
            unsafe {
                match now {
                    1 => self.add::<V, 1>(),
                    2 => self.add::<V, 2>(),
                    3 => self.add::<V, 3>(),
                    4 => self.add::<V, 4>(),
                    5 => self.add::<V, 5>(),
                    6 => self.add::<V, 6>(),
                    7 => self.add::<V, 7>(),
                    8 => self.add::<V, 8>(),
                    9 => self.add::<V, 9>(),
                    10 => self.add::<V, 10>(),
                    11 => self.add::<V, 11>(),
                    _ => self.add::<V, 12>(),
                }
                self.x = self.x.add(now.min(ROWS) * self.x_row);
                self.sums = self.sums.add(now.min(ROWS) * self.sums_row);
            }
            left -= now.min(ROWS);
        }
    }
}

/// Runs the body with the best vector the processor has.
macro_rules! with_vector {
    ($(#[$meta:meta])* fn $name:ident<$V:ident>($($arg:ident: $ty:ty),* $(,)?) $body:block) => {
        $(#[$meta])*
        unsafe fn $name($($arg: $ty),*) {
            #[inline(always)]
            unsafe fn body<$V: Vector>($($arg: $ty),*) $body

            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
                unsafe fn avx512($($arg: $ty),*) {
                    // SAFETY: the features are those of the vector; the rest by the caller.
                    unsafe { body::<std::arch::x86_64::__m512>($($arg),*) }
                }
                #[target_feature(enable = "avx2,fma")]
                unsafe fn avx2($($arg: $ty),*) {
                    // SAFETY: as above.
                    unsafe { body::<[std::arch::x86_64::__m256; 2]>($($arg),*) }
                }
                match super::simd::level() {
                    // SAFETY: `level` has found every feature the function is compiled for.
                    super::simd::Level::Avx512 => return unsafe { avx512($($arg),*) },
                    // SAFETY: as above.
                    super::simd::Level::Avx2 => return unsafe { avx2($($arg),*) },
                    super::simd::Level::Baseline => {}
                }
            }
            // SAFETY: plain arrays need no instructions; the rest by the caller.
            unsafe { body::<[f32; LANES]>($($arg),*) }
        }
    };
}

with_vector! {
    /// # Safety
    /// As [`Block::rows`].
    fn add_rows<V>(block: Block, rows: usize) {
        // SAFETY: by the caller's promise.
        unsafe { block.rows::<V>(rows) }
    }
}

with_vector! {
    /// `panels` panels side by side, `strip` rows of the weight at a time.
    ///
    /// # Safety
    /// As [`Block::rows`] for each panel.
    fn add_panels<V>(block: Block, rows: usize, panels: usize, strip: usize) {
        for first in (0..block.depth).step_by(strip) {
            for panel in 0..panels {
                // SAFETY: by the caller's promise, part of the depth at a time.
                unsafe {
                    let part = Block {
                        sums: block.sums.add(panel * PANEL),
                        x: block.x.add(first),
                        weight: block.weight.add(first * block.weight_row + panel * PANEL),
                        depth: strip.min(block.depth - first),
                        ..block
                    };
                    part.rows::<V>(rows);
                }
            }
        }
    }
}

/// Adds the product of `n` rows of `d` elements with a copied panel to their sums.
pub(super) fn multiply(
    sums: &mut [f32],
    sums_row: usize,
    x: &[f32],
    x_row: usize,
    panel: &[f32],
    [n, d]: [usize; 2],
) {
    assert!(
        holds(sums.len(), n, sums_row, PANEL),
        "multiply: too few sums"
    );
    assert!(holds(x.len(), n, x_row, d), "multiply: x is too small");
    assert!(panel.len() >= d * PANEL, "multiply: the panel is too small");
    let block = Block {
        sums: sums.as_mut_ptr(),
        sums_row,
        x: x.as_ptr(),
        x_row,
        weight: panel.as_ptr(),
        weight_row: PANEL,
        depth: d,
    };
    // SAFETY: the assertions above, and `sums` is borrowed exclusively.
    unsafe { add_rows(block, n) }
}

/// Adds the product of `n` rows of `d` elements with `panels` panels of a weight as it lies,
/// `strip` of its rows at a time.
#[expect(
    clippy::too_many_arguments,
    reason = "three matrices and their strides"
)]
pub(super) fn stream(
    sums: &mut [f32],
    sums_row: usize,
    x: &[f32],
    x_row: usize,
    weight: &[f32],
    weight_row: usize,
    [n, d, panels]: [usize; 3],
    strip: usize,
) {
    if panels == 0 {
        return;
    }
    assert!(
        holds(sums.len(), n, sums_row, panels * PANEL),
        "stream: too few sums"
    );
    assert!(holds(x.len(), n, x_row, d), "stream: x is too small");
    let fits = holds(weight.len(), d, weight_row, panels * PANEL);
    assert!(fits, "stream: the weight is too small");
    let block = Block {
        sums: sums.as_mut_ptr(),
        sums_row,
        x: x.as_ptr(),
        x_row,
        weight: weight.as_ptr(),
        weight_row,
        depth: d,
    };
    // SAFETY: the assertions above, and `sums` is borrowed exclusively.
    unsafe { add_panels(block, n, panels, strip) }
}

with_vector! {
    /// Copies `squares` squares of 16 by 16, each transposed: from 16 columns `from_row` apart, one
    /// square after the other along them, to rows `to_row` apart.
    ///
    /// # Safety
    /// All of it lies where it says, and the two do not overlap.
    fn turn_squares<V>(
        to: *mut f32,
        to_row: usize,
        from: *const f32,
        from_row: usize,
        squares: usize,
    ) {
        for square in 0..squares {
            // SAFETY: by the caller's promise.
            unsafe {
                let mut rows = [V::load(from); LANES];
                for (i, row) in rows.iter_mut().enumerate() {
                    *row = V::load(from.add(i * from_row + square * LANES));
                }
                for (i, row) in V::transpose(rows).into_iter().enumerate() {
                    row.store(to.add((square * LANES + i) * to_row));
                }
            }
        }
    }
}

/// Copies 16 columns of `16 · squares` elements, which lie `from_row` apart, to as many rows of 16,
/// `to_row` apart.
pub(super) fn turn(to: &mut [f32], to_row: usize, from: &[f32], from_row: usize, squares: usize) {
    let length = squares * LANES;
    assert!(
        holds(from.len(), LANES, from_row, length),
        "turn: too few elements"
    );
    assert!(holds(to.len(), length, to_row, LANES), "turn: no room");
    // SAFETY: the assertions above, and `to` is borrowed exclusively.
    unsafe { turn_squares(to.as_mut_ptr(), to_row, from.as_ptr(), from_row, squares) }
}

/// Whether `len` elements hold `rows` rows of `width`, `step` apart.
fn holds(len: usize, rows: usize, step: usize, width: usize) -> bool {
    rows == 0 || (rows - 1) * step + width <= len
}
