//! Drawing on the device, for all rows at once and without waiting for it.
//!
//! Sums are `f32` and run in the device's order, so at the edges of the distribution's steps a draw
//! can differ from [`super::Sampler`]'s. Penalties are left out: they need to know what was said.

use burn::tensor::{Device, Int, Tensor, TensorData};

use super::Sampling;

/// The settings of a batch's rows, on the device.
pub(crate) struct Settings {
    /// 1 / temperature, `[b, 1]`; 1 for greedy rows.
    sharpness_b1: Tensor<2>,
    /// Tokens kept by top-k, `[b, 1]`.
    top_k_b1: Tensor<2, Int>,
    top_p_b1: Tensor<2>,
    min_p_b1: Tensor<2>,
    /// 1 for greedy rows, `[b, 1]`.
    greedy_b1: Tensor<2>,
    /// Whether any row ranks its tokens.
    ranks: bool,
}

impl Settings {
    /// Uploads the settings of rows over a vocabulary of `v` tokens.
    pub(crate) fn new(rows: &[Sampling], v: usize, device: &Device) -> Self {
        let b = rows.len();
        let floats = |value: &dyn Fn(&Sampling) -> f64| {
            let values: Vec<f32> = rows.iter().map(|row| value(row) as f32).collect();
            Tensor::from_data(TensorData::new(values, [b, 1]), device)
        };
        let top_k = rows.iter().map(|row| match row.top_k {
            0 => v as i32,
            k => k.min(v) as i32,
        });
        let top_k: Vec<i32> = top_k.collect();
        let greedy = |row: &Sampling| row.temperature == 0.0;
        Self {
            sharpness_b1: floats(&|row| {
                if greedy(row) {
                    1.0
                } else {
                    1.0 / row.temperature
                }
            }),
            top_k_b1: Tensor::from_data(TensorData::new(top_k, [b, 1]), device),
            top_p_b1: floats(&|row| row.top_p),
            min_p_b1: floats(&|row| row.min_p),
            greedy_b1: floats(&|row| f64::from(u8::from(greedy(row)))),
            ranks: rows.iter().any(|row| row.top_k > 0 || row.top_p < 1.0),
        }
    }

    /// The least weight that stays in each row, `[b, 1]`; `weights_bv` are relative to the largest.
    fn floor(&self, weights_bv: &Tensor<2>) -> Tensor<2> {
        if !self.ranks {
            return self.min_p_b1.clone();
        }
        let [b, v] = weights_bv.dims();
        let sorted_bv = weights_bv.clone().sort_descending(1);
        let floor_b1 = sorted_bv.clone().gather(1, self.top_k_b1.clone() - 1);
        let hidden_bv = sorted_bv.clone().lower(floor_b1.clone().expand([b, v]));
        let reached_bv = sorted_bv.clone().mask_fill(hidden_bv, 0.0).cumsum(1);
        let total_b1 = reached_bv.clone().narrow(1, v - 1, 1);
        let wanted_b1 = total_b1 * self.top_p_b1.clone();
        // As many fall short of the sum wanted as stand before the last one kept.
        let short_b1 = reached_bv.lower(wanted_b1.expand([b, v])).int().sum_dim(1);
        let nucleus_b1 = sorted_bv.gather(1, short_b1.clamp_max(v as i64 - 1));
        floor_b1
            .max_pair(nucleus_b1)
            .max_pair(self.min_p_b1.clone())
    }
}

/// A token a row and its log-probability under the sampling distribution, `[b]` each, as
/// [`super::Sampler::draw`] has them.
///
/// # Shapes
/// `logits_bv` is `[b, v]`, `uniforms_b1` `[b, 1]` in [0, 1).
pub(crate) fn draw_on_device(
    logits_bv: Tensor<2>,
    settings: &Settings,
    uniforms_b1: Tensor<2>,
) -> (Tensor<1, Int>, Tensor<1>) {
    let [b, v] = logits_bv.dims();
    let top_b1 = logits_bv.clone().max_dim(1);
    let best_b1 = logits_bv.clone().argmax(1);
    let weights_bv = ((logits_bv - top_b1) * settings.sharpness_b1.clone()).exp();
    let floor_b1 = settings.floor(&weights_bv);
    let cut_bv = weights_bv.clone().lower(floor_b1.expand([b, v]));
    let kept_bv = weights_bv.mask_fill(cut_bv, 0.0);
    let reached_bv = kept_bv.clone().cumsum(1);
    let total_b1 = reached_bv.clone().narrow(1, v - 1, 1);
    // The first token whose sum passes the number drawn; the last with a weight where rounding
    // leaves none.
    let wanted_b1 = uniforms_b1 * total_b1.clone();
    let passed_b1 = reached_bv.clone().lower_equal(wanted_b1.expand([b, v]));
    let full_b1 = reached_bv
        .lower(total_b1.clone().expand([b, v]))
        .int()
        .sum_dim(1);
    let drawn_b1 = passed_b1.int().sum_dim(1).min_pair(full_b1);
    let greedy_b1 = settings.greedy_b1.clone();
    let chosen_b1 = drawn_b1.mask_where(greedy_b1.clone().greater_elem(0.5), best_b1);
    let log_prob_b1 = (kept_bv.gather(1, chosen_b1.clone()) / total_b1).log();
    // 0 but for NaN, which stays.
    let certain_b1 = log_prob_b1.clone() * 0.0;
    let log_prob_b1 = log_prob_b1.mask_where(greedy_b1.greater_elem(0.5), certain_b1);
    (chosen_b1.squeeze_dim(1), log_prob_b1.squeeze_dim(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shares of the tokens over evenly spaced numbers, which hit each to within one draw.
    fn follows(logits: &[f32], sampling: Sampling, expected: &[f64]) {
        let (device, draws, v) = (Device::flex(), 800, logits.len());
        let settings = Settings::new(&vec![sampling; draws], v, &device);
        let logits = TensorData::new(logits.repeat(draws), [draws, v]);
        let uniforms: Vec<f32> = (0..draws)
            .map(|i| (i as f32 + 0.5) / draws as f32)
            .collect();
        let uniforms = Tensor::from_data(TensorData::new(uniforms, [draws, 1]), &device);
        let (tokens, log_probs) =
            draw_on_device(Tensor::from_data(logits, &device), &settings, uniforms);
        let mut counts = vec![0.0; v];
        let (tokens, log_probs) = (tokens.into_data(), log_probs.into_data());
        for (token, log_prob) in tokens.iter::<i64>().zip(log_probs.iter::<f64>()) {
            counts[token as usize] += 1.0;
            let share: f64 = expected[token as usize];
            assert!((log_prob - share.ln()).abs() < 1e-5, "{token}: {log_prob}");
        }
        for (count, share) in counts.iter().zip(expected) {
            assert!(
                (count - share * draws as f64).abs() <= 1.0,
                "{sampling:?}: {counts:?}"
            );
        }
    }

    #[test]
    fn every_setting_changes_the_distribution_by_its_definition() {
        let plain = Sampling::PLAIN;
        let logits = [0.0, 2f32.ln(), 5f32.ln()];
        let kept = [0.0, 2.0 / 7.0, 5.0 / 7.0];
        follows(&logits, plain, &[0.125, 0.25, 0.625]);
        follows(&logits, Sampling::GREEDY, &[0.0, 0.0, 1.0]);
        let cooler = Sampling {
            temperature: 0.5,
            ..plain
        };
        follows(&logits, cooler, &[1.0 / 30.0, 4.0 / 30.0, 25.0 / 30.0]);
        follows(
            &logits,
            Sampling {
                top_p: 0.8,
                ..plain
            },
            &kept,
        );
        follows(&logits, Sampling { top_k: 2, ..plain }, &kept);
        follows(
            &logits,
            Sampling {
                min_p: 0.3,
                ..plain
            },
            &kept,
        );
        let both = Sampling {
            top_k: 2,
            top_p: 0.7,
            ..plain
        };
        follows(&logits, both, &[0.0, 0.0, 1.0]);
        let ties = Sampling { top_k: 2, ..plain };
        follows(&[1.0; 3], ties, &[1.0 / 3.0; 3]);
    }
}
