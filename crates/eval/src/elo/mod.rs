//! A Codeforces rating for a model: contests it takes part in without being there.
//!
//! | step | where |
//! | --- | --- |
//! | contests from a file: problems, and the standings or the ratings of who took part | [`Contest`] |
//! | the grades of a model's samples become attempts | [`attempts`] |
//! | attempts become points and a penalty by the contest's [`Rules`] | [`Rules::score`] |
//! | points become a place among the others | [`Contest::place`] |
//! | places in many contests become a rating with an interval | [`rate`] |
//! | a rating becomes a percentile | [`Distribution`] |
//!
//! [`crate::benchmarks::Codeforces`] asks. The formulas are those of Codeforces (Mirzayanov, *Open Codeforces Rating System*,
//! <https://codeforces.com/blog/entry/20762>) as CodeElo applies them to models (Quan et al., arXiv
//! 2501.01257, section 3). Left out: hacks, rooms, and the slow change of a rating from contest to
//! contest, since a model's strength does not change between them.

mod contest;
mod distribution;
mod formula;
#[cfg(test)]
mod history;
mod place;
mod play;
mod rating;
mod rules;
#[cfg(test)]
mod tests;

pub use contest::{Contest, ContestProblem, Field, Group, Standing};
pub use distribution::{Distribution, NoDistribution};
pub use formula::{HIGHEST, LOWEST, problem_rating, rating_at, seed, win_probability};
pub use place::{Expectation, Placed, WrongCount};
pub use play::attempts;
pub use rating::{NotRated, Rating, rate};
pub use rules::{Attempt, Rules, Score};
