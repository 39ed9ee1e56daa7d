//! The tokens of an answer: numbers, words, LaTeX commands and signs.
//!
//! One lexer reads LaTeX and plain text, since answers mix the two. What only sets type (`\left`,
//! `\,`, `$`) is dropped; operators come out as one sign whatever they were written as.

use super::exact::Exact;
use super::lex::Lexer;

/// Answers of more tokens are not read.
pub(crate) const MOST_TOKENS: usize = 2048;

/// What a token is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    /// A number; `rounded` where it has a decimal point.
    Number { value: Exact, rounded: bool },
    /// A run of letters: a function, a unit, a variable or text.
    Word(String),
    /// A LaTeX command that means something, without its backslash.
    Command(String),
    /// One character; `⦃` and `⦄` are `\{` and `\}`, `\n` is the end of a row.
    Sign(char),
}

/// A token and how it stood in the text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    /// A blank came before it.
    pub(crate) spaced: bool,
    /// It stood in `\text{…}` or the like.
    pub(crate) text: bool,
}

/// The tokens of `text`; `None` where there are too many or LaTeX groups are not closed.
pub(crate) fn tokens(text: &str) -> Option<Vec<Token>> {
    let chars: Vec<char> = text.chars().flat_map(one_form).collect();
    let mut lexer = Lexer::new(&chars, false, 0);
    lexer.run()?;
    let mut tokens = lexer.tokens;
    while matches!(
        tokens.last().map(|token| &token.kind),
        Some(Kind::Sign('.' | ',' | ';' | ':' | '?' | '\n'))
    ) {
        tokens.pop();
    }
    Some(tokens)
}

/// Folds typographic variants of a character onto one; some become several characters.
fn one_form(c: char) -> Vec<char> {
    match c {
        '\u{ff01}'..='\u{ff5e}' => vec![char::from_u32(c as u32 - 0xfee0).unwrap_or(c)],
        '\u{2212}' | '\u{2010}'..='\u{2014}' => vec!['-'],
        '\u{2018}' | '\u{2019}' | '′' => vec!['\''],
        '×' | '·' | '⋅' | '∗' => vec!['*'],
        '÷' => vec!['/'],
        '、' => vec![','],
        '。' => vec!['.'],
        '⩽' => vec!['≤'],
        '⩾' => vec!['≥'],
        '≃' | '≅' => vec!['≈'],
        'º' => vec!['°'],
        '⁰' => vec!['^', '0'],
        '¹' => vec!['^', '1'],
        '²' => vec!['^', '2'],
        '³' => vec!['^', '3'],
        '⁴'..='⁹' => vec!['^', char::from_u32(c as u32 - 0x2070 + 0x30).unwrap_or(c)],
        '₀'..='₉' => vec!['_', char::from_u32(c as u32 - 0x2080 + 0x30).unwrap_or(c)],
        _ if !c.is_ascii() && digit(c).is_some() => digit(c).into_iter().collect(),
        '½' => "\\frac12".chars().collect(),
        '¼' => "\\frac14".chars().collect(),
        '¾' => "\\frac34".chars().collect(),
        _ if c.is_whitespace() => vec![' '],
        _ if crate::tags::is_invisible(c) => Vec::new(),
        _ => vec![c],
    }
}

/// The ASCII digit for one of another script: Arabic, Persian, Devanagari, Bengali or Thai.
pub(crate) fn digit(c: char) -> Option<char> {
    const ZEROS: [u32; 5] = [0x660, 0x6f0, 0x966, 0x9e6, 0xe50];
    let value = ZEROS
        .iter()
        .find_map(|zero| (c as u32).checked_sub(*zero).filter(|v| *v < 10))?;
    char::from_digit(value, 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(text: &str) -> String {
        let show = |token: Token| match token.kind {
            Kind::Number { value, .. } => value.to_string(),
            Kind::Word(word) => word,
            Kind::Command(name) => format!("\\{name}"),
            Kind::Sign(sign) => sign.to_string(),
        };
        let all: Vec<String> = tokens(text).unwrap().into_iter().map(show).collect();
        all.join(" ")
    }

    #[test]
    fn numbers_are_read_in_every_spelling() {
        assert_eq!(spelled("1,234.5"), "2469/2");
        assert_eq!(spelled("10{,}000"), "10000");
        assert_eq!(spelled(r"10,\!000"), "10000");
        assert_eq!(spelled(r"14 {, }916"), "14916");
        assert_eq!(spelled("1 000"), "1000");
        assert_eq!(spelled("0,111"), "111/1000");
        assert_eq!(spelled(".4"), "2/5");
        assert_eq!(spelled("٩٢"), "92");
        assert_eq!(spelled("1.5e3"), "1500");
        assert_eq!(spelled(r"0.0\overline{3}"), "1/30");
        assert_eq!(spelled("12,34"), "12 , 34");
        assert_eq!(spelled("(1,234)"), "( 1 , 234 )");
    }

    #[test]
    fn latex_and_plain_signs_are_the_same() {
        assert_eq!(spelled(r"\left( x \le 2 \right)"), spelled("(x <= 2)"));
        assert_eq!(spelled(r"\frac12"), r"\frac { 1 } { 2 }");
        assert_eq!(spelled(r"12\text{ cm}"), "12 cm");
        assert_eq!(spelled("2xy"), "2 x y");
        assert_eq!(spelled("sinx"), "sin x");
        assert_eq!(spelled("1orW"), "1 or W");
        assert_eq!(spelled(r"$5\%$."), "5 %");
        assert_eq!(spelled(r"\\frac{1}{2}"), r"\frac { 1 } { 2 }");
    }

    #[test]
    fn open_groups_and_floods_are_refused() {
        assert_eq!(tokens(r"\text{abc"), None);
        assert_eq!(tokens(&"\\frac".repeat(3000)), None);
        assert_eq!(tokens(&"+".repeat(3000)), None);
    }
}
