//! Steps of a derivation, free of wording, and what happens to them when one goes wrong.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{Worked, choose};

/// An operation on whole numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
}

impl Op {
    /// How it is written.
    pub fn symbol(self) -> char {
        match self {
            Self::Add => '+',
            Self::Sub => '-',
            Self::Mul => '*',
            Self::Div => '/',
        }
    }

    /// The operation that undoes it.
    pub fn inverse(self) -> Self {
        match self {
            Self::Add => Self::Sub,
            Self::Sub => Self::Add,
            Self::Mul => Self::Div,
            Self::Div => Self::Mul,
        }
    }

    /// The result, where it is a whole number that fits.
    pub fn apply(self, left: i64, right: i64) -> Option<i64> {
        match self {
            Self::Add => left.checked_add(right),
            Self::Sub => left.checked_sub(right),
            Self::Mul => left.checked_mul(right),
            Self::Div => (left.checked_rem(right)? == 0).then(|| left / right),
        }
    }

    /// The result, with a quotient rounded down as a careless solver would.
    fn apply_carelessly(self, left: i64, right: i64) -> i64 {
        self.apply(left, right)
            .unwrap_or_else(|| left.checked_div_euclid(right).unwrap_or(0))
    }
}

/// An operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Term {
    /// A number of the problem.
    Given(i64),
    /// The result of an earlier step, by its index.
    Step(usize),
}

/// What a result is the value of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Label {
    /// Nothing with a name.
    None,
    /// A name or an expression: `x`, `3 * x`.
    Text(String),
    /// A multiple of a variable, the factor being an operand: `2 * x`.
    Times(Term, String),
}

/// One step of a derivation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// An operation on two numbers.
    Compute {
        /// What the result is the value of.
        label: Label,
        /// The left operand.
        left: Term,
        /// The operation.
        op: Op,
        /// The right operand.
        right: Term,
    },
    /// An attempt: an expression is worth what was wanted, or it is not.
    Try {
        /// The answer being tried.
        candidate: String,
        /// What is computed to try it.
        shown: String,
        /// What that is worth.
        value: i64,
        /// What it should be worth.
        want: i64,
        /// When a search through the candidates comes to it, from 0.
        turn: usize,
        /// The operations `shown` consists of.
        work: Vec<Step>,
    },
    /// Of two names, the one that stands before the other.
    Fact {
        /// Stands before.
        before: String,
        /// Stands after.
        after: String,
    },
    /// The whole order.
    Order {
        /// The names, first to last.
        names: Vec<String>,
        /// The place asked for, from 0.
        place: usize,
        /// What stands there is called, in English and Chinese: `The tallest`, `最高的`.
        called: [String; 2],
    },
}

/// The value of an operand, given the results of the steps before.
pub(crate) fn value(term: Term, results: &[i64]) -> i64 {
    match term {
        Term::Given(number) => number,
        Term::Step(index) => results[index],
    }
}

/// The result of every step (0 for those that are not `Compute`), where the steps listed in
/// `slips` come out wrong by the amount given and later steps go on from there.
pub(crate) fn results(steps: &[Step], slips: &[(usize, i64)]) -> Vec<i64> {
    let mut results = Vec::with_capacity(steps.len());
    for (index, step) in steps.iter().enumerate() {
        results.push(match step {
            Step::Compute {
                left, op, right, ..
            } => {
                let exact = op.apply_carelessly(value(*left, &results), value(*right, &results));
                let off = slips
                    .iter()
                    .filter(|(at, _)| *at == index)
                    .map(|(_, off)| off);
                exact.saturating_add(off.sum())
            }
            Step::Try { value, .. } => *value,
            Step::Fact { .. } | Step::Order { .. } => 0,
        });
    }
    results
}

/// The answer the steps end in.
pub(crate) fn conclusion(steps: &[Step], results: &[i64]) -> String {
    match steps.last() {
        Some(Step::Order { names, place, .. }) => names[*place].clone(),
        Some(Step::Try { candidate, .. }) => candidate.clone(),
        Some(Step::Compute { .. }) => results[steps.len() - 1].to_string(),
        Some(Step::Fact { .. }) | None => String::new(),
    }
}

/// How far a small slip takes a result: never 0, and never from a positive number to a negative
/// one, which would give itself away.
pub(crate) fn slip(right: i64, rng: &mut ChaCha8Rng) -> i64 {
    let off = choose(rng, &[-10, -2, -1, -1, -1, 1, 1, 1, 2, 10]);
    if right >= 0 && right.saturating_add(off) < 0 {
        rng.random_range(1..=2)
    } else {
        off
    }
}

/// A wrong answer of the right kind, close to the right one.
pub(crate) fn near_miss(worked: &Worked, rng: &mut ChaCha8Rng) -> String {
    match worked.steps.last() {
        Some(Step::Order { names, place, .. }) => {
            let others: Vec<&String> = names
                .iter()
                .enumerate()
                .filter(|(at, _)| at != place)
                .map(|(_, name)| name)
                .collect();
            choose(rng, &others).clone()
        }
        Some(Step::Try { .. }) => {
            let failed: Vec<String> = failures(&worked.steps)
                .map(|(_, text)| text.to_owned())
                .collect();
            choose(rng, &failed)
        }
        _ => {
            let right: i64 = worked.problem.answer.parse().unwrap_or(0);
            right.saturating_add(slip(right, rng)).to_string()
        }
    }
}

/// The attempts a search through the candidates makes in vain, in order, before it comes to the
/// one the steps end in.
pub(crate) fn missed(steps: &[Step]) -> Vec<usize> {
    let turn = |at: usize| match steps[at] {
        Step::Try { turn, .. } => turn,
        _ => 0,
    };
    let Some(last) = steps.len().checked_sub(1) else {
        return Vec::new();
    };
    let mut missed: Vec<usize> = (0..last).filter(|&at| turn(at) < turn(last)).collect();
    missed.sort_by_key(|&at| turn(at));
    missed
}

/// The attempts that fail, with their index and candidate. Every derivation that tries has one.
pub(crate) fn failures(steps: &[Step]) -> impl Iterator<Item = (usize, &str)> {
    steps
        .iter()
        .enumerate()
        .filter_map(|(index, step)| match step {
            Step::Try {
                candidate,
                value,
                want,
                ..
            } if value != want => Some((index, candidate.as_str())),
            _ => None,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compute(left: Term, op: Op, right: Term) -> Step {
        Step::Compute {
            label: Label::None,
            left,
            op,
            right,
        }
    }

    #[test]
    fn a_slip_carries_through_to_the_end() {
        let steps = [
            compute(Term::Given(7), Op::Add, Term::Given(5)),
            compute(Term::Step(0), Op::Div, Term::Given(4)),
        ];
        assert_eq!(results(&steps, &[]), [12, 3]);
        assert_eq!(results(&steps, &[(0, 1)]), [13, 3]);
        assert_eq!(results(&steps, &[(0, 4), (1, -1)]), [16, 3]);
        assert_eq!(conclusion(&steps, &[16, 3]), "3");
    }

    #[test]
    fn operations_are_whole_and_undone_by_their_inverse() {
        for op in [Op::Add, Op::Sub, Op::Mul, Op::Div] {
            let result = op.apply(12, 4).unwrap();
            assert_eq!(op.inverse().apply(result, 4), Some(12), "{op:?}");
        }
        assert_eq!(Op::Div.apply(7, 2), None);
        assert_eq!(Op::Div.apply(7, 0), None);
        assert_eq!(Op::Div.apply_carelessly(7, 0), 0);
    }
}
