//! Copying new entries into a key-value cache, in place where the cache is held by nobody else.

use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, AutodiffBackend, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::Tensor;
use burn_flex::FlexTensor;

use super::buffer::{contiguous, slice};
use super::record::Tracked;
use crate::Span;

/// See [`crate::cache_write`].
pub(crate) fn cache_write(cache_rsgd: Tensor<4>, new_btgd: Tensor<4>, span: &Span) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::cache_write(
        cache_rsgd.into_dispatch(),
        new_btgd.into_dispatch(),
        span.clone(),
    ))
}

/// See [`crate::cache_copy`].
pub(crate) fn cache_copy(
    cache_rsgd: Tensor<4>,
    from: usize,
    to: &[usize],
    length: usize,
) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::cache_copy(
        cache_rsgd.into_dispatch(),
        from,
        to.to_vec(),
        length,
    ))
}

#[backend_extension(Autodiff, Flex)]
trait CacheWriteOp: Backend {
    fn cache_write(
        cache: FloatTensor<Self>,
        new: FloatTensor<Self>,
        span: Span,
    ) -> FloatTensor<Self>;

    fn cache_copy(
        cache: FloatTensor<Self>,
        from: usize,
        to: Vec<usize>,
        length: usize,
    ) -> FloatTensor<Self>;
}

impl CacheWriteOp for Flex {
    fn cache_write(cache: FlexTensor, new: FlexTensor, span: Span) -> FlexTensor {
        let mut cache = contiguous(cache);
        let new = contiguous(new);
        let shape = cache.layout().shape();
        let entry = shape[2] * shape[3];
        let (row, t) = (shape[1] * entry, new.layout().shape()[1]);
        if entry * t > 0 {
            let written = slice(&new).chunks_exact(t * entry);
            let held = cache.storage_mut::<f32>();
            for ((at, entries), &offset) in written.enumerate().zip(&span.offsets) {
                let place = span.row(at) * row + offset as usize * entry;
                let entries = &entries[..span.length(at, t) * entry];
                held[place..][..entries.len()].copy_from_slice(entries);
            }
        }
        cache
    }

    fn cache_copy(cache: FlexTensor, from: usize, to: Vec<usize>, length: usize) -> FlexTensor {
        let mut cache = contiguous(cache);
        let shape = cache.layout().shape();
        let entry = shape[2] * shape[3];
        let (row, copied) = (shape[1] * entry, length * entry);
        let held = cache.storage_mut::<f32>();
        for to in to {
            held.copy_within(from * row..from * row + copied, to * row);
        }
        cache
    }
}

impl<C: CheckpointStrategy> CacheWriteOp for Autodiff<Flex, C> {
    fn cache_write(cache: Tracked<C>, new: Tracked<C>, span: Span) -> Tracked<C> {
        Self::from_inner(Flex::cache_write(
            cache.into_primitive(),
            new.into_primitive(),
            span,
        ))
    }

    fn cache_copy(cache: Tracked<C>, from: usize, to: Vec<usize>, length: usize) -> Tracked<C> {
        Self::from_inner(Flex::cache_copy(cache.into_primitive(), from, to, length))
    }
}
