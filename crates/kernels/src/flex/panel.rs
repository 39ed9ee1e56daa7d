//! Rows times a panel of weights, kept in registers; and the turning of columns into rows.

use super::simd::LANES;
use super::vector::{ROWS, Vector};

/// Columns of a panel: two AVX-512 registers. A tile, what registers hold of it at once, is
/// [`Vector::WIDE`] vectors of them.
pub(super) const PANEL: usize = 2 * LANES;

/// Inner elements after which rows to come are asked for: not one by one, which would take registers
/// from the sums, and not all at once, of which the processor would forget some.
const STRETCH: usize = 16;

/// Where a block of rows lies.
#[derive(Clone, Copy)]
struct Block {
    sums: *mut f32,
    sums_row: usize,
    /// Whether the sums begin here, at 0.
    begins: bool,
    /// Where they go: back, or to the result.
    to: *mut f32,
    to_row: usize,
    x: *const f32,
    x_row: usize,
    weight: *const f32,
    weight_row: usize,
    /// Inner elements.
    depth: usize,
    /// Rows of the weight that will be read soon: where they begin, how many are to be asked for, and
    /// how many at a time. They need not exist.
    next: *const f32,
    ahead: usize,
    pace: usize,
}

impl Block {
    /// Adds the products of R rows with a tile of W vectors to their sums.
    ///
    /// # Safety
    /// R rows of W vectors of sums (unless they begin), of as much room where they go, and of `depth`
    /// elements of x, and `depth` rows of W vectors of weights lie where it says, and the processor
    /// has the vector's instructions.
    #[inline(always)]
    unsafe fn add<V: Vector, const R: usize, const W: usize>(self) {
        // SAFETY: every access is to an element the caller vouches for.
        unsafe {
            let mut sums = [[V::zero(); W]; R];
            if !self.begins {
                for (row, sums) in sums.iter_mut().enumerate() {
                    for (part, sum) in sums.iter_mut().enumerate() {
                        *sum = V::load(self.sums.add(row * self.sums_row + part * LANES));
                    }
                }
            }
            let whole = self.depth / STRETCH * STRETCH;
            let mut next = self.next;
            for stretch in (0..whole).step_by(STRETCH) {
                for _ in 0..self.pace {
                    prefetch(next);
                    prefetch(next.wrapping_add(LANES));
                    next = next.wrapping_add(self.weight_row);
                }
                for first in (0..STRETCH).step_by(V::STEPS) {
                    for i in first..first + V::STEPS {
                        self.step::<V, R, W>(&mut sums, stretch + i);
                    }
                }
            }
            for i in whole..self.depth {
                self.step::<V, R, W>(&mut sums, i);
            }
            for (row, sums) in sums.into_iter().enumerate() {
                for (part, sum) in sums.into_iter().enumerate() {
                    sum.store(self.to.add(row * self.to_row + part * LANES));
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
                to: self.to.add(LANES),
                weight: self.weight.add(LANES),
                ..self.asked(1)
            };
            second.add::<V, R, 1>();
        }
    }

    /// The block after so many passes over the weight have asked for rows to come.
    #[inline(always)]
    fn asked(self, passes: usize) -> Self {
        let rows = self.ahead.min(passes * self.depth / STRETCH * self.pace);
        Self {
            next: self.next.wrapping_add(rows * self.weight_row),
            ahead: self.ahead - rows,
            pace: if rows < self.ahead { self.pace } else { 0 },
            ..self
        }
    }

    /// [`Self::panel`] for `rows` rows.
    ///
    /// # Safety
    /// As there, with `rows` for R.
    #[inline(always)]
    unsafe fn rows<V: Vector>(mut self, rows: usize) {
        let passes = |rows| if rows <= V::ROWS_OF_PANELS { 1 } else { 2 };
        let mut left = rows;
        let times = rows.div_ceil(V::ROWS) * passes(rows) * (self.depth / STRETCH);
        self.pace = self.ahead.div_ceil(times.max(1));
        while left > 0 {
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
                self.to = self.to.add(now.min(ROWS) * self.to_row);
            }
            self = self.asked(passes(now));
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

/// Panels of a weight: row i of panel p begins at `data[p · panel + i · row]`.
#[derive(Clone, Copy)]
pub(super) struct Panels<'a> {
    pub(super) data: &'a [f32],
    pub(super) panel: usize,
    pub(super) row: usize,
}

with_vector! {
    /// `panels` panels, `step` apart, `strip` rows of the weight at a time; sums go to the result with
    /// the last. With a `copy` each strip is put there first, panel by panel, so that every block of
    /// rows finds it in the first-level cache; without, it is read where it lies.
    ///
    /// # Safety
    /// As [`Block::rows`] for each panel, with room for the sums as for the result and for a strip of
    /// all panels in the copy, for which panels lie side by side.
    fn add_panels<V>(block: Block, rows: usize, panels: usize, step: usize, strip: usize, copy: Option<*mut f32>) {
        for first in (0..block.depth).step_by(strip) {
            let depth = strip.min(block.depth - first);
            let (to, to_row) = match first + depth == block.depth {
                true => (block.to, block.to_row),
                false => (block.sums, block.sums_row),
            };
            // SAFETY: by the caller's promise, part of the depth at a time.
            unsafe {
                let lies = block.weight.add(first * block.weight_row);
                if let Some(copy) = copy {
                    copy_panels::<V>(copy, lies, block.weight_row, [depth, panels]);
                }
                for panel in 0..panels {
                    let (weight, weight_row, ahead) = match copy {
                        Some(copy) => (copy.add(panel * depth * PANEL).cast_const(), PANEL, 0),
                        None => (lies.add(panel * step), block.weight_row, strip),
                    };
                    // What is read next: the strip below, or beside where panels are apart.
                    let next = match step == PANEL {
                        true => weight.wrapping_add(depth * weight_row),
                        false if panel + 1 < panels => weight.wrapping_add(step),
                        false => block.weight.wrapping_add((first + depth) * block.weight_row),
                    };
                    let part = Block {
                        sums: block.sums.add(panel * PANEL),
                        begins: first == 0,
                        to: to.add(panel * PANEL),
                        to_row,
                        x: block.x.add(first),
                        weight,
                        weight_row,
                        depth,
                        next,
                        ahead,
                        ..block
                    };
                    part.rows::<V>(rows);
                }
            }
        }
    }
}

/// Copies `depth` rows of `panels` panels, `row` apart, so that panels follow one another.
///
/// # Safety
/// All of it lies where it says, and the processor has the vector's instructions.
#[inline(always)]
unsafe fn copy_panels<V: Vector>(
    to: *mut f32,
    from: *const f32,
    row: usize,
    [depth, panels]: [usize; 2],
) {
    for i in 0..depth {
        for panel in 0..panels {
            // SAFETY: by the caller's promise.
            unsafe {
                let from = from.add(i * row + panel * PANEL);
                let to = to.add((panel * depth + i) * PANEL);
                V::load(from).store(to);
                V::load(from.add(LANES)).store(to.add(LANES));
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

/// Rows of sums under way, with room for all of them.
pub(super) struct Sums<'a> {
    pub(super) kept: &'a mut [f32],
    pub(super) row: usize,
}

/// Where whole sums go: `to[r · row + j]`.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) to: *mut f32,
    pub(super) row: usize,
}

/// Rows of x: `x[r · row + i]`.
#[derive(Clone, Copy)]
pub(super) struct Lines<'a> {
    pub(super) data: &'a [f32],
    pub(super) row: usize,
}

/// The product of `n` rows of `d` elements with a copied panel, added to their sums unless it
/// `begins` them. Sums go to `place`, or stay where they are.
///
/// # Safety
/// `place` has room for `n` rows of a panel that nobody else reads or writes.
pub(super) unsafe fn multiply(
    sums: &mut Sums<'_>,
    begins: bool,
    place: Option<Place>,
    x: Lines<'_>,
    panel: &[f32],
    [n, d]: [usize; 2],
) {
    assert!(
        holds(sums.kept.len(), n, sums.row, PANEL),
        "multiply: too few sums"
    );
    assert!(holds(x.data.len(), n, x.row, d), "multiply: x is too small");
    assert!(panel.len() >= d * PANEL, "multiply: the panel is too small");
    let kept = sums.kept.as_mut_ptr();
    let place = place.unwrap_or(Place {
        to: kept,
        row: sums.row,
    });
    let block = Block {
        sums: kept,
        sums_row: sums.row,
        begins,
        to: place.to,
        to_row: place.row,
        x: x.data.as_ptr(),
        x_row: x.row,
        weight: panel.as_ptr(),
        weight_row: PANEL,
        depth: d,
        next: panel.as_ptr(),
        ahead: 0,
        pace: 0,
    };
    // SAFETY: the assertions above, `sums` is borrowed exclusively, and the caller's promise.
    unsafe { add_rows(block, n) }
}

/// The product of `n` rows of `d` elements with `panels` panels of a weight, `strip` of its rows at a
/// time, to `place`. They are read where they lie, or from a `copy` of each strip.
///
/// # Safety
/// `place` has room for `n` rows of so many panels that nobody else reads or writes.
pub(super) unsafe fn stream(
    sums: &mut Sums<'_>,
    place: Place,
    x: Lines<'_>,
    weight: Panels<'_>,
    [n, d, panels]: [usize; 3],
    strip: usize,
    copy: Option<&mut Vec<f32>>,
) {
    if panels == 0 {
        return;
    }
    let copy = copy.map(|copy| {
        copy.resize((strip * panels * PANEL).max(copy.len()), 0.0);
        copy.as_mut_ptr()
    });
    assert!(
        holds(sums.kept.len(), n, sums.row, panels * PANEL),
        "stream: too few sums"
    );
    assert!(holds(x.data.len(), n, x.row, d), "stream: x is too small");
    let last = &weight.data[(panels - 1) * weight.panel..];
    let fits = holds(last.len(), d, weight.row, PANEL);
    assert!(fits, "stream: the weight is too small");
    let block = Block {
        sums: sums.kept.as_mut_ptr(),
        sums_row: sums.row,
        begins: true,
        to: place.to,
        to_row: place.row,
        x: x.data.as_ptr(),
        x_row: x.row,
        weight: weight.data.as_ptr(),
        weight_row: weight.row,
        depth: d,
        next: weight.data.as_ptr(),
        ahead: 0,
        pace: 0,
    };
    // SAFETY: the assertions above, `sums` is borrowed exclusively, and the caller's promise.
    unsafe { add_panels(block, n, panels, weight.panel, strip, copy) }
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
