//! Whether an equation among words holds.
//!
//! A number with decimals may be rounded or cut off; a whole one only where the sentence says so.
//! A percentage is its number or a hundredth of it. Where the sides have known units of one
//! kind, the one is converted into the other; where a sentence speaks of cents, cents into
//! dollars. `2 * 10 = 20 + 5 = 25` counts as two computations.

use data::Rational;

use crate::claims::loose::{Equation, Side};

/// What an equation is worth.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Truth {
    Holds,
    Fails(String),
    /// Two lone numbers that nothing relates.
    Open,
}

/// Words after which a whole number may be rounded.
const ROUGHLY: &[&str] = &[
    "round",
    "about",
    "approx",
    "≈",
    "nearest",
    "whole",
    "at least",
    "almost",
    "roughly",
    "estimate",
    "full",
    "complete",
    "only",
    "needs",
    "minimum",
    "maximum",
    "can't",
    "cannot",
    "remain",
    "left over",
    "leftover",
];

/// Words that multiply the number before them.
const SCALES: &[&str] = &[
    "dozen", "dozens", "hundred", "thousand", "million", "billion",
];

/// The kind of cents and dollars.
const MONEY: u8 = 8;

/// Units by kind, with their size.
const UNITS: &[(&str, u8, i64)] = &[
    ("second", 0, 1),
    ("sec", 0, 1),
    ("minute", 0, 60),
    ("min", 0, 60),
    ("hour", 0, 3600),
    ("hr", 0, 3600),
    ("day", 0, 86_400),
    ("week", 0, 604_800),
    ("month", 1, 1),
    ("year", 1, 12),
    ("decade", 1, 120),
    ("inch", 2, 1),
    ("inche", 2, 1),
    ("foot", 2, 12),
    ("feet", 2, 12),
    ("yard", 2, 36),
    ("mile", 2, 63_360),
    ("mm", 3, 1),
    ("cm", 3, 10),
    ("centimeter", 3, 10),
    ("m", 3, 1000),
    ("meter", 3, 1000),
    ("metre", 3, 1000),
    ("km", 3, 1_000_000),
    ("kilometer", 3, 1_000_000),
    ("g", 4, 1),
    ("gram", 4, 1),
    ("kg", 4, 1000),
    ("kilogram", 4, 1000),
    ("ounce", 5, 1),
    ("oz", 5, 1),
    ("pound", 5, 16),
    ("lb", 5, 16),
    ("ton", 5, 32_000),
    ("cup", 6, 1),
    ("pint", 6, 2),
    ("quart", 6, 4),
    ("gallon", 6, 16),
    ("ml", 7, 1),
    ("milliliter", 7, 1),
    ("liter", 7, 1000),
    ("litre", 7, 1000),
    ("cent", MONEY, 1),
    ("dollar", MONEY, 100),
];

fn unit(side: &Side) -> Option<(u8, i64)> {
    let word = side.unit.as_deref()?;
    let find = |word: &str| UNITS.iter().find(|(known, ..)| *known == word);
    let (_, kind, size) = find(word).or_else(|| find(word.strip_suffix('s')?))?;
    Some((*kind, *size))
}

pub(super) fn truth(equation: &Equation, sentence: &str) -> Truth {
    let Equation { left, right, .. } = equation;
    let lone = !left.computes && !right.computes;
    // `3 dozen = 36`: only what is counted in the same scale can be compared.
    let scale = |side: &Side| side.unit.clone().filter(|unit| SCALES.contains(&&**unit));
    if scale(left) != scale(right) {
        return Truth::Open;
    }
    // In `60 kW would cost = 0.1 * 60` the number is not what is equated.
    if !left.computes && left.unit.is_some() && right.computes {
        return Truth::Open;
    }
    let sentence = sentence.to_lowercase();
    let holds = agree(left, right, &sentence)
        // A calculation that goes on from the last result.
        || (right.computes && right.first == left.plain)
        || convert(left, right, &sentence);
    let comparable =
        matches!((unit(left), unit(right)), (Some((a, x)), Some((b, y))) if a == b && x != y);
    match holds {
        true => Truth::Holds,
        false if lone && !comparable => Truth::Open,
        false => Truth::Fails(format!("{} and {}", left.value, right.value)),
    }
}

fn agree(left: &Side, right: &Side, sentence: &str) -> bool {
    let pairs = [
        (left.value, right.value),
        (left.plain, right.plain),
        (left.value, right.plain),
        (left.plain, right.value),
    ];
    pairs.iter().any(|(l, r)| l == r)
        || pairs
            .iter()
            .any(|(l, r)| rounded(*l, *r, left, right, sentence))
        || (sentence.contains(['%']) || sentence.contains("percent"))
            && left
                .value
                .checked_mul(Rational::from(100))
                .is_some_and(|l| rounded(l, right.plain, left, right, sentence) || l == right.plain)
}

fn real(value: Rational) -> f64 {
    value.numerator() as f64 / value.denominator() as f64
}

/// Whether `r`, as it is written, is `l` rounded, or what comes of a rounded number.
fn rounded(l: Rational, r: Rational, left: &Side, right: &Side, sentence: &str) -> bool {
    let (l, r) = (real(l), real(r));
    let off = (l - r).abs();
    let roughly = || ROUGHLY.iter().any(|word| sentence.contains(word));
    if right.computes {
        return false;
    }
    let step = 0.1_f64.powi(right.places.min(12) as i32);
    // 33.33 * 3 = 100: two decimals and more may have been rounded before.
    let inherited = if left.finest >= 2 {
        l.abs() * 0.002
    } else {
        0.0
    };
    match right.places {
        0 => (off < 1.0 && roughly()) || off <= inherited.min(0.2),
        _ => off < step + 1e-9 || off <= inherited,
    }
}

/// Whether the sides are the same in other units.
fn convert(left: &Side, right: &Side, sentence: &str) -> bool {
    let other = |size| if size == 1 { 100 } else { 1 };
    let (from, to) = match (unit(left), unit(right)) {
        (Some((a, from)), Some((b, to))) if a == b => (from, to),
        _ if !of_cents(sentence) => return false,
        // Beside cents there are dollars, and beside dollars cents.
        (Some((MONEY, from)), _) => (from, other(from)),
        (_, Some((MONEY, to))) => (other(to), to),
        // Where nobody says, dollars are what has decimals.
        _ if left.finest > 0 => (100, 1),
        _ => (1, 100),
    };
    let [from, to] = [from, to].map(Rational::from);
    let same = left
        .plain
        .checked_mul(from)
        .zip(right.plain.checked_mul(to));
    same.is_some_and(|(left, right)| left == right)
}

/// Whether a sentence speaks of cents.
fn of_cents(sentence: &str) -> bool {
    let mut words = sentence.split(|c: char| !c.is_alphabetic());
    sentence.contains('¢') || words.any(|word| matches!(word, "cent" | "cents"))
}

#[cfg(test)]
mod tests {
    use crate::steps::steps;

    fn wrong(text: &str) -> (usize, usize) {
        let steps = steps(text);
        (steps[0].checked, steps[0].wrong.len())
    }

    #[test]
    fn equations_are_judged_by_hand() {
        for (text, checked) in [
            ("3 apples + 4 apples = 7 apples", 1),
            ("20% of 50 = 10", 1),
            ("50/200 = 25%", 1),
            ("50/200*100 = 25%", 1),
            ("10 / 3 = 3.33 each", 1),
            ("33.33 * 3 = 100", 1),
            ("so 100 / 8 = 12.5, that is about 100 / 8 = 13", 2),
            ("2 hours = 120 minutes", 1),
            ("3 * 40 = 120 minutes = 2 hours", 2),
            ("3 * 40 = 120 seconds = 2 minutes", 2),
            ("5 * 20 cents = $1", 1),
            ("4 * 50 = 2 dollars, since each is 50 cents", 1),
            ("At 50 cents each, 4 * 50 = $2", 1),
            ("4 * 0.50 = 200 cents", 1),
            ("2*10=20+5=25", 2),
            ("the 7 = 12", 0),
        ] {
            assert_eq!(wrong(text), (checked, 0), "{text}");
        }
        for text in [
            "3 apples + 4 apples = 8 apples",
            "20% of 50 = 20",
            "10 / 3 = 3.36 each",
            "100 / 8 = 13",
            "3 * 40 = 120 minutes = 3 hours",
            "2 minutes = 120 hours",
            "120 hours = 2 minutes",
            "3 * 40 = 120 minutes = 7200 hours",
            "300 cents = 30000 dollars",
            "2 dollars = 0.02 cents",
            "5 * 20 cents = 1 cent",
            "At the recent sale 3 * 4 = 1200",
            "The center has 1200 / 4 = 3 rooms",
        ] {
            assert_eq!(wrong(text).1, 1, "{text}");
        }
        assert_eq!(wrong("3 + 4 = 8. Wait, 3 + 4 = 7"), (1, 0));
    }
}
