//! AdamW with moments of a byte each, a block at a time: read, moved, used and quantised while they
//! are in the cache.

use burn::backend::tensor::{FloatTensor, IntTensor};
use burn::backend::{Backend, Dispatch, Flex, backend_extension};
use burn::tensor::Tensor;
use burn_flex::FlexTensor;

use super::adamw::Factors;
use super::buffer::{contiguous, slice};
use super::parallel::for_each;
use super::simd::simd_fn;
use crate::AdamWStep;
use crate::adamw_int8::{Codes, INT8_BLOCK, Int8Moments};

/// Words of a block, each with a code of four quarters of it.
const WORDS: usize = INT8_BLOCK / 4;
/// Blocks of a task.
const BLOCKS: usize = 32;

/// See [`crate::adamw_int8`]. Untracked tensors only.
pub(crate) fn adamw_int8(
    param: Tensor<1>,
    grad: Tensor<1>,
    moments: Int8Moments,
    step: &AdamWStep,
) -> (Tensor<1>, Int8Moments) {
    let Int8Moments { mean, square } = moments;
    let (param, mean_words, mean_scales, square_words, square_scales) = Dispatch::adamw_int8(
        param.into_dispatch(),
        grad.into_dispatch(),
        mean.words.into_dispatch(),
        mean.scales.into_dispatch(),
        square.words.into_dispatch(),
        square.scales.into_dispatch(),
        *step,
    );
    let codes = |words, scales| Codes {
        words: Tensor::from_dispatch(words),
        scales: Tensor::from_dispatch(scales),
    };
    (
        Tensor::from_dispatch(param),
        Int8Moments {
            mean: codes(mean_words, mean_scales),
            square: codes(square_words, square_scales),
        },
    )
}

#[backend_extension(Flex)]
trait AdamWInt8Op: Backend {
    #[allow(clippy::too_many_arguments, clippy::type_complexity)]
    fn adamw_int8(
        param: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        mean_words: IntTensor<Self>,
        mean_scales: FloatTensor<Self>,
        square_words: IntTensor<Self>,
        square_scales: FloatTensor<Self>,
        step: AdamWStep,
    ) -> (
        FloatTensor<Self>,
        IntTensor<Self>,
        FloatTensor<Self>,
        IntTensor<Self>,
        FloatTensor<Self>,
    );
}

impl AdamWInt8Op for Flex {
    fn adamw_int8(
        param: FlexTensor,
        grad: FlexTensor,
        mean_words: FlexTensor,
        mean_scales: FlexTensor,
        square_words: FlexTensor,
        square_scales: FlexTensor,
        step: AdamWStep,
    ) -> (FlexTensor, FlexTensor, FlexTensor, FlexTensor, FlexTensor) {
        let grad = contiguous(grad);
        let mut param = contiguous(param);
        // Made here or by `Int8Moments::zeros`, and so contiguous.
        let (mut mean_words, mut square_words) = (mean_words, square_words);
        let (mut mean_scales, mut square_scales) = (mean_scales, square_scales);
        let factors = Factors::new(&step);
        let elements = BLOCKS * INT8_BLOCK;
        let params = param.storage_mut::<f32>().chunks_mut(elements);
        let params = params.zip(slice(&grad).chunks(elements));
        let means = mean_words.storage_mut::<i32>().chunks_mut(BLOCKS * WORDS);
        let means = means.zip(mean_scales.storage_mut::<f32>().chunks_mut(BLOCKS));
        let squares = square_words.storage_mut::<i32>().chunks_mut(BLOCKS * WORDS);
        let squares = squares.zip(square_scales.storage_mut::<f32>().chunks_mut(BLOCKS));
        for_each(
            slice(&grad).len() * 8,
            params.zip(means).zip(squares),
            |(((param, grad), (mean, mean_scale)), (square, square_scale))| {
                update(param, grad, mean, mean_scale, square, square_scale, factors);
            },
        );
        (param, mean_words, mean_scales, square_words, square_scales)
    }
}

simd_fn! {
    fn update(
        param: &mut [f32],
        grad: &[f32],
        mean: &mut [i32],
        mean_scales: &mut [f32],
        square: &mut [i32],
        square_scales: &mut [f32],
        factors: Factors,
    ) {
        let blocks = param.chunks_mut(INT8_BLOCK).zip(grad.chunks(INT8_BLOCK));
        let means = mean.as_chunks_mut::<WORDS>().0.iter_mut().zip(mean_scales);
        let squares = square.as_chunks_mut::<WORDS>().0.iter_mut().zip(square_scales);
        for (((param, grad), (mean, mean_scale)), (square, square_scale)) in
            blocks.zip(means).zip(squares)
        {
            let mut m = [0.0; INT8_BLOCK];
            let mut v = [0.0; INT8_BLOCK];
            read_means(&mut m, mean, *mean_scale);
            read_squares(&mut v, square, *square_scale);
            factors.update(param, &mut m[..grad.len()], &mut v[..grad.len()], grad);
            *mean_scale = write_means(mean, &m);
            *square_scale = write_squares(square, &v);
        }
    }
}

#[inline(always)]
fn read_means(to: &mut [f32; INT8_BLOCK], words: &[i32; WORDS], scale: f32) {
    let unit = scale / (127.0 * 127.0);
    for (plane, to) in to.as_chunks_mut::<WORDS>().0.iter_mut().enumerate() {
        for (to, &word) in to.iter_mut().zip(words) {
            let code = ((word << (24 - 8 * plane)) >> 24) as f32;
            *to = code * code.abs() * unit;
        }
    }
}

#[inline(always)]
fn read_squares(to: &mut [f32; INT8_BLOCK], words: &[i32; WORDS], scale: f32) {
    for (plane, to) in to.as_chunks_mut::<WORDS>().0.iter_mut().enumerate() {
        for (to, &word) in to.iter_mut().zip(words) {
            let root = ((word >> (8 * plane)) & 255) as f32 * (1.0 / 255.0);
            let root = root * root;
            *to = root * root * scale;
        }
    }
}

#[inline(always)]
fn write_means(words: &mut [i32; WORDS], from: &[f32; INT8_BLOCK]) -> f32 {
    let (most, divisor) = scale(from);
    *words = [0; WORDS];
    for (plane, from) in from.as_chunks::<WORDS>().0.iter().enumerate() {
        for (word, &value) in words.iter_mut().zip(from) {
            let size = ((value.abs() / divisor).sqrt() * 127.0 + 0.5) as i32;
            let code = if value < 0.0 { -size } else { size };
            *word |= (code & 255) << (8 * plane);
        }
    }
    most
}

#[inline(always)]
fn write_squares(words: &mut [i32; WORDS], from: &[f32; INT8_BLOCK]) -> f32 {
    let (most, divisor) = scale(from);
    *words = [0; WORDS];
    for (plane, from) in from.as_chunks::<WORDS>().0.iter().enumerate() {
        for (word, &value) in words.iter_mut().zip(from) {
            let code = ((value / divisor).sqrt().sqrt() * 255.0 + 0.5) as i32;
            *word |= code.max(i32::from(value > 0.0)) << (8 * plane);
        }
    }
    most
}

/// The largest absolute value, and what to divide by: 1 where that is 0.
#[inline(always)]
fn scale(values: &[f32; INT8_BLOCK]) -> (f32, f32) {
    const LANES: usize = 16;
    let mut lanes = [0.0f32; LANES];
    for values in values.as_chunks::<LANES>().0 {
        for (lane, value) in lanes.iter_mut().zip(values) {
            *lane = lane.max(value.abs());
        }
    }
    let most = lanes.iter().fold(0.0f32, |most, &lane| most.max(lane));
    (most, if most > 0.0 { most } else { 1.0 })
}
