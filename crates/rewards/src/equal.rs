//! Whether an answer says what the gold answer says.
//!
//! Texts are compared in their plain spelling, numbers as exact fractions: 0.333 is not 1/3.
//! Left out: algebra, sets whose order does not matter, and unit conversion.

use crate::number::Quantity;
use crate::plain::plain;
use crate::reward::Verdict;

/// The longest answer that is compared, in bytes.
pub const LONGEST: usize = 4096;

/// Judges `answer` against `gold`; score 1 or 0.
///
/// The two are not exchangeable. A gold answer that is empty, longer than [`LONGEST`], whose
/// braces are not closed or that divides by zero leaves the matter [`Verdict::Unjudged`]; an
/// answer with the same faults is wrong. `x = 5` and `5` agree either way, but not `y = 5` and
/// `x = 5`; only the answer may carry its working, as in `7 + 5 = 12`. Time is linear in the
/// texts.
pub fn verify(gold: &str, answer: &str) -> Verdict {
    if gold.len() > LONGEST {
        return Verdict::unjudged(format!("the gold answer is longer than {LONGEST} bytes"));
    }
    let Some(gold) = plain(gold) else {
        return Verdict::unjudged("the gold answer's braces are not closed");
    };
    if gold.is_empty() {
        return Verdict::unjudged("the gold answer is empty");
    }
    if divides_by_zero(&gold) {
        return Verdict::unjudged("the gold answer divides by zero");
    }
    if answer.len() > LONGEST {
        return Verdict::wrong(format!("the answer is longer than {LONGEST} bytes"));
    }
    match plain(answer) {
        None => Verdict::wrong("the answer's braces are not closed"),
        Some(answer) if answer.is_empty() => Verdict::wrong("the answer is empty"),
        Some(answer) => compare(&gold, &answer),
    }
}

fn compare(gold: &str, answer: &str) -> Verdict {
    if gold == answer {
        return Verdict::right("the same text");
    }
    let (gold_name, gold_side) = sides(gold, false);
    let (answer_name, answer_side) = sides(answer, true);
    if let (Some(gold_name), Some(answer_name)) = (gold_name, answer_name)
        && gold_name != answer_name
    {
        return Verdict::wrong(format!("names {answer_name}, not {gold_name}"));
    }
    if gold_side == answer_side {
        return Verdict::right("the same text");
    }
    match (Quantity::read(gold_side), Quantity::read(answer_side)) {
        (Some(gold), Some(answer)) if gold.accepts(answer) => Verdict::right("the same number"),
        (Some(_), Some(_)) => Verdict::wrong("another number"),
        (Some(_), None) => Verdict::wrong("not one number"),
        (None, _) => Verdict::wrong("another text"),
    }
}

/// The name and the right side of `name = side`; with `working`, also the right side of
/// `7+5 = side`, which has no name. Anything else is all side.
fn sides(text: &str, working: bool) -> (Option<&str>, &str) {
    let whole = (None, text);
    let Some((left, right)) = text.rsplit_once('=') else {
        return whole;
    };
    if right.is_empty() || left.ends_with(['<', '>', '!', '=', ':']) {
        return whole;
    }
    let mut name = None;
    for (index, part) in left.split('=').enumerate() {
        if index == 0 && is_name(part) {
            name = Some(part);
        } else if !(working && is_working(part)) {
            return whole;
        }
    }
    (name, right)
}

/// `x`, `area` or `f(x)`.
fn is_name(text: &str) -> bool {
    let starts = text.starts_with(|c: char| c.is_alphabetic() || c == '\\');
    starts
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '(' | ')' | '_' | '\\'))
}

/// Arithmetic that is more than one number.
fn is_working(text: &str) -> bool {
    text.contains(|c: char| c.is_ascii_digit())
        && text.contains(['+', '-', '*', '/'])
        && text
            .chars()
            .all(|c| c.is_ascii_digit() || "+-*/().,^% ".contains(c))
}

fn divides_by_zero(gold: &str) -> bool {
    let Some((above, below)) = gold.split_once('/') else {
        return false;
    };
    let zero = below.contains('0') && below.chars().all(|c| matches!(c, '0' | '.'));
    zero && above.ends_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn right(gold: &str, answer: &str) -> bool {
        verify(gold, answer).score() == Some(1.0)
    }

    #[test]
    fn equal_answers_are_right() {
        let pairs = [
            ("12", "12."),
            ("12", "$12$"),
            ("12", "１２"),
            ("12", "012"),
            ("12", "12.0"),
            ("1234567", "1,234,567"),
            ("1/2", "0.5"),
            ("1/2", r"\frac{1}{2}"),
            (r"\frac{3}{2}", "1 1/2"),
            ("50%", "0.5"),
            ("5", "x = 5"),
            ("x=5", "5"),
            ("12", "7 + 5 = 12"),
            ("12", "x = 7 + 5 = 12"),
            ("5", r"\$5"),
            ("12 cm", r"12\text{ cm}"),
            ("Yes", "yes"),
            (r"\text{B}", "(B)"),
            ("三", "三。"),
            ("(1, 2)", "( 1,2 )"),
            ("-3", "−3"),
            (r"90^\circ", "90 degrees"),
            ("1,2,3", "1, 2, 3"),
        ];
        for (gold, answer) in pairs {
            assert!(right(gold, answer), "{gold} against {answer}");
        }
    }

    #[test]
    fn other_answers_are_wrong() {
        let pairs = [
            ("12", "13"),
            ("12", "12 or 13"),
            ("12", "12, 13"),
            ("12", "1,2"),
            ("12", "-12"),
            ("12", "5 = 12"),
            ("12", "x >= 12"),
            ("12", "12 million"),
            ("12", "x = 11, x = 12"),
            ("x=5", "y=5"),
            ("1/3", "0.333"),
            ("12", ""),
            ("12", "}"),
            ("yes", "yes and no"),
            ("7 + 5 = 12", "12"),
        ];
        for (gold, answer) in pairs {
            assert_eq!(
                verify(gold, answer).score(),
                Some(0.0),
                "{gold} against {answer}"
            );
        }
    }

    #[test]
    fn a_bad_gold_answer_is_not_a_wrong_answer() {
        for gold in [
            "",
            " . ",
            "\u{200b}",
            r"\frac{1}{2",
            "1/0",
            "3/0.0",
            &"9".repeat(5000),
        ] {
            assert_eq!(verify(gold, "12").score(), None, "{gold}");
        }
        assert_eq!(verify("12", "1/0").score(), Some(0.0));
        assert_eq!(verify("12", &"9".repeat(5000)).score(), Some(0.0));
    }

    #[test]
    fn verification_is_not_symmetric() {
        assert!(right("50%", "50"));
        assert!(!right("50", "50%"));
        assert!(right("12", "7+5=12"));
        assert!(!right("7+5=12", "12"));
    }
}
