//! The words of a text, for comparing texts: what differs only in case, spacing or the marks
//! between sentences has the same words; numbers, operators and parentheses count.

use data::is_han;

/// Lower-case words in order. A Chinese character is a word, and so is a number with its decimals
/// and an operator; full-width forms are made ASCII.
pub(crate) fn words(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().map(narrow).collect();
    let mut words: Vec<String> = Vec::new();
    let mut open = false;
    for (at, &c) in chars.iter().enumerate() {
        let digit = |at: Option<usize>| {
            at.and_then(|at| chars.get(at))
                .is_some_and(char::is_ascii_digit)
        };
        let inside = matches!(c, '.' | ',') && digit(at.checked_sub(1)) && digit(Some(at + 1));
        let joins = (c.is_alphanumeric() && !is_han(c)) || inside;
        if joins && open {
            let word = words.last_mut().expect("a word is open");
            word.extend(c.to_lowercase());
        } else if joins || is_han(c) || "+-*/=<>^%()&|~".contains(c) {
            words.push(c.to_lowercase().collect());
        }
        open = joins;
    }
    words
}

/// The words as one text: equal for texts that have the same words.
pub(crate) fn normal(text: &str) -> String {
    words(text).join(" ")
}

/// Full-width forms and the usual operator signs as ASCII.
pub(crate) fn narrow(c: char) -> char {
    match c {
        '×' | '·' | '⋅' | '∙' => '*',
        '÷' => '/',
        '−' | '–' => '-',
        '\u{3000}' | '\u{a0}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_parted_by_hand() {
        assert_eq!(words("What is 8 - 4?"), ["what", "is", "8", "-", "4"]);
        assert_eq!(
            words("求 x：2×x＝10。"),
            ["求", "x", "2", "*", "x", "=", "10"]
        );
        assert_eq!(words("1,000.5, then"), ["1,000.5", "then"]);
        assert_eq!(normal("Solve  2*x = 10."), normal("solve 2 * x=10"));
        assert_ne!(normal("8 - 4"), normal("8 + 4"));
        assert_ne!(normal("1.5"), normal("15"));
        assert!(words(" .,!? 。").is_empty());
    }
}
