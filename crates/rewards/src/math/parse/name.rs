//! Names with subscripts and primes, applied functions, and the base of a numeral.

use super::Parser;
use crate::math::token::Kind;

impl Parser<'_> {
    /// A name with its subscript and primes; `x2` is `x_2`.
    pub(super) fn subscripted(&mut self, word: &str) -> Option<String> {
        let mut name = word.to_owned();
        if self.eat('_') {
            name.push('_');
            let group = self.eat('{');
            loop {
                match self.kind(0)? {
                    Kind::Sign('}') if group => {
                        self.at += 1;
                        break;
                    }
                    Kind::Sign(sign) => name.push(*sign),
                    Kind::Word(word) | Kind::Command(word) => name.push_str(word),
                    Kind::Number { value, .. } => name.push_str(&value.to_string()),
                }
                self.at += 1;
                if !group {
                    break;
                }
            }
        } else if let Some(Kind::Number { value, .. }) = self.kind(0)
            && value.is_integer()
            && !self.token(0)?.spaced
            && word.chars().all(|c| c.is_ascii_alphabetic())
            && !matches!(word, "e" | "i" | "pi")
        {
            name.push('_');
            name.push_str(&value.to_string());
            self.at += 1;
        }
        while self.eat('\'') {
            name.push('\'');
        }
        Some(name)
    }

    /// Whether `name(` is a function of something rather than a product: `f(…)`, `W(n)`, `a'(…)`.
    pub(super) fn is_application(&self, name: &str) -> bool {
        if self.sign(0) != Some('(') {
            return false;
        }
        let usual = matches!(
            name.trim_end_matches('\''),
            "f" | "g" | "h" | "F" | "G" | "H" | "phi"
        ) || name.starts_with("f_")
            || name.ends_with('\'');
        let capital = name.starts_with(|c: char| c.is_uppercase());
        let simple = matches!(self.kind(1), Some(Kind::Word(_) | Kind::Number { .. }));
        usual || (capital && simple && self.sign(2) == Some(')'))
    }

    /// The base of a numeral, as in `110_2`: such a numeral is only itself.
    pub(super) fn base(&mut self) -> Option<String> {
        let braces = usize::from(self.sign(1) == Some('{'));
        let Some(Kind::Number { value, .. }) = self.kind(1 + braces) else {
            return None;
        };
        let closed = braces == 0 || self.sign(3) == Some('}');
        if self.sign(0) != Some('_') || !closed {
            return None;
        }
        self.at += 2 + 2 * braces;
        Some(value.to_string())
    }
}
