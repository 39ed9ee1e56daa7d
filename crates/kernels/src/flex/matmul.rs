//! Small matrix products through the `gemm` crate, on the calling thread.
//!
//! One thread per product keeps the order of every sum fixed; the callers are parallel over heads
//! or experts instead.

/// A matrix to read: `element(i, j) = data[i · row + j · column]`.
#[derive(Clone, Copy)]
pub(super) struct Matrix<'a> {
    data: &'a [f32],
    row: usize,
    column: usize,
}

impl<'a> Matrix<'a> {
    /// Rows of contiguous elements, `row` elements apart.
    pub(super) fn new(data: &'a [f32], row: usize) -> Self {
        Self {
            data,
            row,
            column: 1,
        }
    }

    /// The transpose.
    pub(super) fn t(self) -> Self {
        Self {
            row: self.column,
            column: self.row,
            ..self
        }
    }

    fn holds(&self, rows: usize, columns: usize) -> bool {
        rows == 0
            || columns == 0
            || (rows - 1) * self.row + (columns - 1) * self.column < self.data.len()
    }
}

/// What a product does with the elements already there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Into {
    /// Overwrites them.
    Set,
    /// Adds to them.
    Add,
}

/// `out = scale · a b`, or `out += scale · a b`, with `a` of `m × k`, `b` of `k × n` and `out` of
/// `m × n`, its rows next to each other.
pub(super) fn matmul(
    out: &mut [f32],
    [m, k, n]: [usize; 3],
    a: Matrix<'_>,
    b: Matrix<'_>,
    scale: f32,
    into: Into,
) {
    assert!(
        out.len() >= m * n && a.holds(m, k) && b.holds(k, n),
        "matmul: a matrix is too small"
    );
    if m == 0 || n == 0 {
        return;
    }
    if k == 0 {
        if into == Into::Set {
            out[..m * n].fill(0.0);
        }
        return;
    }
    let add = into == Into::Add;
    // SAFETY: the assertion above keeps every element the product reads or writes inside its
    // slice, and `out` is borrowed exclusively, so it overlaps neither input.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out.as_mut_ptr(),
            1,
            n as isize,
            add,
            a.data.as_ptr(),
            a.column as isize,
            a.row as isize,
            b.data.as_ptr(),
            b.column as isize,
            b.row as isize,
            if add { 1.0 } else { 0.0 },
            scale,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_adds_and_transposes() {
        // [1 2; 3 4] · [5 6; 7 8] = [19 22; 43 50]
        let (a, b) = ([1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]);
        let mut out = [9.0; 4];
        matmul(
            &mut out,
            [2, 2, 2],
            Matrix::new(&a, 2),
            Matrix::new(&b, 2),
            1.0,
            Into::Set,
        );
        assert_eq!(out, [19.0, 22.0, 43.0, 50.0]);
        // aᵀ b = [1 3; 2 4] · [5 6; 7 8] = [26 30; 38 44], doubled and added
        matmul(
            &mut out,
            [2, 2, 2],
            Matrix::new(&a, 2).t(),
            Matrix::new(&b, 2),
            2.0,
            Into::Add,
        );
        assert_eq!(out, [71.0, 82.0, 119.0, 138.0]);
    }

    #[test]
    fn an_empty_sum_is_zero() {
        let mut out = [9.0; 2];
        matmul(
            &mut out,
            [1, 0, 2],
            Matrix::new(&[], 0),
            Matrix::new(&[], 2),
            1.0,
            Into::Add,
        );
        assert_eq!(out, [9.0; 2]);
        matmul(
            &mut out,
            [1, 0, 2],
            Matrix::new(&[], 0),
            Matrix::new(&[], 2),
            1.0,
            Into::Set,
        );
        assert_eq!(out, [0.0; 2]);
    }

    #[test]
    #[should_panic(expected = "too small")]
    fn refuses_to_read_past_the_end() {
        let mut out = [0.0; 4];
        matmul(
            &mut out,
            [2, 2, 2],
            Matrix::new(&[1.0; 3], 2),
            Matrix::new(&[1.0; 4], 2),
            1.0,
            Into::Set,
        );
    }
}
