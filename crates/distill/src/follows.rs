//! Whether an answer follows from a reasoning: something that stands in it, not taken back, says
//! so.
//!
//! | answer | what must be said |
//! | --- | --- |
//! | an expression of a countdown | a true claim with that very expression |
//! | an operation sign | a true claim that applies it to an example |
//! | a number or an expression | a claim or a sentence in which it is a value |
//! | a place in an order | the name |
//! | anything else | nothing: what makes a word follow cannot be computed |

use data::{Check, Problem, Rational};

use crate::claims::{Expr, Sentence, Token, lex};
use crate::judge::Findings;

/// Whether `answer` follows from `reasoning`, whose sentences and findings these are.
pub(crate) fn follows(
    problem: &Problem,
    answer: &str,
    reasoning: &str,
    sentences: &[Sentence],
    found: &Findings<'_>,
) -> bool {
    let sides = || {
        found
            .standing
            .iter()
            .flat_map(|chain| chain.sides.iter().flatten())
    };
    match &problem.check {
        Check::Operation { operand, examples } => {
            let symbol = answer.trim().chars().map(crate::words::narrow).next();
            let number = |expr: &Expr, wanted: i64| {
                expr.closed() == Rational::new(wanted.into(), 1) && !expr.computes()
            };
            let applied = |side: &Expr| match side {
                Expr::Binary(op, left, right) => {
                    Some(op.symbol()) == symbol
                        && number(right, *operand)
                        && examples.iter().any(|(x, _)| number(left, *x))
                }
                _ => false,
            };
            sides().any(applied)
        }
        Check::Countdown { .. } => match expression(answer, true) {
            Some(wanted) => sides().any(|side| *side == wanted),
            None => false,
        },
        Check::Ordering { .. } => reasoning.contains(answer.trim()),
        _ => match expression(answer, false).and_then(|expr| expr.closed()) {
            Some(value) => {
                let prose = sentences.iter().flat_map(|sentence| &sentence.prose);
                found.results.contains(&value) || prose.copied().any(|number| number == value)
            }
            // A number is wanted where the check computes one.
            None => problem.check == Check::Answer,
        },
    }
}

/// The number an answer is, `x = 4` included.
pub(crate) fn number(answer: &str) -> Option<Rational> {
    expression(answer, false)?.closed()
}

/// The expression an answer is: where it has a relation, its first side or its last.
fn expression(answer: &str, first: bool) -> Option<Expr> {
    let lexemes = lex(answer);
    let mut sides = lexemes
        .split(|lexeme| matches!(lexeme.token, Token::Relation(_) | Token::End))
        .filter(|side| !side.is_empty());
    let side = if first {
        sides.next()
    } else {
        sides.next_back()
    };
    Expr::parse(side?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chains::problem;
    use crate::claims::read;
    use crate::judge::{Letters, judge};

    fn check(check: Check, answer: &str, reasoning: &str) -> bool {
        let sentences = read(reasoning);
        let found = judge(&sentences, &Letters::Steady(Default::default()));
        let problem = Problem {
            check,
            ..problem("?", answer)
        };
        follows(&problem, answer, reasoning, &sentences, &found)
    }

    #[test]
    fn numbers_are_results_or_said() {
        assert!(check(Check::Answer, "12", "7 + 5 = 12."));
        assert!(check(Check::Answer, "x = 12", "Seven and five make 12."));
        assert!(check(Check::Answer, "0.5", "1 / 2 = 2 / 4."));
        assert!(!check(Check::Answer, "7", "7 + 5 = 12."));
        assert!(!check(Check::Answer, "12", "7 + 5 = 12, no, wrong."));
        assert!(!check(Check::Answer, "12", "7 + 4 = 11, not 12."));
        assert!(check(Check::Answer, "odd", "The last digit is 7."));
        assert!(!check(
            Check::Arithmetic {
                expression: "7".into()
            },
            "odd",
            "The last digit is 7."
        ));
    }

    #[test]
    fn expressions_operations_and_names_are_there() {
        let countdown = Check::Countdown {
            numbers: vec![9, 3, 2],
            target: 4,
            use_all: true,
        };
        assert!(check(
            countdown.clone(),
            "(9-3)-2",
            "Try 9 - 3 - 2 = 4, yes."
        ));
        assert!(check(
            countdown.clone(),
            "9 - 3 - 2 = 4",
            "Try 9 - 3 - 2 = 4, yes."
        ));
        assert!(!check(countdown, "9 - 3 - 2", "9 - 3 = 6, 6 - 2 = 4."));
        let operation = Check::Operation {
            operand: 7,
            examples: vec![(9, 2)],
        };
        assert!(check(
            operation.clone(),
            "-",
            "Try 9 * 7 = 63, not 2. Try 9 - 7 = 2, yes."
        ));
        assert!(!check(operation, "-", "Try 8 - 7 = 1, yes."));
        let ordering = Check::Ordering {
            facts: Vec::new(),
            place: 0,
        };
        assert!(check(ordering.clone(), "Tom", "So Tom > Kim."));
        assert!(!check(ordering, "Tom", "So Ann > Kim."));
    }
}
