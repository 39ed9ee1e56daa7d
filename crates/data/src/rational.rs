//! Exact fractions, bounded: an operation that would overflow 128 bits has no value.
//!
//! Left out: spellings beyond plain decimals and `a/b`, which are their readers' to know.

use std::cmp::Ordering;
use std::fmt;
use std::ops::Neg;

/// Texts longer than this many bytes are not read as a number.
const LONGEST: usize = 512;

/// A fraction in lowest terms with a positive denominator.
///
/// ```
/// use data::Rational;
/// let half = Rational::new(2, 4).unwrap();
/// assert_eq!(half.checked_add(Rational::from(1)), Rational::parse("1.5"));
/// assert_eq!((-half).to_string(), "-1/2");
/// assert_eq!(half.checked_div(Rational::from(0)), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rational {
    // Neither is `i128::MIN`, so both can change their sign.
    over: i128,
    under: i128,
}

fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

impl Rational {
    /// `over / under`, reduced; `None` where `under` is zero or either is `i128::MIN`.
    pub fn new(over: i128, under: i128) -> Option<Self> {
        if under == 0 || over == i128::MIN || under == i128::MIN {
            return None;
        }
        let shared = gcd(over.unsigned_abs(), under.unsigned_abs()) as i128 * under.signum();
        Some(Self {
            over: over / shared,
            under: under / shared,
        })
    }

    /// The upper part in lowest terms; it carries the sign.
    pub fn numerator(self) -> i128 {
        self.over
    }

    /// The lower part in lowest terms, at least 1.
    pub fn denominator(self) -> i128 {
        self.under
    }

    /// The sum; `None` on an overflow.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let left = self.over.checked_mul(other.under)?;
        let right = other.over.checked_mul(self.under)?;
        Self::new(
            left.checked_add(right)?,
            self.under.checked_mul(other.under)?,
        )
    }

    /// The difference; `None` on an overflow.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.checked_add(-other)
    }

    /// The product; `None` on an overflow.
    pub fn checked_mul(self, other: Self) -> Option<Self> {
        Self::new(
            self.over.checked_mul(other.over)?,
            self.under.checked_mul(other.under)?,
        )
    }

    /// The quotient; `None` for a division by zero and on an overflow.
    pub fn checked_div(self, other: Self) -> Option<Self> {
        Self::new(
            self.over.checked_mul(other.under)?,
            self.under.checked_mul(other.over)?,
        )
    }

    /// Which is larger; `None` on an overflow.
    pub fn checked_cmp(self, other: Self) -> Option<Ordering> {
        Some(self.checked_sub(other)?.over.cmp(&0))
    }

    /// The value without its sign.
    pub fn abs(self) -> Self {
        Self {
            over: self.over.abs(),
            under: self.under,
        }
    }

    /// Whether it is a whole number.
    pub fn is_whole(self) -> bool {
        self.under == 1
    }

    /// Reads `14`, `-3`, `2.50` or `7/3`; thousands separators (`1,234`) are accepted. `None` for
    /// any other text and for what does not fit.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        if let Some((over, under)) = text.split_once('/') {
            return Self::decimal(over.trim())?.checked_div(Self::decimal(under.trim())?);
        }
        Self::decimal(text)
    }

    fn decimal(text: &str) -> Option<Self> {
        let (sign, digits) = match text.strip_prefix('-') {
            Some(rest) => (-1, rest.trim_start()),
            None => (1, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
        let whole = without_separators(whole)?;
        let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !all_digits(&whole) || !all_digits(part) || part.len() > 30 {
            return None;
        }
        let scale = 10_i128.checked_pow(part.len() as u32)?;
        let whole: i128 = whole.parse().ok()?;
        let over = whole.checked_mul(scale)?.checked_add(part.parse().ok()?)?;
        Self::new(sign * over, scale)
    }
}

/// `1,234,567` without its commas; `None` where they part anything but thousands.
pub fn without_separators(whole: &str) -> Option<String> {
    let mut groups = whole.split(',');
    let first = groups.next()?;
    let mut digits = first.to_owned();
    for group in groups {
        if group.len() != 3 || first.is_empty() || first.len() > 3 {
            return None;
        }
        digits.push_str(group);
    }
    Some(digits)
}

impl Neg for Rational {
    type Output = Self;

    fn neg(self) -> Self {
        Self {
            over: -self.over,
            under: self.under,
        }
    }
}

impl From<i64> for Rational {
    fn from(value: i64) -> Self {
        Self {
            over: i128::from(value),
            under: 1,
        }
    }
}

/// `3` or `-3/2`.
impl fmt::Display for Rational {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.under {
            1 => write!(f, "{}", self.over),
            under => write!(f, "{}/{under}", self.over),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn q(over: i128, under: i128) -> Rational {
        Rational::new(over, under).unwrap()
    }

    #[test]
    fn arithmetic_is_exact_and_overflow_has_no_value() {
        let (half, third) = (q(1, 2), q(-2, -6));
        assert_eq!(half.checked_add(third), Some(q(5, 6)));
        assert_eq!(half.checked_sub(third), Some(q(1, 6)));
        assert_eq!(half.checked_mul(third), Some(q(1, 6)));
        assert_eq!(half.checked_div(third), Some(q(3, 2)));
        assert_eq!(half.checked_div(Rational::from(0)), None);
        let huge = q(i128::MAX, 1);
        assert_eq!(huge.checked_add(huge), None);
        assert_eq!(huge.checked_mul(huge), None);
        assert_eq!(Rational::new(1, 0), None);
        assert_eq!(Rational::new(i128::MIN, 1), None);
        assert_eq!(Rational::new(1, i128::MIN), None);
    }

    #[test]
    fn signs_stand_above() {
        let value = q(6, -4);
        assert_eq!((value.numerator(), value.denominator()), (-3, 2));
        assert_eq!(value.to_string(), "-3/2");
        assert_eq!((-value, value.abs()), (q(3, 2), q(3, 2)));
        assert!(!value.is_whole() && q(6, 3).is_whole());
        assert_eq!(q(6, 3).to_string(), "2");
    }

    #[test]
    fn fractions_are_ordered_by_value() {
        assert_eq!(q(1, 3).checked_cmp(q(1, 2)), Some(Ordering::Less));
        assert_eq!(q(-1, 2).checked_cmp(q(-2, 4)), Some(Ordering::Equal));
        assert_eq!(q(i128::MAX, 1).checked_cmp(q(1, 2)), None);
    }

    #[test]
    fn numbers_are_read_and_other_text_is_not() {
        assert_eq!(Rational::parse("-3"), Some(Rational::from(-3)));
        assert_eq!(Rational::parse("2.50"), Some(q(5, 2)));
        assert_eq!(Rational::parse("7/3"), Some(q(7, 3)));
        assert_eq!(Rational::parse("1,234"), Some(Rational::from(1234)));
        for bad in [
            "", "-", "1,23", "1 2", "3.", ".5", "7/0", "7+7", "1e3", "1/2/3", "--3",
        ] {
            assert_eq!(Rational::parse(bad), None, "{bad}");
        }
        assert_eq!(Rational::parse(&"9".repeat(100)), None);
    }
}
