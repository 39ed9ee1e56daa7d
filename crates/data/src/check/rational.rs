//! Exact fractions, bounded: an operation that would overflow has no value.

/// A fraction in lowest terms with a positive denominator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rational {
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
    pub(crate) fn new(over: i128, under: i128) -> Option<Self> {
        if under == 0 || over == i128::MIN || under == i128::MIN {
            return None;
        }
        let shared = gcd(over.unsigned_abs(), under.unsigned_abs()) as i128 * under.signum();
        Some(Self {
            over: over / shared,
            under: under / shared,
        })
    }

    pub(crate) fn add(self, other: Self) -> Option<Self> {
        let left = self.over.checked_mul(other.under)?;
        let right = other.over.checked_mul(self.under)?;
        Self::new(
            left.checked_add(right)?,
            self.under.checked_mul(other.under)?,
        )
    }

    pub(crate) fn neg(self) -> Self {
        Self {
            over: -self.over,
            under: self.under,
        }
    }

    pub(crate) fn sub(self, other: Self) -> Option<Self> {
        self.add(other.neg())
    }

    pub(crate) fn mul(self, other: Self) -> Option<Self> {
        Self::new(
            self.over.checked_mul(other.over)?,
            self.under.checked_mul(other.under)?,
        )
    }

    pub(crate) fn div(self, other: Self) -> Option<Self> {
        Self::new(
            self.over.checked_mul(other.under)?,
            self.under.checked_mul(other.over)?,
        )
    }

    /// Reads `14`, `-3`, `2.50` or `7/3`; thousands separators (`1,234`) are accepted.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.len() > super::LONGEST_ANSWER {
            return None;
        }
        if let Some((over, under)) = text.split_once('/') {
            return Self::parse_decimal(over.trim())?.div(Self::parse_decimal(under.trim())?);
        }
        Self::parse_decimal(text)
    }

    fn parse_decimal(text: &str) -> Option<Self> {
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

fn without_separators(whole: &str) -> Option<String> {
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

impl From<i64> for Rational {
    fn from(value: i64) -> Self {
        Self {
            over: i128::from(value),
            under: 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_is_exact_and_overflow_has_no_value() {
        let half = Rational::new(1, 2).unwrap();
        let third = Rational::new(-2, -6).unwrap();
        assert_eq!(half.add(third), Rational::new(5, 6));
        assert_eq!(half.sub(third), Rational::new(1, 6));
        assert_eq!(half.mul(third), Rational::new(1, 6));
        assert_eq!(half.div(third), Rational::new(3, 2));
        assert_eq!(half.div(Rational::from(0)), None);
        let huge = Rational::new(i128::MAX, 1).unwrap();
        assert_eq!(huge.add(huge), None);
        assert_eq!(huge.mul(huge), None);
    }

    #[test]
    fn numbers_are_read_and_other_text_is_not() {
        assert_eq!(Rational::parse("-3"), Some(Rational::from(-3)));
        assert_eq!(Rational::parse("2.50"), Rational::new(5, 2));
        assert_eq!(Rational::parse("7/3"), Rational::new(7, 3));
        assert_eq!(Rational::parse("1,234"), Some(Rational::from(1234)));
        for bad in [
            "", "-", "1,23", "1 2", "3.", ".5", "7/0", "7+7", "1e3", "1/2/3", "--3",
        ] {
            assert_eq!(Rational::parse(bad), None, "{bad}");
        }
        assert_eq!(Rational::parse(&"9".repeat(100)), None);
    }
}
