//! Sets of real numbers as intervals, and the intervals that inequalities leave.

use super::evaluate::{Evaluator, Point};
use super::expr::{Expr, Join, Relation};
use super::shape::Atom;

/// More intervals are not followed.
const MOST: usize = 64;

/// The numbers between two ends; a single number where both are the same and closed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Segment {
    low: f64,
    low_closed: bool,
    high: f64,
    high_closed: bool,
}

/// Disjoint segments in order.
pub(crate) type Region = Vec<Segment>;

const ALL: Segment = Segment {
    low: f64::NEG_INFINITY,
    low_closed: false,
    high: f64::INFINITY,
    high_closed: false,
};

fn close(a: f64, b: f64) -> bool {
    let finite = a.is_finite() && b.is_finite();
    a == b || (finite && (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1e-3))
}

/// Whether two regions are the same, their ends compared by `same`.
pub(crate) fn same_region(a: &Region, b: &Region, same: &dyn Fn(f64, f64) -> bool) -> bool {
    a.len() == b.len()
        && a.iter().zip(b).all(|(a, b)| {
            let ends = (a.low == b.low || same(a.low, b.low))
                && (a.high == b.high || same(a.high, b.high));
            // An end at infinity is open however it is written.
            let low = a.low.is_infinite() || a.low_closed == b.low_closed;
            let high = a.high.is_infinite() || a.high_closed == b.high_closed;
            ends && low && high
        })
}

/// A single interval; nothing where it is empty.
pub(crate) fn interval(low: f64, low_closed: bool, high: f64, high_closed: bool) -> Region {
    let point = low == high && low_closed && high_closed && low.is_finite();
    if low < high || point {
        vec![Segment {
            low,
            low_closed,
            high,
            high_closed,
        }]
    } else {
        Vec::new()
    }
}

/// Everything in either, with what touches joined.
pub(crate) fn union(a: Region, b: Region) -> Region {
    let mut all = a;
    all.extend(b);
    all.sort_by(|a, b| {
        a.low
            .total_cmp(&b.low)
            .then(b.low_closed.cmp(&a.low_closed))
    });
    let mut joined: Region = Vec::new();
    for next in all {
        match joined.last_mut() {
            Some(last)
                if next.low < last.high
                    || (close(next.low, last.high) && (next.low_closed || last.high_closed)) =>
            {
                if close(next.high, last.high) {
                    last.high_closed |= next.high_closed;
                } else if next.high > last.high {
                    last.high = next.high;
                    last.high_closed = next.high_closed;
                }
            }
            _ => joined.push(next),
        }
    }
    joined
}

/// What is in both.
pub(crate) fn intersection(a: &Region, b: &Region) -> Region {
    let mut found = Vec::new();
    for x in a {
        for y in b {
            let (low, low_closed) = match x.low.total_cmp(&y.low) {
                _ if close(x.low, y.low) => (x.low, x.low_closed && y.low_closed),
                std::cmp::Ordering::Less => (y.low, y.low_closed),
                _ => (x.low, x.low_closed),
            };
            let (high, high_closed) = match x.high.total_cmp(&y.high) {
                _ if close(x.high, y.high) => (x.high, x.high_closed && y.high_closed),
                std::cmp::Ordering::Less => (x.high, x.high_closed),
                _ => (y.high, y.high_closed),
            };
            found = union(found, interval(low, low_closed, high, high_closed));
        }
    }
    found
}

/// All real numbers that are not in `region`.
pub(crate) fn complement(region: &Region) -> Region {
    let mut rest = vec![ALL];
    for segment in region {
        let below = interval(f64::NEG_INFINITY, false, segment.low, !segment.low_closed);
        let above = interval(segment.high, !segment.high_closed, f64::INFINITY, false);
        rest = intersection(&rest, &union(below, above));
    }
    rest
}

/// The set that an expression is, with variables at a point; `None` where it is no set of reals.
pub(crate) fn region(expr: &Expr, point: Point, evaluator: &mut Evaluator) -> Option<Region> {
    let found = match expr {
        Expr::Reals => vec![ALL],
        Expr::Interval(a, b) => {
            let low = end(&a.at, point, evaluator)?;
            let high = end(&b.at, point, evaluator)?;
            interval(low, a.closed, high, b.closed)
        }
        // Inside a union `(1, 2)` is an interval.
        Expr::Tuple(both) if both.len() == 2 => {
            let low = end(&both[0], point, evaluator)?;
            let high = end(&both[1], point, evaluator)?;
            interval(low, false, high, false)
        }
        Expr::Set(items) => {
            let mut points = Vec::new();
            for item in items {
                let at = end(item, point, evaluator)?;
                points = union(points, interval(at, true, at, true));
            }
            points
        }
        Expr::Joined(join, a, b) => {
            let (a, b) = (region(a, point, evaluator)?, region(b, point, evaluator)?);
            match join {
                Join::Union => union(a, b),
                Join::Intersection => intersection(&a, &b),
                Join::Difference => intersection(&a, &complement(&b)),
            }
        }
        _ => return None,
    };
    (found.len() <= MOST).then_some(found)
}

/// A real number or an infinity.
pub(crate) fn end(expr: &Expr, point: Point, evaluator: &mut Evaluator) -> Option<f64> {
    match expr {
        Expr::Infinity => Some(f64::INFINITY),
        Expr::Neg(x) if **x == Expr::Infinity => Some(f64::NEG_INFINITY),
        _ => {
            let value = evaluator.value(expr, point)?;
            value.is_real().then_some(value.re)
        }
    }
}

/// The values of `variable` for which an inequality holds; `None` where it is not linear.
pub(crate) fn solved(
    atom: &Atom,
    variable: &str,
    point: Point,
    evaluator: &mut Evaluator,
) -> Option<Region> {
    let (left, relation, right) = atom;
    let infinite = |x: &Expr| x.any(&|part| *part == Expr::Infinity);
    if infinite(left) || infinite(right) {
        // `x < ∞` holds for every real number.
        return Some(vec![ALL]);
    }
    let difference = left.clone().minus(right.clone());
    let mut at = |value: i64| {
        let set = difference.clone().map(&|part| match part {
            Expr::Symbol(name) if name == variable => Expr::whole(value),
            other => other,
        });
        end(&set, point, evaluator)
    };
    let (zero, one, two, far) = (at(0)?, at(1)?, at(2)?, at(-7)?);
    let slope = one - zero;
    let scale = zero.abs().max(one.abs()).max(1e-3);
    let linear = (two - one - slope).abs() <= 1e-9 * scale
        && (far - zero + 7.0 * slope).abs() <= 1e-8 * scale;
    if !linear || slope.abs() <= 1e-9 * scale {
        return None;
    }
    let bound = -zero / slope;
    let below = |closed| interval(f64::NEG_INFINITY, false, bound, closed);
    let above = |closed| interval(bound, closed, f64::INFINITY, false);
    let rising = slope > 0.0;
    Some(match relation {
        Relation::Less if rising => below(false),
        Relation::Less => above(false),
        Relation::AtMost if rising => below(true),
        Relation::AtMost => above(true),
        Relation::Greater if rising => above(false),
        Relation::Greater => below(false),
        Relation::AtLeast if rising => above(true),
        Relation::AtLeast => below(true),
        Relation::NotEqual => union(below(false), above(false)),
        Relation::Equal => interval(bound, true, bound, true),
        Relation::About | Relation::In => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::parse::parse;
    use super::*;

    fn of(text: &str) -> Region {
        region(&parse(text).unwrap(), Point(0), &mut Evaluator::new()).unwrap()
    }

    fn same(a: &str, b: &str) -> bool {
        same_region(&of(a), &of(b), &close)
    }

    #[test]
    fn sets_are_the_same_however_they_are_put_together() {
        assert!(same(r"(0,1] \cup \{0\}", "[0,1]"));
        assert!(same(
            r"\mathbb{R} \setminus \{1\}",
            r"(-\infty,1) \cup (1,\infty)"
        ));
        assert!(same(r"[0,2] \cap [1,3]", "[1,2]"));
        assert!(same(r"(1,2] \cup (2,3)", r"(1, 3) \cup (1,2]"));
        assert!(!same(r"(0,1) \cup (1,2)", r"(0,1) \cup [1,2)"));
        assert!(!same("[0,1]", "[0,1)"));
        assert!(same(r"[0,\infty)", r"[0,\infty]"));
    }

    #[test]
    fn linear_inequalities_are_solved() {
        let solve = |left: &str, relation, right: &str| {
            let atom = (parse(left).unwrap(), relation, parse(right).unwrap());
            solved(&atom, "x", Point(0), &mut Evaluator::new())
        };
        let below_two = interval(f64::NEG_INFINITY, false, 2.0, false);
        assert_eq!(solve("3x", Relation::Less, "6"), Some(below_two.clone()));
        assert_eq!(solve("-x", Relation::Greater, "-2"), Some(below_two));
        assert_eq!(solve("x^2", Relation::Less, "4"), None);
    }
}
