//! The `\boxed{…}` rule.

use std::collections::HashSet;
use std::ops::Range;

use super::phrase::is_denied;
use super::{is_formula, is_joint, tidy};
use crate::math::{Shape, read};
use crate::plain::plain;
use crate::tags::is_seen;

const OPEN: &str = "\\boxed{";

/// What the last non-empty `\boxed{…}` holds, and with it those right before that only an "and", an
/// "or" or a comma parts from it. A box that is never closed ends with its line, and counts only
/// where there is no other.
pub(super) fn boxed(text: &str) -> Option<String> {
    let (closed, open) = boxes(text);
    let Some(last) = closed.last() else {
        let rest = tidy(text[open?..].lines().next()?);
        return is_seen(rest).then(|| rest.to_owned());
    };
    let mut all = vec![last.clone()];
    for earlier in closed.iter().rev().skip(1) {
        let first = &all[all.len() - 1];
        let gap = text.get(earlier.end + 1..first.start.saturating_sub(OPEN.len()));
        if !gap.is_some_and(is_joint) {
            break;
        }
        all.push(earlier.clone());
    }
    let inner: Vec<&str> = all
        .into_iter()
        .rev()
        .map(|range| unboxed(&text[range]))
        .filter(|inner| is_seen(inner))
        .collect();
    (!inner.is_empty()).then(|| inner.join(", "))
}

/// Whether a closed box of `text` says neither `answer` nor a part of it.
pub(super) fn has_other_box(text: &str, answer: &str) -> bool {
    let spelling = |text: &str| plain(text).unwrap_or_else(|| text.to_owned());
    let mut said: HashSet<String> = answer.split(", ").map(spelling).collect();
    said.insert(spelling(answer));
    boxes(text).0.into_iter().any(|range| {
        let inner = unboxed(&text[range]);
        is_seen(inner) && !said.contains(&spelling(inner))
    })
}

/// The block without the sign of its one box, where what is around the box takes part in the answer: it
/// is denied (`not \boxed{12}`), left open (`\boxed{12} or 14`), or one side of something that does
/// not hold (`14 = \boxed{12}`).
pub(super) fn around_box(block: &str) -> Option<String> {
    let (closed, _) = boxes(block);
    let [inner] = &closed[..] else {
        return None;
    };
    let before = &block[..inner.start - OPEN.len()];
    let (inside, after) = (&block[inner.clone()], &block[inner.end + 1..]);
    let whole = [before, inside, after].concat();
    let whole = tidy(&whole);
    let taken = is_qualified(before, after) || is_other_mathematics(whole, inside);
    taken.then(|| whole.to_owned())
}

/// Whether the words right before a box or right after it deny what it says or leave it open.
fn is_qualified(before: &str, after: &str) -> bool {
    let sign = |c: char| c.is_whitespace() || "$*.\\()[]{}".contains(c);
    let before = before.trim_end_matches(sign);
    let after = after.trim_start_matches(sign).to_lowercase();
    let last = before.rsplit(char::is_whitespace).next();
    let last = last.unwrap_or_default().to_lowercase();
    let next: String = after.chars().take_while(|c| c.is_alphabetic()).collect();
    let denials = [
        "is not",
        "is wrong",
        "is incorrect",
        "is false",
        "isn't",
        "≠",
    ];
    is_denied(before)
        || denials.iter().any(|denial| after.starts_with(denial))
        || matches!(&*last, "or" | "either" | "neither" | "maybe" | "perhaps")
        || matches!(&*next, "or" | "maybe" | "perhaps" | "unless")
}

/// Whether `whole` is mathematics that contradicts itself or says several things where `inside`, a part
/// of it, says one.
fn is_other_mathematics(whole: &str, inside: &str) -> bool {
    let several = |shape: &Shape| matches!(shape, Shape::Several(..));
    is_formula(whole)
        && read(inside).is_some_and(|shape| !several(&shape))
        && read(whole).is_none_or(|shape| several(&shape))
}

/// The insides of the outermost boxes that are closed, and where the last open one begins.
fn boxes(text: &str) -> (Vec<Range<usize>>, Option<usize>) {
    let mut open: Vec<Option<usize>> = Vec::new();
    let mut closed: Vec<Range<usize>> = Vec::new();
    let mut last_open = None;
    let mut skip_to = 0;
    for (index, byte) in text.bytes().enumerate() {
        if index < skip_to {
            continue;
        }
        match byte {
            b'\\' if text[index..].starts_with(OPEN) => {
                skip_to = index + OPEN.len();
                last_open = Some(skip_to);
                open.push(last_open);
            }
            b'\\' if !text[index + 1..].starts_with(OPEN) => skip_to = index + 2,
            b'{' => open.push(None),
            b'}' => {
                if let Some(Some(start)) = open.pop() {
                    while closed.last().is_some_and(|inner| inner.start > start) {
                        closed.pop();
                    }
                    closed.push(start..index);
                }
            }
            _ => {}
        }
    }
    (closed, last_open)
}

/// The text of a box without boxes and typography around it.
fn unboxed(text: &str) -> &str {
    let mut inner = tidy(text);
    while let Some(deeper) = inner
        .strip_prefix(OPEN)
        .and_then(|inner| inner.strip_suffix('}'))
        .map(tidy)
    {
        inner = deeper;
    }
    inner
}

#[cfg(test)]
mod tests {
    use crate::extract::Rule;
    use crate::extract::tests::expect;

    #[test]
    fn a_box_is_balanced_and_the_last_one_counts() {
        expect(
            r"so \boxed{\frac{1}{2}} it is 3",
            r"\frac{1}{2}",
            Rule::Boxed,
        );
        expect(r"\boxed{1} then \boxed{2}", "2", Rule::Boxed);
        expect(r"\boxed{\boxed{2}}", "2", Rule::Boxed);
        expect(r"\boxed{\{1, 2\}}", r"\{1, 2\}", Rule::Boxed);
        expect(r"\boxed{12", "12", Rule::Boxed);
        expect(r"\boxed{1}. In all \boxed{2", "1", Rule::Boxed);
        expect(r"\\boxed{004}", "004", Rule::Boxed);
    }

    #[test]
    fn boxes_side_by_side_are_one_answer() {
        expect(r"$\boxed{1}\boxed{2}$", "1, 2", Rule::Boxed);
        expect(
            r"\boxed{1}, \boxed{2} and \boxed{3}",
            "1, 2, 3",
            Rule::Boxed,
        );
        expect(r"\boxed{1} papers and \boxed{2} bins", "1, 2", Rule::Boxed);
        expect(
            r"\(a = \boxed{1}\) and \(b = \boxed{2}\)",
            "1, 2",
            Rule::Boxed,
        );
        expect(r"\boxed{1}. So it is \boxed{2}", "2", Rule::Boxed);
    }
}
