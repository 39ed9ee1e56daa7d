//! Whether two expressions have the same value, whatever their form.
//!
//! Rational numbers are compared exactly. Where either was written with a decimal point, or is
//! only known by approximation, the difference may be half a unit of the last digit of the
//! precision. Expressions with variables are compared at ten fixed points; two that agree at all
//! of them are taken for equal (the polynomial identity test of Schwartz and Zippel, carried over
//! to elementary functions).

use super::evaluate::{Evaluator, POINTS, Point};
use super::exact::float;
use super::expr::Expr;
use super::residue::residues;

/// At how many points both must be defined.
const LEAST_POINTS: u32 = 3;

/// Decimal places that are compared.
pub(crate) const PRECISION: u32 = 6;

/// How far `a` and `b` may lie apart where one of them is a decimal.
pub(crate) fn tolerance(a: f64, b: f64, precision: u32) -> f64 {
    let places = 10_f64.powi(-i32::try_from(precision.min(300)).unwrap_or(300));
    let size = a.abs().max(b.abs());
    // Half a unit of the last place, and for values near it half of their digits.
    (0.5 * places).min(places.sqrt() * size) * (1.0 + 1e-9)
}

/// Whether any number in `expr` has a decimal point.
pub(crate) fn is_rounded(expr: &Expr) -> bool {
    expr.any(&|part| matches!(part, Expr::Number { rounded: true, .. }))
}

/// Whether the two have the same value.
pub(crate) fn same_value(a: &Expr, b: &Expr, precision: u32, evaluator: &mut Evaluator) -> bool {
    if *a == Expr::Infinity || *b == Expr::Infinity {
        return a == b;
    }
    let infinite = |x: &Expr| matches!(x, Expr::Neg(inner) if **inner == Expr::Infinity);
    if infinite(a) || infinite(b) {
        return infinite(a) && infinite(b);
    }
    if a == b {
        // Unless it has no value at all, as `1/0`.
        return (0..POINTS).any(|k| evaluator.value(a, Point(k)).is_some())
            || residues(a, evaluator).is_some();
    }
    let rounded = is_rounded(a) || is_rounded(b);
    let exact = (evaluator.exact(a), evaluator.exact(b));
    if evaluator.exhausted() {
        return false;
    }
    if let (Some(a), Some(b)) = exact {
        let gap = float(&(&a - &b)).abs();
        return a == b || (rounded && gap <= tolerance(float(&a), float(&b), precision));
    }
    let constant = a.variables().is_empty() && b.variables().is_empty();
    let tolerance = rounded.then_some(precision);
    if constant {
        return match agree(a, b, Point(0), tolerance, false, evaluator) {
            Some(same) => same,
            None => {
                residues(a, evaluator).is_some_and(|rests| residues(b, evaluator) == Some(rests))
            }
        };
    }
    let imaginary = |x: &Expr| x.any(&|part| *part == Expr::Symbol("i".into()));
    let complex = imaginary(a) || imaginary(b);
    let outcome = |complex: bool, evaluator: &mut Evaluator| {
        let mut agreed = 0;
        for point in (0..POINTS).map(Point) {
            match agree(a, b, point, tolerance, !complex, evaluator) {
                Some(true) => agreed += 1,
                Some(false) => return Some(false),
                None => {}
            }
        }
        (agreed >= LEAST_POINTS).then_some(true)
    };
    outcome(complex, evaluator).or_else(|| outcome(true, evaluator)) == Some(true)
}

/// Whether the values agree at a point; `None` where either has none, or with `real` is not real.
fn agree(
    a: &Expr,
    b: &Expr,
    point: Point,
    precision: Option<u32>,
    real: bool,
    evaluator: &mut Evaluator,
) -> Option<bool> {
    let mut value = |x: &Expr| match real {
        true => evaluator.real_value(x, point),
        false => evaluator.value(x, point),
    };
    let (a, b) = (value(a)?, value(b)?);
    let gap = (a.re - b.re).hypot(a.im - b.im);
    let size = a.size().max(b.size());
    let rounding = (1e-11 * size)
        .max(1000.0 * (a.error + b.error))
        .min(1e-6 * size.max(1.0));
    let allowed = match precision {
        Some(precision) => tolerance(a.size(), b.size(), precision).max(rounding),
        None => rounding,
    };
    Some(gap <= allowed)
}

/// The factor between two expressions, where it is the same at every point: `Some(true)` where it
/// is positive, `Some(false)` where it is negative.
pub(crate) fn proportional(a: &Expr, b: &Expr, evaluator: &mut Evaluator) -> Option<bool> {
    let mut first: Option<f64> = None;
    let mut agreed = 0;
    for point in (0..POINTS).map(Point) {
        let values = (
            evaluator.real_value(a, point),
            evaluator.real_value(b, point),
        );
        let (Some(x), Some(y)) = values else {
            continue;
        };
        let zero = |v: super::approx::Approx| v.size() <= 1000.0 * v.error;
        if zero(x) || zero(y) {
            if zero(x) && zero(y) {
                continue;
            }
            return None;
        }
        let factor = x.re / y.re;
        let slack = 1e-9 + 1000.0 * (x.error / x.size() + y.error / y.size());
        match first {
            Some(first) if (factor / first - 1.0).abs() > slack => return None,
            Some(_) => {}
            None => first = Some(factor),
        }
        agreed += 1;
    }
    first
        .filter(|_| agreed >= LEAST_POINTS)
        .map(|factor| factor > 0.0)
}

#[cfg(test)]
mod tests {
    use super::super::parse::parse;
    use super::*;

    fn same(a: &str, b: &str) -> bool {
        let (a, b) = (parse(a).unwrap(), parse(b).unwrap());
        same_value(&a, &b, PRECISION, &mut Evaluator::new())
    }

    #[test]
    fn identities_hold() {
        for (a, b) in [
            ("(x+1)^2", "x^2+2x+1"),
            (r"\tan^2 y + 1", r"\sec^2 y"),
            (r"\frac{10\sqrt{10.5}}{27}", r"\frac{5\sqrt{42}}{27}"),
            (r"\ln(x^3)", r"3\ln x"),
            (r"\sqrt{x}\sqrt{y}", r"\sqrt{xy}"),
            ("2^{10}", "1024"),
            (r"e^{i\pi}", "-1"),
            (r"\frac{1}{\sqrt{2}}", r"\frac{\sqrt{2}}{2}"),
            (r"\sin^2 1 + \cos^2 1", "1"),
            ("0.333333", "1/3"),
            (r"\log_2 8", "3"),
            ("(-8)^{1/3}", "(-8)^{1/3}"),
            ("f(x)+1", "1+f(x)"),
            ("2^{4950}", "4^{2475}"),
        ] {
            assert!(same(a, b), "{a} and {b}");
        }
    }

    #[test]
    fn what_differs_is_told_apart() {
        for (a, b) in [
            ("(x+1)^2", "x^2+1"),
            (r"\sqrt{x^2}", "x"),
            ("x", "y"),
            ("0.333", "1/3"),
            ("5", "5.001"),
            ("10^{-10}", "1.01*10^{-10}"),
            ("e^{-30}", "0"),
            (r"\pi", "3.14"),
            ("f(1)+f(2)", "f(3)"),
            ("x^2+2x+1", "x^3+2x+1"),
            ("10^{40}", "10^{40}+1"),
            (r"\infty", r"-\infty"),
        ] {
            assert!(!same(a, b), "{a} and {b}");
        }
    }

    #[test]
    fn equations_are_proportional() {
        let sign = |a: &str, b: &str| {
            proportional(
                &parse(a).unwrap(),
                &parse(b).unwrap(),
                &mut Evaluator::new(),
            )
        };
        assert_eq!(sign("2x+4y-3", "x+2y-3/2"), Some(true));
        assert_eq!(sign("x-1", "1-x"), Some(false));
        assert_eq!(sign("x-1", "x-2"), None);
        assert_eq!(sign("x-x", "y-y"), None);
    }
}
