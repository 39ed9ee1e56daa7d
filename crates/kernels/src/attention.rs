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
}

impl Span {
    /// Queries and keys are the same positions and nothing is padded: training.
    pub fn causal(batch: usize) -> Self {
        Self {
            starts: vec![0; batch],
            offsets: vec![0; batch],
        }
    }

    /// Panics unless the span describes `b` rows of `t` queries within `s` columns.
    fn check(&self, b: usize, t: usize, s: usize) {
        assert!(t > 0, "attention: no queries");
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
/// `[b, t, h, e]`; `h` is a multiple of `g`, and `e` may differ from `d`. `s` may be a cache's
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
    let [_, s, g, _] = k_bsgd.dims();
    let [_, _, _, e] = v_bsge.dims();
    assert_eq!(
        k_bsgd.dims(),
        [b, s, g, d],
        "attention: k does not fit q {:?}",
        q_bthd.dims()
    );
    assert_eq!(
        v_bsge.dims(),
        [b, s, g, e],
        "attention: v does not fit k {:?}",
        k_bsgd.dims()
    );
    assert!(
        g > 0 && h.is_multiple_of(g),
        "attention: {h} heads cannot share {g} key-value heads"
    );
    span.check(b, t, s);
    #[cfg(feature = "flex")]
    if crate::route::is_fused(&q_bthd)
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
