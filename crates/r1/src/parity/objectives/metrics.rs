//! The reference's metrics, from what the loss is made of.

use grpo::{Importance, Surrogate};

use super::case::{Case, Rows};
use super::measure::{Loss, masked};

/// A metric of the reference's by its name; `None` where it is unknown or has nothing
/// to be of.
pub(super) fn metric(name: &str, case: &Case, loss: &Loss) -> Option<f64> {
    let advantages = &case.expected.advantages;
    let config = &case.settings.grpo;
    let by_row = config.importance == Importance::Sequence;
    let high = if config.surrogate == Surrogate::Cispo {
        config.epsilon_high
    } else {
        1.0 + config.epsilon_high
    };
    let highest = match config.surrogate {
        Surrogate::Clip => config.dual_clip.unwrap_or(f64::INFINITY),
        _ => f64::INFINITY,
    };
    let is_low = |r: f64, a: f64| r.min(highest) < 1.0 - config.epsilon && a < 0.0;
    let is_high = |r: f64, a: f64| r.min(highest) > high && a > 0.0;
    let share = |is: &dyn Fn(f64, f64) -> bool| -> Rows {
        let row = |(row, &a): (&Vec<f64>, &f64)| {
            row.iter().map(|&r| f64::from(u8::from(is(r, a)))).collect()
        };
        loss.ratio.iter().zip(advantages).map(row).collect()
    };
    let of_rows = |values: &Rows, when_empty: f64| means(values, &case.mask, when_empty);
    let mean = |values: &Rows| match by_row {
        true => average(&of_rows(values, 0.0)),
        false => average(&masked(values, &case.mask)),
    };
    // A row without tokens has a ratio of its own, 1, but no mean over its tokens.
    let row_means = |values: &Rows| -> Vec<f64> {
        let means = of_rows(values, if by_row { 0.0 } else { f64::NAN });
        means.into_iter().filter(|mean| !mean.is_nan()).collect()
    };
    Some(match (name, &loss.kl, &loss.phi) {
        ("kl", Some(kl), _) => average(&masked(kl, &case.mask)),
        ("vespo/phi_seq_mean", _, Some(phi)) => average(&of_rows(phi, 1.0)),
        ("cispo_clip_ratio" | "clip_ratio/high_mean", ..) => mean(&share(&is_high)),
        ("clip_ratio/low_mean", ..) => mean(&share(&is_low)),
        ("clip_ratio/region_mean", ..) => mean(&share(&|r, a| is_low(r, a) || is_high(r, a))),
        ("clip_ratio/low_min", ..) => {
            let lowest = row_means(&share(&is_low)).into_iter();
            lowest.reduce(f64::min).unwrap_or(f64::NAN)
        }
        ("clip_ratio/high_max", ..) => {
            let highest = row_means(&share(&is_high)).into_iter();
            highest.reduce(f64::max).unwrap_or(f64::NAN)
        }
        _ => return None,
    })
}

/// Each row's mean over the mask.
fn means(rows: &Rows, mask: &[Vec<bool>], when_empty: f64) -> Vec<f64> {
    let mean = |(row, mask): (&Vec<f64>, &Vec<bool>)| {
        let real = masked(&vec![row.clone()], std::slice::from_ref(mask));
        if real.is_empty() {
            when_empty
        } else {
            average(&real)
        }
    };
    rows.iter().zip(mask).map(mean).collect()
}

fn average(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}
