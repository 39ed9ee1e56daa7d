//! Sets and inequalities against each other, as the real numbers they leave.

use super::Comparison;
use crate::math::evaluate::Point;
use crate::math::region::{self, Region, region, same_region};
use crate::math::relation::same_order;
use crate::math::scalar::{is_rounded, tolerance};
use crate::math::shape::{Atom, Shape, Together};

impl Comparison<'_> {
    /// Sets of numbers, however they are written.
    pub(super) fn same_set(&mut self, gold: &Shape, answer: &Shape) -> bool {
        let rounded = [gold, answer].into_iter().any(shape_is_rounded);
        let precision = self.options.precision;
        let same = move |a: f64, b: f64| {
            let slack = if rounded {
                tolerance(a, b, precision)
            } else {
                0.0
            };
            a.is_finite()
                && b.is_finite()
                && (a - b).abs() <= slack.max(1e-9 * a.abs().max(b.abs()))
        };
        (0..3).map(Point).all(|point| {
            let gold = self.region(gold, point);
            let answer = self.region(answer, point);
            matches!((gold, answer), (Some(g), Some(a)) if same_region(&g, &a, &same))
        })
    }

    fn region(&mut self, shape: &Shape, point: Point) -> Option<Region> {
        match shape {
            Shape::Region(expr) => region(expr, point, &mut self.evaluator),
            Shape::Named(_, inner) => self.region(inner, point),
            Shape::Tuple(both) => match both.as_slice() {
                [Shape::Value(low), Shape::Value(high)] => {
                    let low = region::end(low, point, &mut self.evaluator)?;
                    let high = region::end(high, point, &mut self.evaluator)?;
                    Some(region::interval(low, false, high, false))
                }
                _ => None,
            },
            Shape::Value(value) => {
                let at = region::end(value, point, &mut self.evaluator)?;
                Some(region::interval(at, true, at, true))
            }
            Shape::Several(all, together) if all.iter().all(is_constraint) => {
                let mut regions = all.iter().map(|inner| self.region(inner, point));
                let mut joined = regions.next()??;
                for next in regions {
                    joined = match together {
                        Together::Either => region::union(joined, next?),
                        _ => region::intersection(&joined, &next?),
                    };
                }
                Some(joined)
            }
            Shape::Several(all, _) => {
                let mut joined = Vec::new();
                for inner in all {
                    joined = region::union(joined, self.region(inner, point)?);
                }
                Some(joined)
            }
            Shape::Order(atoms) => {
                let variable = single_variable(atoms)?;
                let mut left = region::complement(&Vec::new());
                for atom in atoms {
                    let next = region::solved(atom, &variable, point, &mut self.evaluator)?;
                    left = region::intersection(&left, &next);
                }
                Some(left)
            }
            _ => None,
        }
    }

    /// A gold answer of inequalities against inequalities or a set.
    pub(super) fn same_constraint(&mut self, gold: &Shape, answer: &Shape) -> bool {
        let named = |shape: &Shape| match shape {
            Shape::Named(name, _) => Some(name.variables().join(" ")),
            _ => atoms(shape).and_then(|atoms| single_variable(&atoms)),
        };
        if let (Some(a), Some(b)) = (named(gold), named(answer))
            && a != b
        {
            return false;
        }
        if let (Some(gold), Some(answer)) = (atoms(gold), atoms(answer))
            && same_order(&gold, &answer, &mut self.evaluator)
        {
            return true;
        }
        self.same_set(gold, answer)
    }
}

/// Inequalities, or several of them.
pub(super) fn is_constraint(shape: &Shape) -> bool {
    match shape {
        Shape::Order(_) => true,
        Shape::Several(all, _) => !all.is_empty() && all.iter().all(is_constraint),
        _ => false,
    }
}

/// The inequalities of an answer in which all of them hold.
fn atoms(shape: &Shape) -> Option<Vec<Atom>> {
    match shape {
        Shape::Order(atoms) => Some(atoms.clone()),
        Shape::Several(all, Together::List) => {
            let all: Option<Vec<_>> = all.iter().map(atoms).collect();
            all.map(|all| all.concat())
        }
        _ => None,
    }
}

fn single_variable(atoms: &[Atom]) -> Option<String> {
    let mut found: Vec<&str> = Vec::new();
    for (left, _, right) in atoms {
        found.extend(left.variables());
        found.extend(right.variables());
    }
    let first = *found.first()?;
    found
        .iter()
        .all(|name| *name == first)
        .then(|| first.to_owned())
}

fn shape_is_rounded(shape: &Shape) -> bool {
    match shape {
        Shape::Value(x) | Shape::Region(x) => is_rounded(x),
        Shape::Named(_, inner) | Shape::Working(inner) => shape_is_rounded(inner),
        Shape::Several(all, _) | Shape::Tuple(all) => all.iter().any(shape_is_rounded),
        Shape::Order(atoms) => atoms.iter().any(|(a, _, b)| is_rounded(a) || is_rounded(b)),
        _ => false,
    }
}
