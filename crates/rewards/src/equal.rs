//! Whether an answer says what the gold answer says.
//!
//! Both are read as mathematics ([`crate::math`]); what is no mathematics is compared as text in
//! its plain spelling.

use crate::math::{Comparison, Expr, Shape, parse};
use crate::options::Options;
use crate::plain::plain;
use crate::reward::Verdict;

/// The longest answer that is compared, in bytes.
pub const LONGEST: usize = 4096;

/// Judges `answer` against `gold` with the default [`Options`]; score 1 or 0.
///
/// The two are not exchangeable. A gold answer that is empty, longer than [`LONGEST`], neither
/// mathematics nor words, or without a finite value leaves the matter [`Verdict::Unjudged`]; an
/// answer with the same faults is wrong. `x = 5` and `5` agree either way, but not `y = 5` and
/// `x = 5`; only the answer may carry its working, as in `7 + 5 = 12`; inequalities may be answered
/// by an interval, intervals not by inequalities. Time is bounded whatever the texts.
pub fn verify(gold: &str, answer: &str) -> Verdict {
    verify_with(gold, answer, &Options::default())
}

/// [`verify`] with other [`Options`].
pub fn verify_with(gold: &str, answer: &str, options: &Options) -> Verdict {
    if gold.len() > LONGEST {
        return Verdict::unjudged(format!("the gold answer is longer than {LONGEST} bytes"));
    }
    let Some(gold_text) = plain(gold) else {
        return Verdict::unjudged("the gold answer's braces are not closed");
    };
    if gold_text.is_empty() {
        return Verdict::unjudged("the gold answer is empty");
    }
    let mut comparison = Comparison::new(options);
    let gold_expr = read(gold, options);
    let gold_shape = gold_expr.as_ref().and_then(Comparison::shape);
    match &gold_shape {
        Some(shape) if !Comparison::is_usable(shape) => {
            return Verdict::unjudged("the gold answer has no finite value");
        }
        None if !is_text(&gold_text) => {
            return Verdict::unjudged("the gold answer is neither mathematics nor words");
        }
        _ => {}
    }
    if answer.len() > LONGEST {
        return Verdict::wrong(format!("the answer is longer than {LONGEST} bytes"));
    }
    if hides(answer) && !hides(gold) {
        return Verdict::wrong("the answer does not show what it says");
    }
    let Some(answer_text) = plain(answer) else {
        return Verdict::wrong("the answer's braces are not closed");
    };
    if answer_text.is_empty() {
        return Verdict::wrong("the answer is empty");
    }
    let answer_expr = read(answer, options);
    let words = matches!(gold_shape, None | Some(Shape::Text(_)));
    let letters = gold_text.chars().all(char::is_alphabetic);
    let same_text = gold_text == answer_text && (words || letters);
    if same_text || (gold_expr.is_some() && gold_expr == answer_expr) {
        return Verdict::right("the same text");
    }
    if let Some(letter) = choice(gold) {
        if chosen(answer) == Some(letter) {
            return Verdict::right("the same choice");
        }
        if is_letters_equated(&answer_text) {
            return Verdict::wrong("several choices");
        }
    }
    if is_other_money(gold, &answer_text) {
        return Verdict::wrong("another currency");
    }
    let Some(gold_shape) = gold_shape else {
        return Verdict::wrong("another text");
    };
    match answer_expr.as_ref().and_then(Comparison::shape) {
        Some(answer) if comparison.agree(&gold_shape, &answer) => Verdict::right("the same value"),
        Some(_) => Verdict::wrong("another value"),
        None => Verdict::wrong("not one answer that can be read"),
    }
}

/// The mathematics of `text`, its variables renamed in their order where names do not matter.
fn read(text: &str, options: &Options) -> Option<Expr> {
    let expr = parse(text)?;
    if options.strict {
        return Some(expr);
    }
    let names: Vec<String> = expr.variables().into_iter().map(str::to_owned).collect();
    Some(expr.map(&|part| match part {
        Expr::Symbol(name) => {
            let place = names.iter().position(|other| *other == name);
            Expr::Symbol(place.map_or(name, |place| format!("v_{place}")))
        }
        other => other,
    }))
}

/// Whether what is no mathematics can be compared as words: there are some, and no commands.
fn is_text(text: &str) -> bool {
    let word = text
        .split(|c: char| !c.is_alphabetic())
        .any(|word| word.len() > 1);
    word && !text.contains('\\')
}

/// The letter of a multiple choice that `gold` is.
fn choice(gold: &str) -> Option<char> {
    let text = plain(gold)?;
    let mut chars = text.chars();
    let letter = chars.next().filter(|c| ('a'..='j').contains(c))?;
    chars.next().is_none().then_some(letter)
}

/// The letter that a text after it explains: `B`, `(B) 12`, `B. Paris`, `option B`. A second option
/// in the explanation makes it no choice.
fn chosen(answer: &str) -> Option<char> {
    let text = plain(answer)?;
    let text = ["option ", "choice "]
        .into_iter()
        .find_map(|lead| text.strip_prefix(lead))
        .unwrap_or(&text);
    let text = text.strip_prefix('(').unwrap_or(text);
    let mut rest = text.chars();
    let letter = rest.next().filter(|c| ('a'..='j').contains(c))?;
    let explained = match rest.next() {
        None => true,
        Some(')' | '.' | ':') => {
            !rest.as_str().is_empty() && !names_another(answer, rest.as_str(), letter)
        }
        Some(_) => false,
    };
    explained.then_some(letter)
}

/// Whether `explanation` names an option besides `letter`, as in `(B) or (C)`, `B) C)`, `B: 1, D: 2`
/// and `B. D`. Letters within a sentence, as in `A. a dog`, are no options.
fn names_another(answer: &str, explanation: &str, letter: char) -> bool {
    let first: String = explanation
        .chars()
        .take_while(|c| c.is_alphabetic())
        .collect();
    let joined = matches!(&*first, "or" | "and" | "und" | "ou" | "oder")
        || explanation.starts_with(['或', '和', '/', '&', '|']);
    let bare = explanation.trim_matches(|c: char| !c.is_alphanumeric());
    let alone = bare.chars().count() == 1 && bare.starts_with(|c| ('a'..='j').contains(&c));
    // Their case is lost in the plain spelling.
    let chars: Vec<char> = answer.chars().collect();
    let marked = chars.iter().enumerate().any(|(at, c)| {
        let part = |at: Option<usize>| {
            at.and_then(|at| chars.get(at))
                .is_some_and(|c| c.is_alphanumeric())
        };
        let lower = c.to_ascii_lowercase();
        let option = ('a'..='j').contains(&lower) && lower != letter;
        let mark = chars.get(at + 1);
        let capital = c.is_ascii_uppercase() && matches!(mark, Some('.' | ':' | ']'));
        option && !part(at.checked_sub(1)) && (mark == Some(&')') || capital)
    });
    alone || marked || joined
}

/// `D = C`, where a choice is asked for.
fn is_letters_equated(answer: &str) -> bool {
    let letter = |side: &str| side.chars().count() == 1 && side.chars().all(char::is_alphabetic);
    answer
        .split_once('=')
        .is_some_and(|(left, right)| letter(left) && letter(right))
}

/// Whether `gold` is an amount of dollars, `$5`, and `answer`, in its plain spelling, one of another
/// currency or a percentage.
fn is_other_money(gold: &str, answer: &str) -> bool {
    let amount = gold.trim().trim_start_matches('\\');
    let dollars = amount
        .strip_prefix('$')
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()) && !rest.contains('$'));
    const OTHERS: [&str; 10] = [
        "cent", "¢", "%", "€", "euro", "£", "pound", "¥", "yuan", "yen",
    ];
    dollars && OTHERS.iter().any(|other| answer.contains(other))
}

/// Whether what is seen of `answer` is not what is read: its direction is overridden, or it stands in
/// a `\phantom`.
fn hides(answer: &str) -> bool {
    answer.contains(['\u{202d}', '\u{202e}']) || answer.contains("phantom")
}

#[cfg(test)]
mod tests;
