//! Work in fixed pieces, on one thread or many.
//!
//! A piece's bounds depend on the shapes alone, never on the number of threads, and pieces share
//! nothing: whoever runs them, the result is the same bits.

use std::sync::{Mutex, MutexGuard, PoisonError};

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
    if is_small(work) {
        tasks.for_each(f);
    } else {
        let tasks: Vec<T> = tasks.collect();
        tasks.into_par_iter().for_each(f);
    }
}

/// [`for_each`] with a scratch space from `pool` for the length of a task.
pub(super) fn for_each_with<T: Send, S: Default + Send>(
    pool: &Pool<S>,
    work: usize,
    tasks: impl Iterator<Item = T>,
    f: impl Fn(&mut S, T) + Send + Sync,
) {
    for_each(work, tasks, |task| {
        let mut scratch = pool.take();
        f(&mut scratch, task);
        pool.give_back(scratch);
    });
}

fn is_small(work: usize) -> bool {
    work < SMALL || rayon::current_num_threads() == 1
}

/// Scratch spaces that outlive a call: as many as threads ever asked at once, each as large as its
/// largest task. Handing them out again spares the system from mapping and clearing pages for
/// every call.
pub(super) struct Pool<S>(Mutex<Vec<S>>);

impl<S: Default> Pool<S> {
    /// A pool with nothing in it.
    pub(super) const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    fn take(&self) -> S {
        self.spaces().pop().unwrap_or_default()
    }

    fn give_back(&self, space: S) {
        self.spaces().push(space);
    }

    fn spaces(&self) -> MutexGuard<'_, Vec<S>> {
        // A panic elsewhere leaves the list itself intact.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// Where `rows` rows of `width` elements lie, `row` apart, the first from `offset` on.
    ///
    /// # Safety
    /// No other thread writes or reads these elements while `self` lives.
    pub(super) unsafe fn rows(&self, offset: usize, [rows, row, width]: [usize; 3]) -> *mut f32 {
        let end = offset + rows.saturating_sub(1) * row + width;
        assert!(
            rows == 0 || end <= self.len,
            "write past the end of a tensor"
        );
        // SAFETY: within the slice by the assertion.
        unsafe { self.start.add(offset) }
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
    fn a_scratch_space_is_used_again() {
        static POOL: Pool<Vec<usize>> = Pool::new();
        for_each_with(&POOL, 0, 0..3, |space, i| space.push(i));
        assert_eq!(POOL.take(), [0, 1, 2]);
        assert!(POOL.take().is_empty());
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
