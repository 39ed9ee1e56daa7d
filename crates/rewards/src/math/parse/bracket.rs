//! What stands in brackets: a group, a tuple, an interval or a set.

use super::Parser;
use crate::math::expr::{End, Expr};

/// More elements are not read.
const MOST: usize = 256;

impl Parser<'_> {
    /// The rest of what `open` began.
    pub(super) fn bracket(&mut self, open: char) -> Option<Expr> {
        self.deeper(|parser| {
            let bars = std::mem::take(&mut parser.bars);
            let read = parser.inside(open);
            parser.bars = bars;
            read
        })
    }

    fn inside(&mut self, open: char) -> Option<Expr> {
        let closes = |c: Option<char>| c.filter(|c| matches!(c, ')' | ']' | '}' | '⦄'));
        let mut items = Vec::new();
        while closes(self.sign(0)).is_none() {
            items.push(self.item()?);
            if items.len() > MOST {
                return None;
            }
            if !(self.eat(',') || self.eat(';')) {
                break;
            }
        }
        let close = closes(self.sign(0))?;
        self.at += 1;
        let alone = items.len() == 1;
        match (open, close) {
            ('⦃', '⦄') => Some(Expr::Set(items)),
            ('{', '}') if alone => items.pop(),
            ('{', '}') => Some(Expr::Set(items)),
            ('(', ')') | ('[', ']') if alone => items.pop(),
            ('(', ')') if !items.is_empty() => Some(Expr::Tuple(items)),
            ('(' | '[', ')' | ']') if items.len() == 2 => {
                let (high, low) = (items.pop()?, items.pop()?);
                let end = |at, closed| Box::new(End { at, closed });
                Some(Expr::Interval(
                    end(low, open == '['),
                    end(high, close == ']'),
                ))
            }
            ('[', ']') if !items.is_empty() => Some(Expr::Tuple(items)),
            _ => None,
        }
    }

    /// Arguments up to `close`, which is read too.
    pub(super) fn until(&mut self, close: char) -> Option<Vec<Expr>> {
        let mut items = Vec::new();
        let read = self.deeper(|parser| {
            let bars = std::mem::take(&mut parser.bars);
            loop {
                items.push(parser.sum()?);
                if items.len() > MOST || !parser.eat(',') {
                    break;
                }
            }
            parser.bars = bars;
            parser.eat(close).then_some(Expr::Infinity)
        });
        read.map(|_| items)
    }
}
