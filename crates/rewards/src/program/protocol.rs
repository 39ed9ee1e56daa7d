//! What is said to a program, and what it may answer.

use data::Problem;
use serde_json::{Value, json};

use crate::reward::Verdict;

/// The line for `response`, its end included.
pub(super) fn request(problem: &Problem, response: &str) -> Vec<u8> {
    let line = json!({
        "id": problem.id,
        "problem": problem.question,
        "gold": problem.answer,
        "completion": response,
        "language": problem.language,
    });
    format!("{line}\n").into_bytes()
}

/// The verdict of a line that answers the question `id`. An answer whose score is none is a verdict
/// too, an unjudged one.
///
/// # Errors
/// Where the line is no answer to this question: the program is out of step.
pub(super) fn verdict(line: &str, id: &str) -> Result<Verdict, String> {
    let line = line.trim();
    let object = line.starts_with('{') && line.ends_with('}');
    let answer: Value = match serde_json::from_str(line) {
        Ok(answer @ Value::Object(_)) => answer,
        // `{"score": NaN}` is no JSON, but the answer to this question all the same.
        Err(error) if object => {
            return Ok(Verdict::unjudged(format!(
                "answered {} ({error})",
                quoted(line)
            )));
        }
        _ => {
            return Err(format!(
                "wrote {} where one JSON object with a `score` was due; what is no answer belongs \
                 on its standard error",
                quoted(line)
            ));
        }
    };
    match answer.get("id") {
        Some(Value::String(other)) if other != id => {
            return Err(format!("answered `{other}` when it was asked `{id}`"));
        }
        _ => {}
    }
    let reason = answer.get("reason").and_then(Value::as_str);
    let reason = reason.unwrap_or_default().to_owned();
    let score = match answer.get("score") {
        Some(Value::Null) => {
            let reason = Some(reason).filter(|reason| !reason.is_empty());
            let reason = reason.unwrap_or_else(|| "it could not judge".into());
            return Ok(Verdict::Unjudged { reason });
        }
        Some(Value::Number(number)) => number.as_f64().map(|score| score as f32),
        _ => None,
    };
    Ok(match score.filter(|score| score.is_finite()) {
        Some(score) => Verdict::Judged { score, reason },
        None => Verdict::unjudged(format!(
            "answered {}, which has no finite number as its `score`",
            quoted(line)
        )),
    })
}

/// The beginning of `line`.
fn quoted(line: &str) -> String {
    let mut start: String = line.chars().take(80).collect();
    if start.len() < line.len() {
        start.push('…');
    }
    format!("`{start}`")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accuracy::tests::problem;

    #[test]
    fn a_question_is_one_line() {
        let line = String::from_utf8(request(&problem("12", "en"), "a\n\"b\"\u{2028}")).unwrap();
        assert_eq!(line.matches('\n').count(), 1);
        let value: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(value["completion"], "a\n\"b\"\u{2028}");
        assert_eq!(
            (&value["gold"], &value["problem"]),
            (&json!("12"), &json!("What is 7 + 5?"))
        );
    }

    #[test]
    fn an_answer_has_a_finite_score() {
        let score = |line: &str| verdict(line, "p").map(|verdict| verdict.score());
        assert_eq!(score(r#"{"score": 0.5, "reason": "half"}"#), Ok(Some(0.5)));
        assert_eq!(score(r#" {"score": -2, "id": "p"} "#), Ok(Some(-2.0)));
        for none in [
            r#"{"score": null}"#,
            r#"{"score": "1"}"#,
            r#"{"score": true}"#,
            r#"{"score": 1e60}"#,
            r#"{"score": 1e999}"#,
            r#"{"score": NaN}"#,
            r#"{"reason": "none"}"#,
            "{}",
        ] {
            assert_eq!(score(none), Ok(None), "{none}");
        }
        for out_of_step in [
            "",
            "1",
            "loading the model",
            "[1]",
            "{\"score\": 1",
            r#"{"score": 1, "id": "q"}"#,
        ] {
            assert!(score(out_of_step).is_err(), "{out_of_step}");
        }
    }
}
