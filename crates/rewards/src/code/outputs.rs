//! When two outputs of whole programs are the same.

/// How outputs are compared. Blanks at the ends of lines and blank lines at the end never count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Outputs {
    /// Letter by letter.
    #[default]
    Text,
    /// Line by line, as LiveCodeBench's runner does (`grade_stdio` of
    /// github.com/LiveCodeBench/LiveCodeBench, `lcb_runner/evaluation/testing_util.py`): blanks at both ends of
    /// a line aside, two lines are the same letter by letter, or where every word of both is a decimal
    /// number and the numbers are equal (`1.0` is `1`, exactly and without a tolerance).
    Decimals,
}

impl Outputs {
    /// Whether an output is the one wanted.
    pub fn same(self, given: &str, wanted: &str) -> bool {
        match self {
            Self::Text => lines(given).eq(lines(wanted)),
            Self::Decimals => {
                let (mut given, mut wanted) = (stripped(given), stripped(wanted));
                loop {
                    match (given.next(), wanted.next()) {
                        (None, None) => return true,
                        (Some(given), Some(wanted)) if alike(given, wanted) => {}
                        _ => return false,
                    }
                }
            }
        }
    }
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.trim_end().lines().map(str::trim_end)
}

fn stripped(text: &str) -> impl Iterator<Item = &str> {
    text.trim().split('\n').map(str::trim)
}

fn alike(given: &str, wanted: &str) -> bool {
    let numbers = |line: &str| {
        line.split_whitespace()
            .map(decimal)
            .collect::<Option<Vec<_>>>()
    };
    given == wanted || numbers(given).is_some_and(|given| numbers(wanted) == Some(given))
}

/// A decimal number in one way of writing it: whether it is below 0, its digits from the first to the last that
/// is not 0, and the power of ten of the last. Left out: what Python reads beyond that, infinities and
/// underscores.
fn decimal(word: &str) -> Option<(bool, String, i64)> {
    let unsigned = word.strip_prefix(['-', '+']).unwrap_or(word);
    let (number, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((number, exponent)) => (number, exponent.parse::<i32>().ok()?),
        None => (unsigned, 0),
    };
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let digits = format!("{whole}{part}");
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let trimmed = digits.trim_end_matches('0');
    let power = i64::from(exponent) - part.len() as i64 + (digits.len() - trimmed.len()) as i64;
    let trimmed = trimmed.trim_start_matches('0');
    Some(match trimmed {
        "" => (false, String::new(), 0),
        digits => (word.starts_with('-'), digits.to_owned(), power),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_the_same_but_for_blanks_at_their_ends() {
        let same = |given, wanted| Outputs::Text.same(given, wanted);
        assert!(same("1 2 \n3\n\n", "1 2\r\n3"));
        assert!(!same("1 2\n\n3", "1 2\n3"));
        assert!(!same("1  2", "1 2"));
        assert!(!same("1.0", "1"));
        assert!(same("", "\n"));
        assert!(!same("", "0"));
    }

    #[test]
    fn decimals_are_the_same_however_they_are_spelled() {
        let same = |given, wanted| Outputs::Decimals.same(given, wanted);
        for (given, wanted) in [
            ("1.0", "1"),
            ("  1  2.50\n-3", "1 2.5\n-3.0\n"),
            ("1e3 0.0 -0", "1000 0 0"),
            (".5 5.", "0.5 5"),
            ("100", "1E+2"),
            ("YES\n 7.0", "YES\n7"),
        ] {
            assert!(same(given, wanted), "{given:?} {wanted:?}");
        }
        for (given, wanted) in [
            // Exactly: no tolerance, however long the numbers.
            ("50000000000000000", "50000000000000001"),
            ("0.333333", "0.333334"),
            // A line with a word in it is compared as text.
            ("x 1.0", "x 1"),
            ("1.0 2", "1"),
            ("1\n\n2", "1\n2"),
            ("-1", "1"),
            ("1e", "1"),
            ("", "0"),
            ("nan", "NaN"),
        ] {
            assert!(!same(given, wanted), "{given:?} {wanted:?}");
        }
    }
}
