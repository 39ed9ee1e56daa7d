//! How exact fractions are spelled: integers, decimals, thousands separators, `a/b`,
//! `1 1/2`, `1.5e3` and `3*10^5`. Numbers that do not fit 128 bits are not read.

use std::ops::Neg;

use data::{Rational, without_separators};

/// The number `text` spells.
pub(crate) fn rational(text: &str) -> Option<Rational> {
    let text = text.trim();
    if let Some(rest) = text.strip_prefix('-') {
        return rational_unsigned(rest).map(Rational::neg);
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
        return decimal(mantissa)?.checked_mul(ten_to(power)?);
    }
    let Some((above, below)) = text.split_once('/') else {
        return decimal(text);
    };
    let below = term(below)?;
    match above.split_once(' ') {
        Some((whole, above)) => decimal(whole)?.checked_add(decimal(above)?.checked_div(below)?),
        None => term(above)?.checked_div(below),
    }
}

/// A decimal as part of a fraction: signed only in parentheses.
fn term(text: &str) -> Option<Rational> {
    let inner = text
        .strip_prefix('(')
        .and_then(|text| text.strip_suffix(')'));
    match inner.and_then(|inner| inner.strip_prefix('-')) {
        Some(inner) => decimal(inner).map(Rational::neg),
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
    let scale = ten_to(-i32::try_from(part.len()).ok()?)?;
    Rational::new(digits.parse().ok()?, 1)?
        .checked_mul(scale)?
        .checked_mul(ten_to(power)?)
}

fn ten_to(power: i32) -> Option<Rational> {
    let ten = 10_i128.checked_pow(power.unsigned_abs())?;
    if power < 0 {
        Rational::new(1, ten)
    } else {
        Rational::new(ten, 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Option<(i128, i128)> {
        rational(text).map(|value| (value.numerator(), value.denominator()))
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
