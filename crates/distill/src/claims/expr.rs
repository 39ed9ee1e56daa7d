//! Expressions: `+ - * /`, parentheses, signs, numbers, names, and products without a sign such
//! as `3x` and `2(4 + 1)`.

use std::ops::Neg;

use data::Rational;

use super::{Lexeme, Token};

/// Parentheses and signs nested deeper than this are not read.
const DEEPEST: usize = 32;

/// An operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    Add,
    Sub,
    Mul,
    Div,
}

impl Op {
    /// How it is written.
    pub(crate) fn symbol(self) -> char {
        match self {
            Self::Add => '+',
            Self::Sub => '-',
            Self::Mul => '*',
            Self::Div => '/',
        }
    }
}

/// An expression, without its parentheses.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expr {
    Number { value: Rational, places: u32 },
    Name(String),
    Negative(Box<Expr>),
    Binary(Op, Box<Expr>, Box<Expr>),
}

impl Expr {
    /// The expression that `lexemes` are, all of them.
    pub(crate) fn parse(lexemes: &[Lexeme]) -> Option<Self> {
        let mut parser = Parser { rest: lexemes };
        let expr = parser.sum(0)?;
        parser.rest.is_empty().then_some(expr)
    }

    /// Its value, asking `letter` for that of a name; `None` where one is not known, for a
    /// division by zero and where a number does not fit.
    pub(crate) fn value(&self, letter: &dyn Fn(&str) -> Option<Rational>) -> Option<Rational> {
        match self {
            Self::Number { value, .. } => Some(*value),
            Self::Name(name) => letter(name),
            Self::Negative(inner) => inner.value(letter).map(Rational::neg),
            Self::Binary(op, left, right) => {
                let (left, right) = (left.value(letter)?, right.value(letter)?);
                match op {
                    Op::Add => left.checked_add(right),
                    Op::Sub => left.checked_sub(right),
                    Op::Mul => left.checked_mul(right),
                    Op::Div => left.checked_div(right),
                }
            }
        }
    }

    /// Its value where it has no names.
    pub(crate) fn closed(&self) -> Option<Rational> {
        self.value(&|_| None)
    }

    /// Whether something is computed in it.
    pub(crate) fn computes(&self) -> bool {
        match self {
            Self::Number { .. } | Self::Name(_) => false,
            Self::Negative(inner) => inner.computes(),
            Self::Binary(..) => true,
        }
    }

    /// The numbers written in it, in order.
    pub(crate) fn numbers(&self, into: &mut Vec<Rational>) {
        match self {
            Self::Number { value, .. } => into.push(*value),
            Self::Name(_) => {}
            Self::Negative(inner) => inner.numbers(into),
            Self::Binary(_, left, right) => {
                left.numbers(into);
                right.numbers(into);
            }
        }
    }

    /// The name it is, where it is nothing else.
    pub(crate) fn name(&self) -> Option<&str> {
        match self {
            Self::Name(name) => Some(name),
            _ => None,
        }
    }

    /// The name it is, where that is a variable: a letter, perhaps with digits.
    pub(crate) fn letter(&self) -> Option<&str> {
        self.name().filter(|name| is_letter(name))
    }
}

/// Whether a name is a variable: `x`, `y1`, `n_2`.
pub(crate) fn is_letter(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic())
        && chars.all(|c| c.is_ascii_digit() || c == '_')
}

struct Parser<'a> {
    rest: &'a [Lexeme],
}

impl Parser<'_> {
    fn op(&mut self, wanted: [Op; 2]) -> Option<Op> {
        let Token::Op(op) = self.rest.first()?.token else {
            return None;
        };
        wanted.contains(&op).then(|| {
            self.rest = &self.rest[1..];
            op
        })
    }

    fn sum(&mut self, depth: usize) -> Option<Expr> {
        let mut left = self.product(depth)?;
        while let Some(op) = self.op([Op::Add, Op::Sub]) {
            left = Expr::Binary(op, Box::new(left), Box::new(self.product(depth)?));
        }
        Some(left)
    }

    fn product(&mut self, depth: usize) -> Option<Expr> {
        let mut last = self.rest.first().map(|lexeme| &lexeme.token);
        let mut left = self.signed(depth)?;
        loop {
            let op = match self.op([Op::Mul, Op::Div]) {
                Some(op) => op,
                None if self.multiplies(last, &left) => Op::Mul,
                None => return Some(left),
            };
            last = self.rest.first().map(|lexeme| &lexeme.token);
            left = Expr::Binary(op, Box::new(left), Box::new(self.signed(depth)?));
        }
    }

    /// Whether the next factor stands right after the last one: `3x`, `3(`, `)(`, `)x`.
    fn multiplies(&self, last: Option<&Token>, left: &Expr) -> bool {
        let Some(next) = self.rest.first().filter(|next| !next.spaced) else {
            return false;
        };
        let after_value = matches!(last, Some(Token::Open))
            || matches!(left, Expr::Number { .. } | Expr::Binary(..));
        let letter = matches!(&next.token, Token::Name(name) if name.chars().count() == 1);
        after_value && (letter || next.token == Token::Open)
    }

    fn signed(&mut self, depth: usize) -> Option<Expr> {
        if depth > DEEPEST {
            return None;
        }
        match self.op([Op::Add, Op::Sub]) {
            Some(Op::Sub) => Some(Expr::Negative(Box::new(self.signed(depth + 1)?))),
            Some(_) => self.signed(depth + 1),
            None => self.atom(depth),
        }
    }

    fn atom(&mut self, depth: usize) -> Option<Expr> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        match &first.token {
            Token::Number { value, places } => Some(Expr::Number {
                value: *value,
                places: *places,
            }),
            // A name right before a parenthesis is a function.
            Token::Name(_)
                if rest
                    .first()
                    .is_some_and(|next| next.token == Token::Open && !next.spaced) =>
            {
                None
            }
            Token::Name(name) => Some(Expr::Name(name.clone())),
            Token::Open => {
                let inner = self.sum(depth + 1)?;
                let (close, rest) = self.rest.split_first()?;
                self.rest = rest;
                (close.token == Token::Close).then_some(inner)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::lex;
    use super::*;

    fn value(text: &str) -> Option<String> {
        let five = |name: &str| (name == "x").then(|| Rational::new(5, 1))?;
        Some(Expr::parse(&lex(text))?.value(&five)?.to_string())
    }

    #[test]
    fn expressions_are_worth_what_they_are_by_hand() {
        for (text, wanted) in [
            ("9 - 3 - 2", "4"),
            ("2 + 3 * 4", "14"),
            ("(2 + 3) × 4", "20"),
            ("7 / 2 / 7", "1/2"),
            ("-3 + 5 - (-2)", "4"),
            ("0.1 + 0.2", "3/10"),
            ("3x + 1", "16"),
            ("2(x + 1)(x - 3)", "24"),
            ("12 / 3 * x", "20"),
        ] {
            assert_eq!(value(text).as_deref(), Some(wanted), "{text}");
        }
        for text in [
            "", "3 +", "3 4", "f(3)", "(3", "3 x", "y", "1 / 0", "2^3", "3 + 4)",
        ] {
            assert_eq!(value(text), None, "{text}");
        }
        assert_eq!(value(&"(".repeat(10_000)), None);
        assert_eq!(value(&"-".repeat(10_000)), None);
    }

    #[test]
    fn parentheses_that_change_nothing_are_forgotten() {
        let parse = |text| Expr::parse(&lex(text)).unwrap();
        assert_eq!(parse("(9 + 8) - 8"), parse("9+8-8"));
        assert_ne!(parse("9 - (8 - 8)"), parse("9 - 8 - 8"));
    }
}
