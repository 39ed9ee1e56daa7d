//! The rule for multiple choice: which letter a text decides for.

use super::phrase::announced;

/// The letters options have in Russian, Arabic, Hindi, Bengali and Thai.
const NATIVE: &str = "АБВГДЕأبجدकखगघকখগঘกขคง";

/// The letter after "answer is", at the beginning of the text or a line, or the last one named.
pub(super) fn letter(text: &str, language: Option<&str>) -> Option<String> {
    let found = announced(text, language)
        .and_then(first_letter)
        .or_else(|| leading(text))
        .or_else(|| letters(text).last())?;
    Some(found.to_string())
}

/// The letters of options that stand for themselves: no part of a word.
fn letters(text: &str) -> impl Iterator<Item = char> + '_ {
    let before = std::iter::once(' ').chain(text.chars());
    let after = text.chars().skip(1).chain([' ']);
    before
        .zip(text.chars())
        .zip(after)
        .filter(|((before, c), after)| {
            let latin = ('A'..='J').contains(c);
            let part = |c: &char| match latin {
                true => c.is_ascii_alphanumeric() || matches!(c, '\'' | '’' | '_'),
                false => {
                    c.is_alphanumeric()
                        || matches!(c, '\u{900}'..='\u{9ff}' | '\u{e30}'..='\u{e4f}')
                }
            };
            // `I choose C` is about C.
            let pronoun = *c == 'I' && matches!(after, ' ' | '\'' | '’');
            (latin || NATIVE.contains(*c)) && !pronoun && !part(before) && !part(after)
        })
        .map(|((_, c), _)| c)
}

fn first_letter(text: &str) -> Option<char> {
    letters(text).next()
}

/// A letter that the text begins with: `B. Paris`, `(B) Paris`, `B不是A`.
fn leading(text: &str) -> Option<char> {
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '(' | '*' | '['));
    let first = text.chars().next()?;
    (letters(text).next() == Some(first)).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_letter_decided_for_is_found() {
        let found = |text: &str| letter(text, None);
        assert_eq!(found("D. it can't be A or B").unwrap(), "D");
        assert_eq!(found("The answer is for sure D, not A").unwrap(), "D");
        assert_eq!(found("It's not A, therefore B").unwrap(), "B");
        assert_eq!(found("Alina and the answer is\nC Cecile").unwrap(), "C");
        assert_eq!(found("(A) Cecile").unwrap(), "A");
        assert_eq!(found("B不是 A").unwrap(), "B");
        assert_eq!(found("I choose C").unwrap(), "C");
        assert_eq!(found("Ответ: Б").unwrap(), "Б");
        assert_eq!(found("nothing"), None);
    }
}
