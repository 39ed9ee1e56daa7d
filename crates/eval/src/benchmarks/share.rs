//! Shares of the samples as figures with intervals.

use crate::benchmark::Metric;
use crate::graded::Graded;
use crate::problems::shares;
use crate::stats::{RESAMPLES, bootstrap, mean};

/// Of all samples, judged or not, the per cent of which `holds` is true, with the interval over problems; `None`
/// without samples.
pub(super) fn share(
    name: impl Into<String>,
    graded: &[Graded],
    seed: u64,
    holds: impl Fn(&Graded) -> bool,
) -> Option<Metric> {
    let shares = shares(graded, holds);
    Some(Metric {
        name: name.into(),
        value: 100.0 * mean(&shares)?,
        ci95: bootstrap(&shares, RESAMPLES, seed).map(|ends| ends.map(|end| 100.0 * end)),
    })
}
