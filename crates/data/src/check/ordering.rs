//! Tries every order the facts allow.

/// Most names an ordering may have; more are refused rather than searched.
const MOST_NAMES: usize = 9;

pub(super) fn judge(answer: &str, facts: &[(String, String)], place: usize) -> Result<(), String> {
    let mut names: Vec<&str> = Vec::new();
    for name in facts
        .iter()
        .flat_map(|(before, after)| [before.as_str(), after.as_str()])
    {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if names.len() > MOST_NAMES {
        return Err(format!("more than {MOST_NAMES} names"));
    }
    let at = |name: &str| names.iter().position(|known| *known == name);
    let pairs: Vec<(usize, usize)> = facts
        .iter()
        .filter_map(|(before, after)| Some((at(before)?, at(after)?)))
        .collect();
    let mut search = Search {
        pairs: &pairs,
        count: names.len(),
        place,
        found: Vec::new(),
    };
    search.extend(&mut Vec::new());
    match search.found[..] {
        [] => Err("no order fits the facts, or the place is outside it".to_owned()),
        [only] if names[only].eq_ignore_ascii_case(answer) => Ok(()),
        [only] => Err(format!("{} stands there", names[only])),
        _ => Err("the facts leave the place open".to_owned()),
    }
}

struct Search<'a> {
    pairs: &'a [(usize, usize)],
    count: usize,
    place: usize,
    /// Who has been seen at the place, each once.
    found: Vec<usize>,
}

impl Search<'_> {
    /// Tries every name that may come next: one not placed yet, and nobody unplaced before it.
    fn extend(&mut self, order: &mut Vec<usize>) {
        if order.len() == self.count {
            if let Some(&who) = order.get(self.place)
                && !self.found.contains(&who)
            {
                self.found.push(who);
            }
            return;
        }
        for next in 0..self.count {
            let free = |&(before, after): &(usize, usize)| {
                after != next || (before != next && order.contains(&before))
            };
            if !order.contains(&next) && self.pairs.iter().all(free) {
                order.push(next);
                self.extend(order);
                order.pop();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
            .collect()
    }

    #[test]
    fn the_order_decides_and_case_does_not() {
        let facts = facts(&[("Ann", "Bob"), ("Tom", "Ann")]);
        assert_eq!(judge("tom", &facts, 0), Ok(()));
        assert_eq!(judge("Ann", &facts, 1), Ok(()));
        assert_eq!(judge("Bob", &facts, 0), Err("Tom stands there".into()));
        assert!(judge("Tom", &facts, 3).is_err());
    }

    #[test]
    fn open_and_contradictory_facts_have_no_right_answer() {
        assert!(
            judge("A", &facts(&[("A", "B"), ("A", "C")]), 1)
                .unwrap_err()
                .contains("open")
        );
        assert_eq!(judge("A", &facts(&[("A", "B"), ("A", "C")]), 0), Ok(()));
        assert!(judge("A", &facts(&[("A", "B"), ("B", "A")]), 0).is_err());
        assert!(judge("A", &facts(&[("A", "A")]), 0).is_err());
    }
}
