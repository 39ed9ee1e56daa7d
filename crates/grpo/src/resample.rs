//! Dynamic sampling: groups that say nothing are drawn anew (DAPO, arXiv 2503.14476v2, equation 11).

use crate::group::Group;

/// What was drawn.
#[derive(Debug, Clone, Default)]
pub struct Drawn {
    /// Groups to train on.
    pub groups: Vec<Group>,
    /// Groups whose responses all earned the same, which were passed over.
    pub tied: Vec<Group>,
}

/// Draws until `wanted` groups are at hand whose responses did not all earn the same.
///
/// `draw(round, n)` gives n groups; it is called once with round 0 for all, then at most `rounds`
/// times for those that are missing. Where that is not enough there are fewer groups than wanted,
/// perhaps none: a policy that answers everything right, or nothing, does not go on for ever.
///
/// # Errors
/// Those of `draw`.
pub fn draw_untied<E>(
    wanted: usize,
    rounds: usize,
    mut draw: impl FnMut(usize, usize) -> Result<Vec<Group>, E>,
) -> Result<Drawn, E> {
    let mut drawn = Drawn::default();
    for round in 0..=rounds {
        let missing = wanted - drawn.groups.len();
        if missing == 0 {
            break;
        }
        let (tied, untied): (Vec<Group>, Vec<Group>) =
            draw(round, missing)?.into_iter().partition(Group::is_tied);
        drawn.groups.extend(untied.into_iter().take(missing));
        drawn.tied.extend(tied);
    }
    Ok(drawn)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::tests::group;

    /// Draws groups that are tied in every round before `from`.
    fn draw(rounds: usize, from: usize) -> (Drawn, Vec<(usize, usize)>) {
        let mut asked = Vec::new();
        let drawn = draw_untied::<()>(3, rounds, |round, n| {
            asked.push((round, n));
            let tied = group(&[Some(1.0), Some(1.0)]);
            let untied = group(&[Some(1.0), Some(0.0)]);
            let mut groups = vec![tied; n];
            if round >= from {
                groups[0] = untied;
            }
            Ok(groups)
        });
        (drawn.unwrap(), asked)
    }

    #[test]
    fn a_draw_that_fails_ends_it() {
        assert_eq!(draw_untied(3, 9, |_, _| Err("nan")).unwrap_err(), "nan");
    }

    #[test]
    fn what_is_missing_is_drawn_again() {
        let (drawn, asked) = draw(9, 1);
        assert_eq!(asked, [(0, 3), (1, 3), (2, 2), (3, 1)]);
        assert_eq!((drawn.groups.len(), drawn.tied.len()), (3, 6));
        assert!(drawn.groups.iter().all(|group| !group.is_tied()));
    }

    #[test]
    fn there_is_a_bound() {
        let (drawn, asked) = draw(2, 99);
        assert_eq!(asked, [(0, 3), (1, 3), (2, 3)]);
        assert_eq!((drawn.groups.len(), drawn.tied.len()), (0, 9));
    }
}
