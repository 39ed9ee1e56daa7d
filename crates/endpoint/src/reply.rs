//! What a server's reply says.

use data::{Finish, Reply};
use serde::Deserialize;

/// The body of a reply; whatever else is in it is passed over.
#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    choices: Vec<Choice>,
    #[serde(default)]
    usage: Option<Usage>,
    #[serde(default)]
    error: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Choice {
    message: Message,
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    content: Option<String>,
    /// DeepSeek's name.
    #[serde(default)]
    reasoning_content: Option<String>,
    /// As some servers name it.
    #[serde(default)]
    reasoning: Option<String>,
    #[serde(default)]
    refusal: Option<String>,
}

#[derive(Deserialize)]
struct Usage {
    prompt_tokens: usize,
    completion_tokens: usize,
}

/// What came of a request that the server accepted.
#[derive(Debug, PartialEq)]
pub(crate) enum Said {
    /// A reply, and whether the server said how many tokens it took.
    Reply(Reply, bool),
    /// None, and another request for this sample would have none either.
    Never(String),
    /// None, and another request may have one.
    Again(String),
}

/// Reads the body of a reply with a status that means success.
pub(crate) fn read(text: &str) -> Said {
    let body: Body = match serde_json::from_str(text) {
        Ok(body) => body,
        Err(error) => return Said::Again(format!("sent what is no reply ({error})")),
    };
    let Some(choice) = body.choices.into_iter().next() else {
        return Said::Again(match body.error {
            Some(error) => format!("sent an error ({})", short(&error.to_string())),
            None => "sent no `choices`".to_owned(),
        });
    };
    let finish = match choice.finish_reason.as_deref() {
        Some("length" | "max_tokens") => Finish::Length,
        Some("content_filter") => return Said::Never("was stopped by a content filter".into()),
        Some(reason @ ("insufficient_system_resource" | "abort" | "error")) => {
            return Said::Again(format!("was broken off (`{reason}`)"));
        }
        _ => Finish::Stop,
    };
    let message = choice.message;
    if let (None, Some(refusal)) = (&message.content, &message.refusal) {
        return Said::Never(format!("was refused by the model ({})", short(refusal)));
    }
    let said = message.reasoning_content.or(message.reasoning);
    let reasoning = said.filter(|text| !text.is_empty());
    let text = message.content.unwrap_or_default();
    if finish == Finish::Stop && text.is_empty() && reasoning.is_none() {
        return Said::Again("sent an empty reply".into());
    }
    let letters = text.len() + reasoning.as_ref().map_or(0, String::len);
    let known = body.usage.is_some();
    let usage = body.usage.unwrap_or(Usage {
        prompt_tokens: 0,
        completion_tokens: letters.div_ceil(4),
    });
    let reply = Reply {
        text,
        reasoning,
        finish,
        tokens: usage.completion_tokens,
        prompt_tokens: usage.prompt_tokens,
    };
    Said::Reply(reply, known)
}

/// The beginning of what a server said, on one line.
pub(crate) fn short(said: &str) -> String {
    let words: Vec<&str> = said.split_whitespace().collect();
    let line = words.join(" ");
    match line.char_indices().nth(300) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::{Index, select};
    use serde_json::{Value, json};

    use super::*;

    fn said(message: Value, finish: &str) -> Said {
        let choice = json!({ "message": message, "finish_reason": finish });
        let usage = json!({ "prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10 });
        read(&json!({ "choices": [choice], "usage": usage }).to_string())
    }

    fn reply(message: Value, finish: &str) -> Reply {
        match said(message, finish) {
            Said::Reply(reply, true) => reply,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn reasoning_is_read_under_both_names() {
        let plain = reply(json!({ "content": "4", "reasoning_content": null }), "stop");
        assert_eq!((&*plain.text, &plain.reasoning), ("4", &None));
        assert_eq!((plain.tokens, plain.prompt_tokens), (3, 7));
        for name in ["reasoning_content", "reasoning"] {
            let apart = reply(json!({ "content": "4", name: "2 + 2" }), "stop");
            assert_eq!(apart.reasoning.as_deref(), Some("2 + 2"));
        }
    }

    #[test]
    fn the_finish_decides() {
        let cut = reply(
            json!({ "content": null, "reasoning_content": "So" }),
            "length",
        );
        assert_eq!((cut.finish, &*cut.text), (Finish::Length, ""));
        let text = json!({ "content": "4" });
        assert_eq!(reply(text.clone(), "end_turn").finish, Finish::Stop);
        assert!(matches!(
            said(text.clone(), "content_filter"),
            Said::Never(_)
        ));
        let busy = said(text, "insufficient_system_resource");
        assert!(matches!(busy, Said::Again(_)));
        let refusal = said(json!({ "content": null, "refusal": "No." }), "stop");
        assert!(matches!(refusal, Said::Never(_)));
        assert!(matches!(
            said(json!({ "content": "" }), "stop"),
            Said::Again(_)
        ));
    }

    #[test]
    fn what_is_no_reply_is_asked_again() {
        for text in [
            "",
            "<html>",
            "{",
            "{\"choices\": []}",
            "{\"error\": {\"message\": \"x\"}}",
        ] {
            assert!(matches!(read(text), Said::Again(_)), "{text}");
        }
        // DeepSeek sends empty lines while it thinks.
        let choice = r#"{"choices": [{"message": {"content": "12345"}, "finish_reason": null}]}"#;
        let Said::Reply(reply, known) = read(&format!("\n\n\n{choice}")) else {
            panic!()
        };
        // Five bytes are two tokens where nobody says.
        assert_eq!((known, reply.tokens), (false, 2));
    }

    #[test]
    fn what_was_said_is_shown_in_short() {
        assert_eq!(short(" a\n b "), "a b");
        assert_eq!(short(&"é".repeat(400)).chars().count(), 301);
    }

    /// A value of any kind, where a server might send one.
    fn any_value() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,6}".prop_map(Value::from),
            Just(json!([])),
            Just(json!({})),
            Just(json!([{ "message": {} }])),
        ]
    }

    fn whole(content: &str, reasoning: Option<&str>, tokens: usize) -> Value {
        let message = json!({ "content": content, "reasoning_content": reasoning });
        let choice = json!({ "message": message, "finish_reason": "stop" });
        let usage = json!({ "prompt_tokens": 1, "completion_tokens": tokens });
        json!({ "id": "x", "choices": [choice], "usage": usage })
    }

    proptest! {
        #[test]
        fn what_was_said_comes_back(
            content in ".{1,40}",
            reasoning in proptest::option::of(".{1,40}"),
            tokens in 0..1_000_000usize,
            cut in any::<Index>(),
        ) {
            let body = whole(&content, reasoning.as_deref(), tokens).to_string();
            let Said::Reply(reply, true) = read(&body) else {
                return Err(TestCaseError::fail("no reply"));
            };
            prop_assert_eq!((reply.text, reply.reasoning, reply.tokens), (content, reasoning, tokens));
            // A body that is torn anywhere is none.
            let mut torn = body.into_bytes();
            torn.truncate(cut.index(torn.len()));
            let torn = String::from_utf8_lossy(&torn);
            prop_assert!(matches!(read(&torn), Said::Again(_)), "{torn}");
        }

        #[test]
        fn any_value_in_any_place_is_taken_or_asked_again(
            place in select(vec![
                "", "/choices", "/choices/0", "/choices/0/message", "/choices/0/message/content",
                "/choices/0/message/reasoning_content", "/choices/0/finish_reason", "/usage",
                "/usage/completion_tokens",
            ]),
            value in any_value(),
            text in ".{0,60}",
        ) {
            read(&text);
            let mut body = whole("4", None, 3);
            *body.pointer_mut(place).expect("a place") = value;
            if let Said::Reply(reply, _) = read(&body.to_string()) {
                let silent = reply.text.is_empty() && reply.reasoning.is_none();
                prop_assert!(!silent || reply.finish == Finish::Length, "{body}");
            }
        }
    }
}
