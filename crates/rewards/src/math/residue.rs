//! Whole and rational constants too large to be written out, told apart by their remainders.
//!
//! `2^4950` fits neither the bounds on exact numbers nor a floating-point number. Two such
//! constants that leave the same remainder modulo two primes of 61 and 62 bits are taken for
//! equal; by Fermat's theorem the exponent only counts modulo `p - 1`.

use num_bigint::BigInt;
use num_traits::{Signed, ToPrimitive};

use super::evaluate::Evaluator;
use super::expr::Expr;

/// Primes: `2^61 - 1` and `2^62 - 57`.
const PRIMES: [u64; 2] = [(1 << 61) - 1, (1 << 62) - 57];

/// The remainders of a constant put together from numbers by `+ - * /` and whole powers; `None`
/// for every other, and where a denominator leaves zero.
pub(crate) fn residues(expr: &Expr, evaluator: &mut Evaluator) -> Option<[u64; 2]> {
    let first = residue(expr, PRIMES[0], evaluator)?;
    Some([first, residue(expr, PRIMES[1], evaluator)?])
}

fn residue(expr: &Expr, prime: u64, evaluator: &mut Evaluator) -> Option<u64> {
    evaluator.burn(8)?;
    let times = |a: u64, b: u64| (u128::from(a) * u128::from(b) % u128::from(prime)) as u64;
    Some(match expr {
        Expr::Number { value, .. } => {
            let over = modulo(value.numer(), prime)?;
            times(over, inverse(modulo(value.denom(), prime)?, prime)?)
        }
        Expr::Neg(x) => (prime - residue(x, prime, evaluator)?) % prime,
        Expr::Inverse(x) => inverse(residue(x, prime, evaluator)?, prime)?,
        Expr::Unit(x, _) | Expr::Degrees(x) => residue(x, prime, evaluator)?,
        Expr::Add(all) => {
            let mut sum = 0;
            for x in all {
                sum = (sum + residue(x, prime, evaluator)?) % prime;
            }
            sum
        }
        Expr::Mul(all) => {
            let mut product = 1;
            for x in all {
                product = times(product, residue(x, prime, evaluator)?);
            }
            product
        }
        Expr::Power(base, exponent) => {
            let base = residue(base, prime, evaluator)?;
            let exponent = evaluator.exact(exponent)?;
            if base == 0 || !exponent.is_integer() {
                return None;
            }
            evaluator.burn(64)?;
            power(base, modulo(exponent.numer(), prime - 1)?, prime)
        }
        _ => return None,
    })
}

/// The remainder of a number of either sign, not negative.
fn modulo(x: &BigInt, prime: u64) -> Option<u64> {
    let rest = (x.abs() % prime).to_u64()?;
    Some(if x.is_negative() {
        (prime - rest) % prime
    } else {
        rest
    })
}

fn inverse(x: u64, prime: u64) -> Option<u64> {
    (x != 0).then(|| power(x, prime - 2, prime))
}

fn power(mut base: u64, mut exponent: u64, prime: u64) -> u64 {
    let times = |a: u64, b: u64| (u128::from(a) * u128::from(b) % u128::from(prime)) as u64;
    let mut result = 1;
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = times(result, base);
        }
        base = times(base, base);
        exponent >>= 1;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::super::parse::parse;
    use super::*;

    fn of(text: &str) -> Option<[u64; 2]> {
        residues(&parse(text).unwrap(), &mut Evaluator::new())
    }

    #[test]
    fn large_constants_are_told_apart() {
        assert_eq!(of("2^{4950}"), of("4^{2475}"));
        assert_eq!(of("2^{2008}-2"), of("2(2^{2007}-1)"));
        assert_ne!(of("2^{4950}"), of("2^{4950}+1"));
        assert_eq!(of(r"\frac{2^{3000}}{2^{2999}}"), of("2"));
        assert_eq!(of("-1"), of("1-2"));
        assert_eq!(of("2^{-1}"), of("1/2"));
        assert_eq!(of("x"), None);
        assert_eq!(of("1/0"), None);
        // The tower's exponent is too large to be exact.
        assert_eq!(of("9^9^9^9"), None);
    }
}
