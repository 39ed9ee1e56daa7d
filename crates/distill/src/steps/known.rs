//! Which numbers a reasoning may use without having found them: those of the question, in figures
//! and in words, what their percentages and fractions leave, and constants of the units spoken of.

use std::collections::BTreeSet;

use data::Rational;

use crate::ground;

/// Constants, known where a word that begins with one of each group is in the text.
const CONSTANTS: &[(&[&[&str]], &[i64])] = &[
    (
        &[
            &["minute", "second", "mph"],
            &["hour", "minute", "second", "mph", "half"],
        ],
        &[60, 30],
    ),
    (&[&["second"], &["hour"]], &[3600]),
    (
        &[
            &["hour", "clock"],
            &["day", "daily", "night", "clock", "midnight"],
        ],
        &[24, 12],
    ),
    (&[&["week"]], &[7]),
    (
        &[&["weekday", "weekend", "monday", "friday", "school", "work"]],
        &[5, 2],
    ),
    (&[&["month"], &["year", "annual"]], &[12]),
    (&[&["month"], &["week"]], &[4]),
    (&[&["month"], &["da"]], &[30, 31, 28]),
    (
        &[&[
            "january", "march", "may", "july", "august", "october", "december",
        ]],
        &[31],
    ),
    (&[&["april", "june", "september", "november"]], &[30]),
    (&[&["year", "annual"], &["day", "daily"]], &[365]),
    (&[&["year", "annual"], &["week"]], &[52]),
    (&[&["year"], &["quarter", "season"]], &[4]),
    (&[&["decade"]], &[10]),
    (&[&["century"]], &[100]),
    (&[&["inch"], &["foot", "feet", "ft"]], &[12]),
    (&[&["yard"]], &[3]),
    (&[&["mile"], &["feet"]], &[5280]),
    (&[&["ounce", "oz"], &["pound", "lb"]], &[16]),
    (&[&["ton"]], &[2000]),
    (
        &[
            &["quart", "pint", "gallon"],
            &["cup", "quart", "pint", "ounce"],
        ],
        &[4, 2, 8, 16],
    ),
    (
        &[&[
            "cent", "dollar", "coin", "quarter", "dime", "nickel", "penn", "$",
        ]],
        &[100],
    ),
    (&[&["quarter"]], &[25, 4]),
    (&[&["dime"]], &[10]),
    (&[&["nickel"]], &[5]),
    (
        &[
            &["kilo", "gram", "km", "kg", "liter", "litre", "ml"],
            &["kilo", "km", "kg", "ml", "milli"],
        ],
        &[1000],
    ),
    (&[&["cm", "centimet"]], &[100]),
    (&[&["dozen"]], &[12]),
    (&[&["square", "rectang", "perimeter", "legs"]], &[4, 2]),
    (&[&["cube"]], &[6, 3]),
    (&[&["triang", "angle"]], &[3, 180, 360, 90]),
    (&[&["thrice", "tripl"]], &[3]),
    (&[&["percent", "%"]], &[100]),
];

/// Numbers known, by size; signs do not count.
#[derive(Debug, Clone, Default)]
pub(super) struct Known(BTreeSet<(i128, i128)>);

impl Known {
    /// What is known before the reasoning begins, given the numbers of the question.
    pub(super) fn of(question: &str, numbers: &[Rational]) -> Self {
        let mut known = Self::default();
        for small in [1, 2] {
            known.insert(Rational::from(small));
        }
        for number in numbers.iter().copied().chain(ground::in_words(question)) {
            known.learn(number);
        }
        known.speak(question);
        known
    }

    /// Adds the constants of the units that `text` speaks of.
    pub(super) fn speak(&mut self, text: &str) {
        let text = text.to_lowercase();
        for (words, constants) in CONSTANTS {
            if words
                .iter()
                .all(|any| any.iter().any(|word| text.contains(word)))
            {
                constants
                    .iter()
                    .for_each(|n| self.insert(Rational::from(*n)));
            }
        }
    }

    /// Adds a number with what it is as a percentage and what it leaves: 20, 0.2, 80, 0.8, 1.2;
    /// and with its inverse.
    pub(super) fn learn(&mut self, number: Rational) {
        self.insert(number);
        let (one, hundred) = (Rational::from(1), Rational::from(100));
        let small = number.checked_cmp(one).is_some_and(|order| order.is_lt());
        let part = if small {
            Some(number)
        } else {
            number.checked_div(hundred)
        };
        let Some(part) = part else { return };
        let found = [
            Some(part),
            one.checked_sub(part),
            one.checked_add(part),
            one.checked_div(number),
            part.checked_mul(hundred),
            one.checked_sub(part)
                .and_then(|rest| rest.checked_mul(hundred)),
            one.checked_add(part)
                .and_then(|rest| rest.checked_mul(hundred)),
        ];
        found
            .into_iter()
            .flatten()
            .for_each(|number| self.insert(number));
    }

    pub(super) fn insert(&mut self, number: Rational) {
        let number = number.abs();
        self.0.insert((number.numerator(), number.denominator()));
    }

    pub(super) fn has(&self, number: Rational) -> bool {
        let number = number.abs();
        self.0.contains(&(number.numerator(), number.denominator()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_question_gives_is_known() {
        let n = |text: &str| Rational::parse(text).unwrap();
        let known = Known::of("20% of the three apples each hour?", &[n("20")]);
        for number in ["20", "0.2", "80", "0.8", "1.2", "3", "100", "0.05"] {
            assert!(known.has(n(number)), "{number}");
        }
        for number in ["21", "365", "60"] {
            assert!(!known.has(n(number)), "{number}");
        }
    }
}
