//! Orders of names: `Tom > Kim > Sam`.
//!
//! Where the problem states its facts, every claim must follow from them, in their direction, and
//! who is said to stand somewhere (`Number 2 is Kim`) must stand there; elsewhere claims must not
//! go round in a circle. Left out: comparisons in words.

use std::collections::{BTreeMap, BTreeSet};

use data::{Check, Domain, Problem, Rational};

use crate::claims::{Expr, Relation, Sentence};

/// What was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Orders {
    /// Comparisons that were decided.
    pub(crate) checked: usize,
    /// Wrong ones that are taken back.
    pub(crate) excused: usize,
    /// Those that do not follow from the facts.
    pub(crate) wrong: Vec<String>,
    /// Those that close a circle.
    pub(crate) contradictions: Vec<String>,
}

/// Checks the orders of a reasoning.
pub(crate) fn orders(problem: &Problem, sentences: &[Sentence]) -> Orders {
    match &problem.check {
        Check::Ordering { facts, .. } => against_facts(facts, sentences),
        _ if problem.domain == Domain::Code => Orders::default(),
        _ => among_themselves(sentences),
    }
}

/// A comparison of two names: the first is said to stand before the second.
struct Claim<'a> {
    before: &'a str,
    after: &'a str,
    text: &'a str,
    retracted: bool,
    tentative: bool,
}

fn claims(sentences: &[Sentence]) -> impl Iterator<Item = Claim<'_>> {
    sentences
        .iter()
        .flat_map(|sentence| &sentence.chains)
        .flat_map(|chain| {
            chain
                .relations
                .iter()
                .enumerate()
                .filter_map(|(at, relation)| {
                    let name = |at: usize| chain.sides[at].as_ref().and_then(Expr::name);
                    let (left, right) = (name(at)?, name(at + 1)?);
                    let (before, after) = match relation {
                        Relation::Greater => (left, right),
                        Relation::Less => (right, left),
                        _ => return None,
                    };
                    let (text, retracted, tentative) =
                        (&*chain.text, chain.retracted, chain.tentative);
                    Some(Claim {
                        before,
                        after,
                        text,
                        retracted,
                        tentative,
                    })
                })
        })
}

#[derive(Default)]
struct Graph<'a>(BTreeMap<&'a str, Vec<&'a str>>);

impl<'a> Graph<'a> {
    fn add(&mut self, before: &'a str, after: &'a str) {
        self.0.entry(before).or_default().push(after);
    }

    fn reaches(&self, from: &str, to: &str) -> bool {
        let (mut open, mut seen) = (vec![from], BTreeSet::new());
        while let Some(name) = open.pop() {
            for &next in self.0.get(name).into_iter().flatten() {
                if next == to {
                    return true;
                }
                if seen.insert(next) {
                    open.push(next);
                }
            }
        }
        false
    }

    /// The names from first to last, where the facts leave no doubt about any; otherwise none.
    fn order(&self, names: &BTreeSet<&'a str>) -> Vec<&'a str> {
        let mut order: Vec<&str> = names.iter().copied().collect();
        let after = |name: &str| {
            names
                .iter()
                .filter(|other| self.reaches(name, other))
                .count()
        };
        order.sort_by_key(|name| std::cmp::Reverse(after(name)));
        let certain = order.windows(2).all(|pair| self.reaches(pair[0], pair[1]));
        if certain { order } else { Vec::new() }
    }
}

fn against_facts(facts: &[(String, String)], sentences: &[Sentence]) -> Orders {
    let mut graph = Graph::default();
    for (before, after) in facts {
        graph.add(before, after);
    }
    let names: BTreeSet<&str> = facts.iter().flat_map(|(a, b)| [a.as_str(), b]).collect();
    let mut found = Orders::default();
    for claim in claims(sentences) {
        let (before, after) = (resolve(claim.before, &names), resolve(claim.after, &names));
        let person = |name: &str| name.chars().next().is_some_and(|c| !c.is_lowercase());
        let follows = match (before, after) {
            (Some(before), Some(after)) => graph.reaches(before, after),
            _ if person(claim.before) && person(claim.after) => false,
            _ => continue,
        };
        found.checked += 1;
        match follows {
            true => {}
            false if claim.retracted => found.excused += 1,
            false => found.wrong.push(format!(
                "{}: that {} > {} does not follow from the facts",
                claim.text, claim.before, claim.after
            )),
        }
    }
    let order = graph.order(&names);
    for sentence in sentences {
        let said = sentence.said_of.as_deref();
        let Some(name) = said.and_then(|name| resolve(name, &names)) else {
            continue;
        };
        // `Number 2 is Kim` names a place; `the tallest is Kim` one of the two ends.
        let places: Vec<Option<usize>> = match &sentence.prose[..] {
            [number] => vec![place(*number)],
            [] => vec![Some(0), order.len().checked_sub(1)],
            _ => continue,
        };
        if order.is_empty() {
            continue;
        }
        found.checked += 1;
        if !places
            .iter()
            .flatten()
            .any(|&at| order.get(at) == Some(&name))
        {
            found.wrong.push(format!("{name} does not stand there"));
        }
    }
    found
}

/// A place counted from 1, as an index.
fn place(number: Rational) -> Option<usize> {
    let whole = (number.denominator() == 1).then(|| number.numerator())?;
    usize::try_from(whole.checked_sub(1)?).ok()
}

/// The known name a claim means: the same, or the one a run of Chinese characters ends or begins
/// with (`所以小明`).
fn resolve<'a>(name: &str, names: &BTreeSet<&'a str>) -> Option<&'a str> {
    let same = names.iter().find(|known| **known == name);
    let within = |known: &&&str| {
        !name.is_ascii()
            && !known.is_empty()
            && (name.ends_with(**known) || name.starts_with(**known))
    };
    same.or_else(|| names.iter().find(within)).copied()
}

fn among_themselves(sentences: &[Sentence]) -> Orders {
    let mut graph = Graph::default();
    let mut found = Orders::default();
    for claim in claims(sentences).filter(|claim| !claim.retracted && !claim.tentative) {
        found.checked += 1;
        if claim.before == claim.after || graph.reaches(claim.after, claim.before) {
            found
                .contradictions
                .push(format!("{}: the opposite was said", claim.text));
        } else {
            graph.add(claim.before, claim.after);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chains::problem;
    use crate::claims::read;

    fn ordering() -> Problem {
        let fact = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        let facts = vec![fact("Tom", "Kim"), fact("Kim", "Sam"), fact("小明", "小红")];
        Problem {
            check: Check::Ordering { facts, place: 0 },
            ..problem("Who is tallest?", "Tom")
        }
    }

    #[test]
    fn claims_follow_from_the_facts() {
        let found = |text: &str| orders(&ordering(), &read(text));
        let fine = found("We know Tom > Kim, Kim > Sam. So Tom > Sam. 所以小明 > 小红，Sam < Tom");
        assert_eq!((fine.checked, fine.wrong.len()), (5, 0));
        assert_eq!(found("So Kim > Tom > Sam.").wrong.len(), 1);
        assert_eq!(found("So Tom > Leo.").wrong.len(), 1);
        let mended = found("So Kim > Tom. Check: Tom > Kim, no. Again, Tom > Kim.");
        assert_eq!((mended.excused, mended.wrong.len()), (1, 0));
    }

    #[test]
    fn who_is_said_to_stand_somewhere_stands_there() {
        let fact = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        let facts = vec![fact("Tom", "Kim"), fact("Kim", "小明")];
        let problem = Problem {
            check: Check::Ordering { facts, place: 0 },
            ..problem("Who is tallest?", "Tom")
        };
        let wrong = |text: &str| orders(&problem, &read(text)).wrong.len();
        for fine in [
            "The tallest is Tom.",
            "最矮的是小明。",
            "Number 2 is Kim.",
            "第 3 个是小明。",
            "Nobody is here. It is Leo.",
        ] {
            assert_eq!(wrong(fine), 0, "{fine}");
        }
        for false_ in ["The tallest is Kim.", "Number 3 is Kim.", "第 9 个是小明。"] {
            assert_eq!(wrong(false_), 1, "{false_}");
        }
        // Facts that leave a doubt say nothing of places.
        assert_eq!(orders(&ordering(), &read("The tallest is Kim.")).checked, 0);
    }

    #[test]
    fn circles_are_contradictions() {
        let mut problem = problem("Who?", "a");
        let found = |problem: &Problem| orders(problem, &read("a > b > c. So c > a."));
        assert_eq!(
            found(&problem).contradictions,
            ["c > a: the opposite was said"]
        );
        problem.domain = Domain::Code;
        assert_eq!(found(&problem), Orders::default());
    }
}
