//! Appending to a key-value cache, and copying within it.

use burn::tensor::{Bool, Int, Tensor, TensorData};

use crate::Span;

/// Writes the wanted new entries of each batch row to its row of the cache, from its offset on.
///
/// On the CPU the cache is changed where it lies if nothing else holds its storage; call it as
/// `cache.inplace(|cache| cache_write(cache, new, &span))`. Inference only: no gradient flows.
///
/// # Shapes
/// `cache_rsgd` is `[r, s, g, d]` and so is the result, `new_btgd` `[b, t, g, d]`; `span` describes
/// b rows of t among r rows of s columns.
///
/// # Panics
/// If the shapes do not fit, or an entry would land past the capacity `s`.
pub fn cache_write(cache_rsgd: Tensor<4>, new_btgd: Tensor<4>, span: &Span) -> Tensor<4> {
    let [r, s, g, d] = cache_rsgd.dims();
    let [b, t, _, _] = new_btgd.dims();
    assert_eq!(
        new_btgd.dims(),
        [b, t, g, d],
        "cache_write: new does not fit {:?}",
        [r, s, g, d]
    );
    span.check(b, t, [r, s]);
    #[cfg(feature = "flex")]
    if crate::route::is_fused(&cache_rsgd) && crate::route::is_fused(&new_btgd) {
        return crate::flex::cache_write(cache_rsgd, new_btgd, span);
    }
    composed(cache_rsgd, new_btgd, span)
}

/// [`cache_write`](crate::cache_write) in burn's own operations.
pub fn composed(cache_rsgd: Tensor<4>, new_btgd: Tensor<4>, span: &Span) -> Tensor<4> {
    let [r, s, g, d] = cache_rsgd.dims();
    let [b, t, _, _] = new_btgd.dims();
    let (cache_rsgd, new_btgd) = (cache_rsgd.detach(), new_btgd.detach());
    let first = span.offsets.first().copied().unwrap_or(0);
    if span.is_plain() && b > 0 && span.offsets.iter().all(|&offset| offset == first) {
        let (from, to) = (first as usize, first as usize + t);
        return cache_rsgd.slice_assign([0..b, from..to, 0..g, 0..d], new_btgd);
    }
    // Each place of the cache looks up the entry it would receive, and keeps what it holds where
    // there is none.
    let mut source = vec![0i32; r * s];
    let mut kept = vec![true; r * s];
    for (row, &offset) in span.offsets.iter().enumerate() {
        let place = span.row(row) * s + offset as usize;
        for entry in 0..span.length(row, t) {
            source[place + entry] = (row * t + entry) as i32;
            kept[place + entry] = false;
        }
    }
    let device = cache_rsgd.device();
    let source = Tensor::<1, Int>::from_data(TensorData::new(source, [r * s]), &device);
    let kept = Tensor::<4, Bool>::from_data(TensorData::new(kept, [r, s, 1, 1]), &device);
    let arriving = new_btgd.reshape([b * t, g * d]).select(0, source);
    let arriving = arriving.reshape([r, s, g, d]);
    arriving.mask_where(kept.expand([r, s, g, d]), cache_rsgd)
}

/// Copies the first `length` columns of row `from` to each of the rows `to`; `from` itself may be
/// among them.
///
/// In place on the CPU, as [`cache_write`](crate::cache_write). Inference only.
///
/// # Shapes
/// `cache_rsgd` and the result are `[r, s, g, d]`.
///
/// # Panics
/// If a row or a column does not exist.
pub fn cache_copy(cache_rsgd: Tensor<4>, from: usize, to: &[usize], length: usize) -> Tensor<4> {
    let [r, s, _, _] = cache_rsgd.dims();
    let row = to.iter().copied().chain([from]).max().unwrap_or(0);
    assert!(
        row < r && length <= s,
        "cache_copy: row {row} of {r}, {length} columns of {s}"
    );
    #[cfg(feature = "flex")]
    if crate::route::is_fused(&cache_rsgd) {
        return crate::flex::cache_copy(cache_rsgd, from, to, length);
    }
    composed_copy(cache_rsgd, from, to, length)
}

/// [`cache_copy`](crate::cache_copy) in burn's own operations.
pub fn composed_copy(cache_rsgd: Tensor<4>, from: usize, to: &[usize], length: usize) -> Tensor<4> {
    let [_, _, g, d] = cache_rsgd.dims();
    let cache_rsgd = cache_rsgd.detach();
    let copied = cache_rsgd
        .clone()
        .slice([from..from + 1, 0..length, 0..g, 0..d]);
    let others = to.iter().filter(|&&row| row != from);
    others.fold(cache_rsgd, |cache, &row| {
        cache.slice_assign([row..row + 1, 0..length, 0..g, 0..d], copied.clone())
    })
}
