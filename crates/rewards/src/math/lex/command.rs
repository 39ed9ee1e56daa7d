//! LaTeX commands and their arguments.

use super::Lexer;
use crate::math::latex::{Meaning, meaning};
use crate::math::token::{Kind, MOST_TOKENS};

/// How deep groups that are read on their own may nest.
const DEEPEST: usize = 48;

impl<'a> Lexer<'a> {
    /// A command, its backslash not yet read.
    pub(super) fn command(&mut self) -> Option<()> {
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
        crate::math::latex::is_common(&name)
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
