//! The rule of last resort.

use std::ops::Range;

use super::phrase::is_denied;

/// The last number: an optional sign, digits with thousands separators and a decimal part, and
/// after them a fraction or a percent sign. Digits that end a name, as in `x2`, are not a number, and
/// what is denied, as in `not 12`, is not taken.
pub(super) fn last_number(text: &str) -> Option<String> {
    let chars = halved(text);
    let mut last = None;
    let mut at = 0;
    while let Some(range) = next_number(&chars, at) {
        let before: String = chars[range.start.saturating_sub(20)..range.start]
            .iter()
            .collect();
        at = range.end;
        if !is_denied(&before) {
            last = Some(range);
        }
    }
    last.map(|range| chars[range].iter().collect())
}

/// The first number.
pub(super) fn first_number(text: &str) -> Option<String> {
    let chars = halved(text);
    next_number(&chars, 0).map(|range| chars[range].iter().collect())
}

/// The characters of `text`, those of full width halved.
fn halved(text: &str) -> Vec<char> {
    text.chars()
        .map(|c| match c {
            '０'..='９' | '．' | '，' | '／' | '－' | '％' => {
                char::from_u32(c as u32 - 0xfee0).unwrap_or(c)
            }
            '\u{2212}' => '-',
            _ => crate::math::digit(c).unwrap_or(c),
        })
        .collect()
}

/// The first number at `at` or after it.
fn next_number(chars: &[char], mut at: usize) -> Option<Range<usize>> {
    while at < chars.len() {
        if !chars[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let end = number_end(chars, at);
        let named = at > 0 && (chars[at - 1].is_ascii_alphabetic() || chars[at - 1] == '_');
        if !named {
            // `.5` without its zero.
            let point =
                at > 0 && chars[at - 1] == '.' && !(at > 1 && chars[at - 2].is_alphanumeric());
            let at = if point { at - 1 } else { at };
            let start = if is_signed(chars, at) { at - 1 } else { at };
            return Some(start..end);
        }
        at = end;
    }
    None
}

fn number_end(chars: &[char], start: usize) -> usize {
    let digit = |at: usize| chars.get(at).is_some_and(char::is_ascii_digit);
    let digits = |mut at: usize| {
        while digit(at) {
            at += 1;
        }
        at
    };
    let mut at = digits(start);
    while chars.get(at) == Some(&',') && digits(at + 1) == at + 4 {
        at += 4;
    }
    for sign in ['.', '/'] {
        if chars.get(at) == Some(&sign) && digit(at + 1) {
            at = digits(at + 1);
        }
    }
    if chars.get(at) == Some(&'%') {
        at + 1
    } else {
        at
    }
}

/// Whether the number at `start` has a minus sign that is not a subtraction.
fn is_signed(chars: &[char], start: usize) -> bool {
    if start == 0 || chars[start - 1] != '-' {
        return false;
    }
    let before = &chars[..start - 1];
    let operand = |c: char| c.is_ascii_digit() || c == ')';
    let adjacent = before
        .last()
        .is_some_and(|&c| operand(c) || c.is_alphabetic());
    let spaced = before
        .iter()
        .rev()
        .find(|c| !c.is_whitespace())
        .is_some_and(|&c| operand(c));
    !adjacent && !spaced
}

#[cfg(test)]
mod tests {
    use crate::extract::tests::expect;
    use crate::extract::{NoAnswer, Rule, extract};

    #[test]
    fn the_last_number_is_the_last_resort() {
        expect("We get 1,234 then -7.5", "-7.5", Rule::LastNumber);
        expect("it is 10 -3", "3", Rule::LastNumber);
        expect("half is 3/4.", "3/4", Rule::LastNumber);
        expect("12 of x2", "12", Rule::LastNumber);
        expect("about 12.5%", "12.5%", Rule::LastNumber);
        expect("共１２个", "12", Rule::LastNumber);
        assert_eq!(extract("no idea"), Err(NoAnswer::Nothing));
        assert_eq!(extract(""), Err(NoAnswer::Nothing));
    }
}
