//! Many clients, clients that leave, and a server that stops.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use data::reasoning::split;
use serde_json::json;
use serve::Limits;

use crate::question;
use crate::server::Server;

/// Waits until nothing is under way.
fn idle(server: &Server) {
    let began = Instant::now();
    while server.worker.running() + server.worker.waiting() > 0 {
        assert!(began.elapsed() < Duration::from_secs(60), "rows stay taken");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn streams_side_by_side_do_not_change_each_other() {
    let server = Server::start(24, 64, None);
    thread::scope(|scope| {
        let clients: Vec<_> = (0..64)
            .map(|client: u64| {
                let server = &server;
                scope.spawn(move || {
                    let text = format!("{client} and {}?", client * client);
                    let mut body = question(&text, client);
                    body["stream"] = json!(true);
                    let chunks = server.stream("/v1/chat/completions", &body);
                    let deltas = chunks.iter().map(|chunk| &chunk["choices"][0]["delta"]);
                    let said: String = deltas.filter_map(|d| d["content"].as_str()).collect();
                    (text, client, said)
                })
            })
            .collect();
        for client in clients {
            let (text, seed, said) = client.join().unwrap();
            let prompt = server.tokenizer.encode_prompt(&text);
            let offline = server.offline(prompt, 1, seed, 40);
            let (_, answer) = split(&server.tokenizer.decode(&offline[0].tokens), false);
            assert_eq!(said, answer, "seed {seed}");
        }
    });
    idle(&server);
}

/// A server with one row, and the request for a stream that goes on for thousands of tokens.
fn endless(queue: usize) -> (Server, String) {
    let (server, prompt) = Server::endless(1, queue, 4000, Limits::default());
    let request = json!({
        "model": "smoke",
        "prompt": prompt,
        "temperature": 0,
        "max_tokens": 4000,
        "stream": true,
    });
    (server, request.to_string())
}

#[test]
fn a_client_that_leaves_frees_its_row() {
    let (server, endless) = endless(8);
    for whole in [false, true] {
        let body = endless.replace("\"stream\":true", &format!("\"stream\":{}", !whole));
        let clients: Vec<_> = (0..3)
            .map(|_| {
                let address = server.address;
                let body = body.clone();
                thread::spawn(move || {
                    let mut stream = TcpStream::connect(address).unwrap();
                    write!(
                        stream,
                        "POST /v1/completions HTTP/1.1\r\nHost: here\r\nContent-Length: {}\r\n\r\n{body}",
                        body.len()
                    )
                    .unwrap();
                    if !whole {
                        let _ = stream.read(&mut [0; 64]);
                    }
                    thread::sleep(Duration::from_millis(20));
                })
            })
            .collect();
        clients
            .into_iter()
            .for_each(|client| client.join().unwrap());
        idle(&server);
    }
    let generated = server.send("GET", "/metrics", "", "").text();
    assert!(generated.contains("r1_generated_tokens_total"));
}

#[test]
fn a_full_server_says_so_and_recovers() {
    let (server, endless) = endless(1);
    let first = server.send("POST", "/v1/completions", "", &endless);
    assert_eq!(first.status, 200);
    let second = server.send("POST", "/v1/completions", "", &endless);
    assert_eq!(second.status, 200);
    let third = server.send("POST", "/v1/completions", "", &endless);
    assert!(third.headers.contains(&"retry-after: 1".to_owned()));
    let (status, reply) = third.json();
    assert_eq!(
        (status, &reply["error"]["type"]),
        (429, &json!("rate_limit_error"))
    );
    drop((first, second));
    idle(&server);
    assert_eq!(server.chat(&question("one?", 1)).0, 200);
}

#[test]
fn a_server_that_stops_finishes_what_is_under_way() {
    let (mut server, endless) = endless(4);
    let mut reply = server.send("POST", "/v1/completions", "", &endless);
    let first = reply.event().unwrap();
    assert!(first.contains("text_completion"), "{first}");
    server.stop();
    let mut last = first;
    while let Some(event) = reply.event() {
        last = event;
    }
    assert_eq!(last, "[DONE]");
    let began = Instant::now();
    while TcpStream::connect(server.address).is_ok() {
        assert!(
            began.elapsed() < Duration::from_secs(20),
            "it still listens"
        );
        thread::sleep(Duration::from_millis(5));
    }
}

/// What the server says to a request that ends in its midst, until it hangs up.
fn unfinished(server: &Server, request: &str) -> String {
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).unwrap();
    said
}

#[test]
fn a_silent_client_is_hung_up_on_and_others_are_answered() {
    let limits = Limits {
        connections: 4,
        patience: Duration::from_millis(300),
    };
    let server = Server::within(2, 8, None, limits);
    let head = "POST /v1/completions HTTP/1.1\r\nHost: here\r\nContent-Length: 100\r\n";
    thread::scope(|scope| {
        // More than may be connected at once: nothing at all, half a head, half a body.
        for request in ["", "GET /health HT", head].iter().cycle().take(9) {
            scope.spawn(|| unfinished(&server, request));
        }
        let slow: Vec<_> = (0..3)
            .map(|_| scope.spawn(|| unfinished(&server, &format!("{head}\r\n{{\"prompt"))))
            .collect();
        assert_eq!(server.chat(&question("one?", 1)).0, 200);
        for said in slow {
            let said = said.join().unwrap();
            assert!(said.starts_with("HTTP/1.1 408"), "{said}");
            assert!(said.contains("did not come in time"), "{said}");
        }
    });
    idle(&server);
}

#[test]
fn streams_that_nobody_reads_are_hung_up_on() {
    let limits = Limits {
        connections: 4,
        patience: Duration::from_secs(1),
    };
    let (mut server, prompt) = Server::endless(16, 16, 4000, limits);
    // Some ten megabytes, more than the system keeps for who does not read.
    let request = json!({
        "model": "smoke",
        "prompt": prompt,
        "temperature": 0,
        "max_tokens": 4000,
        "n": 4,
        "logprobs": 5,
        "stream": true,
    })
    .to_string();
    let unread = |server: &Server| server.send("POST", "/v1/completions", "", &request);
    let streams: Vec<_> = (0..4).map(|_| unread(&server)).collect();
    // There is room for another once one of them is given up.
    assert_eq!(server.send("GET", "/health", "", "").status, 200);
    let mut said = streams.into_iter().map(|stream| stream.rest());
    assert!(said.any(|said| !said.contains("[DONE]")));
    drop(said);
    idle(&server);

    let stream = unread(&server);
    server.stop();
    assert!(server.ends_within(Duration::from_secs(90)), "it waits");
    assert!(!stream.rest().contains("[DONE]"));
}
