//! From tokens to an [`Expr`]: a parser by precedence, with limits on depth and size.
//!
//! From loose to tight: several answers (`;`, then `,`, "and", "or"), relations, ratios, unions of
//! sets, sums, products with or without a sign, powers, and what follows a value (`!`, `%`, `°`).
//! What stands last in an answer and is no mathematics, as in `12 apples`, is a unit. Left out:
//! sums, integrals and limits, systems in `cases`, and set-builder notation.

mod answer;
mod atom;
mod bracket;
mod name;
mod operator;
mod unit;

use super::expr::Expr;
use super::token::{Kind, Token, tokens};

/// Formulas that nest deeper are not read.
const DEEPEST: usize = 40;

/// Reads a whole answer; `None` where any of it is not understood or it exceeds the limits.
/// Takes time linear in the text.
pub(crate) fn parse(text: &str) -> Option<Expr> {
    let tokens = tokens(text)?;
    if tokens.is_empty() {
        return None;
    }
    let mut parser = Parser {
        tokens: &tokens,
        at: 0,
        depth: 0,
        bars: 0,
    };
    let expr = parser.answer()?;
    (parser.at == tokens.len()).then_some(expr)
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
    depth: usize,
    /// How many `|` are open: the next one closes.
    bars: usize,
}

impl<'a> Parser<'a> {
    fn token(&self, ahead: usize) -> Option<&'a Token> {
        self.tokens.get(self.at + ahead)
    }

    fn kind(&self, ahead: usize) -> Option<&'a Kind> {
        self.token(ahead).map(|token| &token.kind)
    }

    fn sign(&self, ahead: usize) -> Option<char> {
        match self.kind(ahead)? {
            Kind::Sign(sign) => Some(*sign),
            _ => None,
        }
    }

    fn word(&self, ahead: usize) -> Option<&'a str> {
        match self.kind(ahead)? {
            Kind::Word(word) => Some(word),
            _ => None,
        }
    }

    fn eat(&mut self, sign: char) -> bool {
        let there = self.sign(0) == Some(sign);
        self.at += usize::from(there);
        there
    }

    /// Reads one level deeper.
    fn deeper(&mut self, read: impl FnOnce(&mut Self) -> Option<Expr>) -> Option<Expr> {
        if self.depth >= DEEPEST {
            return None;
        }
        self.depth += 1;
        let expr = read(self);
        self.depth -= 1;
        expr
    }
}

#[cfg(test)]
mod tests {
    use super::super::expr::{Function, Relation};
    use super::*;

    fn n(value: i64) -> Expr {
        Expr::whole(value)
    }

    fn x() -> Expr {
        Expr::Symbol("x".into())
    }

    #[test]
    fn precedence_is_that_of_mathematics() {
        let product = Expr::Mul(vec![n(2), Expr::Power(Box::new(x()), Box::new(n(3)))]);
        let sum = Expr::Add(vec![n(1), product]);
        assert_eq!(parse("1+2x^3"), Some(sum));
        assert_eq!(parse(r"\frac12"), Some(Expr::quotient(n(1), n(2))));
        assert_eq!(parse("1/2"), parse(r"\frac{1}{2}"));
        assert_eq!(parse("(x)"), Some(x()));
        assert_eq!(parse("-x^2"), parse("-(x^2)"));
        let sine = |inner| Expr::Call(Function::Sin, vec![inner]);
        assert_eq!(parse(r"\sin 2x"), Some(sine(Expr::Mul(vec![n(2), x()]))));
        assert_eq!(
            parse(r"\sin^2 x"),
            Some(Expr::Power(Box::new(sine(x())), Box::new(n(2))))
        );
    }

    #[test]
    fn answers_of_every_shape_are_read() {
        let list = Expr::List(vec![n(1), n(2)], false);
        for text in ["1, 2", "1 and 2", r"1 \text{ and } 2", "1; 2", "1,\\ 2."] {
            assert_eq!(parse(text), Some(list.clone()), "{text}");
        }
        assert_eq!(parse("1 or 2"), Some(Expr::List(vec![n(1), n(2)], true)));
        assert_eq!(parse("(1, 2)"), Some(Expr::Tuple(vec![n(1), n(2)])));
        assert_eq!(parse(r"\{1, 2\}"), Some(Expr::Set(vec![n(1), n(2)])));
        assert_eq!(parse("{1, 2}"), parse(r"\{1,2\}"));
        assert!(matches!(parse("[1, 2)"), Some(Expr::Interval(..))));
        assert!(matches!(parse(r"(1,2] \cup \{3\}"), Some(Expr::Joined(..))));
        assert_eq!(
            parse("x = 1"),
            Some(Expr::Chain(vec![x(), n(1)], vec![Relation::Equal]))
        );
        assert_eq!(
            parse("12 apples"),
            Some(Expr::Unit(Box::new(n(12)), "apples".into()))
        );
        assert_eq!(parse("5 km"), Some(Expr::Unit(Box::new(n(5)), "km".into())));
        assert_eq!(parse("11:21"), Some(Expr::Ratio(vec![n(11), n(21)])));
        let matrix = Expr::Matrix(vec![vec![n(1), n(2)], vec![n(3), n(4)]]);
        assert_eq!(
            parse(r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}"),
            Some(matrix)
        );
    }

    #[test]
    fn mixed_numbers_are_sums_and_two_numbers_are_none() {
        let Some(Expr::Number { value, .. }) = parse(r"918\frac{1}{2}") else {
            panic!("no number");
        };
        assert_eq!(value.to_string(), "1837/2");
        assert_eq!(parse("918 1/2"), parse(r"918\frac{1}{2}"));
        assert_eq!(parse("12 13"), None);
        assert_eq!(parse("5 +"), None);
        assert_eq!(parse("12 or"), parse("12"));
        assert_eq!(parse(""), None);
    }

    #[test]
    fn deep_formulas_are_refused() {
        for piece in ["(", "{", "-", "^", "|", "\\sqrt", "f(", "2^", "\\frac{1}{"] {
            assert_eq!(parse(&piece.repeat(1500)), None, "{piece}");
        }
        assert_eq!(
            parse(&format!("{}1{}", "(".repeat(100), ")".repeat(100))),
            None
        );
    }
}
