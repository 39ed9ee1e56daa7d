//! Numbers worked by hand, and every form against a plain scalar one: its value directly, its
//! gradient by finite differences.

use burn::tensor::{DType, Device, TensorData};
use rand::RngExt;

use super::*;
use crate::{Counts, Importance, Kl, LossScale, Objective, Surrogate};

fn config() -> GrpoConfig {
    GrpoConfig {
        epsilon_high: 0.3,
        ..GrpoConfig::of(Objective::Grpo, 8)
    }
}

fn values(tensor: Tensor<1>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}

/// Surrogate, clipping and gradient for these ratios and advantages, one response.
fn at(ratios: &[f64], advantages: &[f64], config: &GrpoConfig) -> [Vec<f64>; 3] {
    let device = Device::flex().autodiff();
    let n = ratios.len();
    let tensor = |values: Vec<f64>| {
        Tensor::<1>::from_data(TensorData::new(values, [n]), (&device, DType::F64))
    };
    let log_probs = tensor(ratios.iter().map(|r| r.ln() - 1.0).collect()).require_grad();
    let terms = token_terms(
        log_probs.clone(),
        tensor(vec![-1.0; n]),
        None,
        tensor(advantages.to_vec()),
        &[n],
        config,
    );
    let gradients = terms.surrogate_n.clone().sum().backward();
    let gradient = log_probs.grad(&gradients).unwrap();
    [terms.surrogate_n, terms.clipped_n, gradient].map(values)
}

fn close(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (a, b) in found.iter().zip(expected) {
        assert!((a - b).abs() < 1e-9, "{found:?} and not {expected:?}");
    }
}

const RATIOS: [f64; 5] = [1.0, 2.0, 2.0, 0.5, 0.5];
const ADVANTAGES: [f64; 5] = [1.0, 1.0, -1.0, 1.0, -1.0];

#[test]
fn clips_only_where_it_lowers_the_objective() {
    let [surrogate, clipped, gradient] = at(&RATIOS, &ADVANTAGES, &config());
    close(&surrogate, &[-1.0, -1.3, 2.0, -0.5, 0.8]);
    assert_eq!(clipped, [0.0, 1.0, 0.0, 0.0, 1.0]);
    // d(−rA)/d log π = −rA where it is not clipped
    close(&gradient, &[-1.0, 0.0, 2.0, -0.5, 0.0]);
}

#[test]
fn a_dual_clip_bounds_what_a_bad_response_costs() {
    let config = GrpoConfig {
        dual_clip: Some(1.5),
        ..config()
    };
    let [surrogate, _, gradient] = at(&RATIOS, &ADVANTAGES, &config);
    close(&surrogate, &[-1.0, -1.3, 1.5, -0.5, 0.8]);
    close(&gradient, &[-1.0, 0.0, 0.0, -0.5, 0.0]);
}

#[test]
fn cispo_weighs_and_never_cuts_off() {
    let config = GrpoConfig {
        epsilon_high: 1.5,
        surrogate: Surrogate::Cispo,
        ..config()
    };
    let [surrogate, clipped, gradient] = at(&RATIOS, &ADVANTAGES, &config);
    close(&gradient, &[-1.0, -1.5, 1.5, -0.5, 0.5]);
    assert_eq!(clipped, [0.0, 1.0, 0.0, 0.0, 0.0]);
    // log π = log r − 1
    assert!((surrogate[1] + 1.5 * (2_f64.ln() - 1.0)).abs() < 1e-12);
}

/// SAPO's temperature for A ≤ 0.
const TAU: f64 = 1.05_f32 as f64;

#[test]
fn sapo_fades_out() {
    let config = GrpoConfig {
        surrogate: Surrogate::Sapo,
        ..config()
    };
    let [surrogate, _, gradient] = at(&[1.0, 3.0, 3.0], &[1.0, 1.0, -1.0], &config);
    let gate = |x: f64| 1.0 / (1.0 + (-x).exp());
    close(
        &surrogate,
        &[-2.0, -4.0 * gate(2.0), 4.0 / TAU * gate(2.0 * TAU)],
    );
    // d/d log π = −4·σ(x)(1 − σ(x))·r·A: as GRPO at r = 1, and next to nothing far away.
    let slope = |x: f64| 4.0 * gate(x) * (1.0 - gate(x));
    close(
        &gradient,
        &[-1.0, -slope(2.0) * 3.0, slope(2.0 * TAU) * 3.0],
    );
}

#[test]
fn vespo_weighs_a_response_by_all_its_ratios() {
    let config = GrpoConfig {
        surrogate: Surrogate::Vespo,
        ..config()
    };
    // w = 2·0.5·1.5 = 1.5 for both tokens' signs
    let [_, _, gradient] = at(&[2.0, 0.5, 1.5], &[1.0, 1.0, -1.0], &config);
    let good = 3_f64.exp() * 1.5_f64.powi(2) * (-4.5_f64).exp();
    let bad = 2_f64.exp() * 1.5_f64.powi(3) * (-3_f64).exp();
    close(&gradient, &[-good, -good, bad]);
}

/// One response's tokens in plain numbers. Where a formula takes no gradient, `fixed` stands in for
/// the log-probs.
struct Plain<'a> {
    log_probs: &'a [f64],
    fixed: &'a [f64],
    old: &'a [f64],
    reference: &'a [f64],
    advantage: f64,
}

impl Plain<'_> {
    fn ratio(&self, log_probs: &[f64], t: usize, importance: Importance) -> f64 {
        let difference = |t: usize| log_probs[t] - self.old[t];
        match importance {
            Importance::Token => difference(t).exp(),
            Importance::Sequence => {
                let n = self.old.len();
                ((0..n).map(difference).sum::<f64>() / n as f64).exp()
            }
        }
    }

    fn loss(&self, t: usize, config: &GrpoConfig) -> f64 {
        let (a, log_prob) = (self.advantage, self.log_probs[t]);
        let r = self.ratio(self.log_probs, t, config.importance);
        let fixed = self.ratio(self.fixed, t, config.importance);
        let surrogate = match config.surrogate {
            Surrogate::Clip => {
                let bounded = r.clamp(1.0 - config.epsilon, 1.0 + config.epsilon_high);
                let free = config.dual_clip.map_or(r, |delta| r.min(delta));
                -(free * a).min(bounded * a)
            }
            Surrogate::Cispo => -fixed.min(config.epsilon_high) * a * log_prob,
            Surrogate::Sapo => {
                let tau = if a > 0.0 { 1.0 } else { TAU };
                -a * 4.0 / tau / (1.0 + (-tau * (r - 1.0)).exp())
            }
            Surrogate::Vespo => {
                let (k, lambda) = if a >= 0.0 { (2.0, 3.0) } else { (3.0, 2.0) };
                let of_token = |t: usize| self.ratio(self.fixed, t, Importance::Token);
                let w: f64 = (0..self.old.len()).map(of_token).product();
                -(lambda - lambda * w).exp() * w.powf(k) * a * log_prob
            }
        };
        let rho = self.reference[t] - log_prob;
        let kl = match config.kl {
            Kl::K1 => -rho,
            Kl::K2 => rho.powi(2) / 2.0,
            Kl::K3 => rho.exp() - rho - 1.0,
        };
        let weighted = config.kl_in == KlIn::WeightedLoss;
        surrogate + config.beta * kl * if weighted { r } else { 1.0 }
    }
}

/// Every combination on responses drawn at random: the loss of a step, and its gradient.
#[test]
fn values_and_gradients_hold_against_plain_numbers() {
    for seed in 0..3 {
        for objective in Objective::ALL {
            for importance in [Importance::Token, Importance::Sequence] {
                for kl in [Kl::K1, Kl::K2, Kl::K3] {
                    for kl_in in [KlIn::Loss, KlIn::WeightedLoss] {
                        for dual_clip in [None, Some(1.45)] {
                            let config = GrpoConfig {
                                importance,
                                kl,
                                kl_in,
                                dual_clip,
                                beta: 0.3,
                                ..GrpoConfig::of(objective, 6)
                            };
                            check(seed, &config);
                        }
                    }
                }
            }
        }
    }
}

fn check(seed: u64, config: &GrpoConfig) {
    let mut rng = data::seed::stream(seed, &["objective"]);
    let lengths = [3_usize, 1, 5];
    let n: usize = lengths.iter().sum();
    let mut draw = |spread: f64| -> Vec<f64> {
        let mut one = || -2.0 + spread * (rng.random::<f64>() - 0.5);
        (0..n).map(|_| one()).collect()
    };
    let (old, reference, log_probs) = (draw(0.1), draw(1.0), draw(1.2));
    let advantages = [1.3, -0.7, -1.1];
    let counts = Counts {
        responses: 3,
        tokens: n,
        rollout_tokens: 7.5,
    };
    let weights = lengths.map(|length| config.loss_scale.weight(length, &counts));
    let spread = |values: [f64; 3]| -> Vec<f64> {
        let of = values.into_iter().zip(lengths);
        of.flat_map(|(value, length)| std::iter::repeat_n(value, length))
            .collect()
    };
    let plain = |moved: &[f64]| -> f64 {
        let mut loss = 0.0;
        let mut from = 0;
        for (i, length) in lengths.into_iter().enumerate() {
            let to = from + length;
            let response = Plain {
                log_probs: &moved[from..to],
                fixed: &log_probs[from..to],
                old: &old[from..to],
                reference: &reference[from..to],
                advantage: advantages[i],
            };
            let losses = (0..length).map(|t| response.loss(t, config));
            loss += weights[i] * losses.sum::<f64>();
            from = to;
        }
        loss
    };

    let device = Device::flex().autodiff();
    let tensor = |values: &[f64]| {
        let data = TensorData::new(values.to_vec(), [n]);
        Tensor::<1>::from_data(data, (&device, DType::F64))
    };
    let log_probs_n = tensor(&log_probs).require_grad();
    let terms = token_terms(
        log_probs_n.clone(),
        tensor(&old),
        Some(tensor(&reference)),
        tensor(&spread(advantages)),
        &lengths,
        config,
    );
    let loss_n = terms.surrogate_n + terms.kl_n.unwrap() * config.beta;
    let loss = (loss_n * tensor(&spread(weights))).sum();
    let gradient = log_probs_n.grad(&loss.backward()).unwrap();
    let [found, gradient] = [loss, gradient].map(values);
    let expected = plain(&log_probs);
    assert!(
        (found[0] - expected).abs() < 1e-12,
        "{config:?}: {found:?}, {expected}"
    );
    for t in 0..n {
        let step = 1e-6;
        let mut moved = log_probs.clone();
        moved[t] += step;
        let above = plain(&moved);
        moved[t] -= 2.0 * step;
        let slope = (above - plain(&moved)) / (2.0 * step);
        let off = (gradient[t] - slope).abs();
        assert!(
            off < 1e-7,
            "{config:?}: token {t}, {} and not {slope}",
            gradient[t]
        );
    }
}

/// Weights are part of the check above; that every mean was in it is checked here.
#[test]
fn the_named_objectives_cover_every_part() {
    let parts = Objective::ALL.map(|objective| objective.parts(8));
    for surrogate in [
        Surrogate::Clip,
        Surrogate::Cispo,
        Surrogate::Sapo,
        Surrogate::Vespo,
    ] {
        assert!(parts.iter().any(|(found, ..)| *found == surrogate));
    }
    for scale in [
        LossScale::Response,
        LossScale::Token,
        LossScale::Rollout,
        LossScale::Constant(8),
        LossScale::Sum,
    ] {
        assert!(parts.iter().any(|(.., found)| *found == scale));
    }
}
