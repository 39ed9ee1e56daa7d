//! What is refused, and that it is said why.

use serde_json::{Value, json};

use crate::question;
use crate::server::{CONTEXT, KEY, Server};

#[test]
fn bad_requests_are_refused_by_name() {
    let server = Server::start(2, 4, None);
    let mut cases: Vec<(Value, u16, &str)> = vec![
        (json!({}), 400, "model"),
        (json!([]), 400, "object"),
        (
            json!({ "model": "other", "messages": [] }),
            404,
            "there is no model `other`",
        ),
        (
            json!({ "model": "smoke", "messages": [] }),
            400,
            "the conversation is empty",
        ),
        (
            json!({ "model": "smoke", "messages": [{ "role": "tool", "content": "" }] }),
            400,
            "tool",
        ),
        (
            json!({ "model": "smoke", "messages": [{ "role": "user" }] }),
            400,
            "content",
        ),
    ];
    for (field, value, named) in [
        ("temprature", json!(1), "temprature"),
        ("temperature", json!(-1), "temperature is -1"),
        ("top_p", json!(0), "top_p is 0"),
        ("n", json!(0), "`n`"),
        ("n", json!(4000), "`n`"),
        ("max_tokens", json!(0), "max_tokens is 0"),
        ("max_tokens", json!(CONTEXT), "do not fit"),
        ("max_tokens", json!(-3), "-3"),
        ("stop", json!(""), "`stop`"),
        ("stop", json!(vec!["a"; 99]), "`stop`"),
        ("top_logprobs", json!(3), "`top_logprobs`"),
        ("tools", json!([{ "type": "function" }]), "`tools`"),
        ("frequency_penalty", json!(0.5), "`frequency_penalty`"),
        ("seed", json!("a"), "seed"),
        ("messages", json!("hello"), "messages"),
    ] {
        let mut body = question("one?", 1);
        body[field] = value;
        cases.push((body, 400, named));
    }
    let long = "one ".repeat(CONTEXT);
    cases.push((question(&long, 1), 400, "context"));
    for (body, expected, named) in cases {
        let (status, reply) = server.chat(&body);
        let message = reply["error"]["message"].as_str().unwrap();
        assert_eq!(status, expected, "{message}");
        assert!(message.contains(named), "{named}: {message}");
    }
    let body = json!({ "model": "smoke", "prompt": [999_999] });
    let (status, reply) = server.post("/v1/completions", &body);
    assert_eq!(status, 400);
    assert!(
        reply["error"]["message"]
            .as_str()
            .unwrap()
            .contains("999999")
    );
    assert_eq!((server.worker.running(), server.worker.waiting()), (0, 0));
}

#[test]
fn a_body_has_a_limit_and_a_path_its_method() {
    let server = Server::start(2, 4, None);
    let long = "x".repeat(100_001);
    let (status, reply) = server.send("POST", "/v1/completions", "", &long).json();
    assert_eq!(status, 413, "{reply}");
    let (status, reply) = server.send("POST", "/v1/completions", "", "{").json();
    assert_eq!(status, 400, "{reply}");
    assert_eq!(server.send("GET", "/v1/nothing", "", "").json().0, 404);
    assert_eq!(server.send("GET", "/v1/completions", "", "").json().0, 405);
}

#[test]
fn a_guarded_server_asks_for_its_key() {
    let server = Server::start(2, 4, Some(KEY));
    let body = question("one?", 1).to_string();
    let status = |key: &str| {
        server
            .send("POST", "/v1/chat/completions", key, &body)
            .status
    };
    assert_eq!(status(KEY), 200);
    for wrong in ["", "a secre", "a secrets", "A SECRET"] {
        assert_eq!(status(wrong), 401, "{wrong}");
    }
    let (status, reply) = server.send("GET", "/v1/models", "", "").json();
    assert_eq!(
        (status, &reply["error"]["code"]),
        (401, &json!("invalid_api_key"))
    );
    assert_eq!(server.send("GET", "/metrics", "", "").status, 401);
    assert_eq!(server.send("GET", "/health", "", "").status, 200);
    assert_eq!(server.send("GET", "/", "", "").status, 200);
}
