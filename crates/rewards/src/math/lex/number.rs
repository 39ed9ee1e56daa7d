//! Numbers: thousands separators of every kind, decimals, exponents and recurring digits.

use super::Lexer;
use crate::math::exact::{decimal, recurring};
use crate::math::token::Kind;

impl Lexer<'_> {
    fn digits(&mut self) -> String {
        let start = self.at;
        while self.is_digit(0) {
            self.at += 1;
        }
        self.chars[start..self.at].iter().collect()
    }

    pub(super) fn number(&mut self) -> Option<()> {
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
}
