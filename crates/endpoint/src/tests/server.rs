//! A server on this machine that does what a test's script says.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// What is done with a request.
#[derive(Clone)]
pub(super) enum Act {
    /// A reply with this text.
    Say(&'static str),
    /// A body with status 200.
    Body(String),
    /// A status with headers and a body.
    Status(u16, &'static str, String),
    /// A reply that breaks off in the middle.
    Tear,
    /// A reply after so many milliseconds.
    Slow(u64),
}

/// A request.
pub(super) struct Asked {
    pub(super) head: String,
    pub(super) body: Value,
    pub(super) at: Instant,
}

impl Asked {
    /// The last turn.
    pub(super) fn question(&self) -> String {
        let messages = self.body["messages"].as_array().unwrap();
        messages.last().unwrap()["content"]
            .as_str()
            .unwrap()
            .to_owned()
    }
}

#[derive(Default)]
pub(super) struct State {
    pub(super) asked: Vec<Asked>,
    /// Requests under way, and the most there were at once.
    open: usize,
    pub(super) most: usize,
}

/// A running server.
pub(super) struct Server {
    pub(super) url: String,
    state: Arc<Mutex<State>>,
}

impl Server {
    /// Does with a request what `script` says, which is given the request's number, from 0, and its
    /// last turn. Connections are served at the same time.
    pub(super) fn start(script: impl Fn(usize, &str) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State::default()));
        let (shared, script) = (state.clone(), Arc::new(script));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (state, script) = (shared.clone(), script.clone());
                // A client that hangs up has got what it wanted.
                thread::spawn(move || _ = serve(stream, &state, &*script));
            }
        });
        Self { url, state }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(super) fn requests(&self) -> usize {
        self.state().asked.len()
    }

    /// What was asked, in order of the alphabet.
    pub(super) fn questions(&self) -> Vec<String> {
        let mut questions: Vec<String> = self.state().asked.iter().map(Asked::question).collect();
        questions.sort();
        questions
    }
}

fn serve(
    mut stream: TcpStream,
    state: &Mutex<State>,
    script: &(dyn Fn(usize, &str) -> Act + Send + Sync),
) -> std::io::Result<()> {
    let (head, body) = request(&stream)?;
    let at = Instant::now();
    let asked = Asked { head, body, at };
    let question = asked.question();
    let number = {
        let mut state = state.lock().unwrap();
        state.open += 1;
        state.most = state.most.max(state.open);
        state.asked.push(asked);
        state.asked.len() - 1
    };
    let act = script(number, &question);
    if let Act::Slow(milliseconds) = act {
        thread::sleep(Duration::from_millis(milliseconds));
    }
    state.lock().unwrap().open -= 1;
    match act {
        Act::Say(text) => send(&mut stream, 200, "", &said(text)),
        Act::Slow(_) => send(&mut stream, 200, "", &said("late")),
        Act::Body(body) => send(&mut stream, 200, "", &body),
        Act::Status(status, headers, body) => send(&mut stream, status, headers, &body),
        Act::Tear => {
            let body = said("torn");
            let length = body.len();
            let half = &body[..length / 2];
            write!(
                stream,
                "HTTP/1.1 200 X\r\nContent-Length: {length}\r\n\r\n{half}"
            )
        }
    }
}

/// The body of a reply that took 10 tokens and said 5.
pub(super) fn said(text: &str) -> String {
    let choice = json!({ "message": { "content": text }, "finish_reason": "stop" });
    let usage = json!({ "prompt_tokens": 10, "completion_tokens": 5 });
    json!({ "choices": [choice], "usage": usage }).to_string()
}

fn request(stream: &TcpStream) -> std::io::Result<(String, Value)> {
    let mut reader = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok((head, serde_json::from_slice(&body).unwrap()))
}

fn send(stream: &mut TcpStream, status: u16, headers: &str, body: &str) -> std::io::Result<()> {
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status} X\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}
