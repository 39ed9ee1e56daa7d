//! Losses that keep experts in use, without their weight α, and what a router shows of itself.
//!
//! Which loss a mixture has follows from its scores: sigmoid scores are balanced within each
//! sequence, layer by layer, as in DeepSeek-V3, where biases do the rest; softmax scores over the
//! whole batch and all layers at once, as `transformers` has it for Mixtral and Qwen3-MoE.

use burn::tensor::{Int, Tensor};
use lm::Routing;

use super::Routed;
use crate::config::Scores;

/// The balance loss of the mixture layers `routed` of one batch; `None` without any.
///
/// # Shapes
/// `mask_bt` is 1 on real tokens.
pub(crate) fn balance_loss(
    routed: &[Routed],
    scores: Scores,
    mask_bt: &Tensor<2>,
) -> Option<Tensor<1>> {
    match scores {
        Scores::Sigmoid => {
            let losses = routed.iter().map(|layer| within_sequences(layer, mask_bt));
            losses.reduce(|a, b| a + b)
        }
        Scores::Softmax => over_batch(routed, mask_bt),
    }
}

/// Σ_e f_e·P_e, mean over sequences (arXiv 2412.19437, equations 17–20).
fn within_sequences(routed: &Routed, mask_bt: &Tensor<2>) -> Tensor<1> {
    let [b, t] = mask_bt.dims();
    let [_, e] = routed.scores_ne.dims();
    let [_, k] = routed.index_nk.dims();
    let mask_bt1 = mask_bt.clone().reshape([b, t, 1]);
    let tokens_b1 = mask_bt.clone().sum_dim(1).clamp_min(1.0);

    let share_ne = routed.shares_ne();
    let share_be = (share_ne.reshape([b, t, e]) * mask_bt1.clone())
        .sum_dim(1)
        .reshape([b, e]);
    let chosen_ne = routed.chosen_ne().reshape([b, t, e]);
    let load_be = (chosen_ne * mask_bt1).sum_dim(1).reshape([b, e]).detach();

    let scale = e as f64 / k as f64;
    (load_be / tokens_b1.clone() * scale * (share_be / tokens_b1))
        .sum_dim(1)
        .mean()
}

/// E·Σ_e f_e·P_e with the load f and the mean score P of each expert over all tokens of all layers
/// (Switch Transformer, arXiv 2101.03961, equations 4–6, where f counts each of the k choices). It
/// is k where all experts are alike.
fn over_batch(routed: &[Routed], mask_bt: &Tensor<2>) -> Option<Tensor<1>> {
    let [b, t] = mask_bt.dims();
    let mask_n1 = mask_bt.clone().reshape([b * t, 1]);
    let sums = routed.iter().map(|layer| {
        let load_1e = (layer.chosen_ne() * mask_n1.clone()).sum_dim(0).detach();
        let score_1e = (layer.scores_ne.clone() * mask_n1.clone()).sum_dim(0);
        (load_1e, score_1e)
    });
    let (load_1e, score_1e) = sums.reduce(|(f, p), (g, q)| (f + g, p + q))?;
    let [_, experts] = load_1e.dims();
    let tokens = mask_bt.clone().sum().clamp_min(1.0) * routed.len() as f64;
    Some((load_1e * score_1e).sum() * experts as f64 / (tokens.clone() * tokens))
}

impl Routed {
    /// The scores scaled to sum 1, `[n, e]`.
    fn shares_ne(&self) -> Tensor<2> {
        let total_n1 = self.scores_ne.clone().sum_dim(1);
        self.scores_ne.clone() / total_n1
    }

    /// 1 for the chosen experts of each token, `[n, e]`.
    fn chosen_ne(&self) -> Tensor<2> {
        let [n, _] = self.index_nk.dims();
        let [_, e] = self.scores_ne.dims();
        let chosen_nke: Tensor<3, Int> = self.index_nk.clone().one_hot(e);
        chosen_nke.float().sum_dim(1).reshape([n, e])
    }

    /// What the outside is told.
    pub(crate) fn routing(self) -> Routing {
        let [n, _] = self.index_nk.dims();
        let share_ne = self.shares_ne().detach();
        // A share of 0 adds nothing.
        let log_ne = share_ne.clone().clamp_min(1e-30).log();
        let entropy_n = -(share_ne * log_ne).sum_dim(1).reshape([n]);
        let logits_ne = self.logits_ne.detach();
        let most_n1 = logits_ne.clone().max_dim(1);
        let log_sum_n1 = (logits_ne - most_n1.clone()).exp().sum_dim(1).log() + most_n1;
        let log_sum_n = log_sum_n1.reshape([n]);
        Routing {
            index_nk: self.index_nk,
            entropy_n,
            z_n: log_sum_n.clone() * log_sum_n,
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    /// Two sequences of two tokens, the last of which is padding, and three experts.
    fn routed(scores: [[f32; 3]; 4]) -> Routed {
        let device = Device::flex();
        Routed {
            index_nk: Tensor::from_ints([[0], [1], [0], [2]], &device),
            scores_ne: Tensor::from_floats(scores, &device),
            logits_ne: Tensor::from_floats(scores, &device).log(),
        }
    }

    fn value(loss: Option<Tensor<1>>) -> f32 {
        loss.unwrap().into_scalar()
    }

    #[test]
    fn losses_worked_by_hand() {
        let device = Device::flex();
        let mask_bt = Tensor::from_floats([[1.0, 1.0], [1.0, 0.0]], &device);
        let layer = || {
            routed([
                [0.5, 0.3, 0.2],
                [0.2, 0.6, 0.2],
                [0.8, 0.1, 0.1],
                [0.0, 0.0, 1.0],
            ])
        };
        // Sequence 1: f = 3/1 · (1/2, 1/2, 0), P = (0.35, 0.45, 0.2): 1.2. Sequence 2: f = (3, 0, 0),
        // P = (0.8, 0.1, 0.1): 2.4. Their mean is 1.8, and two layers have twice that.
        let two = [layer(), layer()];
        let within = |layers: &[Routed]| value(balance_loss(layers, Scores::Sigmoid, &mask_bt));
        assert!((within(&two[..1]) - 1.8).abs() < 1e-6);
        assert!((within(&two) - 3.6).abs() < 1e-6);
        // The batch: f = (2/3, 1/3, 0), P = (0.5, 1/3, 1/6), three times their product is 4/3, for
        // any number of layers that are alike.
        let over = |layers: &[Routed]| value(balance_loss(layers, Scores::Softmax, &mask_bt));
        assert!((over(&two[..1]) - 4.0 / 3.0).abs() < 1e-6);
        assert!((over(&two) - 4.0 / 3.0).abs() < 1e-6);
        assert!(balance_loss(&[], Scores::Softmax, &mask_bt).is_none());
    }

    #[test]
    fn entropy_and_z_worked_by_hand() {
        let third = 1.0 / 3.0;
        let even = [third; 3];
        let routing = routed([even, [0.5, 0.5, 0.0], [1.0, 0.0, 0.0], even]).routing();
        let found = |tensor: Tensor<1>| tensor.into_data().iter::<f32>().collect::<Vec<f32>>();
        let entropies = found(routing.entropy_n);
        for (found, expected) in entropies.iter().zip([3f32.ln(), 2f32.ln(), 0.0]) {
            assert!((found - expected).abs() < 1e-6, "{entropies:?}");
        }
        // Logits are the logs of scores that sum to 1, so their log-sum-exp is 0.
        assert!(found(routing.z_n).iter().all(|z| z.abs() < 1e-6));
        let mut raised = routed([even; 4]);
        raised.logits_ne = raised.logits_ne + 2.0;
        assert!(
            found(raised.routing().z_n)
                .iter()
                .all(|z| (z - 4.0).abs() < 1e-5)
        );
    }
}
