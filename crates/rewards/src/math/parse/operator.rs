//! Sums, products, powers, and what follows a value.

use super::Parser;
use crate::math::exact::Exact;
use crate::math::expr::{Expr, Function};
use crate::math::token::Kind;
use crate::math::words::{function, multiplier};

impl Parser<'_> {
    pub(super) fn sum(&mut self) -> Option<Expr> {
        self.deeper(|parser| {
            let mut terms = Vec::new();
            loop {
                let sign = parser
                    .sign(0)
                    .filter(|sign| matches!(sign, '+' | '-' | '±' | '∓'));
                if sign.is_none() && !terms.is_empty() {
                    break;
                }
                parser.at += usize::from(sign.is_some());
                let term = Box::new(parser.product()?);
                terms.push(match sign {
                    Some('-') => Expr::Neg(term),
                    Some('±') => Expr::PlusMinus(term, true),
                    Some('∓') => Expr::PlusMinus(term, false),
                    _ => *term,
                });
            }
            if terms.len() == 1 {
                return terms.pop();
            }
            Some(Expr::Add(terms))
        })
    }

    pub(super) fn product(&mut self) -> Option<Expr> {
        let mut factors = vec![self.signed()?];
        loop {
            if self.eat('*') {
                factors.push(self.signed()?);
            } else if self.sign(0) == Some('/') && !self.is_unit_after_slash() {
                self.at += 1;
                let under = self.signed()?;
                factors.push(Expr::Inverse(Box::new(under)));
            } else if let Some(power) = self.word(0).and_then(multiplier) {
                self.at += 1;
                let ten = Box::new(Expr::whole(10));
                factors.push(Expr::Power(ten, Box::new(Expr::whole(i64::from(power)))));
            } else if self.begins_factor(factors.last()) {
                match self.mixed(factors.last()) {
                    Some(number) => {
                        factors.pop();
                        factors.push(number);
                    }
                    None => {
                        let factor = self.power()?;
                        factors.push(factor);
                    }
                }
            } else {
                break;
            }
        }
        if factors.len() == 1 {
            return factors.pop();
        }
        Some(Expr::Mul(factors))
    }

    /// `5 /km`, `98 dollars/piece`: the slash belongs to a unit.
    fn is_unit_after_slash(&self) -> bool {
        let text = self.token(1).is_some_and(|token| token.text);
        let word = self.word(1).is_some_and(|w| w.chars().count() > 1);
        word && (text || self.word(1).and_then(crate::math::words::unit).is_some())
    }

    /// A factor, perhaps with a sign of its own as in `2*-3`.
    pub(super) fn signed(&mut self) -> Option<Expr> {
        match self.sign(0) {
            Some(sign @ ('-' | '+')) => self.deeper(|parser| {
                parser.at += 1;
                let inner = parser.signed()?;
                Some(if sign == '-' {
                    Expr::Neg(Box::new(inner))
                } else {
                    inner
                })
            }),
            _ => self.power(),
        }
    }

    /// Whether a factor without a sign comes next.
    fn begins_factor(&self, last: Option<&Expr>) -> bool {
        let after_number = last.is_some_and(is_number);
        match self.kind(0) {
            Some(Kind::Number { .. }) => self.is_mixed(last) || !after_number,
            Some(Kind::Word(_)) => !self.is_unit_ahead(after_number),
            Some(Kind::Command(name)) => !name.starts_with("end:"),
            Some(Kind::Sign('(' | '{' | '√')) => true,
            Some(Kind::Sign('∞')) => false,
            Some(Kind::Sign('|')) => self.bars == 0,
            _ => false,
        }
    }

    /// Whether a whole number and then `1/2` or `\frac{1}{2}` make a mixed number.
    fn is_mixed(&self, last: Option<&Expr>) -> bool {
        let whole =
            matches!(last, Some(Expr::Number { value, rounded: false }) if value.is_integer());
        let part = |ahead| matches!(self.kind(ahead), Some(Kind::Number { value, .. }) if value.is_integer());
        let slash = part(0) && self.sign(1) == Some('/') && part(2);
        whole && slash
    }

    fn mixed(&mut self, last: Option<&Expr>) -> Option<Expr> {
        let Some(Expr::Number {
            value,
            rounded: false,
        }) = last
        else {
            return None;
        };
        if !value.is_integer() {
            return None;
        }
        let number = |ahead: usize| match self.kind(ahead)? {
            Kind::Number { value, .. } if value.is_integer() => Some(value.clone()),
            _ => None,
        };
        let sign = |ahead: usize, c: char| (self.sign(ahead) == Some(c)).then_some(());
        let latex = matches!(self.kind(0), Some(Kind::Command(name)) if name == "frac");
        let (over, under, length) = if latex {
            sign(1, '{')
                .and(sign(3, '}'))
                .and(sign(4, '{'))
                .and(sign(6, '}'))?;
            (number(2)?, number(5)?, 7)
        } else {
            sign(1, '/')?;
            (number(0)?, number(2)?, 3)
        };
        let zero = Exact::from(num_bigint::BigInt::from(0));
        if over < zero || under <= zero {
            return None;
        }
        let value = value + over / under;
        self.at += length;
        Some(Expr::Number {
            value,
            rounded: false,
        })
    }

    pub(super) fn power(&mut self) -> Option<Expr> {
        let base = self.postfix()?;
        if self.sign(0) != Some('^') {
            return Some(base);
        }
        self.deeper(|parser| {
            parser.at += 1;
            let exponent = parser.signed()?;
            Some(Expr::Power(Box::new(base), Box::new(exponent)))
        })
    }

    fn postfix(&mut self) -> Option<Expr> {
        let mut value = self.atom()?;
        for _ in 0..8 {
            let degrees = self.degrees_ahead();
            value = match self.sign(0) {
                _ if degrees > 0 => {
                    self.at += degrees;
                    Expr::Degrees(Box::new(value))
                }
                Some('!') => {
                    self.at += 1;
                    Expr::Call(Function::Factorial, vec![value])
                }
                Some('%') => {
                    self.at += 1;
                    Expr::Percent(Box::new(value))
                }
                _ if matches!(self.word(0), Some("pct" | "percent")) => {
                    self.at += 1;
                    Expr::Percent(Box::new(value))
                }
                _ => return Some(value),
            };
        }
        None
    }

    /// How many tokens spell a degree sign here: `°`, `^°`, `^{°}`.
    fn degrees_ahead(&self) -> usize {
        let signs = [self.sign(0), self.sign(1), self.sign(2), self.sign(3)];
        match signs {
            [Some('°'), ..] => 1,
            [Some('^'), Some('°'), ..] => 2,
            [Some('^'), Some('{'), Some('°'), Some('}')] => 4,
            _ => 0,
        }
    }

    /// The argument of a function written without brackets: `\sin 2x`, up to a sign or another
    /// function.
    pub(super) fn bare_argument(&mut self) -> Option<Expr> {
        let mut factors = vec![self.signed()?];
        while self.begins_factor(factors.last())
            && self.word(0).is_none_or(|word| function(word).is_none())
            && !matches!(self.kind(0), Some(Kind::Command(name)) if function(name).is_some())
            && self.sign(0) != Some('(')
        {
            let factor = self.power()?;
            factors.push(factor);
        }
        if factors.len() == 1 {
            return factors.pop();
        }
        Some(Expr::Mul(factors))
    }
}

/// Whether words after it would be a unit.
fn is_number(expr: &Expr) -> bool {
    match expr {
        Expr::Number { .. } => true,
        Expr::Neg(x) | Expr::Inverse(x) | Expr::Percent(x) => is_number(x),
        Expr::Mul(all) | Expr::Add(all) => all.iter().all(is_number),
        Expr::Power(a, b) => is_number(a) && is_number(b),
        Expr::Call(_, all) => all.iter().all(is_number),
        Expr::Symbol(name) => name == "pi",
        _ => false,
    }
}
