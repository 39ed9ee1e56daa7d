//! What an answer is made of once it has been read.
//!
//! The tree says what was written, not what it is worth: `1/2` stays a quotient, `±` a choice.

use super::exact::Exact;

/// A relation between two sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relation {
    Equal,
    About,
    NotEqual,
    Less,
    AtMost,
    Greater,
    AtLeast,
    In,
}

/// A function whose values are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Function {
    Sin,
    Cos,
    Tan,
    Cot,
    Sec,
    Csc,
    Arcsin,
    Arccos,
    Arctan,
    Sinh,
    Cosh,
    Tanh,
    Exp,
    /// Natural, or to the base that is its second argument.
    Log,
    /// The root of the first argument whose degree is the second.
    Root,
    Abs,
    Floor,
    Ceiling,
    Factorial,
    Binomial,
}

/// One end of an interval.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct End {
    pub(crate) at: Expr,
    pub(crate) closed: bool,
}

/// How two sets are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Join {
    Union,
    Intersection,
    Difference,
}

/// A formula, or one of the things an answer may be.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expr {
    /// A number; `rounded` where it was written with a decimal point and may be an approximation.
    Number {
        value: Exact,
        rounded: bool,
    },
    /// A variable; `pi`, `e` and `i` are the constants.
    Symbol(String),
    Infinity,
    Neg(Box<Expr>),
    Inverse(Box<Expr>),
    Add(Vec<Expr>),
    Mul(Vec<Expr>),
    Power(Box<Expr>, Box<Expr>),
    Call(Function, Vec<Expr>),
    /// An unknown function, `f(x)`.
    Apply(String, Vec<Expr>),
    /// `±x`, or `∓x` where the flag is not set.
    PlusMinus(Box<Expr>, bool),
    Percent(Box<Expr>),
    Degrees(Box<Expr>),
    /// A quantity and the words after it.
    Unit(Box<Expr>, String),
    Matrix(Vec<Vec<Expr>>),
    Text(String),
    Tuple(Vec<Expr>),
    Interval(Box<End>, Box<End>),
    Set(Vec<Expr>),
    Reals,
    Joined(Join, Box<Expr>, Box<Expr>),
    /// Several answers side by side, with "or" between any two where the flag is set.
    List(Vec<Expr>, bool),
    Ratio(Vec<Expr>),
    /// `a < b < c`: the sides, and the relations between them.
    Chain(Vec<Expr>, Vec<Relation>),
}

impl Expr {
    /// A whole number.
    pub(crate) fn whole(n: i64) -> Self {
        Self::Number {
            value: Exact::from(num_bigint::BigInt::from(n)),
            rounded: false,
        }
    }

    /// `over / under`.
    pub(crate) fn quotient(over: Self, under: Self) -> Self {
        Self::Mul(vec![over, Self::Inverse(Box::new(under))])
    }

    /// `self - other`.
    pub(crate) fn minus(self, other: Self) -> Self {
        Self::Add(vec![self, Self::Neg(Box::new(other))])
    }

    /// The parts one level down.
    pub(crate) fn parts(&self) -> Vec<&Self> {
        match self {
            Self::Number { .. }
            | Self::Symbol(_)
            | Self::Infinity
            | Self::Text(_)
            | Self::Reals => Vec::new(),
            Self::Neg(x)
            | Self::Inverse(x)
            | Self::PlusMinus(x, _)
            | Self::Percent(x)
            | Self::Degrees(x)
            | Self::Unit(x, _) => vec![x],
            Self::Power(a, b) | Self::Joined(_, a, b) => vec![a, b],
            Self::Interval(a, b) => vec![&a.at, &b.at],
            Self::Matrix(rows) => rows.iter().flatten().collect(),
            Self::Add(all)
            | Self::Mul(all)
            | Self::Call(_, all)
            | Self::Apply(_, all)
            | Self::Tuple(all)
            | Self::Set(all)
            | Self::List(all, _)
            | Self::Ratio(all)
            | Self::Chain(all, _) => all.iter().collect(),
        }
    }

    /// Whether `test` holds for this or any part of it.
    pub(crate) fn any(&self, test: &dyn Fn(&Self) -> bool) -> bool {
        test(self) || self.parts().into_iter().any(|part| part.any(test))
    }

    /// The same tree with `change` applied to every leaf and, after that, to what holds it.
    pub(crate) fn map(self, change: &dyn Fn(Self) -> Self) -> Self {
        let all = |items: Vec<Self>| items.into_iter().map(|x| x.map(change)).collect();
        let one = |x: Box<Self>| Box::new(x.map(change));
        let end = |end: Box<End>| {
            Box::new(End {
                at: end.at.map(change),
                closed: end.closed,
            })
        };
        let mapped = match self {
            Self::Neg(x) => Self::Neg(one(x)),
            Self::Inverse(x) => Self::Inverse(one(x)),
            Self::PlusMinus(x, upper) => Self::PlusMinus(one(x), upper),
            Self::Percent(x) => Self::Percent(one(x)),
            Self::Degrees(x) => Self::Degrees(one(x)),
            Self::Unit(x, unit) => Self::Unit(one(x), unit),
            Self::Power(a, b) => Self::Power(one(a), one(b)),
            Self::Joined(join, a, b) => Self::Joined(join, one(a), one(b)),
            Self::Interval(a, b) => Self::Interval(end(a), end(b)),
            Self::Matrix(rows) => Self::Matrix(rows.into_iter().map(all).collect()),
            Self::Add(items) => Self::Add(all(items)),
            Self::Mul(items) => Self::Mul(all(items)),
            Self::Call(function, items) => Self::Call(function, all(items)),
            Self::Apply(name, items) => Self::Apply(name, all(items)),
            Self::Tuple(items) => Self::Tuple(all(items)),
            Self::Set(items) => Self::Set(all(items)),
            Self::List(items, or) => Self::List(all(items), or),
            Self::Ratio(items) => Self::Ratio(all(items)),
            Self::Chain(items, relations) => Self::Chain(all(items), relations),
            leaf => leaf,
        };
        change(mapped)
    }

    /// The variables, without the constants, each once and in the order they come.
    pub(crate) fn variables(&self) -> Vec<&str> {
        let mut found = Vec::new();
        self.collect(&mut found);
        found
    }

    fn collect<'a>(&'a self, found: &mut Vec<&'a str>) {
        if let Self::Symbol(name) = self
            && !is_constant(name)
            && !found.contains(&name.as_str())
        {
            found.push(name);
        }
        for part in self.parts() {
            part.collect(found);
        }
    }
}

/// Whether a symbol has one value.
pub(crate) fn is_constant(name: &str) -> bool {
    matches!(name, "pi" | "e" | "i")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_come_once_and_constants_never() {
        let x = || Expr::Symbol("x".into());
        let sum = Expr::Add(vec![x(), Expr::Symbol("pi".into()), x()]);
        assert_eq!(sum.variables(), ["x"]);
        assert!(sum.any(&|part| *part == x()));
    }
}
