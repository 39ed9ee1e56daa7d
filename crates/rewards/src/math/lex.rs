//! The lexer behind [`super::token::tokens`]: signs and words; numbers and LaTeX commands have files
//! of their own.

mod command;
mod number;

use super::token::{Kind, MOST_TOKENS, Token};
use super::words::{GLUED, connective, function, greek, is_short_word, multiplier, unit};

pub(super) struct Lexer<'a> {
    chars: &'a [char],
    at: usize,
    /// Whether this is the inside of `\text{…}`.
    text: bool,
    depth: usize,
    /// Brackets that are open: a comma between digits parts thousands only outside of them.
    brackets: usize,
    spaced: bool,
    pub(super) tokens: Vec<Token>,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(chars: &'a [char], text: bool, depth: usize) -> Self {
        Self {
            chars,
            at: 0,
            text,
            depth,
            brackets: 0,
            spaced: false,
            tokens: Vec::new(),
        }
    }

    pub(super) fn run(&mut self) -> Option<()> {
        while let Some(c) = self.peek(0) {
            if self.tokens.len() > MOST_TOKENS {
                return None;
            }
            match c {
                ' ' | '~' | '$' => {
                    self.at += 1;
                    self.spaced = true;
                }
                '\\' => self.command()?,
                _ if c.is_ascii_digit() || (c == '.' && self.is_digit(1)) => self.number()?,
                _ if c.is_alphabetic() && c != 'π' => self.word(),
                _ => self.sign(c),
            }
        }
        Some(())
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn is_digit(&self, ahead: usize) -> bool {
        self.peek(ahead).is_some_and(|c| c.is_ascii_digit())
    }

    fn looking_at(&self, text: &str) -> bool {
        let mut ahead = self.chars[self.at..].iter();
        text.chars().all(|c| ahead.next() == Some(&c))
    }

    fn push(&mut self, kind: Kind) {
        self.tokens.push(Token {
            kind,
            spaced: self.spaced,
            text: self.text,
        });
        self.spaced = false;
    }

    fn sign(&mut self, c: char) {
        let two = ["<=", ">=", "!=", "=="]
            .iter()
            .position(|s| self.looking_at(s));
        let sign = match (two, c) {
            (Some(0), _) => '≤',
            (Some(1), _) => '≥',
            (Some(2), _) => '≠',
            (Some(_), _) => '=',
            (None, 'π') => {
                self.at += 1;
                return self.push(Kind::Word("pi".into()));
            }
            (None, c) => c,
        };
        self.at += if two.is_some() { 2 } else { 1 };
        match sign {
            '(' | '[' | '{' => self.brackets += 1,
            ')' | ']' | '}' => self.brackets = self.brackets.saturating_sub(1),
            '*' if self.peek(0) == Some('*') => {
                self.at += 1;
                return self.push(Kind::Sign('^'));
            }
            _ => {}
        }
        self.push(Kind::Sign(sign));
    }

    /// A run of letters, split into functions and single variables where it is no word.
    fn word(&mut self) {
        let start = self.at;
        let han = |c: char| crate::plain::is_han(c);
        let first_is_han = han(self.chars[start]);
        while let Some(c) = self.peek(0) {
            let mark = c == '\u{304}'
                || (c == '-' && self.text && self.peek(1).is_some_and(char::is_alphabetic));
            if !(c.is_alphabetic() || mark) || han(c) != first_is_han || c == 'π' {
                break;
            }
            self.at += 1;
        }
        let word: String = self.chars[start..self.at].iter().collect();
        let after_value = start > 0 && matches!(self.chars[start - 1], '0'..='9' | ')' | '}');
        self.split(&word, after_value);
    }

    fn split(&mut self, word: &str, after_value: bool) {
        let lower = word.to_lowercase();
        let known = function(&lower).is_some()
            || connective(&lower).is_some()
            || multiplier(&lower).is_some()
            || matches!(
                lower.as_str(),
                "pi" | "inf" | "infinity" | "pct" | "percent" | "deg" | "choose"
            );
        if known && word.chars().count() > 1 {
            return self.push(Kind::Word(lower));
        }
        let length = word.chars().count();
        let capitals = length > 1 && word.chars().all(char::is_uppercase);
        let spaced = self.spaced || self.tokens.is_empty();
        let stands_alone = matches!(self.peek(0), None | Some(' ' | '.' | ',' | '$' | '}' | ')'));
        let glued_connective = ["or", "and"]
            .into_iter()
            .find(|c| after_value && word.strip_prefix(c).is_some_and(|rest| rest.len() == 1));
        if let Some(glue) = glued_connective {
            self.push(Kind::Word(glue.to_owned()));
            self.push(Kind::Word(word[glue.len()..].to_owned()));
        } else if let Some(glued) = GLUED
            .into_iter()
            .find(|g| !self.text && lower.strip_prefix(g).is_some_and(|rest| rest.len() == 1))
        {
            self.push(Kind::Word(glued.to_owned()));
            self.push(Kind::Word(word[glued.len()..].to_owned()));
        } else if length == 1 || capitals || self.text || length > 3 || !word.is_ascii() {
            let name = greek(word).map_or(word.to_owned(), str::to_owned);
            self.push(Kind::Word(name));
        } else if unit(word).is_some()
            || is_short_word(&lower)
            || (length == 3 && spaced && stands_alone)
        {
            self.push(Kind::Word(word.to_owned()));
        } else {
            for letter in word.chars() {
                self.push(Kind::Word(letter.to_string()));
            }
        }
    }
}
