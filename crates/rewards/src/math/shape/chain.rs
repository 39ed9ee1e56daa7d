//! What a chain of relations says: `x = 7 + 5 = 12`, `1 < x < 2`, `x ∈ [0, 1]`.

use super::{Shape, is_numeral, shape};
use crate::math::evaluate::Evaluator;
use crate::math::expr::{Expr, Function, Relation, is_constant};
use crate::math::scalar::{is_rounded, same_value};

/// Whether `expr` can be the name of an answer.
fn is_name(expr: &Expr) -> bool {
    match expr {
        Expr::Symbol(name) => !is_constant(name),
        Expr::Text(_) => true,
        Expr::Apply(_, all) => all
            .iter()
            .all(|x| matches!(x, Expr::Symbol(_) | Expr::Number { .. })),
        Expr::Tuple(all) | Expr::Ratio(all) => all.iter().all(is_name),
        Expr::Call(Function::Abs, all) => all.iter().all(is_name),
        _ => false,
    }
}

/// The kind of a chain; `None` where it contradicts itself.
pub(super) fn chain(
    sides: &[Expr],
    relations: &[Relation],
    evaluator: &mut Evaluator,
) -> Option<Shape> {
    let first = sides.first()?;
    if relations == [Relation::In] {
        let set = Box::new(shape(&sides[1], evaluator)?);
        return is_name(first).then(|| Shape::Named(first.clone(), set));
    }
    let equations = relations
        .iter()
        .all(|r| matches!(r, Relation::Equal | Relation::About));
    if !equations {
        let pairs = sides.windows(2).zip(relations);
        let ordered = !relations
            .iter()
            .any(|r| matches!(r, Relation::In | Relation::About));
        return ordered.then(|| {
            Shape::Order(
                pairs
                    .map(|(pair, relation)| (pair[0].clone(), *relation, pair[1].clone()))
                    .collect(),
            )
        });
    }
    // What stands after `≈` only says once more what stands before it, unless that is the name.
    let cut = relations
        .iter()
        .enumerate()
        .position(|(at, r)| *r == Relation::About && (at > 0 || !is_name(first)));
    let (said, about) = sides.split_at(cut.map_or(sides.len(), |at| at + 1));
    let last = said.last()?;
    if about.iter().any(|side| !is_near(last, side, evaluator)) {
        return None;
    }
    equation(said, evaluator)
}

/// Whether two numbers are the same to a decimal place or within a twentieth of each other; what is no
/// number is near anything.
fn is_near(side: &Expr, other: &Expr, evaluator: &mut Evaluator) -> bool {
    let numbers = is_numeral(side) && is_numeral(other);
    let ratio = || Expr::quotient(side.clone(), other.clone());
    side == other
        || !numbers
        || same_value(side, other, 1, evaluator)
        || same_value(&ratio(), &Expr::whole(1), 1, evaluator)
}

/// A chain of equal sides.
fn equation(sides: &[Expr], evaluator: &mut Evaluator) -> Option<Shape> {
    let (first, last) = (sides.first()?, sides.last()?);
    if sides.len() == 1 {
        return shape(first, evaluator);
    }
    if is_name(first) {
        let contradicted = sides[1..sides.len() - 1]
            .iter()
            .any(|side| is_numeral(side) && !equal_or_rounded(side, last, evaluator));
        let value = Box::new(shape(last, evaluator)?);
        return (!contradicted).then(|| Shape::Named(first.clone(), value));
    }
    if sides.len() == 2 && is_name(last) {
        return Some(Shape::Named(
            last.clone(),
            Box::new(shape(first, evaluator)?),
        ));
    }
    let holds = sides[..sides.len() - 1]
        .iter()
        .all(|side| equal_or_rounded(side, last, evaluator));
    if holds {
        return Some(Shape::Working(Box::new(shape(last, evaluator)?)));
    }
    let values = sides
        .iter()
        .all(|side| matches!(shape(side, evaluator), Some(Shape::Value(_))));
    let open = sides.iter().any(|side| !side.variables().is_empty());
    (sides.len() == 2 && values && open).then(|| Shape::Equation(first.clone(), last.clone()))
}

/// Whether two sides are the same value, or the last one is the first, rounded as it is written.
fn equal_or_rounded(side: &Expr, last: &Expr, evaluator: &mut Evaluator) -> bool {
    let places = if is_rounded(last) { 2 } else { 9 };
    same_value(side, last, places, evaluator)
}
