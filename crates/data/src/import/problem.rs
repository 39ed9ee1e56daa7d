//! A problem made of a row: a question with an answer, with tests, or as this crate writes it.

use serde_json::Value;

use super::level::level;
use super::programs;
use crate::dataset::{FromRow, Row};
use crate::{Check, Domain, Language, Problem};

impl FromRow for Problem {
    const NEEDS: &'static str = "`question` (or `problem`) and `answer`; or tests: `prompt`, `test` \
                                 and `entry_point`, `text` and `test_list`, `problem` and `tests`, \
                                 `question_content` and `public_test_cases`";

    fn from_row(row: &Row) -> Result<Self, String> {
        if row.get("check").is_some() {
            // As this crate writes it; a `check` of another kind says nothing.
            let own = Value::Object(row.columns().clone());
            if let Ok(problem) = serde_json::from_value(own) {
                return Ok(problem);
            }
        }
        match programs::is_tested(row) {
            true => programs::program(row),
            false => plain(row),
        }
    }

    fn show(&self) -> String {
        let solution = self.solution.iter();
        let solution = solution.map(|text| format!("[solution]\n{text}\n\n"));
        let answer = match &self.check {
            Check::Code { .. } => "[answer]\na program that passes the tests".to_owned(),
            _ => format!("[answer]\n{}", self.answer),
        };
        let solution: String = solution.collect();
        format!("[question]\n{}\n\n{solution}{answer}", self.question)
    }
}

/// A question with an answer to compare with.
pub(super) fn plain(row: &Row) -> Result<Problem, String> {
    let question = row.text("question").or_else(|| row.text("problem"));
    let question = question.ok_or("no `question` or `problem` with text in it")?;
    let solution = row.text("solution");
    let boxed = || solution.as_deref().and_then(last_boxed);
    let answer = row.text("answer").or_else(boxed);
    let answer = answer.ok_or("no `answer` with text or a number in it")?;
    let (worked, answer) = split_gsm8k(&answer);
    if answer.is_empty() {
        return Err("nothing follows the `####` of the answer".to_owned());
    }
    let domain = match row.text("domain") {
        None => Domain::Mathematics,
        Some(name) => serde_json::from_value(Value::String(name.to_lowercase()))
            .map_err(|_| format!("domain `{name}` is none of mathematics, code, logic, general"))?,
    };
    let detected = || Language::detect(&question).code().to_owned();
    Ok(Problem {
        id: row.id(),
        language: row.text("language").unwrap_or_else(detected),
        solution: solution.or(worked),
        question,
        answer,
        family: row.family().to_owned(),
        domain,
        level: level(row)?,
        check: Check::Answer,
    })
}

/// What stands in the last `\boxed{…}`.
fn last_boxed(solution: &str) -> Option<String> {
    const OPEN: &str = "\\boxed{";
    let inner = &solution[solution.rfind(OPEN)? + OPEN.len()..];
    let mut depth = 1;
    let mut escaped = false;
    for (at, byte) in inner.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            let answer = inner[..at].trim();
            return (!answer.is_empty()).then(|| answer.to_owned());
        }
    }
    None
}

/// GSM8K's solution, without its `<<48/2=24>>` annotations, and the number after `####`, without
/// commas; any other answer as it is.
fn split_gsm8k(answer: &str) -> (Option<String>, String) {
    let Some((worked, number)) = answer.rsplit_once("####") else {
        return (None, answer.to_owned());
    };
    let mut solution = String::new();
    let mut rest = worked.trim();
    while let Some((before, after)) = rest.split_once("<<") {
        solution += before;
        rest = after.split_once(">>").map_or("", |(_, after)| after);
    }
    solution += rest;
    (
        (!solution.is_empty()).then_some(solution),
        number.trim().replace(',', ""),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gsm8k_answers_are_split() {
        let (solution, answer) =
            split_gsm8k("He has 48/2 = <<48/2=24>>24.\nIn all <<1000+24=1024>>1024.\n#### 1,024");
        assert_eq!(solution.as_deref(), Some("He has 48/2 = 24.\nIn all 1024."));
        assert_eq!(answer, "1024");
        assert_eq!(split_gsm8k("42"), (None, "42".into()));
        assert_eq!(
            split_gsm8k("open <<1+ #### 3"),
            (Some("open ".into()), "3".into())
        );
    }

    #[test]
    fn the_last_box_of_a_solution_is_its_answer() {
        let boxed = |text| last_boxed(text);
        assert_eq!(
            boxed(r"\boxed{1}, so \boxed{\frac{1}{2}}."),
            Some(r"\frac{1}{2}".into())
        );
        assert_eq!(boxed(r"$\boxed{ \{1, 2\} }$"), Some(r"\{1, 2\}".into()));
        assert_eq!(boxed(r"\boxed{1"), None);
        assert_eq!(boxed(r"\boxed{ }"), None);
        assert_eq!(boxed("1"), None);
    }
}
