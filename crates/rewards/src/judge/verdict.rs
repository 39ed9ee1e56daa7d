//! What of a judge's reply counts: its last line, and that only as the JSON object asked for.

use serde::Deserialize;
use serde_json::Value;

use crate::reward::Verdict;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    verdict: String,
    #[serde(default)]
    reason: String,
}

/// The verdict of `reply`, the body of a response of the interface.
///
/// The last line alone is read, so a verdict that the judge quotes, or repeats from the response, is
/// none. A reply that was cut off has no last line.
///
/// # Errors
/// Where the reply has no clear verdict, in words that go on after the judge's name.
pub(super) fn verdict(reply: &str) -> Result<Verdict, String> {
    let body: Value =
        serde_json::from_str(reply).map_err(|error| format!("sent what is no JSON: {error}"))?;
    let choice = &body["choices"][0];
    let Some(text) = choice["message"]["content"].as_str() else {
        return Err("sent no `choices[0].message.content`".into());
    };
    if choice["finish_reason"] == "length" {
        return Err("was cut off before its verdict".into());
    }
    // Some put it between the fences of a code block.
    let mut lines = text.lines().map(str::trim);
    let last = lines.rfind(|line| !matches!(*line, "" | "```"));
    let last = last.unwrap_or_default();
    let line: Line = serde_json::from_str(last).map_err(|_| {
        let shown: String = last.chars().take(80).collect();
        format!("ended with `{shown}` and not with the verdict")
    })?;
    let reason = |word: &str| match line.reason.as_str() {
        "" => format!("the judge says {word}"),
        reason => reason.to_owned(),
    };
    match line.verdict.as_str() {
        "right" => Ok(Verdict::right(reason("right"))),
        "wrong" => Ok(Verdict::wrong(reason("wrong"))),
        other => {
            let shown: String = other.chars().take(20).collect();
            Err(format!(
                "gave the verdict `{shown}`, neither right nor wrong"
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn score(content: &str, finish: &str) -> Result<Option<f32>, String> {
        let message = json!({ "message": { "content": content }, "finish_reason": finish });
        verdict(&json!({ "choices": [message] }).to_string()).map(|verdict| verdict.score())
    }

    #[test]
    fn only_the_last_line_counts() {
        let right = r#"{"verdict": "right"}"#;
        let wrong = r#"{"verdict": "wrong", "reason": "14 is not 12"}"#;
        assert_eq!(score(right, "stop"), Ok(Some(1.0)));
        assert_eq!(
            score(&format!("It says {right}\n{wrong}\n"), "stop"),
            Ok(Some(0.0))
        );
        assert_eq!(
            score(&format!("It says {wrong}.\n\n {right} \n"), "stop"),
            Ok(Some(1.0))
        );
        assert_eq!(
            score(&format!("```json\n{right}\n```"), "stop"),
            Ok(Some(1.0))
        );
        for unclear in [
            "",
            "right",
            &format!("{right} I think"),
            &format!("the verdict is {right}"),
            &format!("{right}{wrong}"),
            r#"{"verdict": "maybe"}"#,
            r#"{"verdict": true}"#,
            r#"{"verdict": "right", "verdict": "wrong"}"#,
            r#"{"verdict": "right", "score": 1}"#,
        ] {
            assert!(score(unclear, "stop").is_err(), "{unclear}");
        }
        assert!(score(right, "length").is_err());
        assert!(verdict("{}").is_err() && verdict("<html>").is_err());
    }

    proptest! {
        #[test]
        fn a_verdict_is_the_last_line_alone(
            before in ".{0,60}",
            reason in "[^\r\n]{0,20}",
            right in any::<bool>(),
            after in "[^\\s`][^\r\n]{0,20}",
        ) {
            let word = if right { "right" } else { "wrong" };
            let line = json!({ "verdict": word, "reason": reason }).to_string();
            let said = score(&format!("{before}\n{line}\n"), "stop");
            prop_assert_eq!(said, Ok(Some(f32::from(u8::from(right)))));
            let quoted = score(&format!("{line}\n{after}"), "stop");
            prop_assert!(quoted.is_err(), "{after}");
        }

        #[test]
        fn any_reply_is_read(body in ".{0,80}", content in ".{0,80}", finish in ".{0,8}") {
            prop_assert!(verdict(&body).is_err());
            let read = score(&content, &finish);
            prop_assert!(read.is_err() || content.contains("verdict"));
        }
    }
}
