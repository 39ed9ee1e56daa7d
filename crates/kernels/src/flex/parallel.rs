//! Work in fixed pieces, on one thread or many.
//!
//! A piece's bounds depend on the shapes alone, never on the number of threads, and pieces share
//! nothing: whoever runs them, the result is the same bits.

use rayon::prelude::*;

/// Multiply-adds, roughly, below which waking a second thread costs more than it saves.
const SMALL: usize = 1 << 15;

/// Elements a piece of a row-wise kernel holds, roughly.
const PIECE: usize = 1 << 13;

/// Rows of `width` elements that make a piece; at least one.
pub(super) fn rows_per_piece(width: usize) -> usize {
    (PIECE / width.max(1)).max(1)
}

/// Runs `f` on every task; `work` is the cost of them all in multiply-adds or elements.
pub(super) fn for_each<T: Send>(
    work: usize,
    tasks: impl Iterator<Item = T>,
    f: impl Fn(T) + Send + Sync,
) {
    for_each_with(work, tasks, || (), |(), task| f(task));
}

/// [`for_each`] with a scratch space each thread makes for itself and reuses.
pub(super) fn for_each_with<T: Send, S>(
    work: usize,
    tasks: impl Iterator<Item = T>,
    scratch: impl Fn() -> S + Send + Sync,
    f: impl Fn(&mut S, T) + Send + Sync,
) {
    if work < SMALL || rayon::current_num_threads() == 1 {
        let mut space = scratch();
        tasks.for_each(|task| f(&mut space, task));
    } else {
        let tasks: Vec<T> = tasks.collect();
        tasks.into_par_iter().for_each_init(scratch, f);
    }
}

/// The sum of `pieces` rows of `width`, one after the other.
pub(super) fn sum_pieces(pieces: &[f32], width: usize) -> Vec<f32> {
    let mut total = vec![0.0; width];
    for piece in pieces.chunks_exact(width.max(1)) {
        for (total, &part) in total.iter_mut().zip(piece) {
            *total += part;
        }
    }
    total
}

/// A mutable slice that several threads write to in places that do not overlap.
#[derive(Clone, Copy)]
pub(super) struct Scattered<'a> {
    start: *mut f32,
    len: usize,
    slice: std::marker::PhantomData<&'a mut [f32]>,
}

// SAFETY: the pointer comes from an exclusive borrow that lives as long as `Scattered`, and `write`
// makes its callers promise that no two threads touch one element.
unsafe impl Send for Scattered<'_> {}
// SAFETY: as above.
unsafe impl Sync for Scattered<'_> {}

impl<'a> Scattered<'a> {
    /// Takes the slice for writing from several threads.
    pub(super) fn new(slice: &'a mut [f32]) -> Self {
        Self {
            start: slice.as_mut_ptr(),
            len: slice.len(),
            slice: std::marker::PhantomData,
        }
    }

    /// Copies `values` to `offset..`.
    ///
    /// # Safety
    /// No other thread writes or reads these elements while `self` lives.
    pub(super) unsafe fn write(&self, offset: usize, values: &[f32]) {
        assert!(
            offset + values.len() <= self.len,
            "write past the end of a tensor"
        );
        // SAFETY: the range lies inside the borrowed slice by the assertion, and nobody else
        // touches it by the caller's promise; `values` is a borrow of other memory.
        unsafe {
            std::ptr::copy_nonoverlapping(values.as_ptr(), self.start.add(offset), values.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_runs_once_whatever_the_size() {
        for work in [0, usize::MAX] {
            let mut out = vec![0; 1000];
            for_each(work, out.iter_mut().enumerate(), |(i, slot)| *slot += i);
            assert!(out.iter().enumerate().all(|(i, &x)| i == x));
        }
    }

    #[test]
    fn pieces_are_summed_by_column() {
        assert_eq!(
            sum_pieces(&[1.0, 2.0, 10.0, 20.0, 100.0, 200.0], 2),
            [111.0, 222.0]
        );
        assert_eq!(rows_per_piece(1 << 20), 1);
        assert_eq!(rows_per_piece(0), 1 << 13);
    }
}
