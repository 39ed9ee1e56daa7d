//! An expression of given numbers that is worth a target.
//!
//! Level 1 has three digits joined by `+` and `-` in the order given, level 2 numbers up to 12;
//! level 3 multiplies; level 4 has four numbers; level 5 and above use division and parentheses over
//! more and larger numbers, and from level 7 on one of the numbers given is not needed.

use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::expr::Expr;
use super::step::{Op, Step};
use super::{Draft, between, choose, wording};
use crate::{Check, Language};

/// Most failing attempts a derivation shows where there are too many candidates to try them all.
const ATTEMPTS: usize = 2;

pub(super) fn draw(level: u32, language: Language, rng: &mut ChaCha8Rng) -> Draft {
    let (mut numbers, found) = solvable(level, rng);
    let target = found.value(i64::MAX).expect("drawn with a value");
    let (found, steps) = match level {
        1 | 2 => search(&numbers, target),
        _ => {
            let mut steps = attempts(level, &numbers, target, rng);
            steps.push(attempt(&found, target, target, steps.len()));
            (found, steps)
        }
    };
    let use_all = level < 7;
    if !use_all {
        numbers.push(between(rng, 1, largest(level)));
    }
    if level > 2 {
        numbers.sort_unstable();
    }
    let key = format!("{numbers:?} {target} {use_all}");
    if level > 2 {
        numbers.shuffle(&mut wording(&key));
    }
    let list: Vec<String> = numbers.iter().map(i64::to_string).collect();
    let question = match (use_all, between(&mut wording(&key), 0, 1)) {
        (true, 0) => language.pick(
            "Make {t} from {n}. Use each once.",
            "用 {n} 各一次，算出 {t}。",
        ),
        (true, _) => language.pick(
            "Use {n} once each to get {t}.",
            "把 {n} 各用一次，得到 {t}。",
        ),
        (false, _) => language.pick(
            "Make {t} from {n}. Use each at most once.",
            "用 {n} 算出 {t}，每个最多用一次。",
        ),
    };
    Draft {
        key,
        question: question
            .replace("{t}", &target.to_string())
            .replace("{n}", &list.join(", ")),
        answer: found.show(),
        steps,
        check: Check::Countdown {
            numbers,
            target,
            use_all,
        },
    }
}

fn largest(level: u32) -> i64 {
    [9, 12, 12, 12, 15]
        .get(level as usize - 1)
        .copied()
        .unwrap_or(10 * i64::from(level.min(1000)) - 35)
}

fn ops(level: u32) -> &'static [Op] {
    match level {
        1 | 2 => &[Op::Add, Op::Sub],
        3 | 4 => &[Op::Add, Op::Add, Op::Sub, Op::Mul],
        _ => &[Op::Add, Op::Sub, Op::Mul, Op::Div],
    }
}

/// Numbers and an expression of all of them with a whole, positive value.
fn solvable(level: u32, rng: &mut ChaCha8Rng) -> (Vec<i64>, Expr) {
    let count = [3, 3, 3, 4, 4, 5]
        .get(level as usize - 1)
        .copied()
        .unwrap_or(5 + (level as usize - 1) / 8);
    let mut numbers = Vec::new();
    for _ in 0..200 {
        numbers = (0..count.min(7))
            .map(|_| between(rng, 1, largest(level)))
            .collect();
        let expr = arrange(level, &numbers, rng);
        if expr
            .value(20 * largest(level))
            .is_some_and(|value| value > 0)
        {
            return (numbers, expr);
        }
    }
    let sum = Expr::flat(&numbers, &vec![Op::Add; numbers.len() - 1]);
    (numbers, sum)
}

/// The numbers in a random order, joined at random.
fn arrange(level: u32, numbers: &[i64], rng: &mut ChaCha8Rng) -> Expr {
    let mut numbers = numbers.to_vec();
    if level > 2 {
        numbers.shuffle(rng);
    }
    if level < 5 {
        let ops: Vec<Op> = numbers[1..]
            .iter()
            .map(|_| choose(rng, ops(level)))
            .collect();
        return Expr::flat(&numbers, &ops);
    }
    let mut parts: Vec<Expr> = numbers.into_iter().map(Expr::Number).collect();
    while parts.len() > 1 {
        let right = parts.swap_remove(between(rng, 0, parts.len() as i64 - 1) as usize);
        let at = between(rng, 0, parts.len() as i64 - 1) as usize;
        let left = std::mem::replace(&mut parts[at], Expr::Number(0));
        parts[at] = Expr::apply(left, choose(rng, ops(level)), right);
    }
    parts.remove(0)
}

/// The first candidate that hits the target when `+` and `-` are tried in turn, and an attempt at
/// every one that misses, the hit last.
fn search(numbers: &[i64], target: i64) -> (Expr, Vec<Step>) {
    let places = numbers.len() - 1;
    let candidates = (0..1 << places).map(|turn: usize| {
        let op = |place: usize| ops(1)[turn >> (places - 1 - place) & 1];
        Expr::flat(numbers, &(0..places).map(op).collect::<Vec<_>>())
    });
    let mut found = None;
    let mut steps = Vec::new();
    for (turn, expr) in candidates.enumerate() {
        let value = expr.whole().expect("sums of few small numbers");
        if value != target {
            steps.push(attempt(&expr, value, target, turn));
        } else if found.is_none() {
            found = Some((expr, turn));
        }
    }
    let (found, turn) = found.expect("the target was drawn from these candidates");
    steps.push(attempt(&found, target, target, turn));
    (found, steps)
}

/// One or two attempts that miss the target; the first of them always exists.
fn attempts(level: u32, numbers: &[i64], target: i64, rng: &mut ChaCha8Rng) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for _ in 0..40 {
        let expr = arrange(level, numbers, rng);
        match expr.value(40 * largest(level)) {
            Some(value) if value != target => {
                let step = attempt(&expr, value, target, steps.len());
                if !steps.contains(&step) {
                    steps.push(step);
                }
            }
            _ => {}
        }
        if steps.len() == ATTEMPTS {
            return steps;
        }
    }
    if steps.is_empty() {
        // Adding one number too few misses when adding all of them hits, and the other way round.
        let sum: i64 = numbers.iter().sum();
        let part = if sum == target {
            &numbers[1..]
        } else {
            numbers
        };
        let expr = Expr::flat(part, &vec![Op::Add; part.len() - 1]);
        let value = expr.value(i64::MAX).unwrap_or(0);
        steps.push(attempt(&expr, value, target, 0));
    }
    steps
}

fn attempt(expr: &Expr, value: i64, want: i64, turn: usize) -> Step {
    Step::Try {
        candidate: expr.show(),
        shown: expr.show(),
        value,
        want,
        turn,
        work: expr.steps(),
    }
}
