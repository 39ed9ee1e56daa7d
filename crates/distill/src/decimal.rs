//! Decimals: how they are read, and which of them is another number rounded.

use data::Rational;

/// The value of digits with a decimal point and commas between thousands: `1,234.50`.
pub(crate) fn decimal(text: &str) -> Option<Rational> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits: String = whole
        .chars()
        .filter(|c| *c != ',')
        .chain(part.chars())
        .collect();
    Rational::new(
        digits.parse().ok()?,
        10_i128.checked_pow(u32::try_from(part.len()).ok()?)?,
    )
}

/// Whether no decimal is exactly `value`, and `decimal`, with `places` of them, is it rounded.
pub(crate) fn rounds_to(value: Rational, decimal: Rational, places: u32) -> bool {
    let mut rest = value.denominator();
    for prime in [2, 5] {
        while rest % prime == 0 {
            rest /= prime;
        }
    }
    let half = || {
        let off = value.checked_sub(decimal)?.abs();
        let scale = 10_i128.checked_pow(places)?.checked_mul(2)?;
        off.checked_mul(Rational::new(scale, 1)?)?
            .checked_cmp(Rational::from(1))
    };
    rest != 1 && places > 0 && half().is_some_and(|order| order.is_le())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn q(above: i128, below: i128) -> Rational {
        Rational::new(above, below).unwrap()
    }

    #[test]
    fn digits_are_read_exactly() {
        assert_eq!(decimal("1,234.50"), Some(q(2469, 2)));
        assert_eq!(decimal(&"9".repeat(60)), None);
    }

    #[test]
    fn only_endless_decimals_are_rounded() {
        // 10/3 = 3.333…, 1/8 = 0.125 exactly.
        assert!(rounds_to(q(10, 3), q(333, 100), 2));
        assert!(!rounds_to(q(10, 3), q(334, 100), 2));
        assert!(!rounds_to(q(1, 8), q(13, 100), 2));
        assert!(!rounds_to(q(10, 3), q(3, 1), 0));
    }
}
