//! Which of a problem's good responses are kept: distinct ones, and not too many.
//!
//! Without a cap, problems that the teacher always solves would crowd out the others. Left out:
//! the band of pass rates, which concerns a problem and not a response.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::words::normal;

/// Which responses go first where the cap does not let all of them in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preference {
    /// The shortest in characters, the earlier of equals: the student learns to be brief, and
    /// chains that mend a slip are the first to go.
    #[default]
    Shortest,
    /// The order in which they were sampled, which leaves the teacher's own mixture of lengths.
    Sampled,
}

/// What becomes of a problem's responses; positions in the list given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// Kept, in the order of the list.
    pub kept: Vec<usize>,
    /// Same words as one before it.
    pub duplicates: Vec<usize>,
    /// Good and distinct, but too many.
    pub over_cap: Vec<usize>,
}

/// Selects at most `cap` of a problem's responses. Two responses are the same when they differ in
/// nothing but case, spacing and the marks between sentences; the first is then kept.
///
/// ```
/// use distill::{Preference, select};
/// let responses = ["7 + 5 = 12, so 12.", "It is 12.", "it is 12", "12, since 7 + 5 = 12."];
/// let selection = select(&responses, 2, Preference::Shortest);
/// assert_eq!(selection.kept, [0, 1]);
/// assert_eq!((selection.duplicates, selection.over_cap), (vec![2], vec![3]));
/// ```
pub fn select(responses: &[&str], cap: usize, preference: Preference) -> Selection {
    let mut seen = BTreeSet::new();
    let (mut distinct, mut duplicates) = (Vec::new(), Vec::new());
    for (at, response) in responses.iter().enumerate() {
        match seen.insert(normal(response)) {
            true => distinct.push(at),
            false => duplicates.push(at),
        }
    }
    if preference == Preference::Shortest {
        distinct.sort_by_key(|&at| (responses[at].chars().count(), at));
    }
    let mut over_cap = distinct.split_off(distinct.len().min(cap));
    distinct.sort_unstable();
    over_cap.sort_unstable();
    Selection {
        kept: distinct,
        duplicates,
        over_cap,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_preference_decides_who_stays() {
        let responses = ["ccc", "a", "bb", "A."];
        let kept = |cap, preference| select(&responses, cap, preference).kept;
        assert_eq!(kept(2, Preference::Shortest), [1, 2]);
        assert_eq!(kept(2, Preference::Sampled), [0, 1]);
        assert_eq!(kept(9, Preference::Shortest), [0, 1, 2]);
        assert_eq!(kept(0, Preference::Shortest), Vec::<usize>::new());
        assert_eq!(select(&responses, 2, Preference::Shortest).over_cap, [0]);
        assert_eq!(select(&responses, 2, Preference::Shortest).duplicates, [3]);
    }
}
