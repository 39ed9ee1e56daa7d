//! Requests that the server does not take: a status, and a message that names the field.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::serving::Server;

/// Sends bytes as they are and gives all that comes back.
fn answer(server: &Server, request: &[u8]) -> String {
    let address = server.url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).expect("the server");
    let patience = Some(Duration::from_secs(30));
    stream.set_read_timeout(patience).expect("a timeout");
    stream.write_all(request).expect("a request");
    let mut answer = Vec::new();
    // A server that closes while there is more to read resets the connection: what came counts.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn post(path: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: here\r\nConnection: close\r\nAuthorization: Bearer a secret\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// Fields of a chat beside its messages, and what the refusal names.
const FIELDS: [(&str, &str); 20] = [
    ("\"temperature\": -1", "temperature"),
    ("\"temperature\": \"hot\"", "temperature"),
    ("\"top_p\": 0", "top_p"),
    ("\"top_p\": 2", "top_p"),
    ("\"n\": 0", "n"),
    ("\"n\": 1000000", "n"),
    ("\"n\": -1", "n"),
    ("\"seed\": \"x\"", "seed"),
    ("\"stop\": \"\"", "stop"),
    ("\"stop\": [\"\"]", "stop"),
    ("\"stop\": 7", "stop"),
    ("\"max_tokens\": 0", "max_tokens"),
    ("\"max_tokens\": 1000000", "max_tokens"),
    ("\"max_tokens\": 1e99", "max_tokens"),
    ("\"logprobs\": 3", "logprobs"),
    ("\"top_logprobs\": 2", "top_logprobs"),
    ("\"logprobs\": true, \"top_logprobs\": 1000", "top_logprobs"),
    ("\"stream\": \"yes\"", "stream"),
    ("\"tempersture\": 1", "tempersture"),
    ("\"tools\": [{}]", "tools"),
];

/// Bodies of a chat, and what the refusal names.
const BODIES: [(&[u8], &str); 13] = [
    (b"", "the body"),
    (b"nonsense", "the body"),
    (b"[]", "object"),
    (b"{}", "model"),
    (b"{\"model\": \"7-r1\", \"messages\": []}", "messages"),
    (b"{\"model\": \"7-r1\", \"messages\": \"hi\"}", "messages"),
    (b"{\"model\": \"7-r1\", \"messages\": [7]}", "messages"),
    (b"{\"model\": \"7-r1\", \"messages\": [{\"role\": \"user\"}]}", "content"),
    (b"{\"model\": \"7-r1\", \"messages\": [{\"content\": \"hi\"}]}", "role"),
    (
        b"{\"model\": \"7-r1\", \"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"image_url\"}]}]}",
        "content",
    ),
    (
        b"{\"model\": \"7-r1\", \"messages\": [{\"role\": \"user\", \"content\": \"hi\"}",
        "the body",
    ),
    (
        b"{\"model\": \"7-r1\", \"messages\": [{\"role\": \"user\", \"content\": \"\xff\"}]}",
        "the body",
    ),
    (
        b"{\"model\": \"gpt-9\", \"messages\": [{\"role\": \"user\", \"content\": \"hi\"}]}",
        "gpt-9",
    ),
];

#[test]
fn bodies_that_are_no_chat() {
    let server = Server::start(&["--rows=2", "--max-body=20K"]);
    let fields = FIELDS.map(|(field, named)| {
        let body =
            format!("{{\"model\": \"7-r1\", \"messages\": [{{\"role\": \"user\", \"content\": \"hi\"}}], {field}}}");
        (body.into_bytes(), named)
    });
    let bodies = BODIES.map(|(body, named)| (body.to_vec(), named));
    let mut wrong = Vec::new();
    for (body, named) in fields.into_iter().chain(bodies) {
        let said = answer(&server, &post("/v1/chat/completions", &body));
        let status = said.split(' ').nth(1).unwrap_or_default();
        let message = said.split("\"message\":").nth(1).unwrap_or_default();
        if !["400", "404"].contains(&status) || !message.contains(named) {
            let body = String::from_utf8_lossy(&body);
            wrong.push(format!("{named} is not named by\n{body}\n{said}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn requests_that_are_none() {
    let server = Server::start(&["--rows=2", "--max-body=20K"]);
    let long = vec![b' '; 30_000];
    let many = b"X: y\r\n".repeat(20_000);
    let cases: Vec<(&str, Vec<u8>, &[&str])> = vec![
        ("no page", b"GET /nowhere HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".to_vec(), &["404", "401"]),
        ("a way out", b"GET /../../etc/passwd HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".to_vec(), &["404", "401", "400"]),
        ("another method", b"GET /v1/chat/completions HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer a secret\r\nConnection: close\r\n\r\n".to_vec(), &["405"]),
        ("no key", b"GET /v1/models HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".to_vec(), &["401"]),
        ("a wrong key", b"GET /v1/models HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer a secreT\r\nConnection: close\r\n\r\n".to_vec(), &["401"]),
        ("too long a body", post("/v1/chat/completions", &long), &["413"]),
        ("too long a head", [&b"GET /health HTTP/1.1\r\nHost: h\r\n"[..], &many, b"\r\n"].concat(), &["431", "400", ""]),
        ("no HTTP", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n".to_vec(), &["400", ""]),
        ("a length that is none", b"POST /v1/completions HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n".to_vec(), &["400", ""]),
    ];
    for (name, request, statuses) in cases {
        let said = answer(&server, &request);
        let status = said.split(' ').nth(1).unwrap_or_default();
        assert!(statuses.contains(&status), "{name}: {said}");
        assert!(!said.contains("root:"), "{name}: {said}");
    }
    // All that did it no harm.
    let said = answer(
        &server,
        b"GET /health HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
    );
    assert!(said.starts_with("HTTP/1.1 200"), "{said}");
}
