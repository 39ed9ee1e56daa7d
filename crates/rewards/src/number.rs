//! Numbers as exact fractions, with a percent sign or a unit after them.
//!
//! Reads the spelling that `plain` writes: integers, decimals, thousands separators, `a/b`,
//! `1 1/2`, `1.5e3` and `3*10^5`. Numbers that do not fit 128 bits are not read.

/// A reduced fraction; the denominator is positive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rational {
    above: i128,
    below: i128,
}

impl Rational {
    fn new(above: i128, below: i128) -> Option<Self> {
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

    fn over(self, other: Self) -> Option<Self> {
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

/// A number and what stands after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Quantity {
    /// The number as written: 50 for `50%`.
    written: Rational,
    percent: bool,
    unit: Option<&'static str>,
}

/// The units that are known, each with its other spellings. Nothing is converted.
const UNITS: &[&[&str]] = &[
    &[
        "cm",
        "centimeter",
        "centimeters",
        "centimetre",
        "centimetres",
        "厘米",
    ],
    &["m", "meter", "meters", "metre", "metres", "米"],
    &[
        "km",
        "kilometer",
        "kilometers",
        "kilometre",
        "kilometres",
        "公里",
        "千米",
    ],
    &[
        "mm",
        "millimeter",
        "millimeters",
        "millimetre",
        "millimetres",
        "毫米",
    ],
    &["kg", "kilogram", "kilograms", "千克", "公斤"],
    &["g", "gram", "grams", "克"],
    &["l", "liter", "liters", "litre", "litres", "升"],
    &["s", "second", "seconds", "秒"],
    &["min", "minute", "minutes", "分钟"],
    &["h", "hour", "hours", "小时"],
    &["day", "days", "天"],
    &["week", "weeks", "周"],
    &["year", "years", "年", "岁"],
    &["dollar", "dollars", "usd", "美元"],
    &["cent", "cents"],
    &["euro", "euros", "eur", "€", "欧元"],
    &["pound", "pounds", "gbp", "£", "英镑"],
    &["yuan", "rmb", "cny", "¥", "元"],
    &["°", "^°", "degree", "degrees", "度"],
    &["inch", "inches"],
    &["foot", "feet", "ft"],
    &["mile", "miles"],
    &["unit", "units", "piece", "pieces", "个"],
];

impl Quantity {
    /// Reads a whole answer in its plain spelling; `None` when it is anything but one number.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (prefix, text) = currency(text);
        let last = text.rfind(|c: char| c.is_ascii_digit() || c == ')')? + 1;
        let (number, after) = text.split_at(last);
        let apart = after.starts_with(' ');
        let after = after.trim_matches([' ', '.']);
        let percent = matches!(after, "%" | "percent");
        let unit = match after {
            "" => prefix,
            _ if percent => None,
            // `5m` is five times m.
            _ if after.len() == 1 && !apart => return None,
            _ => Some(canonical(after)?),
        };
        if prefix.is_some_and(|prefix| unit != Some(prefix)) {
            return None;
        }
        Some(Self {
            written: rational(number)?,
            percent,
            unit,
        })
    }

    /// What the number is worth: 1/2 for `50%`.
    fn value(self) -> Option<Rational> {
        if self.percent {
            self.written.over(Rational::new(100, 1)?)
        } else {
            Some(self.written)
        }
    }

    /// Whether `answer` says what `self`, the gold answer, says. A unit may be left out but not
    /// be another one; where the gold answer is `50%`, a plain 50 is right as well.
    pub(crate) fn accepts(self, answer: Self) -> bool {
        let units = match (self.unit, answer.unit) {
            (Some(gold), Some(answer)) => gold == answer,
            _ => true,
        };
        let percent_left_out = self.percent && !answer.percent && self.written == answer.written;
        let same = self.value().is_some() && self.value() == answer.value();
        units && (same || percent_left_out)
    }
}

fn canonical(word: &str) -> Option<&'static str> {
    UNITS
        .iter()
        .find(|names| names.contains(&word))
        .map(|names| names[0])
}

/// A currency sign in front, in its canonical name, and the text without it.
fn currency(text: &str) -> (Option<&'static str>, &str) {
    match text.chars().next() {
        Some(sign @ ('€' | '£' | '¥')) => {
            let rest = &text[sign.len_utf8()..];
            (canonical(&text[..sign.len_utf8()]), rest)
        }
        _ => (None, text),
    }
}

/// The number `text` spells.
fn rational(text: &str) -> Option<Rational> {
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
        Quantity::read(text)?
            .value()
            .map(|value| (value.above, value.below))
    }

    #[test]
    fn numbers_are_exact() {
        assert_eq!(value("12"), Some((12, 1)));
        assert_eq!(value("-0.50"), Some((-1, 2)));
        assert_eq!(value("6/-4"), None);
        assert_eq!(value("(-6)/4"), Some((-3, 2)));
        assert_eq!(value("1 1/2"), Some((3, 2)));
        assert_eq!(value("-1 1/2"), Some((-3, 2)));
        assert_eq!(value("1,234.5"), Some((2469, 2)));
        assert_eq!(value("1.5e3"), Some((1500, 1)));
        assert_eq!(value("3*10^5"), Some((300_000, 1)));
        assert_eq!(value("2*10^(-2)"), Some((1, 50)));
        assert_eq!(value("12.5%"), Some((1, 8)));
    }

    #[test]
    fn what_is_not_one_number_is_not_read() {
        for text in [
            "",
            "x",
            "12,34",
            "1,2",
            "1 2",
            "1/0",
            "--5",
            "5x",
            "5 million",
            "1.2.3",
            ",",
        ] {
            assert_eq!(value(text), None, "{text}");
        }
        assert_eq!(value(&"9".repeat(60)), None);
        assert_eq!(value("1e2000000000"), None);
        assert_eq!(value("1e-2147483648"), None);
    }

    #[test]
    fn a_unit_may_be_left_out_but_not_exchanged() {
        let accepts = |gold: &str, answer: &str| {
            Quantity::read(gold)
                .unwrap()
                .accepts(Quantity::read(answer).unwrap())
        };
        assert!(accepts("5 km", "5"));
        assert!(accepts("5", "5 km"));
        assert!(accepts("5 kilometers", "5km"));
        assert!(!accepts("5 km", "5 m"));
        assert!(accepts("5 m", "5 meters"));
        assert_eq!(Quantity::read("5m"), None);
        assert!(accepts("£5", "5 pounds"));
        assert!(accepts("50%", "50"));
        assert!(accepts("50%", "1/2"));
        assert!(!accepts("50", "50%"));
        assert!(accepts("0.5", "50%"));
    }
}
