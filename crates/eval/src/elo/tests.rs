//! Players of known strength are found again.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::rules::{Rules, Score};
use super::*;

/// Ratings much like a contest's: a bell around 1450, from the sum of twelve draws.
fn field(rng: &mut ChaCha8Rng, people: usize) -> Vec<f64> {
    let bell = |rng: &mut ChaCha8Rng| (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0;
    (0..people).map(|_| 1450.0 + 350.0 * bell(rng)).collect()
}

/// What a player shows in one contest: with noise of this form, players beat one another by exactly
/// the Elo formula.
fn shown(rng: &mut ChaCha8Rng, rating: f64) -> f64 {
    rating - 400.0 / std::f64::consts::LN_10 * (-rng.random::<f64>().max(1e-300).ln()).ln()
}

fn recovered(truth: f64, run: u64, contests: usize) -> Rating {
    let mut rng = ChaCha8Rng::seed_from_u64(run);
    let places: Vec<Placed> = (0..contests)
        .map(|_| {
            let standing = |rng: &mut ChaCha8Rng, rating| Standing {
                rating,
                score: Score {
                    points: shown(rng, rating),
                    penalty: 0.0,
                },
            };
            let people = field(&mut rng, 100);
            let standings: Vec<Standing> =
                people.into_iter().map(|r| standing(&mut rng, r)).collect();
            let score = shown(&mut rng, truth);
            let contest = Contest {
                id: "c".into(),
                rules: Rules::default(),
                problems: vec![ContestProblem {
                    id: "p".into(),
                    points: score,
                    rating: None,
                    solved: None,
                }],
                field: Field::Standings(standings),
            };
            let right = Attempt {
                right: true,
                minute: 0,
            };
            contest.place(&[vec![right]]).unwrap()
        })
        .collect();
    rate(&places, 100, run).unwrap()
}

#[test]
fn a_player_among_standings_is_found_within_thirty_points() {
    for truth in [1000.0, 1600.0, 2200.0] {
        for run in 0..3 {
            let found = recovered(truth, run, 900);
            assert!(
                (found.rating - truth).abs() < 30.0,
                "{truth}, {run}: {}",
                found.rating
            );
        }
    }
}

/// A 95 % interval misses about one time in twenty.
#[test]
fn the_interval_holds_the_truth_most_of_the_time() {
    let held = (0..40)
        .filter(|&run| {
            let [low, high] = recovered(1700.0, 100 + run, 40).ci95;
            low <= 1700.0 && 1700.0 <= high
        })
        .count();
    assert!((34..=40).contains(&held), "{held} of 40");
}

fn simulated(truth: f64, run: u64, contests: usize) -> Rating {
    let mut rng = ChaCha8Rng::seed_from_u64(run);
    let places: Vec<Placed> = (0..contests)
        .map(|_| {
            let groups: Vec<Group> = field(&mut rng, 60)
                .into_iter()
                .map(|rating| Group { rating, count: 10 })
                .collect();
            let ratings: Vec<f64> = (0..7)
                .map(|at| 800.0 + 330.0 * f64::from(at) + 100.0 * rng.random::<f64>())
                .collect();
            let problem = |rating: &f64| ContestProblem {
                id: "p".into(),
                points: 1.0,
                rating: Some(*rating),
                solved: None,
            };
            let attempts: Vec<Vec<Attempt>> = ratings
                .iter()
                .map(|&rating| {
                    let right = rng.random::<f64>() < win_probability(truth, rating);
                    vec![Attempt { right, minute: 0 }]
                })
                .collect();
            let contest = Contest {
                id: "c".into(),
                rules: Rules::default(),
                problems: ratings.iter().map(problem).collect(),
                field: Field::Simulated {
                    groups,
                    problems: ratings,
                },
            };
            contest.place(&attempts).unwrap()
        })
        .collect();
    rate(&places, 100, run).unwrap()
}

#[test]
fn a_player_in_simulated_contests_is_found_within_thirty_points() {
    for truth in [1000.0, 1600.0, 2200.0] {
        for run in 0..3 {
            let found = simulated(truth, run, 400);
            assert!(
                (found.rating - truth).abs() < 30.0,
                "{truth}, {run}: {}",
                found.rating
            );
        }
    }
}
