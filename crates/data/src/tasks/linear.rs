//! The solution of an equation in `x`.
//!
//! Level 1: `x + a = b` and `x - a = b` with digits, level 2 with numbers up to 12; level 3:
//! `a * x + b = c`; level 4: `x` on both sides; level 5 and above: negative solutions, brackets,
//! larger numbers.

use rand_chacha::ChaCha8Rng;

use super::step::{Label, Op, Step, Term};
use super::{Draft, between, wording};
use crate::{Check, Language};

pub(super) fn draw(level: u32, language: Language, rng: &mut ChaCha8Rng) -> Draft {
    let (equation, steps, x) = match level {
        1 => one_step(rng, 9),
        2 => one_step(rng, 12),
        3 => two_steps(rng, 9, (1, 9)),
        4 => both_sides(rng, 6, (1, 9)),
        _ => {
            let size = i64::from(level.min(1000)) - 1;
            let signs = (-3 * size, 3 * size);
            match between(rng, 0, 1) {
                0 => both_sides(rng, 3 * size, signs),
                _ => brackets(rng, 3 * size, signs),
            }
        }
    };
    let question = match between(&mut wording(&equation), 0, 1) {
        0 => language.pick("Solve {}.", "解方程 {}。"),
        _ => language.pick("Find x: {}.", "求 x：{}。"),
    };
    Draft {
        key: equation.clone(),
        question: question.replace("{}", &equation),
        answer: x.to_string(),
        steps,
        check: Check::Linear { equation },
    }
}

/// The equation, the steps that solve it and its solution.
type Equation = (String, Vec<Step>, i64);

fn x_is(left: Term, op: Op, right: i64) -> Step {
    Step::Compute {
        label: Label::Text("x".into()),
        left,
        op,
        right: Term::Given(right),
    }
}

fn one_step(rng: &mut ChaCha8Rng, largest: i64) -> Equation {
    let (small, a) = (between(rng, 1, largest), between(rng, 1, largest));
    let sum = small + a;
    let (sign, b, undo, x) = match between(rng, 0, 1) {
        0 => ('+', sum, Op::Sub, small),
        _ => ('-', small, Op::Add, sum),
    };
    (
        format!("x {sign} {a} = {b}"),
        vec![x_is(Term::Given(b), undo, a)],
        x,
    )
}

fn two_steps(rng: &mut ChaCha8Rng, largest: i64, xs: (i64, i64)) -> Equation {
    let (a, b) = (between(rng, 2, largest), between(rng, 1, 2 * largest));
    let x = between(rng, xs.0, xs.1);
    let minus = between(rng, 0, 1) == 1 && a * x > b;
    let (sign, undo, c) = if minus {
        ('-', Op::Add, a * x - b)
    } else {
        ('+', Op::Sub, a * x + b)
    };
    let label = Label::Text(format!("{a} * x"));
    let isolate = Step::Compute {
        label,
        left: Term::Given(c),
        op: undo,
        right: Term::Given(b),
    };
    (
        format!("{a} * x {sign} {b} = {c}"),
        vec![isolate, x_is(Term::Step(0), Op::Div, a)],
        x,
    )
}

fn both_sides(rng: &mut ChaCha8Rng, largest: i64, xs: (i64, i64)) -> Equation {
    let c = between(rng, 2, largest);
    let a = c + between(rng, 1, largest);
    let (b, x) = (between(rng, 1, 3 * largest), between(rng, xs.0, xs.1));
    // d = b + (a - c) x; a negative d is written as a subtraction.
    let d = b + (a - c) * x;
    let tail = if d < 0 {
        format!("- {}", -d)
    } else {
        format!("+ {d}")
    };
    let compute = |label, left, op, right| Step::Compute {
        label,
        left,
        op,
        right,
    };
    let steps = vec![
        compute(Label::None, Term::Given(a), Op::Sub, Term::Given(c)),
        compute(
            Label::Times(Term::Step(0), "x".into()),
            Term::Given(d),
            Op::Sub,
            Term::Given(b),
        ),
        compute(
            Label::Text("x".into()),
            Term::Step(1),
            Op::Div,
            Term::Step(0),
        ),
    ];
    (format!("{a} * x + {b} = {c} * x {tail}"), steps, x)
}

fn brackets(rng: &mut ChaCha8Rng, largest: i64, xs: (i64, i64)) -> Equation {
    let (a, b) = (between(rng, 2, largest), between(rng, 1, largest));
    let (d, x) = (between(rng, 1, largest), between(rng, xs.0, xs.1));
    let c = a * (x + b) + d;
    let compute = |label, left, op, right| Step::Compute {
        label,
        left,
        op,
        right,
    };
    let steps = vec![
        compute(
            Label::Text(format!("{a} * (x + {b})")),
            Term::Given(c),
            Op::Sub,
            Term::Given(d),
        ),
        compute(
            Label::Text(format!("x + {b}")),
            Term::Step(0),
            Op::Div,
            Term::Given(a),
        ),
        x_is(Term::Step(1), Op::Sub, b),
    ];
    (format!("{a} * (x + {b}) + {d} = {c}"), steps, x)
}
