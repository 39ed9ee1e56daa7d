//! Evaluates `+ - * /`, parentheses, whole numbers and variables, exactly and within bounds.

use crate::Rational;

/// Deepest nesting of parentheses and signs that is evaluated.
const DEEPEST: usize = 32;

/// The value of an expression and the numbers written in it, in order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Evaluated {
    pub(crate) value: Rational,
    pub(crate) numbers: Vec<i64>,
    /// Whether a minus sign stands before a value rather than between two.
    pub(crate) signed: bool,
}

/// Evaluates `text`, asking `variable` for the value of a name.
///
/// # Errors
/// A sentence saying why there is no value: a syntax error, a division by zero, an unknown name,
/// a number too large, or an expression too long or too deep.
pub(crate) fn evaluate(
    text: &str,
    variable: &dyn Fn(&str) -> Option<Rational>,
) -> Result<Evaluated, String> {
    if text.len() > super::LONGEST_ANSWER {
        return Err(format!("longer than {} bytes", super::LONGEST_ANSWER));
    }
    let mut parser = Parser {
        rest: text,
        numbers: Vec::new(),
        signed: false,
        variable,
    };
    let value = parser.sum(0)?;
    parser.skip_spaces();
    if let Some(extra) = parser.rest.chars().next() {
        return Err(format!("`{extra}` where an operator was expected"));
    }
    Ok(Evaluated {
        value,
        numbers: parser.numbers,
        signed: parser.signed,
    })
}

/// Evaluates an expression without variables.
pub(crate) fn evaluate_closed(text: &str) -> Result<Evaluated, String> {
    evaluate(text, &|_| None)
}

struct Parser<'a> {
    rest: &'a str,
    numbers: Vec<i64>,
    signed: bool,
    variable: &'a dyn Fn(&str) -> Option<Rational>,
}

impl<'a> Parser<'a> {
    fn skip_spaces(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn accept(&mut self, symbols: &[char]) -> Option<char> {
        self.skip_spaces();
        let next = self.rest.chars().next().filter(|c| symbols.contains(c))?;
        self.rest = &self.rest[next.len_utf8()..];
        Some(next)
    }

    fn take(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !wanted(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    fn sum(&mut self, depth: usize) -> Result<Rational, String> {
        let mut value = self.product(depth)?;
        while let Some(operator) = self.accept(&['+', '-']) {
            let right = self.product(depth)?;
            let result = if operator == '+' {
                value.checked_add(right)
            } else {
                value.checked_sub(right)
            };
            value = result.ok_or("a number grows too large")?;
        }
        Ok(value)
    }

    fn product(&mut self, depth: usize) -> Result<Rational, String> {
        let mut value = self.atom(depth)?;
        while let Some(operator) = self.accept(&['*', '/']) {
            let right = self.atom(depth)?;
            value = if operator == '*' {
                value.checked_mul(right).ok_or("a number grows too large")?
            } else {
                value
                    .checked_div(right)
                    .ok_or("a division by zero or a number too large")?
            };
        }
        Ok(value)
    }

    fn atom(&mut self, depth: usize) -> Result<Rational, String> {
        if depth > DEEPEST {
            return Err(format!("nested deeper than {DEEPEST}"));
        }
        if self.accept(&['-']).is_some() {
            self.signed = true;
            return Ok(-self.atom(depth + 1)?);
        }
        if self.accept(&['(']).is_some() {
            let value = self.sum(depth + 1)?;
            self.accept(&[')']).ok_or("a `(` that is not closed")?;
            return Ok(value);
        }
        let digits = self.take(|c| c.is_ascii_digit());
        if !digits.is_empty() {
            let number = digits
                .parse::<i64>()
                .map_err(|_| format!("{digits} is too large"))?;
            self.numbers.push(number);
            return Ok(Rational::from(number));
        }
        let name = self.take(|c| c.is_ascii_alphabetic());
        if name.is_empty() {
            return Err("a number is missing".to_owned());
        }
        (self.variable)(name).ok_or_else(|| format!("`{name}` has no value"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Result<Rational, String> {
        evaluate_closed(text).map(|evaluated| evaluated.value)
    }

    #[test]
    fn precedence_associativity_and_parentheses() {
        assert_eq!(value("2 + 3 * 4"), Ok(Rational::from(14)));
        assert_eq!(value("(2+3)*4"), Ok(Rational::from(20)));
        assert_eq!(value("10 - 4 - 3"), Ok(Rational::from(3)));
        assert_eq!(value("7 / 2 * 2"), Ok(Rational::from(7)));
        assert_eq!(value("-(2 - 5)"), Ok(Rational::from(3)));
    }

    #[test]
    fn the_numbers_used_are_listed() {
        let evaluated = evaluate_closed("(3 + 14) * 3").unwrap();
        assert_eq!(evaluated.numbers, [3, 14, 3]);
        assert!(!evaluated.signed);
        assert!(evaluate_closed("-3 + 5").unwrap().signed);
    }

    #[test]
    fn bad_input_is_refused_with_a_reason() {
        for bad in [
            "", "2 +", "(2", "2)", "2 3", "1/0", "x", "2 ** 3", "2 & 3", "加",
        ] {
            assert!(value(bad).is_err(), "{bad}");
        }
        assert!(value(&"(".repeat(200)).unwrap_err().contains("deeper"));
        assert!(value(&"9".repeat(50)).unwrap_err().contains("too large"));
        assert!(value(&"1+".repeat(400)).unwrap_err().contains("longer"));
    }
}
