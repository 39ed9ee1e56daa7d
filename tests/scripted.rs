//! A server on this machine that speaks OpenAI's chat API and says what a script says.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};

/// A running server; it ends with the tests.
pub(crate) struct Scripted {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Value>>>,
}

impl Scripted {
    /// Says to a last turn what `script` does: reasoning and answer. Connections are served side by side.
    pub(crate) fn start(script: impl Fn(&str) -> (String, String) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}/v1", listener.local_addr().expect("an address"));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (shared, script) = (Arc::clone(&asked), Arc::new(script));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (asked, script) = (Arc::clone(&shared), Arc::clone(&script));
                // A client that hangs up, or is killed, has got what it wanted.
                thread::spawn(move || drop(serve(stream, &asked, &*script)));
            }
        });
        Self { url, asked }
    }

    /// The bodies of all requests so far.
    pub(crate) fn asked(&self) -> Vec<Value> {
        self.asked.lock().expect("no thread panics").clone()
    }
}

fn serve(
    mut stream: TcpStream,
    asked: &Mutex<Vec<Value>>,
    script: &dyn Fn(&str) -> (String, String),
) -> std::io::Result<()> {
    let mut reader = BufReader::new(&stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let body: Value = serde_json::from_slice(&body)?;
    let turns = body["messages"].as_array().expect("messages");
    let last = turns.last().expect("a turn")["content"]
        .as_str()
        .expect("a text")
        .to_owned();
    asked.lock().expect("no thread panics").push(body);
    let (reasoning, answer) = script(&last);
    let message = json!({ "content": answer, "reasoning_content": reasoning });
    let choice = json!({ "message": message, "finish_reason": "stop" });
    let usage = json!({ "prompt_tokens": 10, "completion_tokens": 20 });
    let reply = json!({ "choices": [choice], "usage": usage }).to_string();
    let length = reply.len();
    write!(
        stream,
        "HTTP/1.1 200 X\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{reply}"
    )
}
