//! Equations written down in a text, and whether they hold.
//!
//! An equation between numbers holds or fails; one with variables holds where both sides agree for all
//! values tried, and is open otherwise, since `2x = 6` is a condition and no claim. Both sides are read
//! and evaluated by [`rewards::verify`]. Left out: inequalities, approximations, and rounding, which
//! makes `1/3 = 0.33` a step that fails.

use rewards::verify;

/// Whether an equation holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Truth {
    /// Both sides are equal.
    Holds,
    /// Both sides are numbers, and differ.
    Fails,
    /// It depends on variables, or cannot be read.
    Open,
}

/// One equation; `a = b = c` is two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The left side, as it is written.
    pub left: String,
    /// The right side, as it is written.
    pub right: String,
    /// Whether it holds.
    pub truth: Truth,
}

/// The equations of `text`, in order.
pub fn claims(text: &str) -> Vec<Claim> {
    let mut found = Vec::new();
    for stretch in stretches(text) {
        let sides: Vec<&str> = stretch.split('=').map(side).collect();
        for pair in sides.windows(2) {
            let [left, right] = [pair[0], pair[1]];
            if left.is_empty() || right.is_empty() || left == right {
                continue;
            }
            found.push(Claim {
                left: left.to_owned(),
                right: right.to_owned(),
                truth: truth(left, right),
            });
        }
    }
    found
}

fn truth(left: &str, right: &str) -> Truth {
    // A sum that is not done answers no number, but a number answers a sum.
    let says = [verify(left, right).score(), verify(right, left).score()];
    let decided = says.iter().all(Option::is_some);
    if says.contains(&Some(1.0)) {
        Truth::Holds
    } else if decided && is_numeric(left) && is_numeric(right) {
        Truth::Fails
    } else {
        Truth::Open
    }
}

/// A side without what does not belong to it.
fn side(text: &str) -> &str {
    let text = text.trim_matches(|c: char| c.is_whitespace() || ".,*&".contains(c));
    text.trim()
}

/// Whether a side has digits and neither letters, commands of LaTeX aside, nor signs that make a number
/// something else.
fn is_numeric(side: &str) -> bool {
    let mut rest = side;
    while let Some(start) = rest.find('\\') {
        if !is_plain(&rest[..start]) {
            return false;
        }
        let after = &rest[start + 1..];
        let length = after
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(after.len());
        if !COMMANDS.contains(&&after[..length]) {
            return false;
        }
        rest = &after[length..];
    }
    is_plain(rest) && side.contains(|c: char| c.is_ascii_digit())
}

fn is_plain(text: &str) -> bool {
    text.chars()
        .all(|c| c.is_ascii_digit() || c.is_whitespace() || "+-*/^().,×÷·−√{}".contains(c))
}

/// Commands of which numbers are made.
const COMMANDS: [&str; 10] = [
    "frac", "dfrac", "tfrac", "times", "cdot", "div", "sqrt", "left", "right", "",
];

/// Stretches that may be mathematics and have a `=`: what stands between words, marks and line ends.
fn stretches(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut from = 0;
    let mut cut = |end: usize, next: usize| {
        if text[from..end].contains('=') {
            found.push(&text[from..end]);
        }
        from = next;
    };
    let bytes = text.as_bytes();
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let end = at + c.len_utf8();
        let before = at.checked_sub(1).map(|at| bytes[at]);
        let after = bytes.get(end).copied();
        let digit = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_digit());
        if c.is_alphabetic() {
            let mut last = end;
            while let Some(&(next, letter)) = chars.peek() {
                if !letter.is_alphabetic() {
                    break;
                }
                last = next + letter.len_utf8();
                chars.next();
            }
            // A word is no mathematics, nor is a letter of a script that has no variables.
            if before != Some(b'\\') && (last > end || !c.is_ascii()) {
                cut(at, last);
            }
            continue;
        }
        let ends = match c {
            '.' | ',' => !digit(after) || !digit(before),
            '=' => {
                let double = after == Some(b'=') || before == Some(b'=') || after == Some(b'>');
                double || before.is_some_and(|byte| b"<>!:".contains(&byte))
            }
            '\\' => after.is_some_and(|byte| b"()[]".contains(&byte)),
            '+' | '-' | '*' | '/' | '^' | '(' | ')' | '{' | '}' | '_' | ' ' => false,
            '×' | '÷' | '·' | '−' | '√' => false,
            _ => !c.is_ascii_digit(),
        };
        if ends {
            let skip = usize::from(c == '\\');
            cut(at, end + skip);
        }
    }
    cut(text.len(), text.len());
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, String, Truth)> {
        let parts = |claim: Claim| (claim.left, claim.right, claim.truth);
        claims(text).into_iter().map(parts).collect()
    }

    fn truths(text: &str) -> Vec<Truth> {
        claims(text).into_iter().map(|claim| claim.truth).collect()
    }

    #[test]
    fn equations_between_numbers_hold_or_fail() {
        use Truth::{Fails, Holds, Open};
        assert_eq!(
            read("So 17 * 3 = 51, which is right."),
            [("17 * 3".into(), "51".into(), Holds)]
        );
        assert_eq!(truths("7 + 5 = 13"), [Fails]);
        assert_eq!(truths("2 × (3 + 4) = 2 × 7 = 14."), [Holds, Holds]);
        assert_eq!(
            truths(r"Thus \(\frac{1}{2} + \frac{1}{3} = \frac{5}{6}\)."),
            [Holds]
        );
        assert_eq!(truths("所以3+4=7，而8-2=5。"), [Holds, Fails]);
        assert_eq!(truths("1,000 - 1 = 999"), [Holds]);
        assert_eq!(truths("x = 3"), [Open]);
        assert_eq!(truths("2x + 1 = 7"), [Open]);
        assert_eq!(truths("(x + 1)^2 = x^2 + 2x + 1"), [Holds]);
    }

    #[test]
    fn what_is_no_equation_is_none() {
        for text in [
            "a == b", "3 <= 4", "3 != 4", "x => 4", "n := 3", "", "=", "5 =", "= 5", "4 = 4",
        ] {
            assert_eq!(claims(text), [], "{text}");
        }
    }

    #[test]
    fn strange_texts_are_read_in_bounded_time() {
        for piece in ["=", "1=", "(=", "\\", "é=", "1=2=", "\\frac{"] {
            let _ = claims(&piece.repeat(3000));
        }
    }
}
