//! Rows times a panel of weights, kept in registers; and the turning of columns into rows.

use super::simd::LANES;
use super::vector::{ROWS, Vector};

/// Columns of a panel: two AVX-512 registers.
pub(super) const PANEL: usize = 2 * LANES;

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
