//! What the claims of a reasoning are worth: true, false, or not to be decided.
//!
//! Everything is computed exactly. A letter has the value that the reasoning gives it: one and the
//! same throughout, except in programs, where it changes with every assignment. Left out: orders
//! of names, which are `order`'s.

use std::collections::BTreeMap;

use data::Rational;

use crate::claims::{Chain, Expr, Op, Relation, Sentence};
use crate::decimal::rounds_to;

/// What letters mean.
#[derive(Debug, Clone)]
pub(crate) enum Letters {
    /// One value each; these are known from the start.
    Steady(BTreeMap<String, Rational>),
    /// Variables of a program, with the values it gives to each; one it does not have may take any.
    Changing(BTreeMap<String, Vec<Rational>>),
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Findings<'a> {
    /// Comparisons that were decided.
    pub(crate) checked: usize,
    /// False claims that the reasoning takes back.
    pub(crate) excused: usize,
    /// False claims that it does not.
    pub(crate) wrong: Vec<String>,
    /// Letters with two values.
    pub(crate) contradictions: Vec<String>,
    /// The claims that stand: neither false nor taken back.
    pub(crate) standing: Vec<&'a Chain>,
    /// The values of their sides.
    pub(crate) results: Vec<Rational>,
}

type Values = BTreeMap<String, Rational>;

/// Judges the claims of a reasoning.
pub(crate) fn judge<'a>(sentences: &'a [Sentence], letters: &Letters) -> Findings<'a> {
    let mut found = Findings::default();
    let mut values = match letters {
        Letters::Steady(given) => settle(sentences, given.clone(), &mut found.contradictions),
        Letters::Changing(_) => Values::new(),
    };
    for sentence in sentences {
        let mut last = Vec::new();
        for chain in &sentence.chains {
            let mut outcome = compare(chain, &values, letters);
            if let (Letters::Changing(trace), false) = (letters, chain.retracted) {
                for (letter, value) in assignments(chain, &values) {
                    if trace
                        .get(&letter)
                        .is_some_and(|known| !known.contains(&value))
                    {
                        let never = format!("{}: {letter} is never {value}", chain.text);
                        outcome.wrong.get_or_insert(never);
                    }
                    values.insert(letter, value);
                }
            }
            found.checked += outcome.checked;
            last.push(outcome.last);
            match outcome.wrong {
                Some(_) if chain.retracted => found.excused += 1,
                Some(wrong) => found.wrong.push(wrong),
                None if chain.retracted => {}
                None => {
                    found.standing.push(chain);
                    let side = |side: &Option<Expr>| side.as_ref()?.value(&known(&values, chain));
                    found.results.extend(chain.sides.iter().filter_map(side));
                }
            }
        }
        for denial in &sentence.denied {
            let Some((at, Some(value))) = denial
                .after
                .checked_sub(1)
                .map(|at| (at, last.get(at).copied().flatten()))
            else {
                continue;
            };
            found.checked += 1;
            if value == denial.value && !sentence.chains[at].retracted {
                found
                    .wrong
                    .push(format!("{}, not {value}", sentence.chains[at].text));
            }
        }
    }
    found
}

/// The values a program gives to its variables, in order.
pub(crate) fn trace(program: &[Sentence]) -> BTreeMap<String, Vec<Rational>> {
    let mut values = Values::new();
    let mut trace: BTreeMap<String, Vec<Rational>> = BTreeMap::new();
    for chain in program.iter().flat_map(|sentence| &sentence.chains) {
        let [Some(target), Some(value)] = chain.sides.as_slice() else {
            continue;
        };
        if let (Some(letter), Some(value)) = (target.letter(), value.value(&|n| find(&values, n))) {
            values.insert(letter.to_owned(), value);
            trace.entry(letter.to_owned()).or_default().push(value);
        }
    }
    trace
}

fn find(values: &Values, name: &str) -> Option<Rational> {
    values.get(name).copied()
}

/// The values that a chain may rely on: none of letters where it is only supposed.
fn known<'a>(values: &'a Values, chain: &Chain) -> impl Fn(&str) -> Option<Rational> + 'a {
    let tentative = chain.tentative;
    move |name| if tentative { None } else { find(values, name) }
}

/// The value of every letter, the first one it is given.
fn settle(sentences: &[Sentence], given: Values, contradictions: &mut Vec<String>) -> Values {
    let mut values = given;
    let chains = sentences.iter().flat_map(|sentence| &sentence.chains);
    for chain in chains.filter(|chain| !chain.retracted && !chain.tentative) {
        for (letter, value) in assignments(chain, &values) {
            match values.get(&letter) {
                Some(other) if *other != value => {
                    contradictions.push(format!("{}: {letter} is {other} elsewhere", chain.text));
                }
                Some(_) => {}
                None => {
                    values.insert(letter, value);
                }
            }
        }
    }
    values
}

/// The letters that stand alone in a chain of equals, with the value of the other sides.
fn assignments(chain: &Chain, values: &Values) -> Vec<(String, Rational)> {
    let mut found = Vec::new();
    let mut start = 0;
    for end in 1..=chain.sides.len() {
        let goes_on = chain.relations.get(end - 1) == Some(&Relation::Equal);
        if goes_on {
            continue;
        }
        let sides = &chain.sides[start..end];
        start = end;
        let value = sides
            .iter()
            .flatten()
            .filter(|side| side.letter().is_none());
        let value = value.clone().find_map(Expr::closed).or_else(|| {
            value
                .clone()
                .find_map(|side| side.value(&|name| find(values, name)))
        });
        let Some(value) = value else { continue };
        let letters = sides.iter().flatten().filter_map(|side| side.letter());
        found.extend(letters.map(|letter| (letter.to_owned(), value)));
    }
    found
}

struct Outcome {
    checked: usize,
    wrong: Option<String>,
    /// The value of the last side.
    last: Option<Rational>,
}

/// Compares each side of known value with the last one before it that has one.
fn compare(chain: &Chain, values: &Values, letters: &Letters) -> Outcome {
    let program = matches!(letters, Letters::Changing(_));
    let known = known(values, chain);
    let mut outcome = Outcome {
        checked: 0,
        wrong: None,
        last: None,
    };
    let mut before: Option<(&Expr, Rational)> = None;
    for (at, side) in chain.sides.iter().enumerate() {
        // The letter of an assignment has no value yet.
        let assigned = program
            && side.as_ref().is_some_and(|side| side.letter().is_some())
            && (chain.relations.get(at) == Some(&Relation::Equal)
                || at
                    .checked_sub(1)
                    .is_some_and(|at| chain.relations[at] == Relation::Equal));
        let this = side
            .as_ref()
            .filter(|_| !assigned)
            .and_then(|side| Some((side, side.value(&known)?)));
        outcome.last = this.map(|(_, value)| value);
        let Some(relation) = at.checked_sub(1).map(|at| chain.relations[at]) else {
            before = this;
            continue;
        };
        if let (Some(left), Some(right)) = (before, this)
            && let Some(holds) = holds(left, relation, right, program)
        {
            outcome.checked += 1;
            if !holds {
                let (left, right) = (left.1, right.1);
                outcome
                    .wrong
                    .get_or_insert(format!("{}: {left} and {right}", chain.text));
            }
        }
        if this.is_some() || relation != Relation::Equal {
            before = this;
        }
    }
    outcome
}

/// Whether a relation holds; `None` where that cannot be told.
fn holds(
    (left, a): (&Expr, Rational),
    relation: Relation,
    (right, b): (&Expr, Rational),
    program: bool,
) -> Option<bool> {
    let order = a.checked_cmp(b)?;
    let rounded = |value: Rational, side: &Expr| match side {
        Expr::Number {
            value: decimal,
            places,
        } => rounds_to(value, *decimal, *places),
        _ => false,
    };
    Some(match relation {
        Relation::Equal | Relation::Same => {
            // What a program's division leaves out is not decided here.
            if order.is_ne() && program && [(left, a), (right, b)].iter().any(|s| is_broken(*s)) {
                return None;
            }
            order.is_eq() || rounded(a, right) || rounded(b, left)
        }
        Relation::Different => order.is_ne(),
        Relation::Less => order.is_lt(),
        Relation::Greater => order.is_gt(),
        Relation::AtMost => order.is_le(),
        Relation::AtLeast => order.is_ge(),
    })
}

fn is_broken((side, value): (&Expr, Rational)) -> bool {
    matches!(side, Expr::Binary(Op::Div, ..)) && !value.is_whole()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::read;

    fn steady(text: &str) -> (usize, usize, Vec<String>, usize) {
        let sentences = read(text);
        let found = judge(&sentences, &Letters::Steady(Values::new()));
        (
            found.checked,
            found.excused,
            found.wrong,
            found.contradictions.len(),
        )
    }

    fn program(source: &str, text: &str) -> Vec<String> {
        let sentences = read(text);
        judge(&sentences, &Letters::Changing(trace(&read(source)))).wrong
    }

    #[test]
    fn arithmetic_is_checked_by_hand() {
        assert_eq!(steady("9 - 3 - 2 = 4 = 2 * 2"), (2, 0, vec![], 0));
        assert_eq!(steady("0.1 + 0.2 = 0.3"), (1, 0, vec![], 0));
        assert_eq!(steady("10 / 3 = 3.33, 2 / 3 = 0.67"), (2, 0, vec![], 0));
        assert_eq!(
            steady("10 / 3 = 3.34").2,
            ["10 / 3 = 3.34: 10/3 and 167/50"]
        );
        assert_eq!(steady("7 + 5 = 13").2, ["7 + 5 = 13: 12 and 13"]);
        assert_eq!(steady("5 > 3, 3 ≥ 3, 4 ≠ 5, 2 <= 1").2, ["2 <= 1: 2 and 1"]);
        assert_eq!(steady("7 + 5 = 13? No, 12."), (1, 1, vec![], 0));
        assert_eq!(steady("9 + 2 - 3 = 8, not 8.").2, ["9 + 2 - 3 = 8, not 8"]);
        assert_eq!(steady("9 + 2 - 3 = 8, not 4."), (2, 0, vec![], 0));
        assert_eq!(steady("5 / 0 = 3"), (0, 0, vec![], 0));
    }

    #[test]
    fn letters_have_one_value() {
        assert_eq!(
            steady("3 * x = 14 - 2 = 12. x = 12 / 3 = 4."),
            (4, 0, vec![], 0)
        );
        assert_eq!(steady("x = 5. Then x + 3 = 8."), (2, 0, vec![], 0));
        assert_eq!(steady("3 * x = 13. x = 4.").2, ["3 * x = 13: 12 and 13"]);
        let (_, _, wrong, contradictions) = steady("x = 5. So x = 6.");
        assert_eq!((wrong.len(), contradictions), (1, 1));
        assert_eq!(steady("x = 5. No, x = 6."), (2, 1, vec![], 0));
        assert_eq!(
            steady("if x = 5 then 2 * x = 10. So x = 6."),
            (1, 0, vec![], 0)
        );
        assert_eq!(steady("x = 5 or x = -5."), (0, 0, vec![], 0));
        assert_eq!(steady("y + 3 = 8"), (0, 0, vec![], 0));
    }

    #[test]
    fn variables_of_a_program_change() {
        let source = "x = 9; x = x + 3; y = x * 2";
        assert_eq!(
            program(source, "x = 9 + 3 = 12. y = 12 * 2 = 24."),
            Vec::<String>::new()
        );
        assert_eq!(
            program(source, "x = 9. x = x + 3 = 12. y = x * 2 = 24."),
            Vec::<String>::new()
        );
        assert_eq!(
            program(source, "x = 9. x = x + 3 = 13."),
            ["x = x + 3 = 13: 12 and 13"]
        );
        assert_eq!(
            program(source, "x = 8 + 3 = 11."),
            ["x = 8 + 3 = 11: x is never 11"]
        );
        assert_eq!(
            program("", "n = 7 / 2 = 3. n = 7 / 2 = 3.5"),
            Vec::<String>::new()
        );
    }
}
