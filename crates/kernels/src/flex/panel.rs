//! Rows times a panel of weights, kept in registers; and the turning of columns into rows.

use super::simd::LANES;
use super::vector::{ROWS, Vector};

/// Columns of a panel: two AVX-512 registers. A tile, what registers hold of it at once, is
/// [`Vector::WIDE`] vectors of them.
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
    /// Rows of the weight after those of `depth` that will be read soon; they need not exist.
    ahead: usize,
}

impl Block {
    /// Adds the products of R rows with a tile of W vectors to their sums.
    ///
    /// # Safety
    /// R rows of W vectors of sums and of `depth` elements of x, and `depth` rows of W vectors of
    /// weights lie where it says, and the processor has the vector's instructions.
    #[inline(always)]
    unsafe fn add<V: Vector, const R: usize, const W: usize>(self) {
        // SAFETY: every access is to an element the caller vouches for.
        unsafe {
            let place = |row: usize, part: usize| self.sums.add(row * self.sums_row + part * LANES);
            let mut sums = [[V::load(place(0, 0)); W]; R];
            for (row, sums) in sums.iter_mut().enumerate() {
                for (part, sum) in sums.iter_mut().enumerate() {
                    *sum = V::load(place(row, part));
                }
            }
            let fours = self.depth / 4 * 4;
            for i in (0..fours).step_by(4) {
                for i in i..i + 4 {
                    self.step::<V, R, W>(&mut sums, i);
                }
            }
            for i in fours..self.depth {
                self.step::<V, R, W>(&mut sums, i);
            }
            for (row, sums) in sums.into_iter().enumerate() {
                for (part, sum) in sums.into_iter().enumerate() {
                    sum.store(place(row, part));
                }
            }
        }
    }

    /// Adds the products with row i of the weight.
    ///
    /// # Safety
    /// As [`Self::add`], and `i` is below `depth`.
    #[inline(always)]
    unsafe fn step<V: Vector, const R: usize, const W: usize>(
        self,
        sums: &mut [[V; W]; R],
        i: usize,
    ) {
        // SAFETY: by the caller's promise.
        unsafe {
            let from = self.weight.add(i * self.weight_row);
            let mut weight = [V::load(from); W];
            for (part, weight) in weight.iter_mut().enumerate().skip(1) {
                *weight = V::load(from.add(part * LANES));
            }
            for (row, sums) in sums.iter_mut().enumerate() {
                let value = *self.x.add(row * self.x_row + i);
                for (sum, weight) in sums.iter_mut().zip(weight) {
                    *sum = weight.mul_add(value, *sum);
                }
            }
        }
    }

    /// [`Self::add`] for R rows of a panel, in tiles as wide as the registers allow.
    ///
    /// # Safety
    /// As there, with a panel for the tile.
    #[inline(always)]
    unsafe fn panel<V: Vector, const R: usize>(self) {
        // SAFETY: by the caller's promise; the halves of a panel are tiles of one vector.
        unsafe {
            if R <= V::ROWS_OF_PANELS {
                return self.add::<V, R, 2>();
            }
            self.add::<V, R, 1>();
            let second = Self {
                sums: self.sums.add(LANES),
                weight: self.weight.add(LANES),
                ..self
            };
            second.add::<V, R, 1>();
        }
    }

    /// [`Self::panel`] for `rows` rows.
    ///
    /// # Safety
    /// As there, with `rows` for R.
    #[inline(always)]
    unsafe fn rows<V: Vector>(mut self, rows: usize) {
        let mut left = rows;
        let share = self.ahead.div_ceil(rows.div_ceil(V::ROWS).max(1));
        let mut ahead = self.depth..self.depth + self.ahead;
        while left > 0 {
            // A few at a time, so that no more are under way than the processor keeps track of.
            for i in ahead.by_ref().take(share) {
                let row = self.weight.wrapping_add(i * self.weight_row);
                prefetch(row);
                prefetch(row.wrapping_add(LANES));
            }
            // As even as can be: 13 rows are 7 and 6, not 12 and 1.
            let now = left.div_ceil(left.div_ceil(V::ROWS));
            // SAFETY: by the caller's promise, `now` rows at a time.
            unsafe {
                match now {
                    1 => self.panel::<V, 1>(),
                    2 => self.panel::<V, 2>(),
                    3 => self.panel::<V, 3>(),
                    4 => self.panel::<V, 4>(),
                    5 => self.panel::<V, 5>(),
                    6 => self.panel::<V, 6>(),
                    7 => self.panel::<V, 7>(),
                    8 => self.panel::<V, 8>(),
                    9 => self.panel::<V, 9>(),
                    10 => self.panel::<V, 10>(),
                    11 => self.panel::<V, 11>(),
                    _ => self.panel::<V, 12>(),
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
                        ahead: strip,
                        ..block
                    };
                    part.rows::<V>(rows);
                }
            }
        }
    }
}

/// Asks for the cache line at an address that will be read soon; the address need not be one.
#[inline(always)]
fn prefetch(at: *const f32) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch reads nothing and faults nowhere.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(at.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = at;
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
        ahead: 0,
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
        ahead: 0,
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
