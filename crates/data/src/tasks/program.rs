//! What a tiny program leaves in a variable, or the operation it lacks.
//!
//! Level 1 has one or two assignments after the first, level 2 two or three with numbers below 20,
//! both without products; level 3 has three with products, each level above adds one, and from level
//! 4 on there are two variables. Three in ten problems ask for a missing operation instead, with
//! operands growing with the level; up to level 2 it is never a product.

use rand_chacha::ChaCha8Rng;

use super::step::{Label, Op, Step, Term};
use super::{Draft, between, choose, wording};
use crate::{Check, Language};

pub(super) fn draw(level: u32, language: Language, rng: &mut ChaCha8Rng) -> Draft {
    if between(rng, 1, 10) <= 3 {
        operation(level, language, rng)
    } else {
        run(level, language, rng)
    }
}

fn run(level: u32, language: Language, rng: &mut ChaCha8Rng) -> Draft {
    let (source, variable, steps, value) = program(level, rng);
    let key = format!("{source} {variable}");
    let question = match between(&mut wording(&key), 0, 1) {
        0 => language.pick("{p}. What is {v}?", "{p}。{v} 是多少？"),
        _ => language.pick("Run {p}. Then {v} = ?", "运行 {p}。最后 {v} = ？"),
    };
    Draft {
        key,
        question: question.replace("{p}", &source).replace("{v}", variable),
        answer: value.to_string(),
        check: Check::Program {
            source,
            variable: variable.to_owned(),
        },
        steps,
    }
}

/// The first two levels do without products.
const EASY: [Op; 2] = [Op::Add, Op::Sub];

/// What numbers grow with: 1, 2, 2, 3, 4 and so on.
fn size(level: u32) -> i64 {
    match level {
        1 | 2 => i64::from(level),
        _ => i64::from(level.min(1000)) - 1,
    }
}

/// A variable with the term that stands for it in the steps, and its value.
type Variable = (&'static str, Term, i64);

/// Source, variable asked for, steps and its value.
fn program(level: u32, rng: &mut ChaCha8Rng) -> (String, &'static str, Vec<Step>, i64) {
    let size = size(level);
    let count = match level {
        1 | 2 => between(rng, size, size + 1),
        _ => (size + 1).min(9),
    };
    let start = between(rng, 1, 9 * size);
    let mut source = format!("x = {start}");
    let mut known: Vec<Variable> = vec![("x", Term::Given(start), start)];
    let mut steps = Vec::new();
    let mut last = ("x", start);
    for at in 0..count as usize {
        let name = if level > 3 && at % 2 == 0 { "y" } else { "x" };
        let (left, op, right) = assignment(level, &known, rng);
        let value = op.apply(left.2, right.2).expect("drawn with a value");
        let shown = |(name, term, value): Variable| match term {
            Term::Given(_) if name.is_empty() => value.to_string(),
            _ => name.to_owned(),
        };
        source += &format!(
            "; {name} = {} {} {}",
            shown(left),
            op.symbol(),
            shown(right)
        );
        let label = Label::Text(name.to_owned());
        steps.push(Step::Compute {
            label,
            left: left.1,
            op,
            right: right.1,
        });
        known.retain(|(known, ..)| *known != name);
        known.push((name, Term::Step(at), value));
        last = (name, value);
    }
    (source, last.0, steps, last.1)
}

/// Two operands (a number has no name) and an operation whose result stays small.
fn assignment(level: u32, known: &[Variable], rng: &mut ChaCha8Rng) -> (Variable, Op, Variable) {
    let size = size(level);
    let left = choose(rng, known);
    for _ in 0..50 {
        let op = choose(
            rng,
            if level < 3 {
                &EASY
            } else {
                &[Op::Add, Op::Add, Op::Sub, Op::Mul]
            },
        );
        let number = between(rng, 1, if op == Op::Mul { 3 } else { 9 * size }).max(2);
        let other = known.iter().find(|(name, ..)| *name != left.0);
        let right = match other {
            Some(&other) if op != Op::Mul => other,
            _ => ("", Term::Given(number), number),
        };
        if op
            .apply(left.2, right.2)
            .is_some_and(|value| (0..=30 * size).contains(&value))
        {
            return (left, op, right);
        }
    }
    (
        left,
        if left.2 > 0 { Op::Sub } else { Op::Add },
        ("", Term::Given(1), 1),
    )
}

fn operation(level: u32, language: Language, rng: &mut ChaCha8Rng) -> Draft {
    let size = size(level);
    let ops = [Op::Add, Op::Sub, Op::Mul];
    let op = choose(rng, if level < 3 { &EASY } else { &ops });
    let operand = between(rng, 2, 4 + 5 * size);
    let mut xs: Vec<i64> = Vec::new();
    let count = if level < 3 { 2 } else { (1 + size).min(4) };
    while xs.len() < count as usize {
        let x = between(rng, 1, 9 * size);
        if !xs.contains(&x) {
            xs.push(x);
        }
    }
    let fit = |op: Op, x: i64| op.apply(x, operand).expect("small numbers");
    let examples: Vec<(i64, i64)> = xs.iter().map(|&x| (x, fit(op, x))).collect();
    let shown: Vec<String> = examples
        .iter()
        .map(|(x, y)| format!("f({x}) = {y}"))
        .collect();
    let key = format!("{operand} {examples:?}");
    let question = match between(&mut wording(&key), 0, 1) {
        0 => language.pick(
            "f(x) = x ? {b}, {e}. What is ?: + - *",
            "f(x) = x ? {b}，{e}。? 是 + - * 中的哪个？",
        ),
        _ => language.pick(
            "{e}. Which of + - * fits f(x) = x ? {b}",
            "{e}。f(x) = x ? {b} 里的 ? 是 + - * 中的哪个？",
        ),
    };
    // One example tells a wrong operation apart, unless both agree on it: then it is the next one.
    let attempt = |op: Op, (x, want): (i64, i64)| Step::Try {
        candidate: op.symbol().to_string(),
        shown: format!("{x} {} {operand}", op.symbol()),
        value: fit(op, x),
        want,
        turn: ops.iter().position(|other| *other == op).unwrap_or(0),
        work: vec![Step::Compute {
            label: Label::None,
            left: Term::Given(x),
            op,
            right: Term::Given(operand),
        }],
    };
    let wrong = ops
        .into_iter()
        .filter(|other| *other != op)
        .filter_map(|other| {
            examples
                .iter()
                .find(|(x, want)| fit(other, *x) != *want)
                .map(|&at| attempt(other, at))
        });
    let mut steps: Vec<Step> = wrong.collect();
    steps.extend(examples.iter().map(|&example| attempt(op, example)));
    let separator = language.pick(", ", "，");
    Draft {
        key,
        question: question
            .replace("{b}", &operand.to_string())
            .replace("{e}", &shown.join(separator)),
        answer: op.symbol().to_string(),
        check: Check::Operation { operand, examples },
        steps,
    }
}
