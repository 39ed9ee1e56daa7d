//! Copying new entries into a key-value cache, in place where the cache is held by nobody else.

use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, AutodiffBackend, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::Tensor;
use burn_flex::FlexTensor;

use super::buffer::{contiguous, slice};
use super::record::Tracked;

/// See [`crate::cache_write`].
pub(crate) fn cache_write(
    cache_bsgd: Tensor<4>,
    new_btgd: Tensor<4>,
    offsets: &[u32],
) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::cache_write(
        cache_bsgd.into_dispatch(),
        new_btgd.into_dispatch(),
        offsets.to_vec(),
    ))
}

#[backend_extension(Autodiff, Flex)]
trait CacheWriteOp: Backend {
    fn cache_write(
        cache: FloatTensor<Self>,
        new: FloatTensor<Self>,
        offsets: Vec<u32>,
    ) -> FloatTensor<Self>;
}

impl CacheWriteOp for Flex {
    fn cache_write(cache: FlexTensor, new: FlexTensor, offsets: Vec<u32>) -> FlexTensor {
        let mut cache = contiguous(cache);
        let new = contiguous(new);
        let shape = cache.layout().shape();
        let entry = shape[2] * shape[3];
        let (row, written) = (shape[1] * entry, new.layout().shape()[1] * entry);
        if row > 0 && written > 0 {
            let rows = cache.storage_mut::<f32>().chunks_exact_mut(row);
            let entries = slice(&new).chunks_exact(written).zip(offsets);
            for (row, (entries, offset)) in rows.zip(entries) {
                row[offset as usize * entry..][..written].copy_from_slice(entries);
            }
        }
        cache
    }
}

impl<C: CheckpointStrategy> CacheWriteOp for Autodiff<Flex, C> {
    fn cache_write(cache: Tracked<C>, new: Tracked<C>, offsets: Vec<u32>) -> Tracked<C> {
        Self::from_inner(Flex::cache_write(
            cache.into_primitive(),
            new.into_primitive(),
            offsets,
        ))
    }
}
