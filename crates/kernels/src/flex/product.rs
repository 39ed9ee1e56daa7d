//! The product of rows with a weight, every element summed in the order of the inner axis.
//!
//! An element is a chain of fused multiply-adds from 0 on, whatever the number of rows, threads or
//! the vector width: that is what makes a row's result its own. Up to [`IN_PLACE`] rows read the
//! weight where it lies, a strip of its rows at a time, as fast as memory gives it. Up to
//! [`STREAMED`] have each strip copied first; more rows, and weights stored the other way round,
//! have it copied in panels of [`PANEL`] columns. A weight that is packed once and for all ([`pack`]) is
//! read where it lies by any number of rows, at twice the speed where they are few.

use super::panel::{Lines, PANEL, Panels, Place, Sums, multiply, stream, turn};
use super::parallel::{Pool, Scattered, for_each_with};
use super::simd::LANES;

/// Columns of the result that make a task: as many as give every thread one, so that long stretches
/// of the weight are read at once; where there are many rows, no more than leave room for their sums
/// in the second-level cache.
fn task_columns(n: usize, f: usize) -> usize {
    let most = if n > 16 { 8 * PANEL } else { 32 * PANEL };
    let share = f.div_ceil(rayon::current_num_threads());
    share.next_multiple_of(PANEL).clamp(4 * PANEL, most)
}

/// Rows that read the weight where it lies, at most: more make up for a copy.
const IN_PLACE: usize = 32;

/// Rows that take the weight strip by strip, at most: their sums stay in the second-level cache.
const STREAMED: usize = 128;

/// Rows of the weight taken at a time. Where it lies, enough to keep sums in registers for a while,
/// few enough to be read as streams where that is all there is to do; of a copy, as many as the
/// second-level cache holds beside the sums.
fn strip(n: usize) -> usize {
    match n {
        ..=4 => 4,
        5..=8 => 16,
        9..=IN_PLACE => 32,
        _ => 128,
    }
}

/// Rows of a packed weight taken at a time: of a panel as many as the first-level cache holds beside
/// what else there is.
const PACKED_STRIP: usize = 128;

/// Inner elements of a copied panel at most, so that it stays in the second-level cache.
const DEPTH: usize = 1024;

static POOL: Pool<Scratch> = Pool::new();

/// A thread's sums under way and its copied panel.
#[derive(Default)]
pub(super) struct Scratch {
    sums: Vec<f32>,
    panel: Vec<f32>,
    lines: Vec<f32>,
}

/// A stack of matrices, one a head: element (h, i, j) is `data[h · head + i · row + j · column]`, where
/// `row` or `column` is 1, or of a packed one `data[j / 32 · panel + i · 32 + j % 32]`.
#[derive(Clone, Copy)]
pub(super) struct Weight<'a> {
    pub(super) data: &'a [f32],
    pub(super) head: usize,
    pub(super) row: usize,
    pub(super) column: usize,
    /// From a panel to the next.
    pub(super) panel: usize,
}

impl<'a> Weight<'a> {
    pub(super) fn strided(data: &'a [f32], head: usize, row: usize, column: usize) -> Self {
        Self {
            data,
            head,
            row,
            column,
            panel: PANEL * column,
        }
    }

    /// One matrix of `depth` rows, panel by panel.
    pub(super) fn packed(data: &'a [f32], depth: usize) -> Self {
        Self {
            data,
            head: 0,
            row: PANEL,
            column: 1,
            panel: PANEL * depth,
        }
    }

    fn is_packed(&self) -> bool {
        self.panel != PANEL * self.column
    }
}

/// The weight panel by panel, `depth` rows of `width` columns, the last panel filled up with zeros:
/// see [`Weight::packed`].
pub(super) fn pack(weight: Weight<'_>, [depth, width]: [usize; 2]) -> Vec<f32> {
    let mut packed = vec![0.0; width.div_ceil(PANEL) * PANEL * depth];
    if depth > 0 {
        let panels = packed.chunks_exact_mut(PANEL * depth).enumerate();
        for_each_with(&POOL, depth * width, panels, |scratch, (at, panel)| {
            let from = &weight.data[at * weight.panel..];
            let sizes = [depth, PANEL.min(width - at * PANEL)];
            pack_panel(
                panel,
                &mut scratch.lines,
                from,
                [weight.row, weight.column],
                sizes,
            );
        });
    }
    packed
}

/// `out[r, h, ·] = x[r, h, ·] · weight[h]`, `out` contiguous.
#[derive(Clone, Copy)]
pub(super) struct Product<'a> {
    /// Row r of head h begins at `r · x_row + h · x_head` and is contiguous.
    pub(super) x: &'a [f32],
    pub(super) x_row: usize,
    pub(super) x_head: usize,
    pub(super) weight: Weight<'a>,
    pub(super) heads: usize,
    /// Rows, inner elements, columns.
    pub(super) sizes: [usize; 3],
}

/// Fills `out` on as many threads as it is worth.
pub(super) fn run(out: &mut [f32], product: &Product<'_>) {
    let [n, d, f] = product.sizes;
    assert!(
        out.len() >= n * product.heads * f,
        "product: no room for the result"
    );
    if n * f * product.heads == 0 || d == 0 {
        return;
    }
    let out = Scattered::new(out);
    let step = task_columns(n, f);
    let ranges = f.div_ceil(step);
    let tasks = (0..product.heads * ranges).map(|task| (task / ranges, task % ranges * step));
    let row = product.heads * f;
    for_each_with(
        &POOL,
        n * d * f * product.heads / 4,
        tasks,
        |scratch, (head, first)| {
            let columns = step.min(f - first);
            // SAFETY: a task writes its own columns of its own head.
            unsafe {
                let to = out.rows(head * f + first, [n, row, columns]);
                scratch.columns(product, head, first, columns, Place { to, row });
            }
        },
    );
}

/// The same for one head and on this thread: `out` is `[n, f]`.
pub(super) fn run_alone(out: &mut [f32], product: &Product<'_>, scratch: &mut Scratch) {
    let [n, d, f] = product.sizes;
    assert!(out.len() >= n * f, "product: no room for the result");
    if n * f == 0 || d == 0 {
        return;
    }
    let step = task_columns(n, f);
    for first in (0..f).step_by(step) {
        let columns = step.min(f - first);
        // SAFETY: `out` is borrowed exclusively and holds n rows of f.
        unsafe {
            let to = out.as_mut_ptr().add(first);
            scratch.columns(product, 0, first, columns, Place { to, row: f });
        }
    }
}

impl Scratch {
    /// Columns `first..first + columns` of a head.
    ///
    /// # Safety
    /// `place` has room for n rows of them that nobody else reads or writes.
    unsafe fn columns(
        &mut self,
        product: &Product<'_>,
        head: usize,
        first: usize,
        columns: usize,
        place: Place,
    ) {
        let [n, d, f] = product.sizes;
        let Weight {
            row, column, panel, ..
        } = product.weight;
        let x = Lines {
            data: &product.x[head * product.x_head..],
            row: product.x_row,
        };
        let packed = product.weight.is_packed();
        let weight = &product.weight.data[head * product.weight.head + first / PANEL * panel..];
        let step = task_columns(n, f);
        self.sums.resize((n * step).max(self.sums.len()), 0.0);
        let mut whole = 0;
        if packed || n <= STREAMED && column == 1 {
            whole = columns / PANEL;
            let weight = Panels {
                data: weight,
                panel,
                row,
            };
            // SAFETY: by the caller's promise; `whole` panels are among the columns.
            unsafe { self.streamed(x, weight, place, step, [n, d, whole]) };
        }
        for last in whole..columns.div_ceil(PANEL) {
            let width = PANEL.min(columns - last * PANEL);
            let place = Place {
                // SAFETY: the panel's first column is among the columns.
                to: unsafe { place.to.add(last * PANEL) },
                ..place
            };
            for depth in (0..d).step_by(DEPTH) {
                let length = DEPTH.min(d - depth);
                let part = &weight[last * panel + depth * row..];
                self.panel
                    .resize((length * PANEL).max(self.panel.len()), 0.0);
                let copied = &mut self.panel[..length * PANEL];
                pack_panel(
                    copied,
                    &mut self.lines,
                    part,
                    [row, column],
                    [length, width],
                );
                let mut sums = Sums {
                    kept: &mut self.sums,
                    row: step,
                };
                let x = Lines {
                    data: &x.data[depth..],
                    ..x
                };
                // Part of a panel has no room of its own in the result.
                let place = (depth + length == d && width == PANEL).then_some(place);
                // SAFETY: by the caller's promise, a whole panel at a time.
                unsafe {
                    multiply(&mut sums, depth == 0, place, x, &self.panel, [n, length]);
                }
            }
            if width < PANEL {
                for (row, sums) in self.sums.chunks_exact(step).take(n).enumerate() {
                    // SAFETY: by the caller's promise; sums are memory of our own.
                    unsafe {
                        let to = place.to.add(row * place.row);
                        std::ptr::copy_nonoverlapping(sums.as_ptr(), to, width);
                    }
                }
            }
        }
    }

    /// So many whole panels, [`STREAMED`] rows at a time.
    ///
    /// # Safety
    /// `place` has room for n rows of them that nobody else reads or writes.
    unsafe fn streamed(
        &mut self,
        x: Lines<'_>,
        weight: Panels<'_>,
        place: Place,
        step: usize,
        [n, d, panels]: [usize; 3],
    ) {
        let packed = weight.panel != PANEL;
        for above in (0..n).step_by(STREAMED) {
            let n = STREAMED.min(n - above);
            let mut sums = Sums {
                kept: &mut self.sums,
                row: step,
            };
            let x = Lines {
                data: &x.data[above * x.row..],
                ..x
            };
            let place = Place {
                // SAFETY: the row is among those there is room for.
                to: unsafe { place.to.add(above * place.row) },
                ..place
            };
            let copy = (n > IN_PLACE && !packed).then_some(&mut self.panel);
            let strip = if packed { PACKED_STRIP } else { strip(n) };
            // SAFETY: by the caller's promise.
            unsafe { stream(&mut sums, place, x, weight, [n, d, panels], strip, copy) };
        }
    }
}

/// Copies `length` rows of `width` columns to rows of [`PANEL`], the rest of which is 0.
fn pack_panel(
    panel: &mut [f32],
    lines: &mut Vec<f32>,
    weight: &[f32],
    [row, column]: [usize; 2],
    [length, width]: [usize; 2],
) {
    if column == 1 {
        for (i, packed) in panel.chunks_exact_mut(PANEL).enumerate() {
            packed[..width].copy_from_slice(&weight[i * row..][..width]);
            packed[width..].fill(0.0);
        }
        return;
    }
    // The inner axis is the contiguous one, `row` 1: columns are read as lines, 16 of them, end to
    // end as memory likes it, before they are turned.
    let squares = length / LANES;
    for first in (0..PANEL).step_by(LANES) {
        let columns = width.saturating_sub(first).min(LANES);
        lines.clear();
        for j in first..first + columns {
            lines.extend_from_slice(&weight[j * column..][..length]);
        }
        lines.resize(LANES * length, 0.0);
        turn(&mut panel[first..], PANEL, lines, length, squares);
        for i in squares * LANES..length {
            let packed = &mut panel[i * PANEL + first..][..LANES];
            for (j, packed) in packed.iter_mut().enumerate() {
                *packed = lines[j * length + i];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values without a pattern, in −1..1.
    fn values(count: usize, seed: u32) -> Vec<f32> {
        let next = |state: &mut u32| {
            *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            Some((*state >> 8) as f32 / (1 << 23) as f32 - 1.0)
        };
        std::iter::successors(Some(seed), |_| None)
            .flat_map(|seed| std::iter::repeat_n((), count).scan(seed, move |s, ()| next(s)))
            .collect()
    }

    #[test]
    fn every_element_is_one_chain_of_multiply_adds() {
        for [n, d, f] in [
            [1, 1, 1],
            [1, 70, 32],
            [2, 9, 33],
            [7, 40, 161],
            [30, 1100, 20],
            [40, 150, 300],
            [130, 20, 70],
            [270, 33, 100],
            [13, 8, 300],
        ] {
            let (x, w) = (values(n * d, 1), values(d * f, 2));
            let turned: Vec<f32> = (0..d * f).map(|at| w[at % d * f + at / d]).collect();
            let chain = |r: usize, j: usize| {
                (0..d).fold(0.0, |sum, i| w[i * f + j].mul_add(x[r * d + i], sum))
            };
            let expected: Vec<f32> = (0..n * f).map(|at| chain(at / f, at % f)).collect();
            let strided = Weight::strided(&w, 0, f, 1);
            let turned = Weight::strided(&turned, 0, 1, d);
            let packed = [strided, turned].map(|weight| pack(weight, [d, f]));
            assert_eq!(packed[0], packed[1], "packed from either side");
            for weight in [strided, turned, Weight::packed(&packed[0], d)] {
                let product = Product {
                    x: &x,
                    x_row: d,
                    x_head: 0,
                    weight,
                    heads: 1,
                    sizes: [n, d, f],
                };
                let mut out = vec![9.0; n * f];
                run(&mut out, &product);
                assert_eq!(out, expected, "{n} {d} {f}");
                let mut out = vec![9.0; n * f];
                run_alone(&mut out, &product, &mut Scratch::default());
                assert_eq!(out, expected, "{n} {d} {f}");
            }
        }
    }

    #[test]
    fn heads_have_their_own_rows_and_weights() {
        // Two rows of two heads of two; heads double and triple.
        let x: Vec<f32> = (1..9).map(|i| i as f32).collect();
        let w = [2.0, 0.0, 0.0, 2.0, 3.0, 0.0, 0.0, 3.0];
        let mut out = vec![0.0; 8];
        let weight = Weight::strided(&w, 4, 2, 1);
        run(
            &mut out,
            &Product {
                x: &x,
                x_row: 4,
                x_head: 2,
                weight,
                heads: 2,
                sizes: [2, 2, 2],
            },
        );
        assert_eq!(out, [2.0, 4.0, 9.0, 12.0, 10.0, 12.0, 21.0, 24.0]);
    }
}
