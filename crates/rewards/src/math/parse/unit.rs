//! Words after a value: units and what else is counted.

use super::Parser;
use super::answer::is_set;
use crate::math::expr::Expr;
use crate::math::token::Kind;
use crate::math::words::{changes_the_number, connective, function, unit};

impl Parser<'_> {
    /// The words after a value, up to the end of the item: `Some(None)` where there are none,
    /// `None` where what follows is not a unit.
    pub(super) fn trailing_unit(&mut self) -> Option<Option<String>> {
        let mut unit_text = String::new();
        let mut open = 0_usize;
        while !self.ends_item(0) {
            let piece = match self.kind(0)? {
                Kind::Word(word) if !changes_the_number(&word.to_lowercase()) => word.clone(),
                Kind::Sign(sign @ ('/' | '^' | '*' | '°' | '-')) if !unit_text.is_empty() => {
                    sign.to_string()
                }
                Kind::Sign('{') if unit_text.ends_with('^') => {
                    open += 1;
                    String::new()
                }
                Kind::Sign('.') if !unit_text.is_empty() => ".".into(),
                Kind::Sign('/') if matches!(self.kind(1), Some(Kind::Word(_))) => "/".into(),
                Kind::Number { value, .. } if unit_text.ends_with('^') => value.to_string(),
                _ => return None,
            };
            if !unit_text.is_empty()
                && !unit_text.ends_with('.')
                && piece.chars().all(char::is_alphabetic)
            {
                unit_text.push(' ');
            }
            unit_text.push_str(&piece);
            self.at += 1;
            while open > 0 && self.eat('}') {
                open -= 1;
            }
        }
        Some(Some(unit_text).filter(|text| !text.is_empty()))
    }

    /// Whether the word that comes next is a unit or text rather than a factor. `after_number`:
    /// what it would multiply is a number.
    pub(super) fn is_unit_ahead(&self, after_number: bool) -> bool {
        let (Some(token), Some(word)) = (self.token(0), self.word(0)) else {
            return false;
        };
        if connective(word).is_some() {
            return true;
        }
        let single = word.chars().count() == 1;
        let known = unit(word).is_some();
        if function(word).is_some() || matches!(word, "pi" | "infinity" | "inf") {
            return false;
        }
        if single && word.is_ascii() {
            let apart = token.text || (token.spaced && self.ends_item(1));
            // `p.m.`
            let shortened = (token.text || token.spaced)
                && self.sign(1) == Some('.')
                && self.word(2).is_some_and(|next| next.len() == 1);
            return after_number && (shortened || (known && apart));
        }
        if crate::math::words::greek(word).is_some() || word == "choose" {
            return false;
        }
        let capitals = word.chars().all(|c| c.is_ascii_uppercase());
        token.text || known || !capitals
    }
}

/// The unit belongs to the last side of a relation.
pub(super) fn with_unit(expr: Expr, unit: String) -> Expr {
    match expr {
        Expr::Chain(mut sides, relations) => {
            if let Some(last) = sides.pop() {
                sides.push(Expr::Unit(Box::new(last), unit));
            }
            Expr::Chain(sides, relations)
        }
        Expr::Ratio(mut parts) => {
            if let Some(last) = parts.pop() {
                parts.push(Expr::Unit(Box::new(last), unit));
            }
            Expr::Ratio(parts)
        }
        set if is_set(&set) || matches!(set, Expr::Matrix(_)) => set,
        other => Expr::Unit(Box::new(other), unit),
    }
}
