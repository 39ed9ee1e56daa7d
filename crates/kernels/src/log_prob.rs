//! Log-probability of the tokens that were taken, and how spread the distribution was.

use burn::tensor::{Int, Tensor, activation::log_softmax};

/// The log-probability of each row's target under `softmax(logits / temperature)`, and that
/// distribution's entropy in nats, `−Σ p log p`. The entropy is a measurement: no gradient flows
/// through it.
///
/// # Shapes
/// `logits_nv` is `[n, v]`, `targets_n` `[n]` with values in `0..v`; both results are `[n]`.
///
/// # Panics
/// If the row counts differ or `temperature` is not positive; on the CPU, if a target lies outside
/// the vocabulary.
pub fn log_prob(
    logits_nv: Tensor<2>,
    targets_n: Tensor<1, Int>,
    temperature: f64,
) -> (Tensor<1>, Tensor<1>) {
    let ([n, _], [rows]) = (logits_nv.dims(), targets_n.dims());
    assert_eq!(n, rows, "log_prob: {n} rows of logits, {rows} targets");
    assert!(
        temperature > 0.0,
        "log_prob: the temperature must be positive, not {temperature}"
    );
    #[cfg(feature = "flex")]
    if crate::route::is_fused(&logits_nv) {
        return crate::flex::log_prob(logits_nv, targets_n, temperature);
    }
    composed(logits_nv, targets_n, temperature)
}

/// [`log_prob`](crate::log_prob) in burn's own operations.
pub fn composed(
    logits_nv: Tensor<2>,
    targets_n: Tensor<1, Int>,
    temperature: f64,
) -> (Tensor<1>, Tensor<1>) {
    let log_probs_nv = log_softmax(logits_nv.div_scalar(temperature), 1);
    let all_nv = log_probs_nv.clone().detach();
    // A logit of −∞ has probability 0 and adds nothing: keep 0 · −∞ out of the sum.
    let entropy_n = (all_nv.clone().exp() * all_nv.clamp_min(-1e4))
        .sum_dim(1)
        .neg()
        .squeeze_dim(1);
    let chosen_n = log_probs_nv
        .gather(1, targets_n.unsqueeze_dim(1))
        .squeeze_dim(1);
    (chosen_n, entropy_n)
}
