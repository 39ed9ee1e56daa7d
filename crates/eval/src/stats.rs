//! The statistics of repeated attempts: pass@k, and what chance alone would do to a mean.
//!
//! The unit of chance is the problem, not the sample: samples of one problem resemble one another,
//! so resampling them as if they did not would make every interval too narrow. Left out: the
//! chance in a problem's own samples beyond what its mean already carries.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// How many resamples the intervals of this crate are made from.
pub const RESAMPLES: usize = 2000;

/// The arithmetic mean; `None` of nothing.
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The unbiased estimate of the chance that one of `k` samples is right, from `n` samples of
/// which `right` are: `1 − C(n − right, k) / C(n, k)` (Chen et al., arXiv 2107.03374, equation 1),
/// as a product that does not overflow. `None` unless `1 ≤ k ≤ n` and `right ≤ n`.
pub fn pass_at_k(n: usize, right: usize, k: usize) -> Option<f64> {
    if k == 0 || k > n || right > n {
        return None;
    }
    if n - right < k {
        return Some(1.0);
    }
    let all_wrong: f64 = (n - right + 1..=n)
        .map(|i| 1.0 - k as f64 / i as f64)
        .product();
    Some(1.0 - all_wrong)
}

/// The 95 % percentile bootstrap interval of the mean of `values`, one value per problem, from
/// `resamples` draws with replacement (Efron 1979). `None` of nothing or without resamples.
pub fn bootstrap(values: &[f64], resamples: usize, seed: u64) -> Option<[f64; 2]> {
    let means = resampled_means(values, resamples, seed);
    (!means.is_empty()).then(|| interval(means))
}

/// The middle 95 % of what was drawn, at least one value.
pub(crate) fn interval(mut drawn: Vec<f64>) -> [f64; 2] {
    drawn.sort_by(f64::total_cmp);
    [quantile(&drawn, 0.025), quantile(&drawn, 0.975)]
}

/// How two models differ on the same problems.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// How many problems both have.
    pub problems: usize,
    /// Mean of the first minus mean of the second.
    pub difference: f64,
    /// The 95 % interval of the difference.
    pub ci95: [f64; 2],
    /// The chance of a difference at least as large, either way, between equal models.
    pub p_value: f64,
}

/// Compares two models by the paired bootstrap: `first[i]` and `second[i]` are their values on
/// problem `i`, and problems are drawn with both values (Efron and Tibshirani 1993, section 16.4:
/// the p-value comes from the differences moved to mean 0, and is never 0).
///
/// `None` where the slices differ in length or are empty, or without resamples.
pub fn compare(first: &[f64], second: &[f64], resamples: usize, seed: u64) -> Option<Comparison> {
    if first.len() != second.len() {
        return None;
    }
    let differences: Vec<f64> = first.iter().zip(second).map(|(a, b)| a - b).collect();
    let difference = mean(&differences)?;
    let means = resampled_means(&differences, resamples, seed);
    if means.is_empty() {
        return None;
    }
    // Sums in another order differ in the last bits; that must not decide a tie.
    let reached = difference.abs() - 1e-12;
    let as_large = means
        .iter()
        .filter(|&&mean| (mean - difference).abs() >= reached)
        .count();
    Some(Comparison {
        problems: differences.len(),
        difference,
        ci95: interval(means),
        p_value: (as_large + 1) as f64 / (resamples + 1) as f64,
    })
}

/// The means of `resamples` draws of as many values as there are.
fn resampled_means(values: &[f64], resamples: usize, seed: u64) -> Vec<f64> {
    let Ok(count) = u32::try_from(values.len()) else {
        return Vec::new();
    };
    if count == 0 {
        return Vec::new();
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut draw = || {
        (0..count)
            .map(|_| values[rng.random_range(0..count) as usize])
            .sum::<f64>()
    };
    (0..resamples).map(|_| draw() / f64::from(count)).collect()
}

/// The `q` quantile of a sorted, non-empty slice, between neighbours where it falls there.
fn quantile(sorted: &[f64], q: f64) -> f64 {
    let place = q * (sorted.len() - 1) as f64;
    let below = place.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (sorted[above] - sorted[below]) * (place - below as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(left: f64, right: f64) {
        assert!((left - right).abs() < 1e-9, "{left} and {right}");
    }

    #[test]
    fn pass_at_k_is_the_chance_of_drawing_a_right_one() {
        close(pass_at_k(4, 1, 1).unwrap(), 0.25);
        // 1 - C(3,2)/C(4,2) = 1 - 3/6.
        close(pass_at_k(4, 1, 2).unwrap(), 0.5);
        // 1 - C(7,3)/C(10,3) = 1 - 35/120.
        close(pass_at_k(10, 3, 3).unwrap(), 1.0 - 35.0 / 120.0);
        assert_eq!(pass_at_k(4, 0, 4), Some(0.0));
        assert_eq!(pass_at_k(4, 3, 2), Some(1.0));
        close(pass_at_k(100_000, 1, 50_000).unwrap(), 0.5);
        assert_eq!(
            (pass_at_k(4, 1, 0), pass_at_k(4, 1, 5), pass_at_k(4, 5, 1)),
            (None, None, None)
        );
    }

    #[test]
    fn quantiles_fall_between_neighbours() {
        close(quantile(&[1.0, 2.0, 3.0], 0.5), 2.0);
        close(quantile(&[0.0, 10.0], 0.25), 2.5);
        close(quantile(&[7.0], 0.975), 7.0);
    }

    #[test]
    fn an_interval_holds_the_mean_and_repeats_with_its_seed() {
        let values = [0.0, 1.0, 1.0, 0.0, 1.0, 1.0, 0.5, 0.25];
        let interval = bootstrap(&values, RESAMPLES, 1).unwrap();
        let mean = mean(&values).unwrap();
        assert!(interval[0] < mean && mean < interval[1]);
        assert_eq!(bootstrap(&values, RESAMPLES, 1), Some(interval));
        assert_ne!(bootstrap(&values, RESAMPLES, 2), Some(interval));
        assert_eq!(bootstrap(&[0.5; 9], RESAMPLES, 1), Some([0.5, 0.5]));
        assert_eq!(
            (bootstrap(&[], RESAMPLES, 1), bootstrap(&values, 0, 1)),
            (None, None)
        );
    }

    /// Two problems, right and wrong: the mean of a resample is 0, 1/2 or 1 with chances 1/4, 1/2
    /// and 1/4, so both ends of the 95 % interval are known.
    #[test]
    fn the_interval_of_two_problems_is_known() {
        assert_eq!(bootstrap(&[0.0, 1.0], RESAMPLES, 1), Some([0.0, 1.0]));
    }

    #[test]
    fn equal_models_do_not_differ() {
        let values = [0.0, 1.0, 0.5, 1.0];
        let same = compare(&values, &values, RESAMPLES, 1).unwrap();
        assert_eq!((same.difference, same.p_value), (0.0, 1.0));
        assert_eq!(same.ci95, [0.0, 0.0]);
        assert_eq!(compare(&values, &values[1..], RESAMPLES, 1), None);
        assert_eq!(compare(&[], &[], RESAMPLES, 1), None);
    }

    #[test]
    fn pairs_show_a_small_difference_that_holds_everywhere() {
        let first: Vec<f64> = (0..40).map(|i| f64::from(i % 10) / 10.0 + 0.1).collect();
        let second: Vec<f64> = first.iter().map(|value| value - 0.1).collect();
        let comparison = compare(&first, &second, RESAMPLES, 1).unwrap();
        close(comparison.difference, 0.1);
        assert!(comparison.p_value < 0.001 && comparison.ci95[0] > 0.0);
    }

    /// Differences -1 and 1 in equal numbers but for two problems: 12 of 20 is no evidence.
    #[test]
    fn a_difference_of_chance_size_has_a_large_p_value() {
        let first: Vec<f64> = (0..20).map(|i| f64::from(u8::from(i < 12))).collect();
        let second: Vec<f64> = first.iter().map(|value| 1.0 - value).collect();
        let comparison = compare(&first, &second, RESAMPLES, 1).unwrap();
        close(comparison.difference, 0.2);
        // The binomial test with a tie counted in full gives 0.50.
        assert!(
            (0.3..0.6).contains(&comparison.p_value),
            "{}",
            comparison.p_value
        );
    }

    /// A model whose chance on each problem is uniform on 0 to 1 has a true pass rate of 1/2.
    #[test]
    fn the_interval_covers_the_truth_about_95_times_in_100() {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let covered = (0..300)
            .filter(|&run| {
                let values: Vec<f64> = (0..60)
                    .map(|_| {
                        let chance: f64 = rng.random();
                        let right = (0..8).filter(|_| rng.random::<f64>() < chance).count();
                        right as f64 / 8.0
                    })
                    .collect();
                let [low, high] = bootstrap(&values, 400, run).unwrap();
                low <= 0.5 && 0.5 <= high
            })
            .count();
        assert!((279..=291).contains(&covered), "{covered} of 300");
    }

    /// Between equal models, p-values below 0.05 come up about once in twenty comparisons.
    #[test]
    fn equal_models_are_rarely_called_different() {
        let mut rng = ChaCha8Rng::seed_from_u64(11);
        let called = (0..300)
            .filter(|&run| {
                let pairs: Vec<(f64, f64)> = (0..60)
                    .map(|_| {
                        let chance: f64 = rng.random();
                        let mut rate =
                            || (0..8).filter(|_| rng.random::<f64>() < chance).count() as f64 / 8.0;
                        (rate(), rate())
                    })
                    .collect();
                let (first, second): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
                compare(&first, &second, 400, run).unwrap().p_value < 0.05
            })
            .count();
        assert!((6..=24).contains(&called), "{called} of 300");
    }
}
