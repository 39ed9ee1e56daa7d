//! A reasoning as steps: sentences with what they claim, compute with, find, and mention.
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
#[cfg(test)]
mod properties;
mod score;
mod text;

#[cfg(test)]
pub(crate) use embed::cosine;
pub use embed::{BagOfWords, Embed, Likelihood, Surprise};
pub use features::{FEATURES, Oddity};
pub use score::{StepModel, StepScore};

use data::Rational;

use crate::claims::loose::{Item, equations, items};
use crate::claims::{self, Lexeme, Op, Token, lex};
use equation::{Truth, truth};

pub(crate) use features::oddities;

/// A sentence of a reasoning.
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

/// The steps of a reasoning: the sentences of its lines, without the numbering of lines.
pub(crate) fn steps(reasoning: &str) -> Vec<Step<'_>> {
    let said: Vec<&str> = reasoning
        .lines()
        .flat_map(|line| sentences(unnumbered(line.trim())))
        .collect();
    let next = |at: usize| said.get(at + 1).map(|next| lex(next));
    let mut found: Vec<Step<'_>> = said.iter().map(|text| step(text)).collect();
    for (at, step) in found.iter_mut().enumerate() {
        if next(at).is_some_and(|next| claims::takes_back(&next)) {
            step.excused += step.wrong.len();
            step.wrong.clear();
        }
    }
    found
}

/// A line without `3.`, `3)`, `Step 3:` or a dash at its beginning.
fn unnumbered(line: &str) -> &str {
    let bare = line.trim_start_matches(['*', '#', ' ']);
    let worded = bare.strip_prefix("Step ").unwrap_or(bare);
    let rest = worded.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = worded.len() - rest.len();
    let mark = match worded.len() == bare.len() {
        true => rest.strip_prefix(['.', ')']),
        false => rest.strip_prefix([':', '.']),
    };
    match mark {
        Some(rest) if (1..=2).contains(&digits) && rest.starts_with([' ', '*']) => {
            rest.trim_start_matches(['*', ' '])
        }
        _ => line.strip_prefix("- ").unwrap_or(line),
    }
}

/// The sentences of a line that say something.
fn sentences(line: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut start = 0;
    let ends = lex(line).into_iter().filter(|l| l.token == Token::End);
    for end in ends.map(|lexeme| lexeme.at.end).chain([line.len()]) {
        let sentence = line[start..end].trim();
        if sentence.chars().any(char::is_alphanumeric) {
            found.push(sentence);
        }
        start = end;
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
    // It is one sentence, perhaps with the sign that ends it.
    let said: &[Lexeme] = match lexemes.split_last() {
        Some((last, before)) if last.token == Token::End => before,
        _ => &lexemes,
    };
    read(text, said, claims::takes_back_later(said), &mut step);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_parted_into_sentences() {
        let text = "3. He has 2.5 m. So 5 / 2.5 = 2!\n\n- **Done**.\n**Step 2:** Add 1.\n12 apples";
        let said: Vec<&str> = steps(text).iter().map(|step| step.text).collect();
        assert_eq!(
            said,
            [
                "He has 2.5 m.",
                "So 5 / 2.5 = 2!",
                "**Done**.",
                "Add 1.",
                "12 apples"
            ]
        );
    }

    #[test]
    fn the_next_sentence_takes_back() {
        let found = steps("So 3 + 4 = 8.\nWait, 3 + 4 = 7. And 1 + 1 = 3.");
        let judged: Vec<_> = found.iter().map(|s| (s.excused, s.wrong.len())).collect();
        assert_eq!(judged, [(1, 0), (0, 0), (0, 1)]);
    }
}
