//! What kind of answer an expression is: a value, a named value, an equation, a set and so on.
//!
//! Here `±` becomes two answers, a chain of equations its name and its last side, and a matrix
//! expression a matrix.

mod chain;

use chain::chain;

use super::evaluate::{Evaluator, POINTS, Point};
use super::expr::{Expr, Relation};
use super::matrix::{folded, has_matrix};
use super::residue::residues;

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
pub(crate) fn shape(expr: &Expr, evaluator: &mut Evaluator) -> Option<Shape> {
    let chooses = |x: &Expr| x.any(&|part| matches!(part, Expr::PlusMinus(..)));
    match expr {
        Expr::List(items, or) => {
            let together = if *or {
                Together::Either
            } else {
                Together::List
            };
            Some(Shape::Several(shapes(items, evaluator)?, together))
        }
        Expr::Set(items) => Some(Shape::Several(shapes(items, evaluator)?, Together::Set)),
        Expr::Chain(sides, relations) => chain(sides, relations, evaluator),
        Expr::Text(text) => Some(Shape::Text(text.clone())),
        _ if chooses(expr) => {
            let (plus, minus) = (chosen(expr, true), chosen(expr, false));
            Some(Shape::Several(
                vec![shape(&plus, evaluator)?, shape(&minus, evaluator)?],
                Together::List,
            ))
        }
        Expr::Tuple(items) => {
            let items = items.iter().map(|item| shape(item, evaluator));
            let items = items.collect::<Option<_>>()?;
            Some(Shape::Tuple(items))
        }
        Expr::Ratio(parts) => Some(Shape::Ratio(parts.clone())),
        Expr::Interval(..) | Expr::Joined(..) | Expr::Reals => Some(Shape::Region(expr.clone())),
        _ if has_matrix(expr) => folded(expr, evaluator).map(Shape::Matrix),
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
fn shapes(items: &[Expr], evaluator: &mut Evaluator) -> Option<Vec<Shape>> {
    let mut all = Vec::new();
    for item in items {
        match (shape(item, evaluator)?, item) {
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

/// Whether a fraction of two whole numbers is in lowest terms; `None` where `expr` is none.
pub(crate) fn is_fraction(expr: &Expr) -> Option<bool> {
    match expr {
        Expr::Neg(x) | Expr::Percent(x) | Expr::Degrees(x) | Expr::Unit(x, _) => is_fraction(x),
        Expr::Mul(all) => match all.as_slice() {
            [Expr::Number { value: over, .. }, Expr::Inverse(under)] => match &**under {
                Expr::Number { value: under, .. } if over.is_integer() && under.is_integer() => {
                    let reduced = over / under;
                    Some(reduced.denom() == under.numer() && !reduced.is_integer())
                }
                _ => Some(false),
            },
            _ => None,
        },
        _ => None,
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
        shape(&parse(text).unwrap(), &mut Evaluator::new())
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
        for text in [
            "5 = 12",
            "7 + 6 = 12",
            "x = 14 = 12",
            "12 ≈ 14",
            "x = 12 ≈ 14",
        ] {
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
