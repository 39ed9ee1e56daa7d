//! What kind of answer an expression is: a value, a named value, an equation, a set and so on.
//!
//! Here `±` becomes two answers, a chain of equations its name and its last side, and a matrix
//! expression a matrix.

use super::evaluate::{Evaluator, POINTS, Point};
use super::expr::{Expr, Relation, is_constant};
use super::matrix::{folded, has_matrix};
use super::residue::residues;
use super::scalar::{is_rounded, same_value};

/// How several answers stand together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Together {
    /// Side by side, or joined by "and".
    List,
    /// Joined by "or".
    Either,
    /// In braces.
    Set,
}

/// One side of an inequality, the relation, and the other side.
pub(crate) type Atom = (Expr, Relation, Expr);

/// A kind of answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Shape {
    Value(Expr),
    Text(String),
    /// `x = 5`, `f(x) = x²`, `x ∈ [0, 1]`: a name and what it is.
    Named(Expr, Box<Shape>),
    /// Any other equation.
    Equation(Expr, Expr),
    /// `7 + 5 = 12`: a calculation that ends in its result.
    Working(Box<Shape>),
    /// Inequalities that all hold.
    Order(Vec<Atom>),
    /// A set with intervals in it.
    Region(Expr),
    Several(Vec<Shape>, Together),
    Tuple(Vec<Shape>),
    Matrix(Vec<Vec<Expr>>),
    Ratio(Vec<Expr>),
}

/// The kind of `expr`; `None` where it contradicts itself or mixes kinds that do not go together.
pub(crate) fn shape(expr: &Expr) -> Option<Shape> {
    let chooses = |x: &Expr| x.any(&|part| matches!(part, Expr::PlusMinus(..)));
    match expr {
        Expr::List(items, or) => {
            let together = if *or {
                Together::Either
            } else {
                Together::List
            };
            Some(Shape::Several(shapes(items)?, together))
        }
        Expr::Set(items) => Some(Shape::Several(shapes(items)?, Together::Set)),
        Expr::Chain(sides, relations) => chain(sides, relations),
        Expr::Text(text) => Some(Shape::Text(text.clone())),
        _ if chooses(expr) => {
            let (plus, minus) = (chosen(expr, true), chosen(expr, false));
            Some(Shape::Several(
                vec![shape(&plus)?, shape(&minus)?],
                Together::List,
            ))
        }
        Expr::Tuple(items) => {
            let items = items.iter().map(shape).collect::<Option<_>>()?;
            Some(Shape::Tuple(items))
        }
        Expr::Ratio(parts) => Some(Shape::Ratio(parts.clone())),
        Expr::Interval(..) | Expr::Joined(..) | Expr::Reals => Some(Shape::Region(expr.clone())),
        _ if has_matrix(expr) => folded(expr).map(Shape::Matrix),
        _ => {
            let composite = |x: &Expr| {
                matches!(
                    x,
                    Expr::List(..)
                        | Expr::Set(_)
                        | Expr::Chain(..)
                        | Expr::Tuple(_)
                        | Expr::Ratio(_)
                        | Expr::Interval(..)
                        | Expr::Joined(..)
                        | Expr::Reals
                        | Expr::Text(_)
                )
            };
            (!expr.any(&composite)).then(|| Shape::Value(expr.clone()))
        }
    }
}

/// The kinds of several answers; a `±` among them adds two.
fn shapes(items: &[Expr]) -> Option<Vec<Shape>> {
    let mut all = Vec::new();
    for item in items {
        match (shape(item)?, item) {
            (Shape::Several(inner, Together::List), item) if !matches!(item, Expr::Set(_)) => {
                all.extend(inner);
            }
            (other, _) => all.push(other),
        }
    }
    Some(all)
}

/// `expr` with every `±` read as plus, or every one as minus.
fn chosen(expr: &Expr, upper: bool) -> Expr {
    expr.clone().map(&|part| match part {
        Expr::PlusMinus(x, plus) if plus == upper => *x,
        Expr::PlusMinus(x, _) => Expr::Neg(x),
        other => other,
    })
}

/// Whether `expr` can be the name of an answer.
fn is_name(expr: &Expr) -> bool {
    match expr {
        Expr::Symbol(name) => !is_constant(name),
        Expr::Text(_) => true,
        Expr::Apply(_, all) => all
            .iter()
            .all(|x| matches!(x, Expr::Symbol(_) | Expr::Number { .. })),
        Expr::Tuple(all) | Expr::Ratio(all) => all.iter().all(is_name),
        Expr::Call(super::expr::Function::Abs, all) => all.iter().all(is_name),
        _ => false,
    }
}

fn chain(sides: &[Expr], relations: &[Relation]) -> Option<Shape> {
    let first = sides.first()?;
    if relations == [Relation::In] {
        let set = Box::new(shape(&sides[1])?);
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
    equation(&sides[..cut.map_or(sides.len(), |at| at + 1)])
}

/// A chain of equal sides.
fn equation(sides: &[Expr]) -> Option<Shape> {
    let (first, last) = (sides.first()?, sides.last()?);
    if sides.len() == 1 {
        return shape(first);
    }
    if is_name(first) {
        let contradicted = sides[1..sides.len() - 1]
            .iter()
            .any(|side| is_numeral(side) && !equal_or_rounded(side, last));
        let value = Box::new(shape(last)?);
        return (!contradicted).then(|| Shape::Named(first.clone(), value));
    }
    if sides.len() == 2 && is_name(last) {
        return Some(Shape::Named(last.clone(), Box::new(shape(first)?)));
    }
    let holds = sides[..sides.len() - 1]
        .iter()
        .all(|side| equal_or_rounded(side, last));
    if holds {
        return Some(Shape::Working(Box::new(shape(last)?)));
    }
    let values = sides
        .iter()
        .all(|side| matches!(shape(side), Some(Shape::Value(_))));
    let open = sides.iter().any(|side| !side.variables().is_empty());
    (sides.len() == 2 && values && open).then(|| Shape::Equation(first.clone(), last.clone()))
}

/// Whether `expr` is one number, written out.
pub(crate) fn is_numeral(expr: &Expr) -> bool {
    match expr {
        Expr::Number { .. } => true,
        Expr::Neg(x) | Expr::Percent(x) | Expr::Degrees(x) | Expr::Unit(x, _) => is_numeral(x),
        Expr::Mul(all) => match all.as_slice() {
            [over, Expr::Inverse(under)] => is_numeral(over) && is_numeral(under),
            [number, Expr::Power(base, exponent)] => {
                is_numeral(number) && **base == Expr::whole(10) && is_numeral(exponent)
            }
            _ => false,
        },
        _ => false,
    }
}

/// Whether `expr` is arithmetic that was set out but not done: a sum, or a product of numbers.
pub(crate) fn is_undone(expr: &Expr) -> bool {
    expr.any(&|part| match part {
        Expr::Add(_) => true,
        Expr::Mul(all) => {
            all.iter()
                .filter(|factor| {
                    !matches!(factor, Expr::Inverse(_) | Expr::Power(..) | Expr::Call(..))
                })
                .count()
                > 1
        }
        _ => false,
    })
}

/// Whether two sides are the same value, or the last one is the first, rounded as it is written.
fn equal_or_rounded(side: &Expr, last: &Expr) -> bool {
    let mut evaluator = Evaluator::new();
    let places = if is_rounded(last) { 2 } else { 9 };
    same_value(side, last, places, &mut evaluator)
}

impl Shape {
    /// Whether every value in it is a finite number somewhere.
    pub(crate) fn has_values(&self, evaluator: &mut Evaluator) -> bool {
        let mut finite = |x: &Expr| {
            let signless = match x {
                Expr::Neg(inner) => inner,
                other => other,
            };
            *signless == Expr::Infinity
                || evaluator.exact(x).is_some()
                || (0..POINTS).any(|k| evaluator.value(x, Point(k)).is_some())
                || residues(x, evaluator).is_some()
        };
        match self {
            Self::Value(x) => finite(x),
            Self::Equation(a, b) => finite(a) && finite(b),
            Self::Order(atoms) => atoms.iter().all(|(a, _, b)| finite(a) && finite(b)),
            Self::Matrix(rows) => rows.iter().flatten().all(finite),
            Self::Ratio(all) => all.iter().all(finite),
            Self::Named(_, inner) | Self::Working(inner) => inner.has_values(evaluator),
            Self::Several(all, _) | Self::Tuple(all) => {
                all.iter().all(|inner| inner.has_values(evaluator))
            }
            Self::Text(_) | Self::Region(_) => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse::parse;
    use super::*;

    fn of(text: &str) -> Option<Shape> {
        shape(&parse(text).unwrap())
    }

    #[test]
    fn a_name_and_the_last_side_are_what_a_chain_says() {
        let named = |text: &str| matches!(of(text), Some(Shape::Named(..)));
        for text in [
            "x=5",
            "5 = x",
            "f(x)=x^2",
            "x = 2+3 = 5",
            "x \\in [0,1]",
            "(p,q)=(3,2)",
        ] {
            assert!(named(text), "{text}");
        }
        assert!(matches!(of("7+5=12"), Some(Shape::Working(_))));
        assert!(matches!(of("10/3 = 3.33"), Some(Shape::Working(_))));
        assert!(matches!(of("2x+y=1"), Some(Shape::Equation(..))));
        assert!(matches!(
            of(r"\frac{1}{3} \approx 0.3"),
            Some(Shape::Value(_))
        ));
    }

    #[test]
    fn contradictions_are_no_answer() {
        for text in ["5 = 12", "7 + 6 = 12", "x = 14 = 12"] {
            assert_eq!(of(text), None, "{text}");
        }
    }

    #[test]
    fn plus_minus_is_two_answers() {
        let Some(Shape::Several(both, Together::List)) = of(r"3 \pm 2") else {
            panic!("not two answers");
        };
        assert_eq!(both.len(), 2);
    }

    #[test]
    fn undone_arithmetic_is_recognised() {
        let undone = |text: &str| is_undone(&parse(text).unwrap());
        assert!(undone("7+5") && undone("3*4") && undone(r"\frac{1+2}{3}"));
        assert!(!undone("12") && !undone("3/4") && !undone("2^{10}") && !undone("3*10^5"));
    }
}
