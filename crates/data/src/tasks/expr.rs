//! Expressions to draw problems from: values, rendering, steps.

use super::step::{Label, Op, Step, Term};

/// A number or an operation on two expressions.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expr {
    Number(i64),
    Apply(Box<Expr>, Op, Box<Expr>),
}

impl Expr {
    pub(super) fn apply(left: Self, op: Op, right: Self) -> Self {
        Self::Apply(Box::new(left), op, Box::new(right))
    }

    /// Numbers joined by operations, multiplication and division binding tighter, as read from
    /// left to right. There is one operation fewer than there are numbers.
    pub(super) fn flat(numbers: &[i64], ops: &[Op]) -> Self {
        let mut sum: Option<(Self, Op)> = None;
        let mut product = Self::Number(numbers[0]);
        for (&op, &number) in ops.iter().zip(&numbers[1..]) {
            if matches!(op, Op::Mul | Op::Div) {
                product = Self::apply(product, op, Self::Number(number));
            } else {
                let finished = std::mem::replace(&mut product, Self::Number(number));
                sum = Some((join(sum, finished), op));
            }
        }
        join(sum, product)
    }

    /// The value, when it and every part of it are whole numbers from 0 to `most`.
    pub(super) fn value(&self, most: i64) -> Option<i64> {
        let value = match self {
            Self::Number(number) => *number,
            Self::Apply(left, op, right) => op.apply(left.value(most)?, right.value(most)?)?,
        };
        (0..=most).contains(&value).then_some(value)
    }

    /// The value, when it and every part of it are whole numbers, negative ones too.
    pub(super) fn whole(&self) -> Option<i64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Apply(left, op, right) => op.apply(left.whole()?, right.whole()?),
        }
    }

    /// The larger factor of the largest product or quotient's small side: how hard it multiplies.
    pub(super) fn hardest_factor(&self) -> i64 {
        let Self::Apply(left, op, right) = self else {
            return 0;
        };
        let here = match op {
            Op::Mul => left
                .value(i64::MAX)
                .unwrap_or(0)
                .min(right.value(i64::MAX).unwrap_or(0)),
            Op::Div => right.value(i64::MAX).unwrap_or(0),
            Op::Add | Op::Sub => 0,
        };
        here.max(left.hardest_factor()).max(right.hardest_factor())
    }

    /// Written with no more parentheses than needed.
    pub(super) fn show(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Apply(left, op, right) => {
                let wrap = |side: &Self, loosest: u8| {
                    if side.binding() < loosest {
                        format!("({})", side.show())
                    } else {
                        side.show()
                    }
                };
                let binding = self.binding();
                format!(
                    "{} {} {}",
                    wrap(left, binding),
                    op.symbol(),
                    wrap(right, binding + 1)
                )
            }
        }
    }

    fn binding(&self) -> u8 {
        match self {
            Self::Apply(_, Op::Add | Op::Sub, _) => 1,
            Self::Apply(..) => 2,
            Self::Number(_) => 3,
        }
    }

    /// The operations in an order that computes the value; the last one gives it.
    pub(super) fn steps(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        self.push_steps(&mut steps);
        steps
    }

    fn push_steps(&self, steps: &mut Vec<Step>) -> Term {
        match self {
            Self::Number(number) => Term::Given(*number),
            Self::Apply(left, op, right) => {
                let (left, right) = (left.push_steps(steps), right.push_steps(steps));
                steps.push(Step::Compute {
                    label: Label::None,
                    left,
                    op: *op,
                    right,
                });
                Term::Step(steps.len() - 1)
            }
        }
    }
}

fn join(sum: Option<(Expr, Op)>, right: Expr) -> Expr {
    match sum {
        Some((left, op)) => Expr::apply(left, op, right),
        None => right,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flat_expressions_follow_precedence() {
        let sum = Expr::flat(&[2, 3, 4, 5], &[Op::Add, Op::Mul, Op::Sub]);
        assert_eq!(sum.show(), "2 + 3 * 4 - 5");
        assert_eq!(sum.value(100), Some(9));
        assert_eq!(sum.value(13), None);
        assert_eq!(sum.hardest_factor(), 3);
        assert_eq!(sum.steps().len(), 3);
    }

    #[test]
    fn parentheses_are_written_where_needed() {
        let sum = || Expr::flat(&[2, 3], &[Op::Add]);
        assert_eq!(
            Expr::apply(sum(), Op::Mul, Expr::Number(4)).show(),
            "(2 + 3) * 4"
        );
        assert_eq!(
            Expr::apply(Expr::Number(9), Op::Sub, sum()).show(),
            "9 - (2 + 3)"
        );
        assert_eq!(
            Expr::apply(sum(), Op::Sub, Expr::Number(1)).show(),
            "2 + 3 - 1"
        );
    }
}
