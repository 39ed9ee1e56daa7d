//! The outermost levels: several answers, relations, ratios and sets.

use super::Parser;
use super::unit::with_unit;
use crate::math::expr::{Expr, Join, Relation};
use crate::math::token::Kind;
use crate::math::words::{connective, function};

/// More answers, or sides of a relation, are not read.
const MOST: usize = 256;

impl Parser<'_> {
    /// Everything: groups parted by `;` or by rows, each a list of its own.
    pub(super) fn answer(&mut self) -> Option<Expr> {
        let mut groups = Vec::new();
        let mut either = false;
        loop {
            let (items, or) = self.items()?;
            either |= or;
            groups.push(items);
            if !(self.eat(';') || self.eat('\n')) || self.token(0).is_none() {
                break;
            }
        }
        if groups.len() == 1 {
            let mut items = groups.pop()?;
            return if items.len() == 1 {
                items.pop()
            } else {
                Some(Expr::List(items, either))
            };
        }
        let one = |mut items: Vec<Expr>| {
            if items.len() == 1 {
                items.remove(0)
            } else {
                Expr::Tuple(items)
            }
        };
        Some(Expr::List(groups.into_iter().map(one).collect(), either))
    }

    /// Answers parted by commas and connectives, and whether there was an "or".
    fn items(&mut self) -> Option<(Vec<Expr>, bool)> {
        let mut items = vec![self.item()?];
        let mut either = false;
        while let Some(or) = self.separator() {
            either |= or;
            if self.token(0).is_none() {
                break;
            }
            items.push(self.item()?);
            if items.len() > MOST {
                return None;
            }
        }
        Some((items, either))
    }

    /// A comma, a connective or both, and whether it was "or".
    fn separator(&mut self) -> Option<bool> {
        let start = self.at;
        let mut or = false;
        while self.sign(0) == Some(',') || self.word(0).is_some_and(|w| connective(w).is_some()) {
            or |= self.word(0).and_then(connective).unwrap_or(false);
            self.at += 1;
        }
        (self.at > start).then_some(or)
    }

    pub(super) fn ends_item(&self, ahead: usize) -> bool {
        match self.kind(ahead) {
            None => true,
            Some(Kind::Sign(sign)) => matches!(sign, ',' | ';' | '\n' | ')' | ']' | '⦄' | '}'),
            Some(Kind::Word(word)) => connective(word).is_some(),
            _ => false,
        }
    }

    /// One answer with the words before and after it.
    pub(super) fn item(&mut self) -> Option<Expr> {
        let start = self.at;
        if let Some(text) = self.leading_text() {
            if self.ends_item(0) {
                return Some(text);
            }
            if self.sign(0) == Some('=') || (self.sign(0) == Some(':') && !self.ends_item(1)) {
                self.at += 1;
                let value = self.item()?;
                return Some(Expr::Chain(vec![text, value], vec![Relation::Equal]));
            }
            self.at = start;
        }
        let expr = self.relation()?;
        Some(match self.trailing_unit()? {
            Some(unit) => with_unit(expr, unit),
            None => expr,
        })
    }

    /// Words that are no mathematics.
    fn leading_text(&mut self) -> Option<Expr> {
        let start = self.at;
        let is_text = |parser: &Self| {
            let token = parser.token(0)?;
            let Kind::Word(word) = &token.kind else {
                return None;
            };
            let length = word.chars().count();
            let long = length > 3 || !word.is_ascii() || (token.text && length > 1);
            let mathematics = function(word).is_some()
                || connective(word).is_some()
                || matches!(word.as_str(), "pi" | "inf" | "infinity")
                || crate::math::words::greek(word).is_some()
                || (!token.text && word.chars().all(char::is_uppercase));
            // After one word, the next may be short: `sum of all`.
            let long = long || (parser.at > start && length > 1);
            (long && !mathematics).then_some(word.as_str())
        };
        let mut words = Vec::new();
        while let Some(word) = is_text(self) {
            words.push(word.to_owned());
            self.at += 1;
        }
        (!words.is_empty()).then(|| Expr::Text(words.join(" ")))
    }

    pub(super) fn relation(&mut self) -> Option<Expr> {
        // `≈ 8.24` with nothing before it.
        self.eat('≈');
        let mut sides = vec![self.ratio()?];
        let mut relations = Vec::new();
        while let Some(relation) = self.sign(0).and_then(relation_of) {
            // A unit may stand before the sign as well: `3 cm = 0.03 m`.
            self.at += 1;
            relations.push(relation);
            sides.push(self.ratio()?);
            if sides.len() > MOST {
                return None;
            }
        }
        if relations.is_empty() {
            return sides.pop();
        }
        Some(Expr::Chain(sides, relations))
    }

    fn ratio(&mut self) -> Option<Expr> {
        let first = self.sets()?;
        if self.sign(0) != Some(':') {
            return Some(first);
        }
        let mut parts = vec![first];
        while self.eat(':') {
            parts.push(self.sets()?);
            if parts.len() > MOST {
                return None;
            }
        }
        Some(Expr::Ratio(parts))
    }

    fn sets(&mut self) -> Option<Expr> {
        let mut left = self.sum()?;
        for _ in 0..64 {
            let join = match self.sign(0) {
                Some('∪') => Join::Union,
                Some('∩') => Join::Intersection,
                Some('∖') => Join::Difference,
                _ if self.word(0) == Some("U") && is_set(&left) => Join::Union,
                _ => return Some(left),
            };
            self.at += 1;
            let right = self.sum()?;
            left = Expr::Joined(join, Box::new(left), Box::new(right));
        }
        None
    }
}

pub(super) fn is_set(expr: &Expr) -> bool {
    matches!(
        expr,
        Expr::Interval(..) | Expr::Tuple(_) | Expr::Set(_) | Expr::Joined(..) | Expr::Reals
    )
}

fn relation_of(sign: char) -> Option<Relation> {
    Some(match sign {
        '=' => Relation::Equal,
        '≈' => Relation::About,
        '≠' => Relation::NotEqual,
        '<' => Relation::Less,
        '≤' => Relation::AtMost,
        '>' => Relation::Greater,
        '≥' => Relation::AtLeast,
        '∈' => Relation::In,
        _ => return None,
    })
}
