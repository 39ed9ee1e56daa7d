//! What our objectives compute for a case, and how far that is from the reference.
//!
//! Advantages are compared for themselves, and the loss is then computed from the reference's own:
//! it rounds n / (n − 1) to single precision, and where terms cancel, a loss near 0 would show that
//! difference of 1e-8 many times over.

use anyhow::{Context, Result};
use burn::tensor::{DType, Device, Tensor, TensorData};
use grpo::{
    Counts, LossScale, RewardParts, TokenTerms, advantages, decoupled_advantages, token_terms,
    weighted_sum,
};

use super::ObjectiveDifferences;
use super::case::{Case, Rows};
use super::metrics::metric;

/// Values smaller than this are compared as if they were this large.
const SMALL: f64 = 1e-5;

pub(super) fn measure(case: &Case, device: &Device) -> Result<ObjectiveDifferences> {
    let double = device.supports_dtype(DType::F64);
    let dtype = if double { DType::F64 } else { DType::F32 };
    let expected = &case.expected;
    let loss = Loss::compute(case, &device.clone().autodiff(), dtype);
    let mut found = ObjectiveDifferences {
        case: case.name.clone(),
        advantages: between_advantages(&advantages_of(case), &expected.advantages),
        loss: relative(loss.loss, expected.loss),
        gradient: largest(&loss.gradient.concat(), &expected.gradient.concat()),
        allowed: if double { 1e-6 } else { 1e-4 },
        ..ObjectiveDifferences::default()
    };
    if let (Some(kl), Some(expected)) = (&loss.kl, &expected.kl) {
        found.kl = largest(&kl.concat(), &expected.concat());
    }
    for (name, &expected) in &expected.metrics {
        let ours = metric(name, case, &loss).with_context(|| {
            let case = &case.name;
            format!("case {case}, expected: `metrics` has `{name}`, which this objective has not")
        })?;
        let off = relative(ours, expected);
        if found.metric.is_empty() || off.is_nan() || off > found.metrics {
            found.metrics = off;
            found.metric.clone_from(name);
        }
    }
    Ok(found)
}

fn advantages_of(case: &Case) -> Vec<f64> {
    let settings = &case.settings;
    let groups = case.rewards.chunks(settings.group);
    let config = &settings.grpo;
    let of_groups = match config.reward_parts {
        RewardParts::Sum => {
            let sum = |parts: &Vec<f64>| weighted_sum(parts, &settings.weights);
            let sums: Rows = groups
                .map(|group| group.iter().map(sum).collect())
                .collect();
            advantages(&sums, config.advantage_scale, config.baseline)
        }
        RewardParts::Decoupled => {
            let groups: Vec<Rows> = groups.map(<[_]>::to_vec).collect();
            decoupled_advantages(&groups, &settings.weights)
        }
    };
    of_groups.concat()
}

/// What the loss is and what it is made of, row by row; zeros where the mask is.
pub(super) struct Loss {
    loss: f64,
    gradient: Rows,
    pub(super) kl: Option<Rows>,
    pub(super) ratio: Rows,
    pub(super) phi: Option<Rows>,
}

impl Loss {
    fn compute(case: &Case, device: &Device, dtype: DType) -> Self {
        let Settled {
            lengths,
            weight_n,
            advantage_n,
        } = Settled::of(case);
        let zeros: Rows = case.mask.iter().map(|row| vec![0.0; row.len()]).collect();
        if weight_n.is_empty() {
            return Self {
                loss: 0.0,
                gradient: zeros.clone(),
                kl: case.reference.as_ref().map(|_| zeros.clone()),
                ratio: zeros,
                phi: None,
            };
        }
        let tensor = |values: Vec<f64>| {
            let n = values.len();
            Tensor::<1>::from_data(TensorData::new(values, [n]), (device, dtype))
        };
        let masked = |rows: &Rows| tensor(masked(rows, &case.mask));
        let config = &case.settings.grpo;
        let reference = case.reference.as_ref().filter(|_| config.beta != 0.0);
        let log_probs_n = masked(&case.log_probs).require_grad();
        let terms = token_terms(
            log_probs_n.clone(),
            masked(case.old.as_ref().unwrap_or(&case.log_probs)),
            reference.map(masked),
            tensor(advantage_n),
            &lengths,
            config,
        );
        let TokenTerms {
            surrogate_n,
            kl_n,
            ratio_n,
            phi_n,
            ..
        } = terms;
        let loss_n = match &kl_n {
            Some(kl_n) => surrogate_n + kl_n.clone() * config.beta,
            None => surrogate_n,
        };
        let loss = (loss_n * tensor(weight_n)).sum();
        let gradient = log_probs_n.grad(&loss.backward());
        let gradient = gradient.expect("the loss depends on the log-probs");
        let spread = |values: Tensor<1>| spread(values, &zeros, &case.mask);
        Self {
            loss: loss.into_data().iter::<f64>().sum(),
            gradient: spread(gradient),
            kl: kl_n.map(spread),
            ratio: spread(ratio_n),
            phi: phi_n.map(spread),
        }
    }
}

/// What every token counts and what it is worth, tokens of the mask only.
struct Settled {
    /// Tokens of each row.
    lengths: Vec<usize>,
    weight_n: Vec<f64>,
    advantage_n: Vec<f64>,
}

impl Settled {
    fn of(case: &Case) -> Self {
        let settings = &case.settings;
        let scale = settings.grpo.loss_scale;
        let of_row = case
            .mask
            .iter()
            .map(|row| row.iter().filter(|m| **m).count());
        let lengths: Vec<usize> = of_row.collect();
        let counts = Counts {
            responses: lengths.len(),
            tokens: lengths.iter().sum(),
            rollout_tokens: settings.step_tokens,
        };
        let shares = match scale {
            // Its denominator is over all batches of the step as it is.
            LossScale::Rollout => 1.0,
            _ => settings.accumulation,
        };
        let weight = |&length: &usize| scale.weight(length, &counts) / shares;
        let spread = |values: Vec<f64>| -> Vec<f64> {
            let of = values.into_iter().zip(&lengths);
            of.flat_map(|(value, &length)| std::iter::repeat_n(value, length))
                .collect()
        };
        Self {
            weight_n: spread(lengths.iter().map(weight).collect()),
            advantage_n: spread(case.expected.advantages.clone()),
            lengths,
        }
    }
}

/// The values where the mask is, row after row.
pub(super) fn masked(rows: &Rows, mask: &[Vec<bool>]) -> Vec<f64> {
    let all = rows.iter().flatten().zip(mask.iter().flatten());
    all.filter(|(_, real)| **real)
        .map(|(value, _)| *value)
        .collect()
}

/// `values` put back where the mask is.
fn spread(values: Tensor<1>, zeros: &Rows, mask: &[Vec<bool>]) -> Rows {
    let data = values.into_data();
    let mut values = data.iter::<f64>();
    let mut rows = zeros.clone();
    for (value, real) in rows.iter_mut().flatten().zip(mask.iter().flatten()) {
        if *real {
            *value = values.next().expect("as many values as the mask has");
        }
    }
    rows
}

/// The largest difference of an advantage, relative to it or to a tenth of the largest: advantages
/// are centred, so that a small one is the difference of numbers as large as those.
fn between_advantages(found: &[f64], expected: &[f64]) -> f64 {
    let most = expected.iter().fold(0.0_f64, |most, a| most.max(a.abs()));
    let off = found.iter().zip(expected).map(|(a, b)| {
        let size = b.abs().max(most / 10.0).max(SMALL);
        (a - b).abs() / size
    });
    off.fold(0.0, worse)
}

/// The largest of the relative differences; what is not a number is the largest of all.
fn largest(found: &[f64], expected: &[f64]) -> f64 {
    let off = found.iter().zip(expected).map(|(a, b)| relative(*a, *b));
    off.fold(0.0, worse)
}

fn worse(a: f64, b: f64) -> f64 {
    if a.is_nan() || a > b { a } else { b }
}

fn relative(found: f64, expected: f64) -> f64 {
    (found - expected).abs() / expected.abs().max(SMALL)
}
