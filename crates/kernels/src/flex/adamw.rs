//! AdamW in one pass over the parameter, its gradient and its two moments, in place where it can.

use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, AutodiffBackend, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::Tensor;
use burn_flex::FlexTensor;

use super::buffer::{contiguous, slice};
use super::parallel::{for_each, rows_per_piece};
use super::record::Tracked;
use super::simd::simd_fn;
use crate::AdamWStep;

/// See [`crate::adamw`].
pub(crate) fn adamw<const D: usize>(
    param: Tensor<D>,
    grad: Tensor<D>,
    m: Tensor<D>,
    v: Tensor<D>,
    step: &AdamWStep,
) -> (Tensor<D>, Tensor<D>, Tensor<D>) {
    let (param, m, v) = Dispatch::adamw(
        param.into_dispatch(),
        grad.into_dispatch(),
        m.into_dispatch(),
        v.into_dispatch(),
        *step,
    );
    (
        Tensor::from_dispatch(param),
        Tensor::from_dispatch(m),
        Tensor::from_dispatch(v),
    )
}

#[backend_extension(Autodiff, Flex)]
trait AdamWOp: Backend {
    fn adamw(
        param: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        m: FloatTensor<Self>,
        v: FloatTensor<Self>,
        step: AdamWStep,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
}

impl AdamWOp for Flex {
    fn adamw(
        param: FlexTensor,
        grad: FlexTensor,
        m: FlexTensor,
        v: FlexTensor,
        step: AdamWStep,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        let grad = contiguous(grad);
        let (mut param, mut m, mut v) = (contiguous(param), contiguous(m), contiguous(v));
        let factors = Factors::new(&step);
        let piece = rows_per_piece(1);
        let params = param.storage_mut::<f32>().chunks_mut(piece);
        let moments = m.storage_mut::<f32>().chunks_mut(piece);
        let moments = moments.zip(v.storage_mut::<f32>().chunks_mut(piece));
        for_each(
            slice(&grad).len() * 4,
            params.zip(moments).zip(slice(&grad).chunks(piece)),
            |((param, (m, v)), grad)| update(param, m, v, grad, factors),
        );
        (param, m, v)
    }
}

impl<C: CheckpointStrategy> AdamWOp for Autodiff<Flex, C> {
    fn adamw(
        param: Tracked<C>,
        grad: Tracked<C>,
        m: Tracked<C>,
        v: Tracked<C>,
        step: AdamWStep,
    ) -> (Tracked<C>, Tracked<C>, Tracked<C>) {
        let (param, grad) = (param.into_primitive(), grad.into_primitive());
        let (m, v) = (m.into_primitive(), v.into_primitive());
        let (param, m, v) = Flex::adamw(param, grad, m, v, step);
        (
            Self::from_inner(param),
            Self::from_inner(m),
            Self::from_inner(v),
        )
    }
}

/// A step's numbers as the loop uses them, rounded to `f32` once.
#[derive(Clone, Copy)]
pub(super) struct Factors {
    keep: f32,
    beta1: f32,
    beta2: f32,
    rest1: f32,
    rest2: f32,
    root2: f32,
    size: f32,
    eps: f32,
}

impl Factors {
    pub(super) fn new(step: &AdamWStep) -> Self {
        Self {
            keep: (1.0 - step.lr * step.weight_decay) as f32,
            beta1: step.beta1 as f32,
            beta2: step.beta2 as f32,
            rest1: (1.0 - step.beta1) as f32,
            rest2: (1.0 - step.beta2) as f32,
            root2: step.correction2.sqrt() as f32,
            size: (step.lr / step.correction1) as f32,
            eps: step.eps as f32,
        }
    }

    /// Moves a slice of a parameter and its moments.
    #[inline(always)]
    pub(super) fn update(self, param: &mut [f32], m: &mut [f32], v: &mut [f32], grad: &[f32]) {
        let Self {
            keep,
            beta1,
            beta2,
            rest1,
            rest2,
            root2,
            size,
            eps,
        } = self;
        let len = grad.len();
        let (param, m, v) = (&mut param[..len], &mut m[..len], &mut v[..len]);
        for i in 0..len {
            m[i] = m[i].mul_add(beta1, rest1 * grad[i]);
            v[i] = v[i].mul_add(beta2, rest2 * grad[i] * grad[i]);
            let root = v[i].sqrt() / root2 + eps;
            param[i] = param[i] * keep - size * m[i] / root;
        }
    }
}

simd_fn! {
    fn update(param: &mut [f32], m: &mut [f32], v: &mut [f32], grad: &[f32], factors: Factors) {
        factors.update(param, m, v, grad);
    }
}
