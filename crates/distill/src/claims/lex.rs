//! Texts as numbers, names, operators and relations. What is neither is a break between phrases,
//! the end of a sentence, or opaque: a sign of mathematics that is not understood.

use std::ops::Range;

use data::{Rational, is_han};

use super::Op;
use crate::decimal::decimal;
use crate::words::narrow;

/// How two sides are related.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relation {
    Equal,
    /// `==`: never an assignment.
    Same,
    Different,
    Less,
    Greater,
    AtMost,
    AtLeast,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Token {
    Number {
        value: Rational,
        /// Digits after the decimal point.
        places: u32,
    },
    /// A word, a letter, or a run of Chinese characters.
    Name(String),
    Op(Op),
    Open,
    Close,
    Relation(Relation),
    Opaque,
    /// A comma, a colon, a quotation mark.
    Break,
    /// Ends a sentence.
    End,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Lexeme {
    pub(crate) token: Token,
    /// Whether white space stands before it.
    pub(crate) spaced: bool,
    /// Its bytes.
    pub(crate) at: Range<usize>,
}

impl Lexeme {
    /// The name, in lower case; empty for anything else.
    pub(crate) fn word(&self) -> String {
        match &self.token {
            Token::Name(name) => name.to_lowercase(),
            _ => String::new(),
        }
    }
}

/// The lexemes of a text, in order.
pub(crate) fn lex(text: &str) -> Vec<Lexeme> {
    let mut lexer = Lexer {
        chars: text
            .char_indices()
            .map(|(at, c)| (at, narrow(c), c))
            .collect(),
        length: text.len(),
        at: 0,
        spaced: true,
        found: Vec::new(),
    };
    while lexer.at < lexer.chars.len() {
        lexer.step();
    }
    lexer.found
}

struct Lexer {
    /// Byte, narrowed character, character as written.
    chars: Vec<(usize, char, char)>,
    length: usize,
    at: usize,
    spaced: bool,
    found: Vec<Lexeme>,
}

impl Lexer {
    fn peek(&self, ahead: usize) -> char {
        self.chars.get(self.at + ahead).map_or('\n', |(_, c, _)| *c)
    }

    fn before(&self) -> char {
        self.at.checked_sub(1).map_or('\n', |at| self.chars[at].1)
    }

    fn push(&mut self, token: Token, width: usize) {
        let byte = |at: usize| self.chars.get(at).map_or(self.length, |(byte, ..)| *byte);
        let at = byte(self.at)..byte(self.at + width);
        self.found.push(Lexeme {
            token,
            spaced: self.spaced,
            at,
        });
        self.at += width;
        self.spaced = false;
    }

    fn skip(&mut self, width: usize) {
        self.at += width;
    }

    fn step(&mut self) {
        let (c, next) = (self.peek(0), self.peek(1));
        let relation = |relation| Token::Relation(relation);
        match (c, next) {
            ('\n', _) => {
                self.push(Token::End, 1);
                self.bullet();
                self.spaced = true;
            }
            _ if c.is_whitespace() => {
                self.skip(1);
                self.spaced = true;
            }
            _ if c.is_ascii_digit() => self.number(),
            ('.', _) if next.is_ascii_digit() && !self.after_value() => self.number(),
            ('x' | 'X', _) if self.multiplies() => self.push(Token::Op(Op::Mul), 1),
            _ if is_han(c) => self.name(is_han),
            _ if c.is_alphabetic() || c == '_' => {
                self.name(|c| (c.is_alphanumeric() || c == '_' || c == '\'') && !is_han(c));
            }
            ('-' | '=', '>') => self.push(Token::Break, 2),
            ('=', '=') => self.push(relation(Relation::Same), 2),
            ('!', '=') => self.push(relation(Relation::Different), 2),
            ('<', '=') => self.push(relation(Relation::AtMost), 2),
            ('>', '=') => self.push(relation(Relation::AtLeast), 2),
            (':', '=') => self.push(relation(Relation::Equal), 2),
            ('+' | '-' | '*' | '/', '=') | ('/', '/') => self.push(Token::Opaque, 2),
            ('*', '*') => self.stars(),
            ('=', _) => self.push(relation(Relation::Equal), 1),
            ('≠', _) => self.push(relation(Relation::Different), 1),
            ('<', _) => self.push(relation(Relation::Less), 1),
            ('>', _) => self.push(relation(Relation::Greater), 1),
            ('≤' | '⩽', _) => self.push(relation(Relation::AtMost), 1),
            ('≥' | '⩾', _) => self.push(relation(Relation::AtLeast), 1),
            ('+', _) => self.push(Token::Op(Op::Add), 1),
            ('-', _) => self.push(Token::Op(Op::Sub), 1),
            ('*', _) => self.push(Token::Op(Op::Mul), 1),
            ('/', _) => self.push(Token::Op(Op::Div), 1),
            ('(', _) => self.push(Token::Open, 1),
            (')', _) => self.push(Token::Close, 1),
            ('$' | '&' | '`', _) => self.skip(1),
            ('\\', _) => self.command(),
            _ => self.mark(c, next),
        }
    }

    /// Drops the sign of a list item at the start of a line.
    fn bullet(&mut self) {
        let mut ahead = 0;
        while matches!(self.peek(ahead), ' ' | '\t') {
            ahead += 1;
        }
        if matches!(self.peek(ahead), '-' | '*' | '•') && self.peek(ahead + 1) == ' ' {
            self.skip(ahead + 1);
        }
    }

    /// `**`: emphasis where a word begins or ends, a power elsewhere.
    fn stars(&mut self) {
        let edge =
            |c: char| c.is_whitespace() || (c.is_ascii_punctuation() && c != '(' && c != ')');
        let emphasis = edge(self.before()) != edge(self.peek(2));
        match emphasis {
            true => self.skip(2),
            false => self.push(Token::Opaque, 2),
        }
    }

    /// A command of LaTeX: operators and relations are known, delimiters are dropped.
    fn command(&mut self) {
        let mut width = 1;
        let mut name = String::new();
        while self.peek(width).is_ascii_alphabetic() {
            name.push(self.peek(width));
            width += 1;
        }
        let token = match name.as_str() {
            "" => return self.skip(if self.peek(1) == '\n' { 1 } else { 2 }),
            "times" | "cdot" => Token::Op(Op::Mul),
            "div" => Token::Op(Op::Div),
            "ne" | "neq" => Token::Relation(Relation::Different),
            "le" | "leq" => Token::Relation(Relation::AtMost),
            "ge" | "geq" => Token::Relation(Relation::AtLeast),
            _ => Token::Opaque,
        };
        self.push(token, width);
    }

    fn mark(&mut self, c: char, next: char) {
        let after_value = !self.spaced
            && matches!(
                self.found.last().map(|l| &l.token),
                Some(Token::Number { .. } | Token::Close)
            );
        let token = match c {
            '.' if next == '.' && after_value => Token::Opaque,
            '…' if after_value => Token::Opaque,
            '!' if after_value => Token::Opaque,
            ':' if after_value && next.is_ascii_digit() => Token::Opaque,
            '.' | '。' | '?' | '!' | ';' => Token::End,
            '^' | '%' | '√' | '²' | '³' | '|' | '[' | ']' | '{' | '}' | '~' | '°' | '±' | '‰' => {
                Token::Opaque
            }
            _ => Token::Break,
        };
        let width = match token {
            Token::Opaque if c == '.' => 2,
            _ => 1,
        };
        self.push(token, width);
    }

    fn name(&mut self, belongs: impl Fn(char) -> bool) {
        let mut name = String::new();
        while belongs(self.peek(name.chars().count())) {
            name.push(self.peek(name.chars().count()));
        }
        let width = name.chars().count();
        self.push(Token::Name(name), width);
    }

    /// Whether an `x` stands alone between numbers: `3 x 4`, `3 x (4 + 1)`.
    fn multiplies(&self) -> bool {
        let value = matches!(
            self.found.last().map(|lexeme| &lexeme.token),
            Some(Token::Number { .. } | Token::Close)
        );
        let mut ahead = 1;
        while matches!(self.peek(ahead), ' ' | '$') {
            ahead += 1;
        }
        let next = self.peek(ahead);
        let number =
            next.is_ascii_digit() || (next == '.' && self.peek(ahead + 1).is_ascii_digit());
        value && self.spaced && ahead > 1 && (number || next == '(')
    }

    /// Whether a number, a name or a closed parenthesis stands right before.
    fn after_value(&self) -> bool {
        let before = self.before();
        before.is_alphanumeric() || matches!(before, ')' | '.')
    }

    /// Digits, commas between thousands (never the full-width comma, which parts numbers), and a
    /// decimal point with digits.
    fn number(&mut self) {
        let digit = |ahead: usize| self.peek(ahead).is_ascii_digit();
        let mut width = 0;
        while digit(width) {
            width += 1;
        }
        if (1..=3).contains(&width) {
            while self
                .chars
                .get(self.at + width)
                .is_some_and(|(.., c)| *c == ',')
                && (1..=3).all(|ahead| digit(width + ahead))
                && !digit(width + 4)
            {
                width += 4;
            }
        }
        let mut places = 0;
        if self.peek(width) == '.' && digit(width + 1) {
            width += 1;
            while digit(width) {
                width += 1;
                places += 1;
            }
        }
        let text: String = (0..width).map(|ahead| self.peek(ahead)).collect();
        let token = match decimal(&text) {
            Some(value) => Token::Number { value, places },
            None => Token::Opaque,
        };
        self.push(token, width);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let show = |lexeme: &Lexeme| match &lexeme.token {
            Token::Number { value, .. } => value.to_string(),
            Token::Name(name) => name.clone(),
            Token::Op(op) => format!("{op:?}"),
            token => format!("{token:?}"),
        };
        lex(text).iter().map(show).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn texts_are_cut_by_hand() {
        assert_eq!(shown("So x = 35 / 5."), "So x Relation(Equal) 35 Div 5 End");
        assert_eq!(
            shown("算出３×４＝12，120"),
            "算出 3 Mul 4 Relation(Equal) 12 Break 120"
        );
        assert_eq!(shown("1,234.5 and 12,34"), "2469/2 and 12 Break 34");
        assert_eq!(
            shown("$3 \\times 4 \\neq 5$"),
            "3 Mul 4 Relation(Different) 5"
        );
        assert_eq!(
            shown("**5** 2**3 5! 50%"),
            "5 2 Opaque 3 5 Opaque 50 Opaque"
        );
        assert_eq!(shown("\n- 3 + x1"), "End 3 Add x1");
        assert_eq!(
            shown("a -> b => c == d"),
            "a Break b Break c Relation(Same) d"
        );
        assert_eq!(
            shown("0.33... 3:30 x += 1"),
            "33/100 Opaque End 3 Opaque 30 x Opaque 1"
        );
        assert_eq!(
            shown("3 x .5, v.5, 3 x"),
            "3 Mul 1/2 Break v End 5 Break 3 x"
        );
        assert_eq!(shown(&"9".repeat(60)), "Opaque");
    }
}
