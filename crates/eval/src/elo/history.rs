//! A contest rated as Codeforces rates it, by these formulas and by figures worked out apart from them.
//!
//! The rules are those of Mirzayanov, *Open Codeforces Rating System*
//! (<https://codeforces.com/blog/entry/20762>): a contestant's seed is the expected place among the others; the
//! rating needed is the greatest whole one, found by halving 1 to 8000, whose seed among all is not below the
//! geometric mean of seed and place; half of what is missing to it is the change; all changes are lowered to a
//! sum just below 0, and once more by up to 10 for the sum of the best, `4·√n` of them, to be none above 0.

use super::*;

/// Rating before, place, seed, rating needed, and change. Those of the last three columns were worked out in
/// decimals of 40 digits by a program that shares nothing with this crate.
const CONTEST: [(f64, f64, f64, f64, f64); 12] = [
    (2104.0, 2.0, 1.842_479_554, 2194.0, 7.0),
    (1871.0, 1.0, 3.410_434_922, 2213.0, 133.0),
    (1987.0, 4.0, 2.548_438_404, 1966.0, -48.0),
    (1742.0, 3.0, 4.522_671_965, 1899.0, 40.0),
    (1655.0, 7.0, 5.341_017_105, 1626.0, -52.0),
    (1588.0, 5.0, 5.995_214_941, 1693.0, 14.0),
    (1490.0, 6.0, 6.967_046_816, 1591.0, 12.0),
    (1402.0, 9.0, 7.830_325_677, 1395.0, -41.0),
    (1333.0, 8.0, 8.484_921_301, 1411.0, 1.0),
    (1210.0, 11.0, 9.568_013_263, 1186.0, -50.0),
    (1105.0, 10.0, 10.374_351_293, 1195.0, 7.0),
    (987.0, 12.0, 11.115_084_759, 998.0, -33.0),
];

fn group(rating: f64) -> Group {
    Group { rating, count: 1 }
}

#[test]
fn the_changes_of_a_contest_are_those_of_the_published_rules() {
    let field: Vec<Group> = CONTEST.iter().map(|row| group(row.0)).collect();
    let mut changes = Vec::new();
    for (at, (rating, place, wanted, needed, _)) in CONTEST.into_iter().enumerate() {
        let mut others = field.clone();
        others.remove(at);
        let own = seed(rating, &others);
        assert!((own - wanted).abs() < 1e-8, "{rating}: seed {own}");
        // Whole ratings whose seed is no less end where the seed is reached.
        let reached = rating_at((place * own).sqrt(), &field).floor();
        assert_eq!(reached, needed, "{rating}");
        changes.push(((reached - rating) / 2.0).trunc());
    }
    let count = changes.len() as f64;
    let lowered = (-changes.iter().sum::<f64>() / count).trunc() - 1.0;
    changes.iter_mut().for_each(|change| *change += lowered);
    // 4·√12 is more than all of them.
    let best = (4.0 * count.sqrt().round()).min(count);
    let sum: f64 = changes.iter().take(best as usize).sum();
    let once_more = (-sum / best).trunc().clamp(-10.0, 0.0);
    changes.iter_mut().for_each(|change| *change += once_more);
    let wanted: Vec<f64> = CONTEST.iter().map(|row| row.4).collect();
    assert_eq!(changes, wanted);
}

/// Whoever takes a contestant's place without being in the field has the performance that the seed explains.
#[test]
fn a_place_in_that_contest_is_a_performance() {
    let standings = CONTEST.iter().map(|&(rating, place, ..)| Standing {
        rating,
        score: Score {
            points: 100.0 - place,
            penalty: 0.0,
        },
    });
    let contest = Contest {
        id: "history".into(),
        rules: Rules::default(),
        problems: vec![ContestProblem {
            id: "p".into(),
            // Between the fourth and the fifth.
            points: 95.5,
            rating: None,
            solved: None,
        }],
        field: Field::Standings(standings.collect()),
    };
    let right = Attempt {
        right: true,
        minute: 0,
    };
    let placed = contest.place(&[vec![right]]).unwrap();
    assert_eq!((placed.rank, placed.highest), (5.0, 2104.0));
    let rating = rate(&[placed], 10, 1).unwrap();
    let expected: f64 = CONTEST
        .iter()
        .map(|row| win_probability(row.0, rating.mean))
        .sum();
    assert!((1.0 + expected - 5.0).abs() < 1e-6, "{rating:?}");
    assert!((rating.mean - rating.rating).abs() < 1.0, "{rating:?}");
}
