//! The choice of experts, a row at a time.

use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::ops::IntTensorOps;
use burn::backend::tensor::{FloatTensor, IntTensor};
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::{Int, IntDType, Tensor, TensorData};
use burn_flex::FlexTensor;

use super::buffer::{contiguous, slice};
use super::parallel::{for_each, rows_per_piece};
use super::record::Tracked;
use crate::Selection;

/// See [`crate::select_experts`].
pub(crate) fn select_experts(
    scores_ne: Tensor<2>,
    bias_e: Tensor<1>,
    selection: &Selection,
) -> Tensor<2, Int> {
    let int = scores_ne.device().settings().int_dtype;
    Tensor::from_dispatch(Dispatch::select_experts(
        scores_ne.into_dispatch(),
        bias_e.into_dispatch(),
        *selection,
        int,
    ))
}

#[backend_extension(Autodiff, Flex)]
trait SelectExpertsOp: Backend {
    fn select_experts(
        scores: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        selection: Selection,
        int: IntDType,
    ) -> IntTensor<Self>;
}

impl SelectExpertsOp for Flex {
    fn select_experts(
        scores: FlexTensor,
        bias: FlexTensor,
        selection: Selection,
        int: IntDType,
    ) -> FlexTensor {
        let (scores, bias) = (contiguous(scores), contiguous(bias));
        let (e, k) = (slice(&bias).len(), selection.k);
        let n = slice(&scores).len() / e;
        let mut chosen = vec![0i32; n * k];
        let rows = rows_per_piece(e);
        for_each(
            n * e * (k + 1),
            chosen
                .chunks_mut(rows * k)
                .zip(slice(&scores).chunks(rows * e)),
            |(chosen, scores)| {
                let mut scratch = Scratch::new(e, &selection);
                for (chosen, scores) in chosen.chunks_exact_mut(k).zip(scores.chunks_exact(e)) {
                    scratch.row(chosen, scores, slice(&bias), &selection);
                }
            },
        );
        Self::int_cast(FlexTensor::from_data(TensorData::new(chosen, [n, k])), int)
    }
}

impl<C: CheckpointStrategy> SelectExpertsOp for Autodiff<Flex, C> {
    fn select_experts(
        scores: Tracked<C>,
        bias: Tracked<C>,
        selection: Selection,
        int: IntDType,
    ) -> FlexTensor {
        Flex::select_experts(
            scores.into_primitive(),
            bias.into_primitive(),
            selection,
            int,
        )
    }
}

/// What one row needs: its biased scores, its groups' scores and the groups kept.
struct Scratch {
    biased: Vec<f32>,
    group_scores: Vec<f32>,
    kept: Vec<i32>,
}

impl Scratch {
    fn new(e: usize, selection: &Selection) -> Self {
        Self {
            biased: vec![0.0; e],
            group_scores: vec![0.0; selection.groups],
            kept: vec![0; selection.top_groups],
        }
    }

    fn row(&mut self, chosen: &mut [i32], scores: &[f32], bias: &[f32], selection: &Selection) {
        for (biased, (&score, &bias)) in self.biased.iter_mut().zip(scores.iter().zip(bias)) {
            *biased = score + bias;
        }
        if selection.groups > selection.top_groups {
            let size = self.biased.len() / selection.groups;
            for (score, group) in self
                .group_scores
                .iter_mut()
                .zip(self.biased.chunks_exact(size))
            {
                *score = two_best(group);
            }
            best_first(&mut self.kept, &self.group_scores);
            for (group, members) in self.biased.chunks_exact_mut(size).enumerate() {
                if !self.kept.contains(&(group as i32)) {
                    members.fill(f32::NEG_INFINITY);
                }
            }
        }
        best_first(chosen, &self.biased);
    }
}

/// The sum of the two largest of a group's scores, or its only one.
fn two_best(group: &[f32]) -> f32 {
    let (mut first, mut second) = (f32::NEG_INFINITY, f32::NEG_INFINITY);
    for &score in group {
        if score > first {
            (first, second) = (score, first);
        } else if score > second {
            second = score;
        }
    }
    if group.len() == 1 {
        first
    } else {
        first + second
    }
}

/// Fills `chosen` with the indices of the largest scores, best first and ties to the lowest.
fn best_first(chosen: &mut [i32], scores: &[f32]) {
    for slot in 0..chosen.len() {
        let mut best = None;
        for (index, &score) in scores.iter().enumerate() {
            let better = best.is_none_or(|(_, top)| score > top);
            if better && !chosen[..slot].contains(&(index as i32)) {
                best = Some((index, score));
            }
        }
        let (index, _) = best.expect("no more is chosen than there is");
        chosen[slot] = index as i32;
    }
}
