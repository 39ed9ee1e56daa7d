//! Whether an answer only repeats the question.
//!
//! `24/2` is worth 12 and `(x+1)²` is worth `x² + 2x + 1`, so both compare as right; to whoever was
//! asked `What is 24/2?` they are no answer. Left out: questions that set a calculation out in other
//! words than signs, a few common ones apart.

use crate::math::{Expr, is_fraction, is_numeral, parse};
use crate::plain::plain;

/// Whether `answer`, which is worth what `gold` is, does no more than say the question again.
///
/// A calculation, an equation or a fraction that could be reduced repeats the question where it
/// stands in it. A number does where the question has no number besides: `3/4` after `What is 3/4 as
/// a decimal?`. What is spelled as the gold answer is never a repetition.
pub(crate) fn repeats(question: &str, gold: &str, answer: &str) -> bool {
    let (Some(gold), Some(expr)) = (parse(gold), parse(answer)) else {
        return false;
    };
    if gold == expr {
        return false;
    }
    let (asked, said) = (bare(question), bare(answer));
    if is_numeral(&expr) && is_reduced(&expr) {
        return stands_in(&asked, &said) && numbers(&asked).is_subset(&numbers(&said));
    }
    match &expr {
        Expr::Chain(sides, _) => {
            let done = sides
                .iter()
                .any(|side| is_numeral(side) && is_reduced(side));
            let mut open = said
                .split('=')
                .filter(|side| !side.chars().all(char::is_alphabetic));
            let set_out = said.contains(|c| "+-*/^√<>".contains(c));
            (set_out && stands_in(&asked, &said))
                || (!done && open.all(|side| stands_in(&asked, side)))
        }
        Expr::Symbol(_) | Expr::Text(_) | Expr::List(..) | Expr::Set(_) | Expr::Tuple(_) => false,
        _ => stands_in(&asked, &said),
    }
}

/// Whether `numeral` is no fraction, or one in lowest terms.
fn is_reduced(numeral: &Expr) -> bool {
    is_fraction(numeral).is_none_or(|reduced| reduced)
}

/// Words for operations, and their signs.
const SPOKEN: [(&str, &str); 10] = [
    ("the square root of", "√"),
    ("square root of", "√"),
    ("divided by", "/"),
    ("multiplied by", "*"),
    (" over ", "/"),
    (" times ", "*"),
    ("to the power of", "^"),
    (" squared", "^2"),
    (" cubed", "^3"),
    (" factorial", "!"),
];

/// The text in its plain spelling without blanks and brackets, with signs for operations.
fn bare(text: &str) -> String {
    let plain = plain(text).unwrap_or_else(|| text.to_lowercase());
    let spoken = SPOKEN
        .iter()
        .fold(plain, |text, (words, sign)| text.replace(words, sign));
    let spoken = spoken.replace("sqrt", "√").replace(['\\', ':'], "/");
    let mut bare: String = spoken
        .chars()
        .filter(|c| !c.is_whitespace() && !"()[]{}$".contains(*c))
        .collect();
    for root in ["^1/2", "^0.5"] {
        if let Some(base) = bare.strip_suffix(root) {
            bare = format!("√{base}");
        }
    }
    for nothing in ["/1", "^1", "*1"] {
        bare = bare.strip_suffix(nothing).unwrap_or(&bare).to_owned();
    }
    bare.trim_end_matches(['?', '.']).to_owned()
}

/// Whether `part` stands in `text`, no number cut in two.
fn stands_in(text: &str, part: &str) -> bool {
    let number = |c: char| c.is_ascii_digit() || c == '.';
    !part.is_empty()
        && text.match_indices(part).any(|(at, part)| {
            let cut = |edge: Option<char>, next: Option<char>| {
                edge.is_some_and(number) && next.is_some_and(|c| c.is_ascii_digit())
            };
            let (before, after) = (&text[..at], &text[at + part.len()..]);
            !cut(part.chars().next(), before.chars().next_back())
                && !cut(part.chars().next_back(), after.chars().next())
        })
}

fn numbers(text: &str) -> std::collections::BTreeSet<&str> {
    text.split(|c: char| !c.is_ascii_digit() && c != '.')
        .map(|number| number.trim_matches('.'))
        .filter(|number| !number.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_question_is_no_answer() {
        for (question, gold, answer) in [
            ("What is 24/2?", "12", "24/2"),
            ("What is 24 ÷ 2?", "12", r"\frac{24}{2}"),
            ("What is 24 divided by 2?", "12", "(24)/2"),
            ("What is 24/2?", "12", "x = 24 / 2"),
            ("What is 24/2?", "12", "24/2/1"),
            ("Compute $2^{10}$.", "1024", "2^10"),
            ("What is the square root of 144?", "12", r"\sqrt{144}"),
            ("What is the square root of 144?", "12", "144^{1/2}"),
            ("What is 5!?", "120", "5!"),
            ("Simplify 24/36.", "2/3", "24/36"),
            ("Expand $(x+1)^2$.", "x^2+2x+1", "(x+1)^2"),
            ("Solve x + 7 = 12.", "x=5", "x+7=12"),
            ("Solve x + 2 > 5.", "x>3", "x+2>5"),
            ("What is 3/4 as a decimal?", "0.75", "3/4"),
            ("Write 0.75 as a fraction.", "3/4", "0.75"),
            ("What is 50% as a decimal?", "0.5", "50%"),
        ] {
            assert!(repeats(question, gold, answer), "{question} {answer}");
        }
    }

    #[test]
    fn an_answer_may_use_what_the_question_says() {
        for (question, gold, answer) in [
            ("What is 24/2?", "12", "12"),
            ("What is 24/2?", "12", "24/2 = 12"),
            ("What is 24/2?", "12", "x = 12"),
            ("What is 124/2?", "62", "24/2+50"),
            ("Which is larger, 1/2 or 1/3?", "0.5", "1/2"),
            ("Which is larger, 1/2 or 1/3?", r"\frac{1}{2}", "1/2"),
            (
                "She rode at 60 km/h for 2 hours. How fast?",
                "60",
                "60 km/h",
            ),
            ("Tom has 12 apples and gives 0 away.", "12", "12 apples"),
            ("Choose 2 of 5.", "10", r"\binom{5}{2}"),
            ("Solve x + 7 = 12.", "5", "x = 5"),
            ("Solve x + 7 = 12.", "x=5", "5"),
            ("Factor x^2 - 1.", "(x-1)(x+1)", "(x+1)(x-1)"),
            ("Alice stands before Bob. Who is first?", "Alice", "alice"),
        ] {
            assert!(!repeats(question, gold, answer), "{question} {answer}");
        }
    }
}
