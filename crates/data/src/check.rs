//! How an answer is judged without trusting whoever wrote the problem.
//!
//! A generated problem carries what its answer must satisfy, and the answer is judged by that
//! alone: the expression is evaluated, the equation is tried, the program is run. Left out:
//! comparing an answer with the gold answer, and running an answer that is itself a program against
//! its [`CodeTests`], which are the work of `rewards`.

mod code;
mod expression;
mod ordering;
mod program;
mod text;

use serde::{Deserialize, Serialize};

use crate::Rational;
use expression::{evaluate, evaluate_closed};

pub use code::{Case, CodeTests};
pub use text::normal;

/// Answers and expressions longer than this many bytes are wrong, unread.
pub const LONGEST_ANSWER: usize = 512;

/// What must hold for an answer to be right.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Check {
    /// Equal to the problem's gold answer, as the verifier of `rewards` judges it.
    Answer,
    /// An expression of `+ - * /` and parentheses over the given numbers, worth the target.
    Countdown {
        /// The numbers given; each may be used once.
        numbers: Vec<i64>,
        /// What the expression must be worth.
        target: i64,
        /// Whether every number has to be used.
        use_all: bool,
    },
    /// The value of an expression.
    Arithmetic {
        /// Whole numbers, `+ - * /` and parentheses.
        expression: String,
    },
    /// The value of `x` for which an equation holds.
    Linear {
        /// Two expressions in `x` around one `=`.
        equation: String,
    },
    /// The name that stands at a place in every order the facts allow.
    Ordering {
        /// Pairs of names, the first standing before the second.
        facts: Vec<(String, String)>,
        /// The place asked for, from 0.
        place: usize,
    },
    /// The value of a variable after a program.
    Program {
        /// Assignments `name = expression` separated by `;`.
        source: String,
        /// The variable asked for.
        variable: String,
    },
    /// The operation missing in `f(x) = x ? operand`.
    Operation {
        /// The right operand.
        operand: i64,
        /// Pairs of `x` and `f(x)`.
        examples: Vec<(i64, i64)>,
    },
    /// A program that passes tests; only the code reward of `rewards` runs it.
    Code {
        /// What the program must do.
        tests: CodeTests,
    },
}

/// What a check says of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    /// The answer satisfies the check.
    Right,
    /// It does not, and why.
    Wrong(String),
    /// The check cannot tell: the answer is to be compared with the gold one, or to be run.
    NotMine,
}

impl Check {
    /// Judges an answer. Full-width digits and operators, surrounding space, a closing period
    /// and a leading `x =` are forgiven. Never panics; what is too long, too deep or overflows
    /// is wrong.
    ///
    /// ```
    /// use data::{Check, Judgement};
    /// let check = Check::Linear { equation: "3 * x + 2 = 14".into() };
    /// assert_eq!(check.judge("x = 4"), Judgement::Right);
    /// assert!(matches!(check.judge("5"), Judgement::Wrong(_)));
    /// ```
    pub fn judge(&self, answer: &str) -> Judgement {
        if matches!(self, Self::Answer | Self::Code { .. }) {
            return Judgement::NotMine;
        }
        if answer.len() > LONGEST_ANSWER {
            return Judgement::Wrong(format!("longer than {LONGEST_ANSWER} bytes"));
        }
        let answer = text::normal(answer);
        let verdict = match self {
            Self::Answer | Self::Code { .. } => return Judgement::NotMine,
            Self::Countdown {
                numbers,
                target,
                use_all,
            } => countdown(&answer, numbers, *target, *use_all),
            Self::Arithmetic { expression } => arithmetic(&answer, expression),
            Self::Linear { equation } => linear(&answer, equation),
            Self::Ordering { facts, place } => ordering::judge(&answer, facts, *place),
            Self::Program { source, variable } => program::judge(&answer, source, variable),
            Self::Operation { operand, examples } => {
                program::judge_operation(&answer, *operand, examples)
            }
        };
        match verdict {
            Ok(()) => Judgement::Right,
            Err(reason) => Judgement::Wrong(reason),
        }
    }
}

/// Reads a number, `x = number` included.
fn number(answer: &str) -> Result<Rational, String> {
    let bare = text::without_name(answer);
    Rational::parse(bare).ok_or_else(|| format!("`{bare}` is not a number"))
}

fn expect(value: Rational, wanted: Rational, what: &str) -> Result<(), String> {
    if value == wanted {
        Ok(())
    } else {
        Err(what.to_owned())
    }
}

fn countdown(answer: &str, numbers: &[i64], target: i64, use_all: bool) -> Result<(), String> {
    let formula = match answer.split_once('=') {
        Some((formula, claim)) => {
            expect(
                number(claim.trim())?,
                target.into(),
                "it is said to be worth something else",
            )?;
            formula
        }
        None => answer,
    };
    let evaluated = evaluate_closed(formula)?;
    if evaluated.signed {
        return Err("a minus sign before a number is not one of the operations".to_owned());
    }
    let mut left = numbers.to_vec();
    for used in &evaluated.numbers {
        let Some(at) = left.iter().position(|number| number == used) else {
            return Err(format!("{used} is used more often than it is given"));
        };
        left.swap_remove(at);
    }
    if use_all && !left.is_empty() {
        return Err(format!("{} of the numbers are not used", left.len()));
    }
    expect(evaluated.value, target.into(), "it is not worth the target")
}

fn arithmetic(answer: &str, expression: &str) -> Result<(), String> {
    let value = number(answer)?;
    expect(
        value,
        evaluate_closed(expression)?.value,
        "the expression is worth something else",
    )
}

fn linear(answer: &str, equation: &str) -> Result<(), String> {
    let x = number(answer)?;
    let (left, right) = equation.split_once('=').ok_or("the equation has no `=`")?;
    let side = |text: &str| evaluate(text, &|name| (name == "x").then_some(x));
    expect(
        side(left)?.value,
        side(right)?.value,
        "the equation does not hold",
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn right(check: &Check, answer: &str) -> bool {
        check.judge(answer) == Judgement::Right
    }

    #[test]
    fn countdown_takes_any_expression_that_keeps_the_rules() {
        let all = Check::Countdown {
            numbers: vec![3, 4, 5],
            target: 12,
            use_all: true,
        };
        for good in [
            "3 + 4 + 5",
            "(5+4)+3.",
            "3+4+5 = 12",
            "３＋４＋５",
            "3 + 4 + 5。",
        ] {
            assert!(right(&all, good), "{good}");
        }
        for bad in [
            "3 * 4",
            "12",
            "3 + 4 + 4 + 1",
            "3 + 4 + 5 = 13",
            "34 - 5",
            "",
            "3+4+5+0",
        ] {
            assert!(!right(&all, bad), "{bad}");
        }
        let some = Check::Countdown {
            numbers: vec![3, 4, 5],
            target: 12,
            use_all: false,
        };
        assert!(right(&some, "3 * 4"));
        assert!(!right(&some, "-3 + 15"));
        let exact = Check::Countdown {
            numbers: vec![8, 3, 8, 3],
            target: 24,
            use_all: true,
        };
        assert!(right(&exact, "8 / (3 - 8 / 3)"));
    }

    #[test]
    fn arithmetic_takes_the_value_and_no_sum_that_has_it() {
        let check = Check::Arithmetic {
            expression: "2 + 3 * 4".into(),
        };
        for good in [
            "14", " 14. ", "１４", "14.0", "x = 14", "28/2", "$14$", "**14**",
        ] {
            assert!(right(&check, good), "{good}");
        }
        for bad in ["20", "10 + 4", "", "14 15", "fourteen", "2 + 3 * 4"] {
            assert!(!right(&check, bad), "{bad}");
        }
    }

    #[test]
    fn linear_puts_the_answer_into_the_equation() {
        let check = Check::Linear {
            equation: "3 * x + 2 = x + 3".into(),
        };
        assert!(right(&check, "1/2"));
        assert!(right(&check, "x = 0.5"));
        assert!(!right(&check, "1"));
    }

    #[test]
    fn the_gold_answer_is_left_to_the_verifier() {
        assert_eq!(Check::Answer.judge("4"), Judgement::NotMine);
    }

    #[test]
    fn checks_survive_json() {
        let check = Check::Ordering {
            facts: vec![("a".into(), "b".into())],
            place: 1,
        };
        let text = serde_json::to_string(&check).unwrap();
        assert_eq!(text, r#"{"kind":"ordering","facts":[["a","b"]],"place":1}"#);
        assert_eq!(serde_json::from_str::<Check>(&text).unwrap(), check);
    }

    fn every_kind(text: &str, number: i64) -> Vec<Check> {
        vec![
            Check::Answer,
            Check::Countdown {
                numbers: vec![number, 3, 4],
                target: number,
                use_all: true,
            },
            Check::Arithmetic {
                expression: text.into(),
            },
            Check::Linear {
                equation: text.into(),
            },
            Check::Ordering {
                facts: vec![(text.into(), "b".into())],
                place: 0,
            },
            Check::Program {
                source: text.into(),
                variable: "x".into(),
            },
            Check::Operation {
                operand: number,
                examples: vec![(number, number)],
            },
        ]
    }

    proptest! {
        #[test]
        fn no_text_makes_a_check_panic(a in "\\PC{0,80}", b in "\\PC{0,80}", n in any::<i64>()) {
            for check in every_kind(&a, n) {
                check.judge(&b);
            }
        }

        #[test]
        fn no_formula_makes_a_check_panic(
            a in "[-+*/()=;x0-9 ]{0,200}", b in "[-+*/()=x0-9. ]{0,200}", n in any::<i64>()
        ) {
            for check in every_kind(&a, n) {
                check.judge(&b);
            }
        }

        #[test]
        fn only_the_solution_solves(
            a in 1i64..50, x in -99i64..99, b in -99i64..99, off in 1i64..9
        ) {
            let check = Check::Linear { equation: format!("{a} * x + {b} = {}", a * x + b) };
            prop_assert!(right(&check, &x.to_string()));
            prop_assert!(!right(&check, &(x + off).to_string()));
        }
    }
}
