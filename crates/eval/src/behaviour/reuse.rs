//! Equations that come back, and results that later equations are made of.

use std::collections::HashSet;

use super::claims::{Claim, Truth};

/// How many equations are stated again after another one stood between, and how many use the result of an
/// earlier one that holds. A result is a right side that is one number of two digits or more: smaller
/// ones come up by chance.
pub(super) fn reuse(claims: &[Claim]) -> (usize, usize) {
    let mut seen: HashSet<(String, String)> = HashSet::new();
    let mut results: HashSet<&str> = HashSet::new();
    let mut last = None;
    let (mut repeated, mut built_on) = (0, 0);
    for claim in claims {
        let key = (bare(&claim.left), bare(&claim.right));
        let again = seen.contains(&key);
        repeated += usize::from(again && last.as_ref() != Some(&key));
        let uses = numbers(&claim.left).any(|number| results.contains(number));
        built_on += usize::from(uses && !again);
        if claim.truth == Truth::Holds {
            seen.insert(key.clone());
            let mut all = numbers(&claim.right);
            let one = all.next().filter(|number| *number == claim.right);
            results.extend(one.filter(|number| number.len() > 1));
        }
        last = Some(key);
    }
    (repeated, built_on)
}

fn bare(side: &str) -> String {
    side.chars().filter(|c| !c.is_whitespace()).collect()
}

/// The numbers of a side, decimals and separators with them.
fn numbers(side: &str) -> impl Iterator<Item = &str> {
    let parts = side.split(|c: char| !(c.is_ascii_digit() || ".,".contains(c)));
    parts
        .map(|part| part.trim_matches(['.', ',']))
        .filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::super::claims::claims;
    use super::*;

    fn counted(text: &str) -> (usize, usize) {
        reuse(&claims(text))
    }

    #[test]
    fn what_comes_back_is_counted() {
        assert_eq!(counted("8 * 4 = 32; 5 + 5 = 10; 8*4 = 32"), (1, 0));
        assert_eq!(counted("8 * 4 = 32; 8 * 4 = 32"), (0, 0));
        assert_eq!(counted("8 * 4 = 33; 5 + 5 = 10; 8 * 4 = 33"), (0, 0));
    }

    #[test]
    fn results_are_built_on_where_they_hold() {
        assert_eq!(counted("8 * 4 = 32; 32 + 9 = 41; 41 - 1 = 40"), (0, 2));
        assert_eq!(counted("8 * 4 = 33; 33 + 9 = 42"), (0, 0));
        assert_eq!(counted("2 + 2 = 4; 4 + 1 = 5"), (0, 0));
        assert_eq!(counted("8 * 4 = 32; 320 + 9 = 329"), (0, 0));
    }
}
