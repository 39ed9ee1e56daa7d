//! What a teacher takes for likely.

use burn::tensor::activation::log_softmax;
use lm::{CausalLm, Sequence, states};

/// A teacher's likeliest next tokens before each target of a sequence.
#[derive(Debug, Clone, PartialEq)]
pub struct SoftTargets {
    /// Tokens a target, k.
    pub k: usize,
    /// Their ids, target after target, the likeliest first: `[n·k]`.
    pub ids: Vec<u32>,
    /// Their log-probabilities under softmax(logits / τ), `[n·k]`.
    pub log_probs: Vec<f32>,
}

/// What is kept of a teacher's distribution.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Kept {
    /// Tokens a target, k, from 1.
    pub k: usize,
    /// The first so many ids are tokens, at least k: others, with which a model's output may be padded, are
    /// no outcome.
    pub vocabulary: usize,
    /// τ, above 0.
    pub temperature: f64,
}

/// What `teacher` takes for likely before each target of `sequences`. Logits are made for `chunk` targets at
/// a time.
///
/// # Panics
/// If k is 0 or above the vocabulary, that above the teacher's, or `chunk` 0.
pub fn soft_targets<M: CausalLm>(
    teacher: &M,
    sequences: &[Sequence],
    kept: Kept,
    chunk: usize,
) -> Vec<SoftTargets> {
    let Kept {
        k,
        vocabulary,
        temperature,
    } = kept;
    let fits = (1..=vocabulary).contains(&k) && vocabulary <= teacher.vocabulary();
    assert!(
        fits,
        "soft_targets: {kept:?} of {} ids",
        teacher.vocabulary()
    );
    let hidden_nd = states(teacher, sequences).hidden_nd;
    let [n, d] = hidden_nd.dims();
    let (mut ids, mut log_probs) = (Vec::with_capacity(n * k), Vec::with_capacity(n * k));
    for start in (0..n).step_by(chunk) {
        let rows = chunk.min(n - start);
        let hidden = hidden_nd.clone().slice([start..start + rows, 0..d]);
        let logits = teacher.logits(hidden).slice([0..rows, 0..vocabulary]);
        let logits = logits.div_scalar(temperature);
        let (top, places) = log_softmax(logits, 1).topk_with_indices(k, 1);
        log_probs.extend(top.into_data().iter::<f32>());
        ids.extend(places.into_data().iter::<i64>().map(|id| id as u32));
    }
    let (mut ids, mut log_probs) = (ids.into_iter(), log_probs.into_iter());
    let of = |sequence: &Sequence| {
        let count = sequence.targets() * k;
        SoftTargets {
            k,
            ids: ids.by_ref().take(count).collect(),
            log_probs: log_probs.by_ref().take(count).collect(),
        }
    };
    sequences.iter().map(of).collect()
}
