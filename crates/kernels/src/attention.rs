//! Causal attention over a key-value cache, for training, prefill and decoding alike.

use burn::tensor::{Bool, Device, Int, Tensor, TensorData, activation::softmax};

/// Which key columns each query sees.
///
/// Query `i` of batch row `b` stands at column `offsets[b] + i` and sees the columns
/// `starts[b]..=offsets[b] + i`. Columns before `starts[b]` are left padding; columns past the
/// query's own are the future, or cache that is not filled yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// First visible column of each batch row.
    pub starts: Vec<u32>,
    /// Column of the first query of each batch row: the entries its cache held before this call.
    pub offsets: Vec<u32>,
    /// Row of the keys and values that each batch row reads, and of a cache that it writes; none
    /// twice. `None`: its own number, and there are as many rows as batch rows.
    pub rows: Option<Vec<u32>>,
    /// Queries of each batch row that are wanted: the results of those after them are meaningless,
    /// and nothing of them reaches a cache. `None`: all.
    pub lengths: Option<Vec<u32>>,
}

impl Span {
    /// Queries and keys are the same positions and nothing is padded: training.
    pub fn causal(batch: usize) -> Self {
        Self {
            starts: vec![0; batch],
            offsets: vec![0; batch],
            rows: None,
            lengths: None,
        }
    }

    /// Whether every batch row is its own row and wants all queries.
    pub(crate) fn is_plain(&self) -> bool {
        self.rows.is_none() && self.lengths.is_none()
    }

    /// The row of the keys, values or cache that batch row `row` belongs to.
    pub(crate) fn row(&self, row: usize) -> usize {
        self.rows.as_ref().map_or(row, |rows| rows[row] as usize)
    }

    /// Queries of batch row `row` that are wanted, of `t`.
    pub(crate) fn length(&self, row: usize, t: usize) -> usize {
        let length = self.lengths.as_ref().map_or(t, |all| all[row] as usize);
        length.min(t)
    }

    /// The rows named, on the device; `None` where each is its own.
    fn selection(&self, device: &Device) -> Option<Tensor<1, Int>> {
        let rows: Vec<i32> = self.rows.as_ref()?.iter().map(|&row| row as i32).collect();
        let count = rows.len();
        Some(Tensor::from_data(TensorData::new(rows, [count]), device))
    }

    /// Panics unless the span describes `b` rows of `t` queries within `rows` rows of `s` columns.
    pub(crate) fn check(&self, b: usize, t: usize, [rows, s]: [usize; 2]) {
        assert!(t > 0, "attention: no queries");
        match &self.rows {
            None => assert_eq!(rows, b, "attention: {b} batch rows, {rows} rows of keys"),
            Some(named) => {
                assert_eq!(
                    named.len(),
                    b,
                    "attention: {} rows named for {b}",
                    named.len()
                );
                let mut taken = vec![false; rows];
                for &row in named {
                    assert!(
                        (row as usize) < rows && !taken[row as usize],
                        "attention: row {row} is not among {rows}, or named twice"
                    );
                    taken[row as usize] = true;
                }
            }
        }
        if let Some(lengths) = &self.lengths {
            assert_eq!(
                lengths.len(),
                b,
                "attention: {} lengths for {b} rows",
                lengths.len()
            );
        }
        assert_eq!(
            self.starts.len(),
            b,
            "attention: {} starts for {b} rows",
            self.starts.len()
        );
        assert_eq!(
            self.offsets.len(),
            b,
            "attention: {} offsets for {b} rows",
            self.offsets.len()
        );
        for (row, &offset) in self.offsets.iter().enumerate() {
            assert!(
                offset as usize + t <= s,
                "attention: row {row} has {t} queries from column {offset} on, but only {s} columns"
            );
        }
    }

    /// `[b, 1, t, s]`, true where the query may not look.
    fn hidden(&self, t: usize, s: usize, device: &Device) -> Tensor<4, Bool> {
        let b = self.starts.len();
        let ints = |values: Vec<i64>, shape: [usize; 4]| {
            Tensor::<4, Int>::from_data(TensorData::new(values, shape), device)
        };
        let first = self.starts.iter().map(|&start| i64::from(start)).collect();
        let last = self
            .offsets
            .iter()
            .flat_map(|&o| (0..t as i64).map(move |i| i64::from(o) + i));
        let columns = ints((0..s as i64).collect(), [1, 1, 1, s]).expand([b, 1, t, s]);
        let first = ints(first, [b, 1, 1, 1]).expand([b, 1, t, s]);
        let last = ints(last.collect(), [b, 1, t, 1]).expand([b, 1, t, s]);
        columns.clone().lower(first).bool_or(columns.greater(last))
    }
}

/// `softmax(scale · q kᵀ) v` over the columns `span` lets each query see (*Attention Is All You
/// Need*, arXiv 1706.03762, equation 1), with grouped queries: head `i` of `h` reads key-value
/// head `i / (h / g)` (arXiv 2305.13245).
///
/// # Shapes
/// `q_bthd` is `[b, t, h, d]`, `k_bsgd` `[b, s, g, d]`, `v_bsge` `[b, s, g, e]`, the result
/// `[b, t, h, e]`; keys and values have other rows than b where the span names theirs; `h` is a multiple of `g`, and `e` may differ from `d`. `s` may be a cache's
/// capacity: columns no query sees are not read by the fused form and must be finite for the
/// composed one.
///
/// A query that sees no column gets zeros. The backward pass recomputes the scores: on the CPU no
/// score matrix outlives a head.
///
/// # Panics
/// If the shapes do not fit, or a query's column lies past `s`.
pub fn attention(
    q_bthd: Tensor<4>,
    k_bsgd: Tensor<4>,
    v_bsge: Tensor<4>,
    span: &Span,
    scale: f64,
) -> Tensor<4> {
    let [b, t, h, d] = q_bthd.dims();
    let [rows, s, g, _] = k_bsgd.dims();
    let [_, _, _, e] = v_bsge.dims();
    assert_eq!(
        k_bsgd.dims(),
        [rows, s, g, d],
        "attention: k does not fit q {:?}",
        q_bthd.dims()
    );
    assert_eq!(
        v_bsge.dims(),
        [rows, s, g, e],
        "attention: v does not fit k {:?}",
        k_bsgd.dims()
    );
    assert!(
        g > 0 && h.is_multiple_of(g),
        "attention: {h} heads cannot share {g} key-value heads"
    );
    span.check(b, t, [rows, s]);
    // The hand-written gradient knows neither named rows nor lengths.
    #[cfg(feature = "flex")]
    if (span.is_plain() || !q_bthd.device().is_autodiff())
        && crate::route::is_fused(&q_bthd)
        && crate::route::is_fused(&k_bsgd)
        && crate::route::is_fused(&v_bsge)
    {
        return crate::flex::attention(q_bthd, k_bsgd, v_bsge, span, scale);
    }
    composed(q_bthd, k_bsgd, v_bsge, span, scale)
}

/// [`attention`](crate::attention) in burn's own operations.
pub fn composed(
    q_bthd: Tensor<4>,
    k_bsgd: Tensor<4>,
    v_bsge: Tensor<4>,
    span: &Span,
    scale: f64,
) -> Tensor<4> {
    let [b, t, h, d] = q_bthd.dims();
    let [_, s, g, e] = v_bsge.dims();
    let (k_bsgd, v_bsge) = match span.selection(&q_bthd.device()) {
        Some(rows) => (k_bsgd.select(0, rows.clone()), v_bsge.select(0, rows)),
        None => (k_bsgd, v_bsge),
    };
    let shared = h / g;
    let hidden = span.hidden(t, s, &q_bthd.device()).expand([b, h, t, s]);
    let q_bgmd: Tensor<4> = q_bthd
        .reshape([b, t, g, shared, d])
        .permute([0, 2, 3, 1, 4])
        .reshape([b, g, shared * t, d]);
    let scores_bhts = q_bgmd
        .matmul(k_bsgd.permute([0, 2, 3, 1]))
        .mul_scalar(scale)
        .reshape([b, h, t, s])
        .mask_fill(hidden.clone(), -1e9);
    let weights_bhts = softmax(scores_bhts, 3).mask_fill(hidden, 0.0);
    weights_bhts
        .reshape([b, g, shared * t, s])
        .matmul(v_bsge.permute([0, 2, 1, 3]))
        .reshape([b, g, shared, t, e])
        .permute([0, 3, 1, 2, 4])
        .reshape([b, t, h, e])
}
