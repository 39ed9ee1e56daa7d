//! The exact value of a rational expression.

use crate::math::exact::{Calculator, Exact};
use crate::math::expr::{Expr, Function};

/// `None` where a part is not rational or the work is too much.
pub(super) fn fraction(expr: &Expr, c: &mut Calculator) -> Option<Exact> {
    Some(match expr {
        Expr::Number { value, .. } => value.clone(),
        Expr::Neg(x) => -fraction(x, c)?,
        Expr::Inverse(x) => {
            let x = fraction(x, c)?;
            c.inverse(&x)?
        }
        Expr::Percent(x) => {
            let x = fraction(x, c)?;
            c.mul(&x, &Exact::new(1.into(), 100.into()))?
        }
        Expr::Unit(x, _) | Expr::Degrees(x) => fraction(x, c)?,
        Expr::Add(all) => {
            let mut sum = fraction(all.first()?, c)?;
            for x in &all[1..] {
                let x = fraction(x, c)?;
                sum = c.add(&sum, &x)?;
            }
            sum
        }
        Expr::Mul(all) => {
            let mut product = fraction(all.first()?, c)?;
            for x in &all[1..] {
                let x = fraction(x, c)?;
                product = c.mul(&product, &x)?;
            }
            product
        }
        Expr::Power(a, b) => {
            let (a, b) = (fraction(a, c)?, fraction(b, c)?);
            c.power(&a, &b)?
        }
        Expr::Call(function, all) => {
            let x = fraction(all.first()?, c)?;
            match (function, all.get(1)) {
                (Function::Factorial, _) => c.factorial(&x)?,
                (Function::Abs, _) => num_traits::Signed::abs(&x),
                (Function::Floor, _) => x.floor(),
                (Function::Ceiling, _) => x.ceil(),
                (Function::Binomial, Some(k)) => {
                    let k = fraction(k, c)?;
                    c.binomial(&x, &k)?
                }
                (Function::Root, Some(degree)) if *degree == Expr::whole(2) => c.square_root(&x)?,
                _ => return None,
            }
        }
        _ => return None,
    })
}
