//! A reasoning as steps: lines with what they claim, compute with, find, and mention.
//!
//! | file | |
//! | --- | --- |
//! | `equation` | whether an equation among words holds: rounding, percentages, units |
//! | `known` | which numbers a reasoning may use without having found them |
//! | `features` | what is odd about a step |
//! | `score` | how odd it is, from 0 to 1 |
//! | `latex` | equations written in LaTeX |
//!
//! Left out: what a step means. Two numbers that a question holds may be combined in a way that
//! nothing in it asks for, and no file here will notice.

mod embed;
mod equation;
mod features;
mod known;
pub(crate) mod latex;
mod score;
mod text;

pub use embed::{BagOfWords, Embed, Surprise};
pub use features::{FEATURES, Oddity};
pub use score::{StepModel, StepScore};

use data::Rational;

use crate::claims::loose::{Item, equations, items};
use crate::claims::{self, Lexeme, Op, Token, lex};
use equation::{Truth, truth};

pub(crate) use features::oddities;

/// A line of a reasoning.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Step<'a> {
    pub(crate) text: &'a str,
    /// Numbers that are computed with, in order.
    pub(crate) operands: Vec<Rational>,
    /// Values found: of computations and of what they equal.
    pub(crate) results: Vec<Rational>,
    /// The last value of each equation.
    pub(crate) found: Vec<Rational>,
    /// Other numbers.
    pub(crate) prose: Vec<Rational>,
    /// Equations decided.
    pub(crate) checked: usize,
    /// Wrong ones that are taken back.
    pub(crate) excused: usize,
    /// Wrong ones that are not, with what is wrong.
    pub(crate) wrong: Vec<String>,
}

impl Step<'_> {
    /// Whether a number stands in it or is found, as it is or as a percentage.
    pub(crate) fn says(&self, number: Rational) -> bool {
        let said = self.results.iter().chain(&self.prose).chain(&self.operands);
        said.copied().any(|said| features::same(said, number))
    }
}

/// The steps of a reasoning: its lines, blank ones left out.
pub(crate) fn steps(reasoning: &str) -> Vec<Step<'_>> {
    let lines: Vec<&str> = reasoning
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let mut found: Vec<Step<'_>> = lines.iter().map(|line| step(line)).collect();
    for at in 0..found.len() {
        let next = lines.get(at + 1).map(|line| lex(line));
        let retracted = next.is_some_and(|next| {
            let first = next.split(|l| l.token == Token::End).next();
            first.is_some_and(claims::takes_back)
        });
        if retracted {
            let step = &mut found[at];
            step.excused += step.wrong.len();
            step.wrong.clear();
        }
    }
    found
}

fn step(text: &str) -> Step<'_> {
    let lexemes = lex(text);
    let mut step = Step {
        text,
        operands: Vec::new(),
        results: Vec::new(),
        found: Vec::new(),
        prose: Vec::new(),
        checked: 0,
        excused: 0,
        wrong: Vec::new(),
    };
    let sentences: Vec<&[Lexeme]> = lexemes
        .split(|lexeme| lexeme.token == Token::End)
        .filter(|sentence| !sentence.is_empty())
        .collect();
    for (at, sentence) in sentences.iter().enumerate() {
        let next = sentences
            .get(at + 1)
            .is_some_and(|next| claims::takes_back(next));
        let retracted = next || claims::takes_back_later(sentence);
        read(text, sentence, retracted, &mut step);
    }
    step
}

fn read(text: &str, sentence: &[Lexeme], retracted: bool, step: &mut Step<'_>) {
    let items = items(text, sentence);
    let mut claimed = vec![false; items.len()];
    let said = sentence.first().zip(sentence.last());
    let said = said.map_or("", |(first, last)| &text[first.at.start..last.at.end]);
    for equation in equations(&items) {
        for side in [&equation.left, &equation.right] {
            claimed[side.items.clone()]
                .iter_mut()
                .for_each(|c| *c = true);
            let numbers = items[side.items.clone()].iter().filter_map(value);
            match side.computes {
                true => {
                    if !(equation.continued && side.items == equation.left.items) {
                        step.operands.extend(numbers);
                    }
                    step.results.push(side.plain);
                    step.results.push(side.value);
                }
                false => step.results.extend([side.plain, side.value]),
            }
        }
        step.found.push(equation.right.plain);
        match truth(&equation, said) {
            Truth::Holds => step.checked += 1,
            Truth::Open => {}
            Truth::Fails(_) if retracted => {
                (step.checked, step.excused) = (step.checked + 1, step.excused + 1)
            }
            Truth::Fails(why) => {
                step.checked += 1;
                step.wrong.push(format!("{}: {why}", said.trim()));
            }
        }
    }
    let rest = items.iter().zip(&claimed).filter(|(_, claimed)| !**claimed);
    let zero = |pair: &[Item]| {
        pair[0] == Item::Op(Op::Div) && value(&pair[1]).is_some_and(|n| n == Rational::from(0))
    };
    if items.windows(2).any(zero) && items.contains(&Item::Equal) {
        step.checked += 1;
        match retracted {
            true => step.excused += 1,
            false => step
                .wrong
                .push(format!("{}: a division by zero", said.trim())),
        }
    }
    step.prose.extend(rest.filter_map(|(item, _)| value(item)));
}

fn value(item: &Item) -> Option<Rational> {
    match item {
        Item::Value { value, .. } => Some(*value),
        _ => None,
    }
}
