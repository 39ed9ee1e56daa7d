//! Spoiled reasonings, and how many of them a filter catches.
//!
//! A filter is worth what it stops and what it lets through. Reference solutions are taken for good;
//! each is spoiled in every way of [`Corruption`], and [`evaluate`] counts how many of either the
//! filter drops. [`fit`] makes weights for [`crate::StepModel`] of the same material.
//!
//! Left out: errors of thought (a sum where a product was called for, with right arithmetic).

mod evaluate;
mod fit;
#[cfg(test)]
mod gsm8k;
mod material;

pub use evaluate::{Row, Table, evaluate, semantic_filter};
pub use fit::{FitConfig, fit};

use data::Problem;
use rand::{Rng, RngExt, seq::SliceRandom};

/// A problem with a reasoning that is taken for good.
#[derive(Debug, Clone, PartialEq)]
pub struct Reference {
    /// What was asked; its answer is the reasoning's.
    pub problem: Problem,
    /// The steps, one a line, in order.
    pub steps: Vec<String>,
}

impl Reference {
    /// The solution a problem comes with, as lines; nothing where it has none.
    pub fn of(problem: &Problem) -> Option<Self> {
        let steps: Vec<String> = problem
            .solution
            .as_deref()?
            .lines()
            .map(|line| line.trim().to_owned())
            .filter(|line| !line.is_empty())
            .collect();
        (!steps.is_empty()).then(|| Self {
            problem: problem.clone(),
            steps,
        })
    }

    /// The reasoning as text.
    pub fn text(&self) -> String {
        self.steps.join("\n")
    }
}

/// A way to spoil a reasoning. The answer stays what it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Corruption {
    /// One number, wherever it stands, becomes another of about its size.
    ChangedNumber,
    /// One `+`, `-`, `*` or `/` between numbers becomes another.
    FlippedOperator,
    /// A step of another problem is put in before one of the steps.
    ForeignStep,
    /// A step of another problem stands in place of one of the steps.
    ReplacedStep,
    /// The steps stand in another order.
    ShuffledSteps,
    /// A paragraph about something else is put in.
    IrrelevantParagraph,
    /// One step is said in another language.
    LanguageSwitch,
}

impl Corruption {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::ChangedNumber,
        Self::FlippedOperator,
        Self::ForeignStep,
        Self::ReplacedStep,
        Self::ShuffledSteps,
        Self::IrrelevantParagraph,
        Self::LanguageSwitch,
    ];

    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::ChangedNumber => "changed number",
            Self::FlippedOperator => "flipped operator",
            Self::ForeignStep => "foreign step put in",
            Self::ReplacedStep => "step replaced by a foreign one",
            Self::ShuffledSteps => "shuffled steps",
            Self::IrrelevantParagraph => "irrelevant paragraph",
            Self::LanguageSwitch => "language switch",
        }
    }
}

/// A spoiled reasoning.
#[derive(Debug, Clone, PartialEq)]
pub struct Spoiled {
    /// The steps.
    pub steps: Vec<String>,
    /// The one that is wrong; none where it is their order.
    pub step: Option<usize>,
}

/// Spoils a reasoning; nothing where it cannot be spoiled that way. `other` is another problem's.
pub fn spoil(
    good: &Reference,
    other: &Reference,
    how: Corruption,
    rng: &mut impl Rng,
) -> Option<Spoiled> {
    let mut steps = good.steps.clone();
    let at = rng.random_range(0..steps.len());
    let step = match how {
        Corruption::ChangedNumber => {
            let places: Vec<(usize, std::ops::Range<usize>)> = steps
                .iter()
                .enumerate()
                .flat_map(|(at, step)| numbers(step).into_iter().map(move |place| (at, place)))
                .collect();
            let (at, place) = places
                .get(rng.random_range(0..places.len().max(1)))?
                .clone();
            let changed = another(&steps[at][place.clone()], rng)?;
            steps[at].replace_range(place, &changed);
            Some(at)
        }
        Corruption::FlippedOperator => {
            let places: Vec<(usize, usize)> = steps
                .iter()
                .enumerate()
                .flat_map(|(at, step)| operators(step).into_iter().map(move |place| (at, place)))
                .collect();
            let (at, place) = *places.get(rng.random_range(0..places.len().max(1)))?;
            let old = steps[at].as_bytes()[place] as char;
            let others: Vec<char> = "+-*/".chars().filter(|c| *c != old).collect();
            let new = others[rng.random_range(0..others.len())].to_string();
            steps[at].replace_range(place..=place, &new);
            Some(at)
        }
        Corruption::ForeignStep | Corruption::ReplacedStep => {
            let foreign = other.steps[rng.random_range(0..other.steps.len())].clone();
            if foreign == steps[at] {
                return None;
            }
            match how {
                Corruption::ForeignStep => steps.insert(at, foreign),
                _ => steps[at] = foreign,
            }
            Some(at)
        }
        Corruption::ShuffledSteps => {
            if steps.iter().all(|step| *step == steps[0]) {
                return None;
            }
            while steps == good.steps {
                steps.shuffle(rng);
            }
            None
        }
        Corruption::IrrelevantParagraph => {
            let paragraphs = material::PARAGRAPHS;
            let paragraph = paragraphs[rng.random_range(0..paragraphs.len())];
            steps.insert(at, paragraph.to_owned());
            Some(at)
        }
        Corruption::LanguageSwitch => {
            let frames = material::FRAMES;
            let frame = frames[rng.random_range(0..frames.len())];
            let numbers = numbers(&steps[at]);
            let (first, last) = (numbers.first()?, numbers.last()?);
            let equation = &steps[at][first.start..last.end];
            let equation: String = equation.chars().filter(|c| !c.is_alphabetic()).collect();
            let said = frame.replace("{}", &equation);
            steps[at] = said;
            Some(at)
        }
    };
    Some(Spoiled { steps, step })
}

/// The numbers of a text, as bytes of it: digits with their commas and decimals.
fn numbers(text: &str) -> Vec<std::ops::Range<usize>> {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if !digit(at) {
            at += 1;
            continue;
        }
        let start = at;
        while digit(at) || (matches!(bytes.get(at), Some(b'.' | b',')) && digit(at + 1)) {
            at += 1;
        }
        found.push(start..at);
    }
    found
}

/// Another number of about the size: one digit differs, or it is off by up to nine.
fn another(number: &str, rng: &mut impl Rng) -> Option<String> {
    let whole: Option<i64> = number.parse().ok();
    if let (Some(old), true) = (whole, rng.random_bool(0.5)) {
        let new = old + rng.random_range(1..=9) * if rng.random_bool(0.5) { 1 } else { -1 };
        return Some((if new < 0 { old + 1 } else { new }).to_string());
    }
    let digits: Vec<usize> = (0..number.len())
        .filter(|at| number.as_bytes()[*at].is_ascii_digit())
        .collect();
    let at = *digits.get(rng.random_range(0..digits.len().max(1)))?;
    let old = number.as_bytes()[at];
    let new = b'0' + (old - b'0' + rng.random_range(1..=9)) % 10;
    let mut changed = number.as_bytes().to_vec();
    changed[at] = new;
    String::from_utf8(changed).ok()
}

/// The operators that stand between numbers, spaces aside.
fn operators(text: &str) -> Vec<usize> {
    let bytes = text.as_bytes();
    let near = |c: Option<&u8>| {
        c.is_some_and(|c| c.is_ascii_digit() || matches!(c, b'(' | b')' | b'$' | b'.' | b'%'))
    };
    let found = (1..bytes.len()).filter(|&at| {
        let before = bytes[..at].iter().rev().find(|c| **c != b' ');
        let after = bytes[at + 1..].iter().find(|c| **c != b' ');
        matches!(bytes[at], b'+' | b'-' | b'*' | b'/') && near(before) && near(after)
    });
    found.collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::chains::problem;
    use data::seed;

    pub(crate) fn reference(question: &str, steps: &[&str], answer: &str) -> Reference {
        Reference {
            problem: problem(question, answer),
            steps: steps.iter().map(|step| (*step).to_owned()).collect(),
        }
    }

    #[test]
    fn each_corruption_spoils_what_it_says() {
        let good = reference(
            "Ann has 12 apples and eats 4. Each costs $3. What is the rest worth?",
            &["She has 12 - 4 = 8 apples left.", "They cost 8 * $3 = $24."],
            "24",
        );
        let other = reference("?", &["Boats sail 5 * 7 = 35 miles."], "35");
        for how in Corruption::ALL {
            for at in 0..50 {
                let mut rng = seed::stream(at, &[how.name()]);
                let spoiled = spoil(&good, &other, how, &mut rng).expect("can be spoiled");
                assert_ne!(spoiled.steps, good.steps, "{how:?}");
                let longer = matches!(
                    how,
                    Corruption::ForeignStep | Corruption::IrrelevantParagraph
                );
                assert_eq!(spoiled.steps.len(), 2 + usize::from(longer));
                let differ = spoiled
                    .steps
                    .iter()
                    .filter(|s| !good.steps.contains(s))
                    .count();
                assert_eq!(
                    differ,
                    usize::from(how != Corruption::ShuffledSteps),
                    "{how:?}"
                );
                if let Some(step) = spoiled.step {
                    assert!(!good.steps.contains(&spoiled.steps[step]));
                }
            }
        }
        let bare = reference("?", &["So it is."], "1");
        let mut rng = seed::stream(1, &[]);
        assert_eq!(
            spoil(&bare, &other, Corruption::ChangedNumber, &mut rng),
            None
        );
        assert_eq!(
            spoil(&bare, &other, Corruption::FlippedOperator, &mut rng),
            None
        );
        assert_eq!(
            spoil(&bare, &other, Corruption::ShuffledSteps, &mut rng),
            None
        );
    }
}
