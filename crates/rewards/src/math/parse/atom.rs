//! Single values: numbers, variables, functions, fractions, roots, matrices.

use super::Parser;
use crate::math::expr::{Expr, Function};
use crate::math::token::Kind;
use crate::math::words::{function, is_short_word};

impl Parser<'_> {
    pub(super) fn atom(&mut self) -> Option<Expr> {
        match self.kind(0)? {
            Kind::Number { value, rounded } => {
                self.at += 1;
                let number = Expr::Number {
                    value: value.clone(),
                    rounded: *rounded,
                };
                Some(match self.base() {
                    Some(base) => Expr::Apply(format!("base {base}"), vec![number]),
                    None => number,
                })
            }
            Kind::Word(word) => self.word_atom(word),
            Kind::Command(name) => self.command_atom(name),
            Kind::Sign(sign) => self.sign_atom(*sign),
        }
    }

    fn sign_atom(&mut self, sign: char) -> Option<Expr> {
        self.at += 1;
        match sign {
            '∞' => Some(Expr::Infinity),
            'ℝ' => Some(Expr::Reals),
            '∅' => Some(Expr::Set(Vec::new())),
            '√' => self.deeper(|parser| {
                let inner = parser.power()?;
                Some(root(inner, Expr::whole(2)))
            }),
            '|' => {
                self.bars += 1;
                let inner = self.sum()?;
                self.bars -= 1;
                self.eat('|')
                    .then(|| Expr::Call(Function::Abs, vec![inner]))
            }
            '(' | '[' | '{' | '⦃' => self.bracket(sign),
            '€' | '£' | '¥' | '￥' => {
                let amount = self.product()?;
                Some(Expr::Unit(Box::new(amount), sign.to_string()))
            }
            _ => None,
        }
    }

    fn word_atom(&mut self, word: &str) -> Option<Expr> {
        self.at += 1;
        match word {
            "infinity" | "inf" | "oo" => return Some(Expr::Infinity),
            _ => {}
        }
        if let Some(function) = function(word) {
            return self.function(function, word);
        }
        // Longer words are names only where they stand alone, before `=`.
        let long = word.chars().count() > 3 && crate::math::words::greek(word).is_none();
        let prose = word.chars().count() > 1 && (!word.is_ascii() || is_short_word(word));
        if long || prose {
            return None;
        }
        let name = self.subscripted(word)?;
        if self.is_application(&name) {
            self.at += 1;
            let arguments = self.until(')')?;
            return Some(Expr::Apply(name, arguments));
        }
        Some(Expr::Symbol(name))
    }

    fn function(&mut self, function: Function, name: &str) -> Option<Expr> {
        self.deeper(|parser| {
            let mut arguments = Vec::new();
            let mut base = None;
            if function == Function::Root && parser.eat('[') {
                base = Some(parser.sum()?);
                if !parser.eat(']') {
                    return None;
                }
            }
            if parser.eat('_') {
                base = Some(parser.atom()?);
            }
            let power = if parser.eat('^') {
                Some(parser.signed()?)
            } else {
                None
            };
            if parser.sign(0) == Some('(') && function != Function::Root {
                parser.at += 1;
                arguments = parser.until(')')?;
            } else if function == Function::Root {
                arguments.push(parser.atom()?);
            } else {
                arguments.push(parser.bare_argument()?);
            }
            if arguments.len() != 1 {
                return None;
            }
            match (function, base) {
                (Function::Root, degree) => arguments.push(degree.unwrap_or(Expr::whole(2))),
                (Function::Log, Some(base)) => arguments.push(base),
                (Function::Log, None) if name == "lg" => arguments.push(Expr::whole(10)),
                (_, Some(_)) => return None,
                (_, None) => {}
            }
            Some(match power {
                Some(power) => powered(function, arguments, power),
                None => Expr::Call(function, arguments),
            })
        })
    }

    fn command_atom(&mut self, name: &str) -> Option<Expr> {
        self.at += 1;
        if let Some(function) = function(name) {
            return self.function(function, name);
        }
        match name {
            "frac" => self.deeper(|parser| {
                let over = parser.braces()?;
                let under = parser.braces()?;
                Some(Expr::quotient(over, under))
            }),
            "binom" | "dbinom" | "tbinom" => self.deeper(|parser| {
                let arguments = vec![parser.braces()?, parser.braces()?];
                Some(Expr::Call(Function::Binomial, arguments))
            }),
            "lfloor" => self.between("rfloor", Function::Floor),
            "lceil" => self.between("rceil", Function::Ceiling),
            "reals" => Some(Expr::Reals),
            _ => {
                let kind = name.strip_prefix("begin:")?;
                let known = matches!(
                    kind,
                    "pmatrix" | "bmatrix" | "matrix" | "Bmatrix" | "smallmatrix" | "array"
                );
                known.then(|| self.matrix(kind)).flatten()
            }
        }
    }

    fn between(&mut self, close: &str, function: Function) -> Option<Expr> {
        let inner = self.sum()?;
        let closed = matches!(self.kind(0), Some(Kind::Command(name)) if name == close);
        self.at += 1;
        closed.then(|| Expr::Call(function, vec![inner]))
    }

    fn braces(&mut self) -> Option<Expr> {
        if !self.eat('{') {
            return None;
        }
        let inner = self.sum()?;
        self.eat('}').then_some(inner)
    }

    fn matrix(&mut self, kind: &str) -> Option<Expr> {
        let end = format!("end:{kind}");
        let at_end =
            |parser: &Self| matches!(parser.kind(0), Some(Kind::Command(name)) if *name == end);
        let mut rows = vec![Vec::new()];
        while !at_end(self) {
            let entry = self.sum()?;
            rows.last_mut()?.push(entry);
            if self.eat('&') || at_end(self) {
                continue;
            }
            if !self.eat('\n') {
                return None;
            }
            if !at_end(self) {
                rows.push(Vec::new());
            }
        }
        self.at += 1;
        let width = rows.first()?.len();
        let whole = width > 0 && rows.iter().all(|row| row.len() == width);
        whole.then_some(Expr::Matrix(rows))
    }
}

fn root(inner: Expr, degree: Expr) -> Expr {
    Expr::Call(Function::Root, vec![inner, degree])
}

/// `\sin^2 x` is a square, but `\sin^{-1} x` the inverse function.
fn powered(function: Function, arguments: Vec<Expr>, power: Expr) -> Expr {
    let inverse = match function {
        Function::Sin => Some(Function::Arcsin),
        Function::Cos => Some(Function::Arccos),
        Function::Tan => Some(Function::Arctan),
        _ => None,
    };
    match inverse {
        Some(inverse) if power == Expr::Neg(Box::new(Expr::whole(1))) => {
            Expr::Call(inverse, arguments)
        }
        _ => Expr::Power(Box::new(Expr::Call(function, arguments)), Box::new(power)),
    }
}
