//! Runs a straight-line program, or tries an operation on every example.

use super::expression::evaluate;
use super::{expect, number};
use crate::Rational;

/// Most assignments a program may have.
const MOST_STATEMENTS: usize = 64;

pub(super) fn judge(answer: &str, source: &str, variable: &str) -> Result<(), String> {
    let value = number(answer)?;
    expect(
        value,
        run(source, variable)?,
        "the program leaves another value",
    )
}

/// The value of `variable` after the program.
fn run(source: &str, variable: &str) -> Result<Rational, String> {
    let mut values: Vec<(&str, Rational)> = Vec::new();
    let statements = source
        .split([';', '\n'])
        .map(str::trim)
        .filter(|line| !line.is_empty());
    for (count, statement) in statements.enumerate() {
        if count == MOST_STATEMENTS {
            return Err(format!("more than {MOST_STATEMENTS} statements"));
        }
        let (name, formula) = statement.split_once('=').ok_or("a statement without `=`")?;
        let name = name.trim();
        let value = evaluate(formula, &|name| lookup(&values, name))?.value;
        values.retain(|(known, _)| *known != name);
        values.push((name, value));
    }
    lookup(&values, variable).ok_or_else(|| format!("`{variable}` has no value"))
}

fn lookup(values: &[(&str, Rational)], name: &str) -> Option<Rational> {
    values
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, value)| *value)
}

pub(super) fn judge_operation(
    answer: &str,
    operand: i64,
    examples: &[(i64, i64)],
) -> Result<(), String> {
    let operation = match answer {
        "+" => Rational::checked_add,
        "-" => Rational::checked_sub,
        "*" => Rational::checked_mul,
        "/" => Rational::checked_div,
        other => return Err(format!("`{other}` is not one of + - * /")),
    };
    if examples.is_empty() {
        return Err("there is no example".to_owned());
    }
    for &(x, wanted) in examples {
        if operation(x.into(), operand.into()) != Some(wanted.into()) {
            return Err(format!("{x} {answer} {operand} is not {wanted}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_run() {
        let source = "x = 3; y = x + 4; x = x * y;";
        assert_eq!(judge("21", source, "x"), Ok(()));
        assert_eq!(judge("y = 7", source, "y"), Ok(()));
        assert!(judge("12", source, "x").is_err());
        assert!(judge("1", source, "z").unwrap_err().contains("no value"));
        assert!(judge("1", "x = y", "x").is_err());
        assert!(judge("1", "print", "x").is_err());
        assert!(
            judge("1", &"x = 1;".repeat(65), "x")
                .unwrap_err()
                .contains("statements")
        );
    }

    #[test]
    fn the_missing_operation_must_fit_every_example() {
        assert_eq!(judge_operation("+", 2, &[(2, 4), (3, 5)]), Ok(()));
        assert!(judge_operation("*", 2, &[(2, 4), (3, 5)]).is_err());
        assert!(judge_operation("plus", 2, &[(2, 4)]).is_err());
        assert!(judge_operation("/", 0, &[(2, 4)]).is_err());
        assert!(judge_operation("+", 2, &[]).is_err());
    }
}
