//! Equations and inequalities against each other.
//!
//! Two equations are the same when the differences of their sides are proportional, two
//! inequalities when the factor is positive besides. Left out: solving; `x² = 4` is not `x = ±2`.

use super::evaluate::Evaluator;
use super::expr::{Expr, Relation};
use super::scalar::proportional;
use super::shape::Atom;

/// Whether `a.0 = a.1` says what `b.0 = b.1` says.
pub(crate) fn same_equation(
    a: (&Expr, &Expr),
    b: (&Expr, &Expr),
    evaluator: &mut Evaluator,
) -> bool {
    let difference = |(left, right): (&Expr, &Expr)| left.clone().minus(right.clone());
    let (a, b) = (difference(a), difference(b));
    proportional(&a, &b, evaluator).is_some()
}

/// The relation with its sides exchanged.
fn turned(relation: Relation) -> Relation {
    match relation {
        Relation::Less => Relation::Greater,
        Relation::AtMost => Relation::AtLeast,
        Relation::Greater => Relation::Less,
        Relation::AtLeast => Relation::AtMost,
        other => other,
    }
}

fn same_atom(a: &Atom, b: &Atom, evaluator: &mut Evaluator) -> bool {
    let difference = |(left, _, right): &Atom| left.clone().minus(right.clone());
    match proportional(&difference(a), &difference(b), evaluator) {
        Some(true) => a.1 == b.1,
        Some(false) => a.1 == turned(b.1),
        None => false,
    }
}

/// Whether each inequality of `a` is one of `b`, and the other way round.
pub(crate) fn same_order(a: &[Atom], b: &[Atom], evaluator: &mut Evaluator) -> bool {
    let mut covers = |a: &[Atom], b: &[Atom]| {
        a.iter()
            .all(|x| b.iter().any(|y| same_atom(x, y, evaluator)))
    };
    covers(a, b) && covers(b, a)
}

#[cfg(test)]
mod tests {
    use super::super::parse::parse;
    use super::super::shape::{Shape, shape};
    use super::*;

    fn order(text: &str) -> Vec<Atom> {
        match shape(&parse(text).unwrap(), &mut Evaluator::new()) {
            Some(Shape::Order(atoms)) => atoms,
            other => panic!("{text} is {other:?}"),
        }
    }

    #[test]
    fn an_inequality_may_be_turned_and_scaled() {
        let same = |a: &str, b: &str| same_order(&order(a), &order(b), &mut Evaluator::new());
        assert!(same("x + y < 1", "2x + 2y < 2"));
        assert!(same("x < y", "y > x"));
        assert!(same("-x < -y", "x > y"));
        assert!(same("x < y < z", "z > y > x"));
        assert!(!same("x < y", "x > y"));
        assert!(!same("x < y", "x <= y"));
        assert!(!same("f(2) < f(1)", "f(1) < f(2)"));
    }
}
