//! Places in contests become one rating.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::formula::{HIGHEST, LOWEST, falling_root};
use super::place::Placed;
use crate::stats::interval;

/// How far apart the ratings are at which a contest's expected place is tabulated.
const STEP: f64 = 25.0;

/// A model's rating.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rating {
    /// The rating whose expected places, summed over the contests, are the sum of the places.
    pub rating: f64,
    /// The 95 % interval, by drawing contests with replacement.
    pub ci95: [f64; 2],
    /// The rating each contest alone would give, in their order.
    pub performances: Vec<f64>,
    /// The mean of the performances, which is CodeElo's rating. As in its program a performance is looked for
    /// from 0 to 100 above the highest of the field, which is what a first place is worth.
    pub mean: f64,
    /// Whether no rating explains the places: first, or last, everywhere. `rating` is then within a point of a
    /// bound of the search.
    pub is_bound: bool,
}

/// Why there is no rating.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotRated {
    /// There are no contests.
    #[error("no contest to rate a model by")]
    NoContest,
    /// There are no resamples.
    #[error("an interval needs at least one resample")]
    NoResample,
}

/// The rating that explains these places: expected places and places have the same sum over the
/// contests. One contest gives Codeforces' performance, the rating whose seed is the place
/// (Mirzayanov). For several, CodeElo (arXiv 2501.01257) averages the performances; one equation is
/// used here because a place is an unbiased measurement and a performance is not: a place near the
/// first is worth hundreds of points more than the next, so the mean of a strong player's performances is
/// hundreds of points too high.
///
/// # Errors
/// Without contests or resamples.
pub fn rate(places: &[Placed], resamples: usize, seed: u64) -> Result<Rating, NotRated> {
    if places.is_empty() {
        return Err(NotRated::NoContest);
    }
    if resamples == 0 {
        return Err(NotRated::NoResample);
    }
    let curves: Vec<Curve> = places.iter().map(Curve::of).collect();
    let all: Vec<usize> = (0..curves.len()).collect();
    let rating = explain(&curves, &all);
    let performance =
        |placed: &Placed| falling_root(|rating| placed.expectation.at(rating) - placed.rank);
    let performances: Vec<f64> = places.iter().map(performance).collect();
    let within = places.iter().zip(&performances);
    let within = within.map(|(placed, rating)| rating.min(placed.highest + 100.0).max(0.0));
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let drawn: Vec<f64> = (0..resamples)
        .map(|_| {
            let draw = |_| rng.random_range(0..curves.len() as u64) as usize;
            explain(&curves, &(0..curves.len()).map(draw).collect::<Vec<_>>())
        })
        .collect();
    Ok(Rating {
        rating,
        ci95: interval(drawn),
        mean: within.sum::<f64>() / places.len() as f64,
        performances,
        is_bound: [LOWEST, HIGHEST]
            .iter()
            .any(|bound| (rating - bound).abs() < 1.0),
    })
}

/// Expected place less place in one contest, tabulated every [`STEP`].
struct Curve(Vec<f64>);

impl Curve {
    fn of(placed: &Placed) -> Self {
        let steps = ((HIGHEST - LOWEST) / STEP) as usize;
        let at = |step: usize| placed.expectation.at(LOWEST + STEP * step as f64) - placed.rank;
        Self((0..=steps).map(at).collect())
    }

    fn at(&self, rating: f64) -> f64 {
        let place = (rating - LOWEST) / STEP;
        let below = (place as usize).min(self.0.len() - 2);
        self.0[below] + (self.0[below + 1] - self.0[below]) * (place - below as f64)
    }
}

/// The rating at which the chosen contests' expected places sum up to their places.
fn explain(curves: &[Curve], chosen: &[usize]) -> f64 {
    falling_root(|rating| chosen.iter().map(|&at| curves[at].at(rating)).sum())
}

#[cfg(test)]
mod tests {
    use super::super::contest::Group;
    use super::super::place::Expectation;
    use super::*;

    fn placed(rank: f64, ratings: &[f64]) -> Placed {
        let group = |&rating| Group { rating, count: 1 };
        Placed {
            contest: "c".into(),
            rank,
            solved: 0,
            attempts: 0,
            highest: ratings.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            expectation: Expectation::Standings(ratings.iter().map(group).collect()),
        }
    }

    #[test]
    fn one_contest_gives_its_performance() {
        let one = [placed(2.0, &[1500.0, 1500.0])];
        let rating = rate(&one, 10, 1).unwrap();
        assert!((rating.rating - 1500.0).abs() < 0.01, "{rating:?}");
        assert!((rating.performances[0] - 1500.0).abs() < 0.01);
        assert!((rating.ci95[0] - rating.ci95[1]).abs() < 1e-9);
        assert!(!rating.is_bound);
    }

    /// Places 1.25 and 1.75 against one of 1500 are scores of 3/4 and 1/4; together as good as two
    /// draws.
    #[test]
    fn several_contests_are_explained_together() {
        let two = [placed(1.25, &[1500.0]), placed(1.75, &[1500.0])];
        let rating = rate(&two, 200, 1).unwrap();
        assert!((rating.rating - 1500.0).abs() < 0.01);
        // 400·log10(3) above and below, which is also what two draws of the same contest give.
        let off = 400.0 * 3_f64.log10();
        assert!((rating.performances[0] - 1500.0 - off).abs() < 0.01);
        assert!((rating.ci95[0] - 1500.0 + off).abs() < 0.5, "{rating:?}");
        // The better of the two is held to 100 above the field.
        assert!((rating.mean - (1600.0 + 1500.0 - off) / 2.0).abs() < 0.01);
        assert!((rating.ci95[1] - 1500.0 - off).abs() < 0.5, "{rating:?}");
    }

    /// Places that a field of two explains within its bounds, first and last among them.
    #[test]
    fn the_mean_is_over_the_performances_one_by_one() {
        let field = [1400.0, 1800.0];
        let middle = rate(&[placed(2.0, &field)], 10, 1).unwrap();
        assert!((middle.mean - 1600.0).abs() < 0.01, "{middle:?}");
        let all = [1.0, 2.0, 3.0].map(|rank| placed(rank, &field));
        let rating = rate(&all, 10, 1).unwrap();
        assert!(
            (rating.mean - (1900.0 + 1600.0 + 0.0) / 3.0).abs() < 0.01,
            "{rating:?}"
        );
        assert!(rating.performances[0] > 5999.0, "{rating:?}");
    }

    #[test]
    fn always_first_is_a_bound_and_nothing_is_no_rating() {
        assert!(rate(&[placed(1.0, &[1500.0])], 5, 1).unwrap().is_bound);
        assert_eq!(rate(&[], 5, 1), Err(NotRated::NoContest));
        assert_eq!(
            rate(&[placed(1.5, &[1.0])], 0, 1),
            Err(NotRated::NoResample)
        );
    }
}
