//! What attempts are worth: points and penalty by the rules of a contest.

use serde::{Deserialize, Serialize};

/// One program handed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Whether it passed every test.
    pub right: bool,
    /// Minutes since the contest began.
    pub minute: u32,
}

/// Points first, then the lower penalty.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Score {
    /// What the solved problems are worth.
    pub points: f64,
    /// What parts equal points; the lower, the better.
    #[serde(default)]
    pub penalty: f64,
}

/// How a contest counts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Rules {
    /// Points are kept whole; each solved problem adds its minute and `wrong_minutes` for each wrong
    /// attempt before to the penalty (ICPC: 20, Educational Rounds of Codeforces: 10).
    Icpc {
        /// Minutes of penalty for a wrong attempt.
        wrong_minutes: u32,
    },
    /// Points `x` fall with time and wrong attempts:
    /// `max(0.3·x, x − 120·x·t / (250·duration) − 50·wrong)`; no penalty (rules of Codeforces rounds).
    Codeforces {
        /// Length of the contest in minutes.
        duration: u32,
    },
}

impl Default for Rules {
    /// ICPC's with the ten minutes of Codeforces' Educational Rounds.
    fn default() -> Self {
        Self::Icpc { wrong_minutes: 10 }
    }
}

impl Rules {
    /// What the attempts at each problem, in their order, are worth together; `problems` pairs a
    /// problem's points with its attempts. Attempts after the first right one do not count.
    pub fn score<'a>(&self, problems: impl IntoIterator<Item = (f64, &'a [Attempt])>) -> Score {
        let mut total = Score::default();
        for (points, attempts) in problems {
            let Some(wrong) = attempts.iter().position(|attempt| attempt.right) else {
                continue;
            };
            let minute = f64::from(attempts[wrong].minute);
            let wrong = wrong as f64;
            match *self {
                Self::Icpc { wrong_minutes } => {
                    total.points += points;
                    total.penalty += minute + wrong * f64::from(wrong_minutes);
                }
                Self::Codeforces { duration } => {
                    let share = minute / f64::from(duration.max(1));
                    let left = points - 120.0 / 250.0 * points * share - 50.0 * wrong;
                    total.points += left.max(0.3 * points);
                }
            }
        }
        total
    }
}

impl Score {
    /// Which of two is better; `Equal` is a draw.
    pub fn compare(&self, other: &Self) -> std::cmp::Ordering {
        let points = self.points.total_cmp(&other.points);
        points.then(other.penalty.total_cmp(&self.penalty))
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use super::*;

    fn tries(minutes: &[(bool, u32)]) -> Vec<Attempt> {
        let attempt = |&(right, minute)| Attempt { right, minute };
        minutes.iter().map(attempt).collect()
    }

    #[test]
    fn icpc_adds_minutes_and_what_was_wrong_before() {
        let solved = tries(&[(false, 5), (true, 12), (false, 15)]);
        let failed = tries(&[(false, 40)]);
        let score = Rules::default().score([(1.0, &solved[..]), (1.0, &failed[..]), (1.0, &[])]);
        assert_eq!((score.points, score.penalty), (1.0, 22.0));
    }

    /// 1000 points after 60 of 120 minutes: `1000 − 240`, less 50 for one wrong attempt; never below
    /// 300.
    #[test]
    fn codeforces_points_fall_to_three_tenths() {
        let rules = Rules::Codeforces { duration: 120 };
        let once = tries(&[(false, 10), (true, 60)]);
        assert_eq!(rules.score([(1000.0, &once[..])]).points, 710.0);
        let mut late = tries(&[(false, 1); 30]);
        late.push(Attempt {
            right: true,
            minute: 119,
        });
        assert_eq!(rules.score([(1000.0, &late[..])]).points, 300.0);
    }

    #[test]
    fn points_go_before_penalties() {
        let score = |points, penalty| Score { points, penalty };
        assert_eq!(
            score(2.0, 99.0).compare(&score(1.0, 0.0)),
            Ordering::Greater
        );
        assert_eq!(score(1.0, 5.0).compare(&score(1.0, 7.0)), Ordering::Greater);
        assert_eq!(score(1.0, 5.0).compare(&score(1.0, 5.0)), Ordering::Equal);
    }
}
