//! A hub of a few files on this machine: lists, redirections to a store, parts of files.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};

use sha2::{Digest, Sha256};

/// The one commit.
pub(super) const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// What the hub has and how it behaves.
#[derive(Default)]
pub(super) struct State {
    /// Files by name; those above 100 bytes lie in the store, as large files do.
    pub(super) files: BTreeMap<String, Vec<u8>>,
    /// Bytes after which the next download breaks off.
    pub(super) cut: Option<usize>,
    /// Whether the store serves something else, of the same length.
    pub(super) damaged: bool,
    /// A status that answers everything.
    pub(super) status: Option<u16>,
    /// What was asked: method, path, range, and whether with a token.
    pub(super) asked: Vec<(String, String, Option<String>, bool)>,
}

/// A running hub.
pub(super) struct Server {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Server {
    pub(super) fn start(files: &[(&str, &[u8])]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let files = files
            .iter()
            .map(|(name, content)| (name.to_string(), content.to_vec()));
        let state = Arc::new(Mutex::new(State {
            files: files.collect(),
            ..State::default()
        }));
        let shared = state.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A client that hangs up has got what it wanted.
                let _ = answer(&stream, &mut shared.lock().unwrap(), address.port());
            }
        });
        Self { address, state }
    }

    pub(super) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// How many downloads began.
    pub(super) fn downloads(&self) -> usize {
        let state = self.state();
        let stored =
            |asked: &&(String, String, _, _)| asked.0 == "GET" && !asked.1.starts_with("/api");
        state
            .asked
            .iter()
            .filter(stored)
            .filter(|asked| !asked.1.starts_with("/moved"))
            .count()
    }
}

pub(super) fn sha256(content: &[u8]) -> String {
    let digest = Sha256::digest(content);
    digest.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn answer(mut stream: &TcpStream, state: &mut State, port: u16) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next().unwrap_or(Ok(String::new()))?;
    let mut words = first.split(' ').map(str::to_owned);
    let (method, path) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    );
    let (mut range, mut token) = (None, false);
    for line in lines {
        let line = line?.to_lowercase();
        if line.is_empty() {
            break;
        }
        range = line
            .strip_prefix("range: bytes=")
            .map(str::to_owned)
            .or(range);
        token |= line.starts_with("authorization: bearer ");
    }
    state
        .asked
        .push((method.clone(), path.clone(), range.clone(), token));
    let mut send = |status: u16, headers: &str, body: &[u8]| {
        write!(
            stream,
            "HTTP/1.1 {status} X\r\nconnection: close\r\n{headers}\r\n"
        )?;
        if method != "HEAD" {
            stream.write_all(body)?;
        }
        stream.flush()
    };
    let whole = |body: &[u8]| format!("content-length: {}\r\n", body.len());
    if let Some(status) = state.status {
        return send(status, &whole(b""), b"");
    }
    if path.starts_with("/api/") {
        let names = state
            .files
            .keys()
            .map(|name| serde_json::json!({"rfilename": name}));
        let list = serde_json::json!({"sha": COMMIT, "siblings": names.collect::<Vec<_>>()});
        let list = list.to_string().into_bytes();
        let known = path.contains("/owner/name/revision/");
        return match known {
            true => send(200, &whole(&list), &list),
            false => send(404, &whole(b""), b""),
        };
    }
    let name = path
        .split_once(&format!("/resolve/{COMMIT}/"))
        .map(|(_, name)| name.to_owned());
    let stored = path.strip_prefix("/store/").map(str::to_owned);
    let Some(content) = name
        .as_ref()
        .or(stored.as_ref())
        .and_then(|name| state.files.get(name))
    else {
        return send(404, &whole(b""), b"");
    };
    if let (Some(name), true) = (name, content.len() > 100) {
        // The store has another name, so that a token must not follow.
        let headers = format!(
            "location: http://localhost:{port}/store/{name}\r\nx-linked-etag: \"{}\"\r\n\
             x-linked-size: {}\r\ncontent-length: 0\r\n",
            sha256(content),
            content.len()
        );
        return send(302, &headers, b"");
    }
    let mut content = content.clone();
    if state.damaged {
        content[0] ^= 1;
    }
    let from = range
        .and_then(|range| range.trim_end_matches('-').parse().ok())
        .unwrap_or(0_usize);
    let rest = &content[from..];
    let etag = "etag: W/\"94a9ed024d3859793618152ea559a168bbcbb5e2\"\r\n";
    let headers = format!("{}{etag}", whole(rest));
    let cut = match method.as_str() {
        "GET" => state.cut.take(),
        _ => None,
    };
    let status = if from > 0 { 206 } else { 200 };
    send(
        status,
        &headers,
        &rest[..cut.unwrap_or(rest.len()).min(rest.len())],
    )
}
