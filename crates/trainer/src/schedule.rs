//! The learning rate at each step.

use serde::{Deserialize, Serialize};

/// Linear warm-up, then a cosine down to a floor.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// The highest rate.
    pub peak: f64,
    /// The rate at the end.
    pub floor: f64,
    /// Steps of warm-up; the first has rate 0 unless there is no warm-up.
    pub warmup: usize,
    /// Steps in all.
    pub total: usize,
}

impl Schedule {
    /// The same rate at every step, after `warmup`.
    pub fn constant(rate: f64, warmup: usize) -> Self {
        Self {
            peak: rate,
            floor: rate,
            warmup,
            total: usize::MAX,
        }
    }

    /// The rate of step `step`, counted from 0.
    pub fn rate(&self, step: usize) -> f64 {
        if step < self.warmup {
            return self.peak * step as f64 / self.warmup as f64;
        }
        let span = self.total.saturating_sub(self.warmup).max(1) as f64;
        let progress = ((step - self.warmup) as f64 / span).min(1.0);
        let cosine = 0.5 * (1.0 + (std::f64::consts::PI * progress).cos());
        self.floor + (self.peak - self.floor) * cosine
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warms_up_peaks_and_falls() {
        let schedule = Schedule {
            peak: 1.0,
            floor: 0.1,
            warmup: 4,
            total: 14,
        };
        let rates: Vec<f64> = [0, 1, 4, 9, 14, 99]
            .map(|step| schedule.rate(step))
            .to_vec();
        for (rate, expected) in rates.iter().zip([0.0, 0.25, 1.0, 0.55, 0.1, 0.1]) {
            assert!((rate - expected).abs() < 1e-12, "{rates:?}");
        }
        assert_eq!(Schedule::constant(0.3, 0).rate(1000), 0.3);
    }
}
