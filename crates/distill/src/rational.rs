//! Exact fractions of 128 bits. What does not fit has no value.

use std::cmp::Ordering;
use std::fmt;

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

    /// The value of digits with a decimal point and commas between thousands: `1,234.50`.
    pub(crate) fn decimal(text: &str) -> Option<Self> {
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        let digits: String = whole
            .chars()
            .filter(|c| *c != ',')
            .chain(part.chars())
            .collect();
        Self::new(
            digits.parse().ok()?,
            10_i128.checked_pow(u32::try_from(part.len()).ok()?)?,
        )
    }

    pub(crate) fn plus(self, other: Self) -> Option<Self> {
        let left = self.above.checked_mul(other.below)?;
        let right = other.above.checked_mul(self.below)?;
        Self::new(
            left.checked_add(right)?,
            self.below.checked_mul(other.below)?,
        )
    }

    pub(crate) fn negative(self) -> Option<Self> {
        Some(Self {
            above: self.above.checked_neg()?,
            below: self.below,
        })
    }

    pub(crate) fn minus(self, other: Self) -> Option<Self> {
        self.plus(other.negative()?)
    }

    pub(crate) fn times(self, other: Self) -> Option<Self> {
        let above = self.above.checked_mul(other.above)?;
        Self::new(above, self.below.checked_mul(other.below)?)
    }

    pub(crate) fn over(self, other: Self) -> Option<Self> {
        self.times(Self::new(other.below, other.above)?)
    }

    /// Without its sign; `None` where that does not fit.
    pub(crate) fn size(self) -> Option<Self> {
        Some(Self {
            above: self.above.checked_abs()?,
            below: self.below,
        })
    }

    pub(crate) fn is_whole(self) -> bool {
        self.below == 1
    }

    /// Which is larger; `None` on an overflow.
    pub(crate) fn against(self, other: Self) -> Option<Ordering> {
        Some(self.minus(other)?.above.cmp(&0))
    }

    /// Whether no decimal is exact and `decimal`, with `places` of them, is this value rounded.
    pub(crate) fn rounds_to(self, decimal: Self, places: u32) -> bool {
        let mut rest = self.below;
        for prime in [2, 5] {
            while rest % prime == 0 {
                rest /= prime;
            }
        }
        let half = || {
            let off = self.minus(decimal)?.size()?;
            let scale = 10_i128.checked_pow(places)?.checked_mul(2)?;
            off.times(Self::new(scale, 1)?)?.against(Self::new(1, 1)?)
        };
        rest != 1 && places > 0 && half().is_some_and(Ordering::is_le)
    }
}

impl fmt::Display for Rational {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.below {
            1 => write!(f, "{}", self.above),
            below => write!(f, "{}/{below}", self.above),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn q(above: i128, below: i128) -> Rational {
        Rational::new(above, below).unwrap()
    }

    #[test]
    fn fractions_are_exact() {
        assert_eq!(q(1, 2).plus(q(1, 3)), Some(q(5, 6)));
        assert_eq!(q(1, 2).minus(q(1, 3)), Some(q(1, 6)));
        assert_eq!(q(-2, 3).times(q(9, 4)), Some(q(-3, 2)));
        assert_eq!(q(1, 2).over(q(-1, 4)), Some(q(-2, 1)));
        assert_eq!(q(1, 2).over(q(0, 5)), None);
        assert_eq!(q(i128::MAX, 1).plus(q(1, 1)), None);
        assert_eq!(q(1, 3).against(q(1, 2)), Some(Ordering::Less));
        assert_eq!(Rational::decimal("1,234.50"), Some(q(2469, 2)));
        assert_eq!(q(6, -4).to_string(), "-3/2");
    }

    #[test]
    fn only_endless_decimals_are_rounded() {
        // 10/3 = 3.333…, 1/8 = 0.125 exactly.
        assert!(q(10, 3).rounds_to(q(333, 100), 2));
        assert!(!q(10, 3).rounds_to(q(334, 100), 2));
        assert!(!q(1, 8).rounds_to(q(13, 100), 2));
        assert!(!q(10, 3).rounds_to(q(3, 1), 0));
    }
}
