//! What is drawn of a noisy curve: fewer points, and a line through them.

/// More points than this are averaged in buckets.
const MOST: usize = 160;
/// From this many points on, a smoothed line is drawn over the values.
const NOISY: usize = 20;

/// Whether as many points are drawn smoothed.
pub(super) fn noisy(points: usize) -> bool {
    points >= NOISY
}

/// How many of a curve's `points` the smoothed line is fitted to around each, ends apart; 1 where
/// the curve is drawn as it is.
pub(crate) fn window(points: usize) -> usize {
    let drawn = points.div_ceil(bucket(points));
    if noisy(drawn) {
        (2 * reach(drawn) + 1) * bucket(points)
    } else {
        bucket(points)
    }
}

fn bucket(points: usize) -> usize {
    points.div_ceil(MOST).max(1)
}

fn reach(points: usize) -> usize {
    points.div_ceil(20)
}

pub(super) fn thinned(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    points
        .chunks(bucket(points.len()))
        .map(|chunk| {
            let mean = chunk.iter().map(|p| p.1).sum::<f64>() / chunk.len() as f64;
            (chunk[chunk.len() - 1].0, mean)
        })
        .collect()
}

/// A straight line fitted around each point, over a tenth of the curve: unlike an average it does
/// not trail behind a falling curve, and it reaches both ends. It goes no further than the points it is
/// fitted to, so that a share stays one.
pub(super) fn smoothed(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let reach = reach(points.len());
    (0..points.len())
        .map(|index| {
            let last = (index + reach).min(points.len() - 1);
            let near = &points[index.saturating_sub(reach)..=last];
            let values = near.iter().map(|point| point.1);
            let (low, high) = values
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                    (low.min(value), high.max(value))
                });
            let x = points[index].0;
            (x, fitted(near, x).max(low).min(high))
        })
        .collect()
}

/// The least-squares line through `points`, at `x`.
fn fitted(points: &[(f64, f64)], x: f64) -> f64 {
    let mean =
        |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / points.len() as f64;
    let (mean_x, mean_y) = (mean(|p| p.0), mean(|p| p.1));
    let spread: f64 = points.iter().map(|p| (p.0 - mean_x).powi(2)).sum();
    let rise: f64 = points.iter().map(|p| (p.0 - mean_x) * (p.1 - mean_y)).sum();
    if spread > 0.0 {
        mean_y + rise / spread * (x - mean_x)
    } else {
        mean_y
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smoothing_keeps_a_straight_line() {
        let line: Vec<_> = (0..30)
            .map(|n| (f64::from(n), 2.0 * f64::from(n)))
            .collect();
        let close = |(mean, point): (&(f64, f64), &(f64, f64))| (mean.1 - point.1).abs() < 1e-9;
        assert!(smoothed(&line).iter().zip(&line).all(close));
        // Mean (1, 2), slope 3/2.
        assert!((fitted(&[(0.0, 0.0), (1.0, 3.0), (2.0, 3.0)], 2.0) - 3.5).abs() < 1e-12);
        assert_eq!(fitted(&[(1.0, 2.0), (1.0, 4.0)], 1.0), 3.0);
        assert!(smoothed(&[]).is_empty());
        let steep: Vec<_> = (0..30)
            .map(|n| (f64::from(n), f64::from(u8::from(n > 27))))
            .collect();
        assert!(
            smoothed(&steep)
                .iter()
                .all(|point| (0.0..=1.0).contains(&point.1))
        );
    }

    #[test]
    fn long_curves_are_thinned_in_buckets() {
        let many: Vec<_> = (0..1000).map(|n| (f64::from(n), f64::from(n))).collect();
        let few = thinned(&many);
        // Buckets of 7: the first holds 0 to 6.
        assert_eq!((few.len(), few[0]), (143, (6.0, 3.0)));
    }

    #[test]
    fn the_window_is_what_a_point_is_fitted_to() {
        // 100 points: 5 on either side. 200: buckets of 2, so 100 again.
        assert_eq!([19, 20, 100, 200].map(window), [1, 3, 11, 22]);
        let mut flat: Vec<_> = (0..100).map(|n| (f64::from(n), 0.0)).collect();
        flat[50].1 = 1.0;
        let moved = smoothed(&flat).iter().filter(|p| p.1.abs() > 1e-9).count();
        assert_eq!(moved, window(100));
    }
}
