//! What is odd about a step, as numbers that a weighted sum can be made of.

use std::collections::BTreeSet;

use data::Rational;

use super::Step;
use super::embed::{Embed, Surprise, cosine};
use super::known::Known;
use super::text::{content, names};
use crate::claims::{Token, lex};

/// Names of the features, in the order of [`Oddity::values`].
pub const FEATURES: [&str; FEATURE_COUNT] = [
    "operand from nowhere",
    "second operand from nowhere",
    "number from nowhere",
    "second number from nowhere",
    "operand found only later",
    "result not used",
    "last result is not the answer",
    "all results of nothing known",
    "share of words used nowhere else",
    "name used nowhere else",
    "no word of the question",
    "language",
    "no number",
    "far from question and other steps",
    "surprising",
    "nothing in common with anything",
    "operand of no step before",
    "number beside its equation",
    "small number of nowhere",
    "number from nowhere beside its equation",
    "number from nowhere among letters",
    "nothing in common among letters",
];

pub(super) const FEATURE_COUNT: usize = 22;

/// What is odd about a step. Each value is from 0 (nothing) to about 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Oddity {
    /// In the order of [`FEATURES`].
    pub values: [f32; FEATURE_COUNT],
    /// Numbers that come from nowhere, as text.
    pub strangers: Vec<String>,
}

/// The oddities of each step of a reasoning about `question` that ends in `answer`.
pub(crate) fn oddities(
    question: &str,
    found: &[Step<'_>],
    answer: Option<Rational>,
    language: &str,
    embed: &dyn Embed,
    surprise: Option<&dyn Surprise>,
) -> Vec<Oddity> {
    let mut known = Known::of(question, &numbers(question));
    // What was really said, without what may be taken for granted.
    let mut said = Known::default();
    numbers(question)
        .into_iter()
        .chain(crate::ground::in_words(question))
        .for_each(|n| said.insert(n));
    let asked: BTreeSet<String> = content(question).into_iter().collect();
    let named: BTreeSet<String> = content(&question.replace(['\'', '’'], " "))
        .into_iter()
        .collect();
    let words: Vec<BTreeSet<String>> = found
        .iter()
        .map(|step| content(step.text).into_iter().collect())
        .collect();
    let apart = distances(question, found, embed);
    let surprises = surprises(question, found, surprise);
    let letters = found.iter().any(|step| is_algebra(step.text));
    // A closing remark without a number is not where the answer is looked for.
    let silent = |step: &Step<'_>| {
        step.operands.is_empty() && step.prose.is_empty() && step.results.is_empty()
    };
    let end = found.iter().rposition(|step| !silent(step));
    let mut all = Vec::new();
    for (at, step) in found.iter().enumerate() {
        let mut values = [0.0_f32; FEATURE_COUNT];
        let last = Some(at) == end;
        known.speak(step.text);
        crate::ground::in_words(step.text)
            .into_iter()
            .for_each(|n| {
                known.insert(n);
                said.insert(n);
            });
        let mut strangers = Vec::new();
        // Operands, where a result of this very step may be used by the next equation.
        let own = |n: Rational| step.results.iter().any(|r| r.abs() == n.abs());
        let later = |n: Rational| {
            found[at + 1..]
                .iter()
                .any(|step| step.results.iter().any(|r| r.abs() == n.abs()))
        };
        let (mut lost, mut early, mut loose) = (0, 0, 0);
        for n in &step.operands {
            if known.has(*n) || own(*n) {
                continue;
            }
            if later(*n) {
                early += 1
            } else {
                lost += 1
            }
            strangers.push(n.to_string());
        }
        for n in &step.prose {
            if known.has(*n) || own(*n) {
                continue;
            }
            if later(*n) {
                early += 1
            } else {
                loose += 1
            }
            strangers.push(n.to_string());
        }
        values[0] = flag(lost >= 1);
        values[1] = flag(lost >= 2);
        values[2] = flag(loose >= 1);
        values[3] = flag(loose >= 2);
        values[4] = flag(early >= 1);
        if !last && !step.found.is_empty() {
            let used = step
                .found
                .iter()
                .any(|r| used(*r, &found[at + 1..], answer));
            values[5] = flag(!used);
        }
        if let (true, Some(answer)) = (last, answer) {
            values[6] = flag(!step.says(answer));
        }
        values[7] = flag(!step.operands.is_empty() && lost == step.operands.len());
        let elsewhere = |word: &String| {
            asked.contains(word)
                || words
                    .iter()
                    .enumerate()
                    .any(|(other, words)| other != at && words.contains(word))
        };
        let own_words = &words[at];
        let strange = own_words.iter().filter(|word| !elsewhere(word)).count();
        values[8] = strange as f32 / own_words.len().max(3) as f32;
        values[9] = flag(
            names(step.text)
                .iter()
                .any(|name| !named.contains(name) && !elsewhere(name)),
        );
        values[10] =
            flag(!own_words.is_empty() && !own_words.iter().any(|word| asked.contains(word)));
        values[11] = foreign(step.text, language);
        values[12] = flag(silent(step));
        values[13] = apart[at];
        values[14] = surprises[at];
        values[15] = flag(own_words.len() >= 2 && strange == own_words.len());
        if at > 0 && !step.operands.is_empty() {
            let before = |n: &Rational| {
                found[..at]
                    .iter()
                    .any(|s| s.found.iter().any(|r| same(*r, *n)))
            };
            values[16] = flag(!step.operands.iter().any(before));
        }
        if !step.operands.is_empty() {
            let beside = |n: &&Rational| !step.operands.contains(n) && !own(**n);
            values[17] = step.prose.iter().filter(beside).count().min(2) as f32 / 2.0;
        }
        values[19] = flag(loose >= 1 && !step.operands.is_empty());
        values[20] = flag(letters && lost + loose >= 1);
        values[21] = flag(letters && values[8] > 0.5);
        let small = |n: &Rational| [1, 2].contains(&n.numerator()) && n.is_whole();
        let new = |n: &&Rational| small(n) && !said.has(**n) && !own(**n);
        values[18] = flag(step.operands.iter().chain(&step.prose).any(|n| new(&n)));
        let percent = step.text.contains('%') || step.text.contains("percent");
        for n in step.results.iter().chain(&step.prose).chain(&step.operands) {
            said.insert(*n);
            match percent || !n.is_whole() {
                true => known.learn(*n),
                false => known.insert(*n),
            }
        }
        all.push(Oddity { values, strangers });
    }
    all
}

fn flag(yes: bool) -> f32 {
    f32::from(u8::from(yes))
}

/// Whether a letter stands for a number: `2x`, `x = `, `n + 1`.
fn is_algebra(text: &str) -> bool {
    let lexemes = lex(text);
    let letter = |at: usize| matches!(&lexemes[at].token, Token::Name(name) if name.len() == 1 && name != "a");
    let counts = |at: Option<usize>| {
        at.and_then(|at| lexemes.get(at))
            .is_some_and(|near| matches!(near.token, Token::Op(_) | Token::Relation(_)))
    };
    (0..lexemes.len()).any(|at| letter(at) && (counts(at.checked_sub(1)) || counts(Some(at + 1))))
}

/// Every number of a text.
fn numbers(text: &str) -> Vec<Rational> {
    let numbers = lex(text)
        .into_iter()
        .filter_map(|lexeme| match lexeme.token {
            Token::Number { value, .. } => Some(value),
            _ => None,
        });
    numbers.collect()
}

/// Whether two numbers are the same, as they are or one as a percentage.
pub(super) fn same(a: Rational, b: Rational) -> bool {
    let (a, b) = (a.abs(), b.abs());
    let hundred = Rational::from(100);
    a == b || a.checked_mul(hundred) == Some(b) || b.checked_mul(hundred) == Some(a)
}

/// Whether a result is used by a later step or is the answer.
fn used(result: Rational, later: &[Step<'_>], answer: Option<Rational>) -> bool {
    let said = |step: &Step<'_>| {
        step.operands
            .iter()
            .chain(&step.prose)
            .any(|n| same(*n, result))
    };
    answer.is_some_and(|answer| same(answer, result)) || later.iter().any(said)
}

/// How far each step is from the question and from the step nearest to it: 1 less the larger cosine.
fn distances(question: &str, found: &[Step<'_>], embed: &dyn Embed) -> Vec<f32> {
    let mut texts = vec![question];
    texts.extend(found.iter().map(|step| step.text));
    let vectors = embed.embed(&texts);
    let near = |at: usize| {
        let others = (0..vectors.len()).filter(|other| *other != at);
        others
            .map(|other| cosine(&vectors[at], &vectors[other]))
            .fold(0.0, f32::max)
    };
    (1..vectors.len()).map(|at| 1.0 - near(at)).collect()
}

/// By how many nats a token each step surprises more than the middle one, from 0 to 4, over 4.
fn surprises(question: &str, found: &[Step<'_>], surprise: Option<&dyn Surprise>) -> Vec<f32> {
    let Some(model) = surprise else {
        return vec![0.0; found.len()];
    };
    // As they stood: on lines of their own.
    let lines: Vec<String> = found
        .iter()
        .map(|step| format!("{}\n", step.text))
        .collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let each = model.surprise(question, &lines);
    let each: Vec<f32> = each.iter().map(|part| part.mean() as f32).collect();
    let mut sorted = each.clone();
    sorted.sort_by(f32::total_cmp);
    let middle = sorted.get(sorted.len() / 2).copied().unwrap_or(0.0);
    each.iter()
        .map(|s| ((s - middle) / 4.0).clamp(0.0, 1.0))
        .collect()
}

/// The share of a step that is not in the language asked for; 0 where it has too few words to tell.
fn foreign(text: &str, language: &str) -> f32 {
    let words = text
        .split_whitespace()
        .filter(|word| word.chars().any(char::is_alphabetic))
        .count();
    let han = text.chars().any(data::is_han);
    if words < 4 && !han {
        return 0.0;
    }
    rewards::consistency(text, language).map_or(0.0, |share| 1.0 - share)
}
