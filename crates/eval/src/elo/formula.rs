//! The formulas of ratings: who beats whom, which place a rating explains, how hard a problem is.
//!
//! Every function is pure; a field is a list of [`Group`]s, so ten thousand participants cost what
//! their distinct ratings cost.

use super::contest::Group;

/// The lowest rating that is looked for.
pub const LOWEST: f64 = -1000.0;

/// The highest rating that is looked for.
pub const HIGHEST: f64 = 6000.0;

/// The chance that a player of rating `a` comes in before one of rating `b`:
/// `1 / (1 + 10^((b − a) / 400))`. With a problem's rating for `b`, the chance of solving it.
pub fn win_probability(a: f64, b: f64) -> f64 {
    1.0 / (1.0 + 10_f64.powf((b - a) / 400.0))
}

/// The place a player of this rating can expect among `field`, from 1:
/// `1 + Σ P(other comes in before the player)` (Mirzayanov; CodeElo, arXiv 2501.01257, equation 2).
pub fn seed(rating: f64, field: &[Group]) -> f64 {
    let before = |group: &Group| f64::from(group.count) * win_probability(group.rating, rating);
    1.0 + field.iter().map(before).sum::<f64>()
}

/// The rating whose [`seed`] is `rank`, by bisection between [`LOWEST`] and [`HIGHEST`]. A place
/// that no rating explains, such as the first, which only says "at least", gives the bound.
pub fn rating_at(rank: f64, field: &[Group]) -> f64 {
    falling_root(|rating| seed(rating, field) - rank)
}

/// How hard a problem is that `solved` of `field` have solved: the rating at which the expected
/// number of solvers is that. `None` without a field, or where nobody or everybody solved it, which
/// says "at least" or "at most" alone.
pub fn problem_rating(solved: u32, field: &[Group]) -> Option<f64> {
    let all: u32 = field.iter().map(|group| group.count).sum();
    if solved == 0 || solved >= all {
        return None;
    }
    let solvers = |rating: f64| -> f64 {
        let of = |group: &Group| f64::from(group.count) * win_probability(group.rating, rating);
        field.iter().map(of).sum()
    };
    Some(falling_root(|rating| solvers(rating) - f64::from(solved)))
}

/// Where a falling function of a rating crosses zero; a bound where it does not.
pub(super) fn falling_root(f: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (LOWEST, HIGHEST);
    for _ in 0..40 {
        let middle = f64::midpoint(low, high);
        if f(middle) > 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(left: f64, right: f64) {
        assert!((left - right).abs() < 1e-6, "{left} and {right}");
    }

    fn field(ratings: &[f64]) -> Vec<Group> {
        let group = |&rating| Group { rating, count: 1 };
        ratings.iter().map(group).collect()
    }

    #[test]
    fn four_hundred_points_are_ten_to_one() {
        close(win_probability(1500.0, 1500.0), 0.5);
        close(win_probability(1900.0, 1500.0), 10.0 / 11.0);
        close(win_probability(1500.0, 2300.0), 1.0 / 101.0);
    }

    /// Against one equal and one 400 above: `1 + 1/2 + 10/11`.
    #[test]
    fn a_seed_counts_who_is_expected_before() {
        close(seed(1500.0, &field(&[1500.0, 1900.0])), 1.5 + 10.0 / 11.0);
        close(seed(1500.0, &[]), 1.0);
        let twice = [Group {
            rating: 1900.0,
            count: 2,
        }];
        close(seed(1500.0, &twice), 1.0 + 20.0 / 11.0);
    }

    /// The middle of three places against two of 1500 is what 1500 explains.
    #[test]
    fn a_place_gives_back_the_rating_that_explains_it() {
        let equals = field(&[1500.0, 1500.0]);
        close(rating_at(2.0, &equals), 1500.0);
        let mixed = field(&[1200.0, 1700.0, 2100.0, 2500.0]);
        close(rating_at(seed(1834.0, &mixed), &mixed), 1834.0);
        assert!(rating_at(1.0, &equals) > HIGHEST - 1.0);
        assert!(rating_at(3.0, &equals) < LOWEST + 1.0);
    }

    /// Half of a field of one rating solves a problem of that rating; one in eleven solves a problem
    /// 400 above.
    #[test]
    fn a_problem_is_as_hard_as_its_solvers_say() {
        let field = [Group {
            rating: 1600.0,
            count: 110,
        }];
        close(problem_rating(55, &field).unwrap(), 1600.0);
        close(problem_rating(10, &field).unwrap(), 2000.0);
        assert_eq!(problem_rating(0, &field), None);
        assert_eq!(problem_rating(110, &field), None);
        assert_eq!(problem_rating(1, &[]), None);
    }
}
