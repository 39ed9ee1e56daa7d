//! Appending to a key-value cache.

use burn::tensor::{Bool, Int, Tensor, TensorData};

/// Writes the `t` new entries of batch row `b` to the columns `offsets[b]..offsets[b] + t`.
///
/// On the CPU the cache is changed where it lies if nothing else holds its storage; call it as
/// `cache.inplace(|cache| cache_write(cache, new, &offsets))`. Inference only: no gradient flows.
///
/// # Shapes
/// `cache_bsgd` is `[b, s, g, d]`, `new_btgd` `[b, t, g, d]`, `offsets` has one entry per row. The
/// result is `[b, s, g, d]`.
///
/// # Panics
/// If the shapes do not fit, or an entry would land past the capacity `s`.
pub fn cache_write(cache_bsgd: Tensor<4>, new_btgd: Tensor<4>, offsets: &[u32]) -> Tensor<4> {
    let [b, s, g, d] = cache_bsgd.dims();
    let [_, t, _, _] = new_btgd.dims();
    assert_eq!(
        new_btgd.dims(),
        [b, t, g, d],
        "cache_write: new does not fit {:?}",
        [b, s, g, d]
    );
    assert_eq!(
        offsets.len(),
        b,
        "cache_write: {} offsets for {b} rows",
        offsets.len()
    );
    for (row, &offset) in offsets.iter().enumerate() {
        assert!(
            offset as usize + t <= s,
            "cache_write: row {row} writes {t} entries at column {offset} of {s}"
        );
    }
    #[cfg(feature = "flex")]
    if crate::route::is_fused(&cache_bsgd) && crate::route::is_fused(&new_btgd) {
        return crate::flex::cache_write(cache_bsgd, new_btgd, offsets);
    }
    composed(cache_bsgd, new_btgd, offsets)
}

/// [`cache_write`](crate::cache_write) in burn's own operations.
pub fn composed(cache_bsgd: Tensor<4>, new_btgd: Tensor<4>, offsets: &[u32]) -> Tensor<4> {
    let [b, s, g, d] = cache_bsgd.dims();
    let [_, t, _, _] = new_btgd.dims();
    let Some(&first) = offsets.first() else {
        return cache_bsgd;
    };
    let (cache_bsgd, new_btgd) = (cache_bsgd.detach(), new_btgd.detach());
    if offsets.iter().all(|&offset| offset == first) {
        let (from, to) = (first as usize, first as usize + t);
        return cache_bsgd.slice_assign([0..b, from..to, 0..g, 0..d], new_btgd);
    }
    // Rows write at different columns: each column looks up the entry it would receive, and keeps
    // its old value where there is none.
    let (source, kept): (Vec<i64>, Vec<bool>) = offsets
        .iter()
        .flat_map(|&offset| (0..s as i64).map(move |column| column - i64::from(offset)))
        .map(|entry| (entry.clamp(0, t as i64 - 1), entry < 0 || entry >= t as i64))
        .unzip();
    let device = cache_bsgd.device();
    let source = Tensor::<4, Int>::from_data(TensorData::new(source, [b, s, 1, 1]), &device);
    let kept = Tensor::<4, Bool>::from_data(TensorData::new(kept, [b, s, 1, 1]), &device);
    let arriving = new_btgd.gather(1, source.expand([b, s, g, d]));
    arriving.mask_where(kept.expand([b, s, g, d]), cache_bsgd)
}
