//! What an expression is worth: exactly where it is rational, and as a floating-point number at
//! points chosen once and for all.

mod fraction;
mod point;

use fraction::fraction;
use point::{hash, spread, symbol};

use super::approx::Approx;
use super::exact::{Calculator, Exact, float};
use super::expr::{Expr, Function};

/// Where variables have the values that a hash of their names gives them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Point(pub(crate) u32);

/// How many points there are; the first half has positive values only.
pub(crate) const POINTS: u32 = 10;

/// How many operations one comparison may take; about a hundredth of a second.
pub(crate) const FUEL: u32 = 200_000;

/// Evaluates, as long as there is fuel.
pub(crate) struct Evaluator {
    fuel: u32,
    /// Whether a part of the last value was not real.
    left_reals: bool,
    calculator: Calculator,
}

impl Evaluator {
    pub(crate) fn new() -> Self {
        Self {
            fuel: FUEL,
            left_reals: false,
            calculator: Calculator::new(),
        }
    }

    pub(crate) fn burn(&mut self, amount: u32) -> Option<()> {
        if self.fuel < amount {
            self.fuel = 0;
            return None;
        }
        self.fuel -= amount;
        Some(())
    }

    /// The value of an expression that is rational; `None` for every other, and where a number
    /// would exceed the bounds.
    pub(crate) fn exact(&mut self, expr: &Expr) -> Option<Exact> {
        fraction(expr, &mut self.calculator)
    }

    /// Whether there was not enough fuel for everything.
    pub(crate) fn exhausted(&self) -> bool {
        self.fuel == 0 || self.calculator.exhausted()
    }

    /// The value at a point; `None` for what is no number, where a function is not defined, and
    /// once the fuel is spent.
    pub(crate) fn value(&mut self, expr: &Expr, point: Point) -> Option<Approx> {
        self.left_reals = false;
        self.raw(expr, point).filter(|value| value.is_finite())
    }

    /// The value where it and all of its parts are real numbers, so that `√x` is not defined
    /// for a negative `x`, though `√x·√x` could be.
    pub(crate) fn real_value(&mut self, expr: &Expr, point: Point) -> Option<Approx> {
        let value = self.value(expr, point)?;
        (!self.left_reals && value.is_real()).then_some(value)
    }

    fn raw(&mut self, expr: &Expr, point: Point) -> Option<Approx> {
        self.burn(1)?;
        let value = self.part(expr, point)?;
        self.left_reals |= !value.is_real();
        Some(value)
    }

    fn part(&mut self, expr: &Expr, point: Point) -> Option<Approx> {
        Some(match expr {
            Expr::Number { value, .. } => {
                self.burn(8)?;
                Approx::real(float(value))
            }
            Expr::Symbol(name) => symbol(name, point),
            Expr::Neg(x) => self.raw(x, point)?.neg(),
            Expr::Inverse(x) => self.raw(x, point)?.inverse(),
            Expr::Percent(x) => self.raw(x, point)?.mul(Approx::real(0.01)),
            Expr::Degrees(x) | Expr::Unit(x, _) => self.raw(x, point)?,
            Expr::Add(all) => self.fold(all, point, Approx::real(0.0), Approx::add)?,
            Expr::Mul(all) => self.fold(all, point, Approx::real(1.0), Approx::mul)?,
            Expr::Power(a, b) => self.raw(a, point)?.power(self.raw(b, point)?),
            Expr::Call(function, all) => self.call(*function, all, point)?,
            Expr::Apply(name, all) => {
                let mut seed = hash(name.as_bytes(), point.0);
                for argument in all {
                    let value = self.raw(argument, point)?;
                    let text = format!("{:.7e} {:.7e}", value.re + 0.0, value.im + 0.0);
                    seed = hash(text.as_bytes(), seed as u32);
                }
                Approx::real(spread(seed, point))
            }
            _ => return None,
        })
    }

    fn fold(
        &mut self,
        all: &[Expr],
        point: Point,
        start: Approx,
        join: fn(Approx, Approx) -> Approx,
    ) -> Option<Approx> {
        all.iter()
            .try_fold(start, |value, x| Some(join(value, self.raw(x, point)?)))
    }

    fn call(&mut self, function: Function, all: &[Expr], point: Point) -> Option<Approx> {
        self.burn(4)?;
        let x = self.raw(all.first()?, point)?;
        // Only an angle is measured in degrees.
        let angle = match all.first()? {
            inner if inner.any(&|part| matches!(part, Expr::Degrees(_))) => {
                x.mul(Approx::real(std::f64::consts::PI / 180.0))
            }
            _ => x,
        };
        let second = match all.get(1) {
            Some(second) => Some(self.raw(second, point)?),
            None => None,
        };
        Some(match function {
            Function::Sin => angle.sin(),
            Function::Cos => angle.cos(),
            Function::Tan => angle.sin().mul(angle.cos().inverse()),
            Function::Cot => angle.cos().mul(angle.sin().inverse()),
            Function::Sec => angle.cos().inverse(),
            Function::Csc => angle.sin().inverse(),
            Function::Arcsin => x.real_function(f64::asin, |x| 1.0 / (1.0 - x * x).sqrt()),
            Function::Arccos => x.real_function(f64::acos, |x| 1.0 / (1.0 - x * x).sqrt()),
            Function::Arctan => x.real_function(f64::atan, |x| 1.0 / (1.0 + x * x)),
            Function::Sinh => x.real_function(f64::sinh, f64::cosh),
            Function::Cosh => x.real_function(f64::cosh, f64::sinh),
            Function::Tanh => x.real_function(f64::tanh, |_| 1.0),
            Function::Exp => x.exp(),
            Function::Log => match second {
                Some(base) => x.ln().mul(base.ln().inverse()),
                None => x.ln(),
            },
            Function::Root => x.root(second?),
            Function::Abs => Approx {
                re: x.size(),
                im: 0.0,
                error: x.error,
            },
            Function::Floor => x.real_function(|x| (x + 1e-9).floor(), |_| 0.0),
            Function::Ceiling => x.real_function(|x| (x - 1e-9).ceil(), |_| 0.0),
            // Beyond what is exact there are no factorials.
            Function::Factorial | Function::Binomial => {
                let value = self.exact(&Expr::Call(function, all.to_vec()))?;
                self.burn(200)?;
                Approx::real(float(&value))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse::parse;
    use super::*;

    fn rational(text: &str) -> Option<String> {
        Evaluator::new()
            .exact(&parse(text).unwrap())
            .map(|value| value.to_string())
    }

    fn real(text: &str) -> Option<f64> {
        let value = Evaluator::new().value(&parse(text).unwrap(), Point(0))?;
        Some(value.re)
    }

    #[test]
    fn rational_expressions_are_exact() {
        assert_eq!(rational("1/3 + 1/6").unwrap(), "1/2");
        assert_eq!(rational(r"\frac{2^{10}}{4!}").unwrap(), "128/3");
        assert_eq!(rational(r"\binom{20}{2}").unwrap(), "190");
        assert_eq!(rational("12.5%").unwrap(), "1/8");
        assert_eq!(rational(r"\sqrt{\frac{9}{4}}").unwrap(), "3/2");
        assert_eq!(rational("x"), None);
        assert_eq!(rational("1/0"), None);
        assert_eq!(rational("9^9^9^9"), None);
    }

    #[test]
    fn other_expressions_are_approximated() {
        let near = |text: &str, value: f64| (real(text).unwrap() - value).abs() < 1e-12;
        assert!(near(r"\sqrt{2}", std::f64::consts::SQRT_2));
        assert!(near(r"\sin 30^\circ", 0.5));
        assert!(near(r"\log_2 8", 3.0));
        assert!(near(r"e^{i\pi}", -1.0));
        assert_eq!(real("1/0"), None);
        assert_eq!(real("9^9^9^9"), None);
        let positive = (0..POINTS / 2).all(|k| symbol("x", Point(k)).re > 0.0);
        assert!(positive);
    }
}
