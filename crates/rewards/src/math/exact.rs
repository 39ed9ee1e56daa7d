//! Exact rational numbers of bounded size.
//!
//! The arithmetic is `num-rational`'s; what is added here are the bounds, so that no text, however
//! short, makes a number that takes long. Left out: roots that are not rational, and everything
//! else that only has an approximation.

use num_bigint::{BigInt, Sign};
use num_rational::BigRational;
use num_traits::{One, Pow, Signed, ToPrimitive, Zero};

/// An exact fraction.
pub(crate) type Exact = BigRational;

/// The most bits a numerator or denominator may have: some 300 decimal digits.
pub(crate) const BITS: u64 = 1024;

/// How many bits of operands one comparison may work on; about a hundredth of a second.
const WORK: u64 = 200_000;

/// All exact calculations of a comparison; every operation is `None` once they exceed [`WORK`].
pub(crate) struct Calculator {
    left: u64,
    exhausted: bool,
}

fn bits(x: &Exact) -> u64 {
    x.numer().bits() + x.denom().bits()
}

fn bounded(x: Exact) -> Option<Exact> {
    (x.numer().bits() <= BITS && x.denom().bits() <= BITS).then_some(x)
}

impl Calculator {
    pub(crate) fn new() -> Self {
        Self {
            left: WORK,
            exhausted: false,
        }
    }

    /// Whether a value was given up for the work it would have taken.
    pub(crate) fn exhausted(&self) -> bool {
        self.exhausted
    }

    fn spend(&mut self, bits: u64) -> Option<()> {
        self.exhausted |= bits > self.left;
        self.left = self.left.checked_sub(bits)?;
        Some(())
    }

    pub(crate) fn add(&mut self, a: &Exact, b: &Exact) -> Option<Exact> {
        self.spend(bits(a) + bits(b))?;
        bounded(a + b)
    }

    pub(crate) fn mul(&mut self, a: &Exact, b: &Exact) -> Option<Exact> {
        self.spend(bits(a) + bits(b))?;
        bounded(a * b)
    }

    /// `1 / a`; `None` for zero.
    pub(crate) fn inverse(&mut self, a: &Exact) -> Option<Exact> {
        self.spend(bits(a))?;
        (!a.is_zero()).then(|| a.recip())
    }

    /// `base ^ exponent`; `None` unless the exponent is whole, or a half and the root exact.
    pub(crate) fn power(&mut self, base: &Exact, exponent: &Exact) -> Option<Exact> {
        if exponent.denom() == &BigInt::from(2) {
            let root = self.square_root(base)?;
            return self.power(&root, &Exact::from(exponent.numer().clone()));
        }
        if !exponent.is_integer() || (base.is_zero() && !exponent.is_positive()) {
            return None;
        }
        let times = exponent.numer().abs().to_u64().filter(|&n| n <= BITS)?;
        let widest = base.numer().bits().max(base.denom().bits());
        if widest.saturating_sub(1) * times > BITS {
            return None;
        }
        self.spend(widest * times)?;
        let power = Pow::pow(base, exponent.numer().clone());
        bounded(power)
    }

    pub(crate) fn square_root(&mut self, a: &Exact) -> Option<Exact> {
        if a.is_negative() {
            return None;
        }
        self.spend(8 * bits(a))?;
        let root = |n: &BigInt| Some(n.sqrt()).filter(|root| &(root * root) == n);
        Some(Exact::new_raw(root(a.numer())?, root(a.denom())?))
    }

    /// `n!` for a whole `n` from 0 to 150.
    pub(crate) fn factorial(&mut self, n: &Exact) -> Option<Exact> {
        let n = small(n, 150)?;
        self.spend(64 * n)?;
        Some(Exact::from(
            (1..=n).fold(BigInt::one(), |product, factor| product * factor),
        ))
    }

    /// The number of ways to choose `k` of `n`, both whole and from 0 to 500.
    pub(crate) fn binomial(&mut self, n: &Exact, k: &Exact) -> Option<Exact> {
        let (n, k) = (small(n, 500)?, small(k, 500)?);
        if k > n {
            return Some(Exact::zero());
        }
        self.spend(64 * n)?;
        let ways = (0..k.min(n - k)).fold(BigInt::one(), |ways, i| ways * (n - i) / (i + 1));
        bounded(Exact::from(ways))
    }
}

fn small(x: &Exact, most: u64) -> Option<u64> {
    x.is_integer()
        .then(|| x.numer().to_u64())
        .flatten()
        .filter(|&n| n <= most)
}

/// The decimal `whole.part × 10^exponent`, where both parts are ASCII digits, perhaps none.
pub(crate) fn decimal(whole: &str, part: &str, exponent: i32) -> Option<Exact> {
    let power = exponent.checked_sub(i32::try_from(part.len()).ok()?)?;
    if whole.len() + part.len() > 300 || power.abs() > 300 {
        return None;
    }
    let digits = format!("{whole}{part}");
    let digits = BigInt::parse_bytes(digits.as_bytes(), 10)?;
    let scale = BigInt::from(10).pow(power.unsigned_abs());
    bounded(if power < 0 {
        Exact::new(digits, scale)
    } else {
        Exact::from(digits * scale)
    })
}

/// `0.whole` repeated: the value of `digits` recurring right after the decimal point, shifted
/// behind `after` other digits.
pub(crate) fn recurring(digits: &str, after: usize) -> Option<Exact> {
    if digits.is_empty() || digits.len() + after > 200 {
        return None;
    }
    let over = BigInt::parse_bytes(digits.as_bytes(), 10)?;
    let nines = BigInt::from(10).pow(u32::try_from(digits.len()).ok()?) - 1;
    let shift = BigInt::from(10).pow(u32::try_from(after).ok()?);
    bounded(Exact::new(over, nines * shift))
}

/// The nearest floating-point number.
pub(crate) fn float(x: &Exact) -> f64 {
    x.to_f64().unwrap_or(match x.numer().sign() {
        Sign::Minus => f64::NEG_INFINITY,
        _ => f64::INFINITY,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(over: i64, under: i64) -> Exact {
        Exact::new(over.into(), under.into())
    }

    #[test]
    fn arithmetic_is_exact() {
        let mut c = Calculator::new();
        assert_eq!(c.add(&ratio(1, 3), &ratio(1, 6)), Some(ratio(1, 2)));
        assert_eq!(c.power(&ratio(2, 3), &ratio(-2, 1)), Some(ratio(9, 4)));
        assert_eq!(c.power(&ratio(9, 4), &ratio(3, 2)), Some(ratio(27, 8)));
        assert_eq!(c.factorial(&ratio(5, 1)), Some(ratio(120, 1)));
        assert_eq!(c.binomial(&ratio(20, 1), &ratio(2, 1)), Some(ratio(190, 1)));
        assert_eq!(decimal("2", "50", 0), Some(ratio(5, 2)));
        assert_eq!(decimal("3", "", 2), Some(ratio(300, 1)));
        assert_eq!(recurring("3", 1), Some(ratio(1, 30)));
        assert_eq!(recurring("03", 0), Some(ratio(1, 33)));
    }

    #[test]
    fn what_is_too_large_or_not_a_number_has_no_value() {
        let mut c = Calculator::new();
        assert_eq!(c.inverse(&ratio(0, 1)), None);
        assert_eq!(c.power(&ratio(9, 1), &ratio(387_420_489, 1)), None);
        assert_eq!(c.power(&ratio(0, 1), &ratio(0, 1)), None);
        assert_eq!(c.square_root(&ratio(2, 1)), None);
        assert_eq!(c.factorial(&ratio(151, 1)), None);
        assert_eq!(decimal("1", "", i32::MAX), None);
        assert_eq!(decimal(&"9".repeat(400), "", 0), None);
    }

    #[test]
    fn work_runs_out() {
        let mut c = Calculator::new();
        let wide = c.power(&ratio(2, 1), &ratio(1000, 1)).unwrap();
        let mut sum = Some(wide.clone());
        for _ in 0..1000 {
            sum = sum.and_then(|sum| c.add(&sum, &ratio(1, 3)));
        }
        assert_eq!(sum, None);
        assert!(c.exhausted());
    }
}
