//! The mathematics of answers: reading them and telling whether two of them say the same.
//!
//! | step | module | bound |
//! | --- | --- | --- |
//! | text to tokens, LaTeX and plain alike | `token`, `lex`, `latex`, `words` | 2,048 tokens |
//! | tokens to a tree | `parse`, `expr` | 40 levels |
//! | tree to the kind of answer it is | `shape`, `matrix` | |
//! | kinds against each other | `compare`, `relation`, `region` | |
//! | values against each other | `scalar`, `evaluate`, `exact`, `residue`, `approx` | 1,024 bits, 200,000 operations |
//!
//! Everything is a pure function without threads, so nothing is left behind when a bound is met.
//! `num-rational` does the exact arithmetic; the rest is written here, because the public computer
//! algebra crates read their own syntax rather than LaTeX and promise no bound on time. Left out:
//! solving equations, sums, integrals and limits, and proofs: expressions with variables are equal
//! when they agree at ten fixed points.

mod approx;
mod compare;
mod evaluate;
mod exact;
mod expr;
mod latex;
mod lex;
mod matrix;
mod parse;
mod region;
mod relation;
mod residue;
mod scalar;
mod shape;
#[cfg(test)]
mod tests;
mod token;
mod words;

pub(crate) use compare::Comparison;
pub(crate) use evaluate::Evaluator;
pub(crate) use expr::Expr;
pub(crate) use parse::parse;
pub(crate) use scalar::PRECISION;
pub(crate) use shape::{Shape, is_fraction, is_numeral};
pub(crate) use token::digit;

/// The kind of answer that all of `text` is; `None` where it is no mathematics.
pub(crate) fn read(text: &str) -> Option<Shape> {
    shape::shape(&parse(text)?, &mut Evaluator::new())
}
