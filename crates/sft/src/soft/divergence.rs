//! How far two distributions over the next token are apart, as far as one of them is known.

use burn::tensor::activation::log_softmax;
use burn::tensor::{Int, Tensor};
use serde::{Deserialize, Serialize};

/// The probability of "another token" is at least this, so that its logarithm is finite.
const LEAST: f32 = 1e-7;

/// Which way the divergence is taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Divergence {
    /// KL(teacher ‖ student): the student covers all that the teacher may say.
    #[default]
    Forward,
    /// KL(student ‖ teacher): the student keeps to what the teacher is likely to say.
    Reverse,
}

/// The divergence before each target, `[n]`.
///
/// # Shapes
/// `logits_nv` are the student's, already divided by τ; `ids_nk` and `log_probs_nk` the teacher's.
pub fn divergence(
    logits_nv: Tensor<2>,
    ids_nk: Tensor<2, Int>,
    log_probs_nk: Tensor<2>,
    divergence: Divergence,
) -> Tensor<1> {
    let [_, v] = logits_nv.dims();
    let [n, k] = ids_nk.dims();
    let mut q_nk = log_softmax(logits_nv, 1).gather(1, ids_nk);
    let mut p_nk = log_probs_nk;
    if k < v {
        let rest = |known: Tensor<2>| {
            let rest = known.exp().sum_dim(1).neg().add_scalar(1.0);
            rest.clamp_min(LEAST).log()
        };
        let (p_n1, q_n1) = (rest(p_nk.clone()), rest(q_nk.clone()));
        p_nk = Tensor::cat(vec![p_nk, p_n1], 1);
        q_nk = Tensor::cat(vec![q_nk, q_n1], 1);
    }
    // A probability of 0 adds nothing: keep 0 · −∞ out of the sum.
    let (p, q) = (p_nk.clamp_min(-1e4), q_nk.clamp_min(-1e4));
    let terms = match divergence {
        Divergence::Forward => p.clone().exp() * (p - q),
        Divergence::Reverse => q.clone().exp() * (q - p),
    };
    terms.sum_dim(1).reshape([n])
}
