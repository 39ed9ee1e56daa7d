//! The lexer behind [`super::token::tokens`].

use super::exact::{decimal, recurring};
use super::token::{Kind, MOST_TOKENS, Token};
use super::words::{GLUED, connective, function, greek, is_short_word, multiplier, unit};

/// How deep groups that are read on their own may nest.
const DEEPEST: usize = 48;

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

    fn digits(&mut self) -> String {
        let start = self.at;
        while self.is_digit(0) {
            self.at += 1;
        }
        self.chars[start..self.at].iter().collect()
    }

    fn number(&mut self) -> Option<()> {
        let mut whole = self.digits();
        if (1..=3).contains(&whole.len()) && whole != "0" {
            while let Some(length) = self.separator() {
                self.at += length;
                whole.push_str(&self.digits());
            }
        }
        let comma = whole == "0" && self.brackets == 0 && self.peek(0) == Some(',');
        let mut part = String::new();
        let mut rounded = false;
        if (self.peek(0) == Some('.') || comma) && self.is_digit(1) {
            self.at += 1;
            part = self.digits();
            rounded = true;
        } else if self.looking_at(".\\overline{") {
            self.at += 1;
        }
        let exponent = self.exponent();
        let mut value = decimal(&whole, &part, exponent)?;
        if let Some(period) = self.period() {
            value += recurring(&period, part.len())?;
            rounded = false;
        }
        self.push(Kind::Number { value, rounded });
        Some(())
    }

    /// The digits of `\overline{…}` that follow a decimal.
    fn period(&mut self) -> Option<String> {
        const OPEN: &str = "\\overline{";
        if !self.looking_at(OPEN) {
            return None;
        }
        let start = self.at;
        self.at += OPEN.len();
        let digits = self.digits();
        if digits.is_empty() || self.peek(0) != Some('}') {
            self.at = start;
            return None;
        }
        self.at += 1;
        Some(digits)
    }

    /// `e5`, `E-5`, right behind a number.
    fn exponent(&mut self) -> i32 {
        let sign = usize::from(matches!(self.peek(1), Some('-' | '+')));
        let length = (1 + sign..)
            .take_while(|&ahead| self.is_digit(ahead))
            .count();
        if !matches!(self.peek(0), Some('e' | 'E')) || !(1..=4).contains(&length) {
            return 0;
        }
        let end = self.at + 1 + sign + length;
        let text: String = self.chars[self.at + 1..end].iter().collect();
        self.at = end;
        text.trim_start_matches('+').parse().unwrap_or(0)
    }

    /// The length of a thousands separator here: one that three digits follow, and no fourth.
    fn separator(&self) -> Option<usize> {
        const SEPARATORS: [&str; 8] = ["{,}", "{, }", " {,}", " {, }", ",\\!", "\\,", ",", " "];
        SEPARATORS
            .iter()
            .find(|text| {
                let bare = matches!(**text, "," | " ");
                let three = (0..3).all(|i| self.is_digit(text.chars().count() + i));
                let fourth = self.is_digit(text.chars().count() + 3);
                let fraction = **text == " " && self.chars.get(self.at + 4) == Some(&'/');
                self.looking_at(text)
                    && three
                    && !fourth
                    && !fraction
                    && !(bare && self.brackets > 0)
            })
            .map(|text| text.chars().count())
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

    /// A command, its backslash not yet read.
    fn command(&mut self) -> Option<()> {
        self.at += 1;
        // `\\frac`: a backslash that was escaped once too often.
        if self.peek(0) == Some('\\') && self.is_doubled_command() {
            self.at += 1;
        }
        let start = self.at;
        while self.peek(0).is_some_and(|c| c.is_ascii_alphabetic()) {
            self.at += 1;
        }
        let name: String = self.chars[start..self.at].iter().collect();
        if name.is_empty() {
            return self.escaped();
        }
        self.named_command(&name)
    }

    fn is_doubled_command(&self) -> bool {
        let name: String = self.chars[self.at + 1..]
            .iter()
            .take_while(|c| c.is_ascii_alphabetic())
            .collect();
        super::latex::is_common(&name)
    }

    fn escaped(&mut self) -> Option<()> {
        let Some(c) = self.peek(0) else {
            return Some(());
        };
        self.at += 1;
        match c {
            '{' => {
                self.brackets += 1;
                self.push(Kind::Sign('⦃'));
            }
            '}' => {
                self.brackets = self.brackets.saturating_sub(1);
                self.push(Kind::Sign('⦄'));
            }
            '%' | '&' | '_' => self.push(Kind::Sign(c)),
            '|' => self.push(Kind::Sign('|')),
            '\\' => self.push(Kind::Sign('\n')),
            _ => self.spaced = true, // \, \! \; \: \$ \( \) \[ \] and a blank
        }
        Some(())
    }

    fn named_command(&mut self, name: &str) -> Option<()> {
        use super::latex::{Meaning, meaning};
        match meaning(name) {
            Meaning::Nothing => {
                self.spaced = true;
                if matches!(name, "left" | "right") && self.peek(0) == Some('.') {
                    self.at += 1;
                }
            }
            Meaning::Sign(sign) => {
                if sign == '⦃' {
                    self.brackets += 1;
                }
                self.push(Kind::Sign(sign));
            }
            Meaning::Word(word) => self.push(Kind::Word(word.to_owned())),
            Meaning::Text => self.text_group()?,
            Meaning::Fraction => {
                self.push(Kind::Command("frac".into()));
                for _ in 0..2 {
                    self.argument()?;
                }
            }
            Meaning::Environment => {
                let group = self.group()?;
                let kind: String = group.iter().filter(|c| **c != '*').collect();
                if kind == "array" && self.peek(0) == Some('{') {
                    self.group()?;
                }
                self.push(Kind::Command(format!("{name}:{kind}")));
            }
            Meaning::Blackboard => {
                let group = self.group()?;
                match group {
                    ['R'] => self.push(Kind::Command("reals".into())),
                    letters => {
                        let word: String = letters.iter().collect();
                        self.push(Kind::Word(word));
                    }
                }
            }
            Meaning::Itself => self.push(Kind::Command(name.to_owned())),
        }
        Some(())
    }

    /// The inside of the brace group that comes next, unread, or the one character in its place.
    fn group(&mut self) -> Option<&'a [char]> {
        while self.peek(0) == Some(' ') {
            self.at += 1;
        }
        let start = self.at;
        if self.peek(0)? != '{' {
            self.at += 1;
            return Some(&self.chars[start..self.at]);
        }
        let mut open = 0_usize;
        while let Some(c) = self.peek(0) {
            self.at += 1;
            match c {
                '\\' => self.at += 1,
                '{' => open += 1,
                '}' => open -= 1,
                _ => {}
            }
            if open == 0 {
                return Some(&self.chars[start + 1..self.at - 1]);
            }
        }
        None
    }

    fn text_group(&mut self) -> Option<()> {
        let spaced = self.spaced;
        let inner = self.group()?;
        self.nested(inner, true, spaced)
    }

    /// One argument of `\frac`, put in braces: a group, a digit, a letter or a command.
    fn argument(&mut self) -> Option<()> {
        while self.peek(0) == Some(' ') {
            self.at += 1;
        }
        if self.peek(0) == Some('\\') {
            self.depth += 1;
            if self.depth > DEEPEST {
                return None;
            }
            self.push(Kind::Sign('{'));
            self.command()?;
            self.push(Kind::Sign('}'));
            self.depth -= 1;
            return Some(());
        }
        let inner = self.group()?;
        self.push(Kind::Sign('{'));
        self.nested(inner, false, false)?;
        self.push(Kind::Sign('}'));
        Some(())
    }

    fn nested(&mut self, inner: &'a [char], text: bool, spaced: bool) -> Option<()> {
        if self.depth >= DEEPEST {
            return None;
        }
        let mut lexer = Lexer::new(inner, text || self.text, self.depth + 1);
        lexer.spaced = spaced;
        // A group stands inside brackets, except that `\frac{1,000}{2}` is about a number.
        lexer.brackets = if text { self.brackets } else { 0 };
        lexer.run()?;
        self.tokens.append(&mut lexer.tokens);
        (self.tokens.len() <= MOST_TOKENS).then_some(())
    }
}
