//! A model's place in a contest it was not in.
//!
//! Draws count half: under the formula a draw is half a defeat, so places stay what ratings explain.
//! Against a simulated field, of which no attempts are known, wrong attempts and minutes do not count
//! and the place is an expectation, computed exactly: nothing is drawn at random.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::contest::{Contest, Field, Group, Standing};
use super::formula::{seed, win_probability};
use super::rules::Attempt;

/// A place in a contest.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed {
    /// The contest's id.
    pub contest: String,
    /// The place, from 1; a draw counts half.
    pub rank: f64,
    /// How many problems were solved.
    pub solved: usize,
    /// Attempts in all.
    pub attempts: usize,
    /// The highest rating of those who took part.
    pub highest: f64,
    /// What explains a place.
    pub expectation: Expectation,
}

/// The place a player of a rating can expect in a contest.
#[derive(Debug, Clone, PartialEq)]
pub enum Expectation {
    /// Among standings: [`seed`].
    Standings(Vec<Group>),
    /// Among a simulated field: over the points such a player reaches, by the same chances of solving
    /// that the field has. The seed would not do: people who differ by their chances at a contest's
    /// problems do not beat one another by the Elo formula, and ratings would come out up to 70 points
    /// too near the field's.
    Simulated {
        /// Points and rating of each problem.
        problems: Vec<(f64, f64)>,
        /// For each sum of points, in hundredths, how many people are before it, draws half.
        before: BTreeMap<u64, f64>,
    },
}

impl Expectation {
    /// The place, from 1; it falls as the rating rises.
    pub fn at(&self, rating: f64) -> f64 {
        match self {
            Self::Standings(field) => seed(rating, field),
            Self::Simulated { problems, before } => {
                let chances = points_of(rating, problems);
                let part =
                    |(points, chance): (&u64, &f64)| before.get(points).map_or(0.0, |n| n * chance);
                1.0 + chances.iter().map(part).sum::<f64>()
            }
        }
    }
}

/// Attempts at more or fewer problems than the contest has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "contest `{contest}` has {wanted} problems, and there are attempts at {given}; give an empty list \
     for a problem that was not tried"
)]
pub struct WrongCount {
    /// The contest's id.
    pub contest: String,
    /// Its problems.
    pub wanted: usize,
    /// Lists of attempts.
    pub given: usize,
}

impl Contest {
    /// The place that these attempts, one list a problem in the contest's order, earn.
    ///
    /// # Errors
    /// When there are not as many lists as problems.
    pub fn place(&self, attempts: &[Vec<Attempt>]) -> Result<Placed, WrongCount> {
        if attempts.len() != self.problems.len() {
            return Err(WrongCount {
                contest: self.id.clone(),
                wanted: self.problems.len(),
                given: attempts.len(),
            });
        }
        let solved = |tries: &Vec<Attempt>| tries.iter().any(|attempt| attempt.right);
        let points = self.problems.iter().map(|problem| problem.points);
        let (before, expectation) = match &self.field {
            Field::Standings(standings) => {
                let tries = attempts.iter().map(Vec::as_slice);
                let score = self.rules.score(points.zip(tries));
                let before = |standing: &Standing| match standing.score.compare(&score) {
                    Ordering::Greater => 1.0,
                    Ordering::Equal => 0.5,
                    Ordering::Less => 0.0,
                };
                let before = standings.iter().map(before).sum::<f64>();
                (before, Expectation::Standings(self.groups()))
            }
            Field::Simulated { groups, problems } => {
                let reached = points.clone().zip(attempts);
                let reached = reached.filter(|(_, tries)| solved(tries));
                let reached: u64 = reached.map(|(points, _)| hundredths(points)).sum();
                let problems: Vec<(f64, f64)> = points.zip(problems.iter().copied()).collect();
                let before = before(groups, &problems);
                let here = before.get(&reached).copied().unwrap_or(0.0);
                (here, Expectation::Simulated { problems, before })
            }
        };
        let ratings = self.groups().into_iter().map(|group| group.rating);
        Ok(Placed {
            contest: self.id.clone(),
            rank: 1.0 + before,
            highest: ratings.fold(f64::NEG_INFINITY, f64::max),
            solved: attempts.iter().filter(|tries| solved(tries)).count(),
            attempts: attempts.iter().map(Vec::len).sum(),
            expectation,
        })
    }
}

/// How many of `groups` are before each sum of points, draws half.
fn before(groups: &[Group], problems: &[(f64, f64)]) -> BTreeMap<u64, f64> {
    let mut reach: BTreeMap<u64, f64> = BTreeMap::new();
    for group in groups {
        for (points, chance) in points_of(group.rating, problems) {
            *reach.entry(points).or_insert(0.0) += f64::from(group.count) * chance;
        }
    }
    let mut above = 0.0;
    let mut before = BTreeMap::new();
    for (points, people) in reach.into_iter().rev() {
        before.insert(points, above + people / 2.0);
        above += people;
    }
    before
}

/// The chance of each sum of points, in hundredths, for a player of this rating who solves each problem
/// `(points, rating)` independently by the Elo formula.
fn points_of(rating: f64, problems: &[(f64, f64)]) -> BTreeMap<u64, f64> {
    let mut chances = BTreeMap::from([(0, 1.0)]);
    for &(points, difficulty) in problems {
        let solves = win_probability(rating, difficulty);
        let mut next = BTreeMap::new();
        for (sum, chance) in chances {
            *next.entry(sum).or_insert(0.0) += chance * (1.0 - solves);
            *next.entry(sum + hundredths(points)).or_insert(0.0) += chance * solves;
        }
        chances = next;
    }
    chances
}

/// Points as whole hundredths, so that sums are exact.
fn hundredths(points: f64) -> u64 {
    (points * 100.0).round().max(0.0) as u64
}

#[cfg(test)]
mod tests {
    use super::super::ContestProblem;
    use super::super::rules::{Rules, Score};
    use super::*;

    fn contest(field: Field, points: &[f64]) -> Contest {
        let problem = |&points| ContestProblem {
            id: String::new(),
            points,
            rating: None,
            solved: None,
        };
        Contest {
            id: "c".into(),
            rules: Rules::default(),
            problems: points.iter().map(problem).collect(),
            field,
        }
    }

    const RIGHT: Attempt = Attempt {
        right: true,
        minute: 10,
    };
    const WRONG: Attempt = Attempt {
        right: false,
        minute: 5,
    };

    #[test]
    fn a_place_counts_who_is_before_and_half_of_the_draws() {
        let standing = |points, penalty| Standing {
            rating: 1500.0,
            score: Score { points, penalty },
        };
        let field = Field::Standings(vec![
            standing(2.0, 90.0),
            standing(1.0, 15.0),
            standing(1.0, 20.0),
            standing(1.0, 25.0),
            standing(0.0, 0.0),
        ]);
        let contest = contest(field, &[1.0, 1.0]);
        // One solved after a wrong attempt: 10 + 10 minutes; two before, one draw.
        let placed = contest.place(&[vec![WRONG, RIGHT], vec![WRONG]]).unwrap();
        assert_eq!((placed.rank, placed.solved, placed.attempts), (3.5, 1, 3));
        assert_eq!(placed.highest, 1500.0);
        let last = contest.place(&[vec![], vec![]]).unwrap();
        assert_eq!(last.rank, 5.5);
        assert_eq!(contest.place(&[vec![]]).unwrap_err().wanted, 2);
    }

    /// Two people of 1500, problems of 1500 worth 1 and 2: sums 0, 1, 2, 3 with a quarter each.
    #[test]
    fn a_simulated_field_is_expected_exactly() {
        let field = Field::Simulated {
            groups: vec![Group {
                rating: 1500.0,
                count: 2,
            }],
            problems: vec![1500.0, 1500.0],
        };
        let contest = contest(field, &[1.0, 2.0]);
        let rank = |first: &[Attempt], second: &[Attempt]| {
            contest
                .place(&[first.to_vec(), second.to_vec()])
                .unwrap()
                .rank
        };
        // With 1 point, half of each are before and an eighth of each drawn.
        assert!((rank(&[RIGHT], &[]) - (1.0 + 2.0 * (0.5 + 0.125))).abs() < 1e-12);
        assert!((rank(&[WRONG, RIGHT], &[RIGHT]) - 1.25).abs() < 1e-12);
        assert!((rank(&[], &[WRONG]) - 2.75).abs() < 1e-12);
        let placed = contest.place(&[vec![], vec![]]).unwrap();
        // One of three equals is expected in the middle.
        assert!((placed.expectation.at(1500.0) - 2.0).abs() < 1e-12);
        assert!((placed.expectation.at(5000.0) - 1.25).abs() < 1e-3);
    }
}
