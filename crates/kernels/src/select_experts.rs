//! DeepSeek-V3's group-limited choice of experts.

use burn::tensor::{Int, Tensor};

/// How many experts a token gets, and from how many groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selection {
    /// Groups the experts are split into, in order and equally. 1 is plain top-k.
    pub groups: usize,
    /// Groups a token may draw from, at most `groups`.
    pub top_groups: usize,
    /// Experts per token, at most those in `top_groups` groups.
    pub k: usize,
}

impl Selection {
    /// Panics unless `e` experts can be chosen from this way.
    fn check(&self, e: usize) {
        let Self {
            groups,
            top_groups,
            k,
        } = *self;
        assert!(
            groups > 0 && e.is_multiple_of(groups),
            "select_experts: {e} experts cannot be split into {groups} groups"
        );
        assert!(
            (1..=groups).contains(&top_groups),
            "select_experts: cannot keep {top_groups} of {groups} groups"
        );
        assert!(
            (1..=top_groups * (e / groups)).contains(&k),
            "select_experts: cannot choose {k} experts from {top_groups} groups of {}",
            e / groups
        );
    }
}

/// The `k` experts of each row with the highest `score + bias`, among the groups with the highest
/// group scores; a group's score is the sum of its two best biased scores (*DeepSeek-V3*,
/// arXiv 2412.19437, section 2.1.2, equation 16).
///
/// Each row is ordered from the best expert to the worst; equal scores go to the lower index. The
/// result carries no gradient: mix with the original scores of the chosen experts, which `gather`
/// reads and differentiates.
///
/// # Shapes
/// `scores_ne` is `[n, e]` and finite, `bias_e` `[e]`, the result `[n, k]` with values in `0..e`.
///
/// # Panics
/// If the widths differ or the selection asks for more than there is.
pub fn select_experts(
    scores_ne: Tensor<2>,
    bias_e: Tensor<1>,
    selection: &Selection,
) -> Tensor<2, Int> {
    let ([_, e], [biases]) = (scores_ne.dims(), bias_e.dims());
    assert_eq!(e, biases, "select_experts: {e} scores, {biases} biases");
    selection.check(e);
    #[cfg(feature = "flex")]
    if crate::route::is_fused(&scores_ne) && crate::route::is_fused(&bias_e) {
        return crate::flex::select_experts(scores_ne, bias_e, selection);
    }
    composed(scores_ne, bias_e, selection)
}

/// [`select_experts`](crate::select_experts) in burn's own operations.
pub fn composed(scores_ne: Tensor<2>, bias_e: Tensor<1>, selection: &Selection) -> Tensor<2, Int> {
    let [n, e] = scores_ne.dims();
    let Selection {
        groups,
        top_groups,
        k,
    } = *selection;
    let mut biased_ne = scores_ne.detach() + bias_e.detach().unsqueeze();
    if groups > 1 {
        let size = e / groups;
        let members = biased_ne.clone().reshape([n * groups, size]);
        let best = members.clone().max_dim(1);
        let group_score = if size == 1 {
            best
        } else {
            let others = strike(members.clone(), first_best(members));
            best + others.max_dim(1)
        };
        let kept = best_first(group_score.reshape([n, groups]), top_groups);
        let mut masked = Tensor::full(
            [n, groups],
            f64::NEG_INFINITY,
            (&kept.device(), biased_ne.dtype()),
        );
        for slot in 0..top_groups {
            let group_n1 = kept.clone().narrow(1, slot, 1).expand([n, groups]);
            masked = masked.mask_fill(columns(n, groups, &group_n1).equal(group_n1), 0.0);
        }
        let masked: Tensor<3> = masked.unsqueeze_dim(2);
        biased_ne = biased_ne + masked.expand([n, groups, size]).reshape([n, e]);
    }
    best_first(biased_ne, k)
}

/// The `k` best columns of each row, best first, ties to the lowest: `[n, k]`.
fn best_first(mut scores_ne: Tensor<2>, k: usize) -> Tensor<2, Int> {
    let mut picks = Vec::with_capacity(k);
    for _ in 0..k {
        let pick_n1 = first_best(scores_ne.clone());
        scores_ne = strike(scores_ne, pick_n1.clone());
        picks.push(pick_n1);
    }
    Tensor::cat(picks, 1)
}

/// The lowest column that holds each row's maximum: `[n, 1]`.
fn first_best(scores_ne: Tensor<2>) -> Tensor<2, Int> {
    let [n, e] = scores_ne.dims();
    let best = scores_ne.clone().max_dim(1).expand([n, e]);
    let other = scores_ne.equal(best).bool_not();
    let columns = Tensor::<1, Int>::arange(0..e as i64, &other.device());
    let columns = columns.unsqueeze::<2>().expand([n, e]);
    columns
        .mask_fill(other, e as i64)
        .min_dim(1)
        .clamp_max(e as i64 - 1)
}

/// `scores` with one column of each row set to −∞.
fn strike(scores_ne: Tensor<2>, column_n1: Tensor<2, Int>) -> Tensor<2> {
    let [n, e] = scores_ne.dims();
    let column_ne = column_n1.expand([n, e]);
    scores_ne.mask_fill(
        columns(n, e, &column_ne).equal(column_ne),
        f64::NEG_INFINITY,
    )
}

/// Each element's own column number, `[n, e]`, on the device and in the type of `like`.
fn columns(n: usize, e: usize, like: &Tensor<2, Int>) -> Tensor<2, Int> {
    Tensor::<1, Int>::arange(0..e as i64, (&like.device(), like.dtype()))
        .unsqueeze::<2>()
        .expand([n, e])
}
