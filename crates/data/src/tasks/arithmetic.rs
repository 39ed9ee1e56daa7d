//! The value of an expression.
//!
//! Level 1 adds and subtracts two or three digits, level 2 numbers up to 12; level 3 adds a small
//! product; level 4 and above use parentheses, with numbers and operands growing with the level.

use rand_chacha::ChaCha8Rng;

use super::expr::Expr;
use super::step::Op;
use super::{Draft, between, choose, wording};
use crate::{Check, Language};

pub(super) fn draw(level: u32, language: Language, rng: &mut ChaCha8Rng) -> Draft {
    let expr = expression(level, rng);
    let expression = expr.show();
    let question = match between(&mut wording(&expression), 0, 1) {
        0 => language.pick("What is {}?", "{} 等于多少？"),
        _ => language.pick("Compute {}.", "计算 {}。"),
    };
    let value = expr.value(i64::MAX).expect("drawn with a value");
    Draft {
        key: expression.clone(),
        question: question.replace("{}", &expression),
        answer: value.to_string(),
        steps: expr.steps(),
        check: Check::Arithmetic { expression },
    }
}

fn expression(level: u32, rng: &mut ChaCha8Rng) -> Expr {
    // Growth stops where numbers would no longer fit comfortably.
    let size = i64::from(level.clamp(2, 1000)) - 1;
    let (most, factor) = (
        [27, 36, 100, 200].get(level as usize - 1).copied(),
        3 + 3 * size,
    );
    let most = most.unwrap_or(100 * size * size);
    for _ in 0..200 {
        let expr = match level {
            1 => sum(9, rng),
            2 => sum(12, rng),
            3 => {
                let ops = choose(
                    rng,
                    &[
                        [Op::Mul, Op::Add],
                        [Op::Add, Op::Mul],
                        [Op::Add, Op::Sub],
                        [Op::Mul, Op::Sub],
                    ],
                );
                let numbers = [0, 1, 2].map(|at| {
                    let multiplied = ops[at.min(1)] == Op::Mul || at > 0 && ops[at - 1] == Op::Mul;
                    between(rng, 2, if multiplied { 9 } else { 40 })
                });
                Expr::flat(&numbers, &ops)
            }
            _ => {
                let count = between(rng, 3, size + 1).clamp(size.min(6), 8).max(3);
                tree(count, 10 * size, rng)
            }
        };
        if expr.value(most).is_some() && expr.hardest_factor() <= factor {
            return expr;
        }
    }
    let numbers: Vec<i64> = (0..=size.min(7))
        .map(|_| between(rng, 1, 10 * size))
        .collect();
    Expr::flat(&numbers, &vec![Op::Add; numbers.len() - 1])
}

/// Two or three numbers added and subtracted.
fn sum(largest: i64, rng: &mut ChaCha8Rng) -> Expr {
    let ops = [Op::Add, Op::Sub];
    let count = if between(rng, 1, 3) < 3 { 2 } else { 3 };
    let numbers: Vec<i64> = (0..count).map(|_| between(rng, 1, largest)).collect();
    let ops: Vec<Op> = (1..count).map(|_| choose(rng, &ops)).collect();
    Expr::flat(&numbers, &ops)
}

/// A random tree over `count` random numbers.
fn tree(count: i64, largest: i64, rng: &mut ChaCha8Rng) -> Expr {
    if count == 1 {
        return Expr::Number(between(rng, 1, largest));
    }
    let left = between(rng, 1, count - 1);
    let op = choose(rng, &[Op::Add, Op::Add, Op::Sub, Op::Sub, Op::Mul]);
    let largest = if op == Op::Mul {
        (largest / 3).max(9)
    } else {
        largest
    };
    Expr::apply(
        tree(left, largest, rng),
        op,
        tree(count - left, largest, rng),
    )
}
