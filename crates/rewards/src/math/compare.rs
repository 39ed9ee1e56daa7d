//! One kind of answer against another.
//!
//! The gold answer and the other are not exchangeable: an inequality may be answered by the
//! interval it leaves, but an interval not by an inequality, which may only repeat the question;
//! a list may be answered by a tuple in its order, but a tuple not by a set.

mod sets;

use sets::is_constraint;

use super::evaluate::Evaluator;
use super::expr::Expr;
use super::relation::same_equation;
use super::scalar::same_value;
use super::shape::{Shape, Together, is_numeral, is_undone, shape};
use super::words::units_agree;
use crate::options::Options;

/// A comparison of two answers, with the work it may take.
pub(crate) struct Comparison<'a> {
    options: &'a Options,
    evaluator: Evaluator,
}

impl<'a> Comparison<'a> {
    pub(crate) fn new(options: &'a Options) -> Self {
        Self {
            options,
            evaluator: Evaluator::new(),
        }
    }

    /// The kind of answer an expression is; `None` where it is none.
    pub(crate) fn shape(expr: &Expr) -> Option<Shape> {
        shape(expr, &mut Evaluator::new())
    }

    /// Whether every value of the gold answer is a finite number.
    pub(crate) fn is_usable(gold: &Shape) -> bool {
        gold.has_values(&mut Evaluator::new())
    }

    /// Whether `answer` says what `gold` says.
    pub(crate) fn agree(&mut self, gold: &Shape, answer: &Shape) -> bool {
        use Shape::{Equation, Matrix, Named, Order, Ratio, Several, Text, Tuple, Value, Working};
        match (gold, answer) {
            (Working(gold), Working(answer)) => self.agree(gold, answer),
            (Working(_), _) => false,
            (_, Working(answer)) => self.agree(gold, answer),
            (Named(name, gold), Named(other, answer)) => {
                (same_name(name, other) && self.agree(gold, answer))
                    || self.same_function((name, gold), (other, answer))
                    || self.same_named_equation((name, gold), (other, answer))
            }
            (Named(name, inner), Equation(left, right)) => match &**inner {
                Value(value) => same_equation((name, value), (left, right), &mut self.evaluator),
                _ => false,
            },
            (Equation(left, right), Named(name, inner)) => match &**inner {
                Value(value) => same_equation((left, right), (name, value), &mut self.evaluator),
                _ => false,
            },
            (Equation(a, b), Equation(c, d)) => same_equation((a, b), (c, d), &mut self.evaluator),
            (Equation(..), _) | (_, Equation(..)) => false,
            _ if is_constraint(gold) => self.same_constraint(gold, answer),
            (Named(_, gold), answer) => self.agree(gold, answer),
            (gold, Named(_, answer)) => self.agree(gold, answer),
            (_, answer) if is_constraint(answer) => {
                self.options.relation_for_set && self.same_constraint(gold, answer)
            }
            (Several(gold, Together::List), Several(answer, Together::List))
                if self.options.ordered =>
            {
                self.in_order(gold, answer)
            }
            (Several(gold, Together::List), Tuple(answer))
            | (Tuple(gold), Several(answer, Together::List))
            | (Tuple(gold), Tuple(answer)) => self.in_order(gold, answer),
            (Shape::Region(_), _) | (_, Shape::Region(_)) => self.same_set(gold, answer),
            (Several(gold, _), Several(answer, _)) => self.in_any_order(gold, answer),
            (Several(gold, _), single) => self.in_any_order(gold, std::slice::from_ref(single)),
            (single, Several(answer, _)) => self.in_any_order(std::slice::from_ref(single), answer),
            (Matrix(gold), Matrix(answer)) => self.same_matrix(gold, answer),
            (Matrix(gold), Tuple(answer)) => self.same_vector(gold, answer),
            (Ratio(gold), Ratio(answer)) => self.same_ratio(gold, answer),
            (Ratio(both), Value(value)) if both.len() == 2 => {
                let quotient = Expr::quotient(both[0].clone(), both[1].clone());
                self.same_value(&quotient, value)
            }
            (Value(value), Ratio(both)) if both.len() == 2 => {
                let quotient = Expr::quotient(both[0].clone(), both[1].clone());
                self.same_value(value, &quotient)
            }
            (Value(gold), Value(answer)) => self.same_scalar(gold, answer),
            // A short word is read as a name where it is not marked as text.
            (Text(gold), Text(answer) | Value(Expr::Symbol(answer)))
            | (Value(Expr::Symbol(gold)), Text(answer)) => {
                gold.to_lowercase() == answer.to_lowercase()
            }
            (Order(_), _) | (_, Order(_)) => false,
            _ => false,
        }
    }

    fn same_value(&mut self, a: &Expr, b: &Expr) -> bool {
        same_value(a, b, self.options.precision, &mut self.evaluator)
    }

    /// Values, with their percent signs, degrees and units.
    fn same_scalar(&mut self, gold: &Expr, answer: &Expr) -> bool {
        let (gold_parts, answer_parts) = (Parts::of(gold), Parts::of(answer));
        if !units_agree(&gold_parts.unit, &answer_parts.unit) {
            return false;
        }
        // `yes no` is not `yes`, as `x cm` is `x`.
        let word = matches!(gold, Expr::Symbol(name) if name.chars().count() > 1);
        if word && !answer_parts.unit.is_empty() {
            return false;
        }
        // To repeat the question, `7 + 5`, is not to answer it.
        if is_numeral(gold) && is_undone(answer) && self.evaluator.exact(answer).is_some() {
            return false;
        }
        if self.same_value(gold, answer) {
            return true;
        }
        if gold_parts.percent != answer_parts.percent {
            return self.same_value(gold_parts.inner, answer_parts.inner);
        }
        if gold_parts.degrees != answer_parts.degrees {
            let half_turn = Expr::quotient(Expr::Symbol("pi".into()), Expr::whole(180));
            let radians = |parts: &Parts| match parts.degrees {
                true => Expr::Mul(vec![parts.inner.clone(), half_turn.clone()]),
                false => parts.inner.clone(),
            };
            return self.same_value(&radians(&gold_parts), &radians(&answer_parts));
        }
        false
    }

    fn in_order(&mut self, gold: &[Shape], answer: &[Shape]) -> bool {
        gold.len() == answer.len() && gold.iter().zip(answer).all(|(g, a)| self.agree(g, a))
    }

    /// Each of one is one of the other; what is said twice counts once.
    fn in_any_order(&mut self, gold: &[Shape], answer: &[Shape]) -> bool {
        let answer = self.distinct(answer);
        let mut open = self.distinct(gold);
        if answer.len() != open.len() {
            return false;
        }
        answer.into_iter().all(|a| {
            let found = open.iter().position(|g| self.agree(g, a));
            found.map(|at| open.swap_remove(at)).is_some()
        })
    }

    fn distinct<'s>(&mut self, all: &'s [Shape]) -> Vec<&'s Shape> {
        let mut kept: Vec<&Shape> = Vec::new();
        for shape in all {
            if !kept.iter().any(|other| self.agree(other, shape)) {
                kept.push(shape);
            }
        }
        kept
    }

    fn same_matrix(&mut self, gold: &[Vec<Expr>], answer: &[Vec<Expr>]) -> bool {
        gold.len() == answer.len()
            && gold.iter().zip(answer).all(|(gold, answer)| {
                gold.len() == answer.len()
                    && gold.iter().zip(answer).all(|(g, a)| self.same_value(g, a))
            })
    }

    /// A matrix of one row or one column against a tuple.
    fn same_vector(&mut self, gold: &[Vec<Expr>], answer: &[Shape]) -> bool {
        let entries: Vec<&Expr> = gold.iter().flatten().collect();
        (gold.len() == 1 || gold[0].len() == 1)
            && entries.len() == answer.len()
            && entries.into_iter().zip(answer).all(|(g, a)| match a {
                Shape::Value(a) => self.same_value(g, a),
                _ => false,
            })
    }

    /// Ratios may be in lower terms.
    fn same_ratio(&mut self, gold: &[Expr], answer: &[Expr]) -> bool {
        // The time of day is written like a ratio, with a.m. or p.m. at its end.
        let unit = |parts: &[Expr]| parts.last().map_or(String::new(), |x| Parts::of(x).unit);
        gold.len() == answer.len()
            && units_agree(&unit(gold), &unit(answer))
            && gold.iter().zip(answer).all(|(g, a)| {
                let left = Expr::Mul(vec![g.clone(), answer[0].clone()]);
                let right = Expr::Mul(vec![a.clone(), gold[0].clone()]);
                self.same_value(&left, &right)
            })
    }

    /// `f(x) = x²` and `f(t) = t²`.
    fn same_function(&mut self, a: (&Expr, &Shape), b: (&Expr, &Shape)) -> bool {
        let (Expr::Apply(f, x), Expr::Apply(g, y)) = (a.0, b.0) else {
            return false;
        };
        let ([Expr::Symbol(x), Expr::Symbol(y)], true) =
            ([&x[0], &y[0]], f == g && x.len() == 1 && y.len() == 1)
        else {
            return false;
        };
        match b.1 {
            Shape::Value(value) => {
                let renamed = value.clone().map(&|part| match part {
                    Expr::Symbol(name) if name == *y => Expr::Symbol(x.clone()),
                    other => other,
                });
                y != x && self.agree(a.1, &Shape::Value(renamed))
            }
            _ => false,
        }
    }

    fn same_named_equation(&mut self, a: (&Expr, &Shape), b: (&Expr, &Shape)) -> bool {
        let (Shape::Value(x), Shape::Value(y)) = (a.1, b.1) else {
            return false;
        };
        let open = !x.variables().is_empty() && !y.variables().is_empty();
        open && same_equation((a.0, x), (b.0, y), &mut self.evaluator)
    }
}

/// The same variable, or the same words.
fn same_name(a: &Expr, b: &Expr) -> bool {
    match (a, b) {
        (Expr::Text(a), Expr::Text(b)) => a.to_lowercase() == b.to_lowercase(),
        (Expr::Text(_), _) | (_, Expr::Text(_)) => true,
        _ => a == b,
    }
}

/// A value without what is written around it.
struct Parts<'e> {
    inner: &'e Expr,
    percent: bool,
    degrees: bool,
    unit: String,
}

impl<'e> Parts<'e> {
    fn of(expr: &'e Expr) -> Self {
        match expr {
            Expr::Unit(x, unit) => {
                let inner = Self::of(x);
                let unit = format!("{unit} {}", inner.unit);
                Self { unit, ..inner }
            }
            Expr::Percent(x) => Self {
                percent: true,
                ..Self::of(x)
            },
            Expr::Degrees(x) => Self {
                degrees: true,
                unit: "°".into(),
                ..Self::of(x)
            },
            inner => Self {
                inner,
                percent: false,
                degrees: false,
                unit: String::new(),
            },
        }
    }
}
