//! Exact fractions, and how they are spelled: integers, decimals, thousands separators, `a/b`,
//! `1 1/2`, `1.5e3` and `3*10^5`. Numbers that do not fit 128 bits are not read.

/// A reduced fraction; the denominator is positive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rational {
    above: i128,
    below: i128,
}

impl Rational {
    /// `above / below`, reduced; `None` for a zero denominator or an overflow.
    pub(crate) fn new(above: i128, below: i128) -> Option<Self> {
        if below == 0 {
            return None;
        }
        let (mut a, mut b) = (above.unsigned_abs(), below.unsigned_abs());
        while b != 0 {
            (a, b) = (b, a % b);
        }
        let divisor = i128::try_from(a).ok()?;
        let sign = below.signum();
        Some(Self {
            above: (above / divisor).checked_mul(sign)?,
            below: (below / divisor).checked_mul(sign)?,
        })
    }

    fn times(self, other: Self) -> Option<Self> {
        Self::new(
            self.above.checked_mul(other.above)?,
            self.below.checked_mul(other.below)?,
        )
    }

    /// The quotient, exact.
    pub(crate) fn over(self, other: Self) -> Option<Self> {
        self.times(Self::new(other.below, other.above)?)
    }

    fn plus(self, other: Self) -> Option<Self> {
        let left = self.above.checked_mul(other.below)?;
        let right = other.above.checked_mul(self.below)?;
        Self::new(
            left.checked_add(right)?,
            self.below.checked_mul(other.below)?,
        )
    }

    fn ten_to(power: i32) -> Option<Self> {
        let ten = 10_i128.checked_pow(power.unsigned_abs())?;
        if power < 0 {
            Self::new(1, ten)
        } else {
            Self::new(ten, 1)
        }
    }
}

/// The number `text` spells.
pub(crate) fn rational(text: &str) -> Option<Rational> {
    let text = text.trim();
    if let Some(rest) = text.strip_prefix('-') {
        return rational_unsigned(rest)?.times(Rational::new(-1, 1)?);
    }
    rational_unsigned(text.strip_prefix('+').unwrap_or(text))
}

fn rational_unsigned(text: &str) -> Option<Rational> {
    if let Some((mantissa, power)) = text.split_once("*10^") {
        let power = power
            .trim_start_matches('(')
            .trim_end_matches(')')
            .parse()
            .ok()?;
        return decimal(mantissa)?.times(Rational::ten_to(power)?);
    }
    let Some((above, below)) = text.split_once('/') else {
        return decimal(text);
    };
    let below = term(below)?;
    match above.split_once(' ') {
        Some((whole, above)) => decimal(whole)?.plus(decimal(above)?.over(below)?),
        None => term(above)?.over(below),
    }
}

/// A decimal as part of a fraction: signed only in parentheses.
fn term(text: &str) -> Option<Rational> {
    let inner = text
        .strip_prefix('(')
        .and_then(|text| text.strip_suffix(')'));
    match inner.and_then(|inner| inner.strip_prefix('-')) {
        Some(inner) => decimal(inner)?.times(Rational::new(-1, 1)?),
        None => decimal(inner.unwrap_or(text)),
    }
}

/// An unsigned decimal with an optional exponent.
fn decimal(text: &str) -> Option<Rational> {
    let (mantissa, power) = match text.split_once('e') {
        Some((mantissa, power)) => (mantissa, power.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let whole = without_separators(whole)?;
    let digits = format!("{whole}{part}");
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let scale = Rational::ten_to(-i32::try_from(part.len()).ok()?)?;
    Rational::new(digits.parse().ok()?, 1)?
        .times(scale)?
        .times(Rational::ten_to(power)?)
}

/// `1,234,567` without its commas; `None` where they part anything but thousands.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Option<(i128, i128)> {
        rational(text).map(|value| (value.above, value.below))
    }

    #[test]
    fn numbers_are_exact() {
        assert_eq!(value("12"), Some((12, 1)));
        assert_eq!(value("-0.50"), Some((-1, 2)));
        assert_eq!(value("(-6)/4"), Some((-3, 2)));
        assert_eq!(value("1 1/2"), Some((3, 2)));
        assert_eq!(value("-1 1/2"), Some((-3, 2)));
        assert_eq!(value("1,234.5"), Some((2469, 2)));
        assert_eq!(value("1.5e3"), Some((1500, 1)));
        assert_eq!(value("3*10^5"), Some((300_000, 1)));
        assert_eq!(value("2*10^(-2)"), Some((1, 50)));
    }

    #[test]
    fn what_is_not_one_number_is_not_read() {
        for text in [
            "", "x", "12,34", "1,2", "1 2", "1/0", "6/-4", "--5", "5x", "1.2.3", ",",
        ] {
            assert_eq!(value(text), None, "{text}");
        }
        assert_eq!(value(&"9".repeat(60)), None);
        assert_eq!(value("1e2000000000"), None);
        assert_eq!(value("1e-2147483648"), None);
    }
}
