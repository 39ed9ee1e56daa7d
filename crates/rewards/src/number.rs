//! A number with a percent sign or a unit after it, in the spelling that `plain` writes.

use data::Rational;

use crate::rational::rational;

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
            self.written.checked_div(Rational::from(100))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_is_a_hundredth_part() {
        let value = Quantity::read("12.5%").and_then(Quantity::value);
        assert_eq!(value, Rational::new(1, 8));
        assert_eq!(Quantity::read("5 million"), None);
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
