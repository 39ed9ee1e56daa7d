//! `r1 serve` as its users meet it: the official Python client, wrong arguments, signals.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::program::{finished, r1, root};
use crate::smoke::stage;

/// A running server, killed when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
}

impl Server {
    pub(crate) fn start(flags: &[&str]) -> Self {
        let mut child = r1(&["serve", "--port=0"])
            .arg(stage("7-r1"))
            .args(flags)
            .env("R1_API_KEY", "a secret")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the tests' own binary starts");
        let mut url = String::new();
        let stdout = child.stdout.take().expect("a pipe");
        BufReader::new(stdout)
            .read_line(&mut url)
            .expect("the address");
        Self {
            child,
            url: url.trim().to_owned(),
        }
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args([name, &self.child.id().to_string()])
            .status();
        assert!(sent.expect("kill").success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn say(line: &str) {
    // Past the test harness, which shows only what failing tests print.
    drop(writeln!(std::io::stderr(), "{line}"));
}

/// A Python with the `openai` package, made once for all runs of the tests.
fn python() -> Option<PathBuf> {
    let venv = Path::new(env!("CARGO_TARGET_TMPDIR")).join("openai-venv");
    let python = venv.join("bin/python");
    let has = |python: &Path| {
        let import = Command::new(python).args(["-c", "import openai"]).output();
        import.is_ok_and(|output| output.status.success())
    };
    if has(&python) {
        return Some(python);
    }
    let done = |command: &mut Command| {
        let output = command.output();
        output.is_ok_and(|output| output.status.success())
    };
    let made = done(Command::new("python3").args(["-m", "venv"]).arg(&venv))
        && done(Command::new(&python).args(["-m", "pip", "install", "--quiet", "openai"]));
    (made && has(&python)).then_some(python)
}

#[test]
fn the_official_client_is_answered() {
    let Some(python) = python() else {
        say("skipped: the client of OpenAI could not be installed (python3 with venv and pip)");
        return;
    };
    let server = Server::start(&["--rows=8"]);
    let output = Command::new(python)
        .arg(root().join("tests/openai_client.py"))
        .args([&server.url, "7-r1", "a secret"])
        .output()
        .expect("Python starts");
    assert!(
        output.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn a_signal_stops_the_server() {
    for (signal, flags) in [
        ("-INT", &["--rows=2"][..]),
        ("-TERM", &["--context=64"][..]),
    ] {
        let mut server = Server::start(flags);
        assert!(
            server.url.starts_with("http://127.0.0.1:"),
            "{}",
            server.url
        );
        server.signal(signal);
        let began = Instant::now();
        let status = loop {
            if let Some(status) = server.child.try_wait().expect("a child") {
                break status;
            }
            assert!(began.elapsed() < Duration::from_secs(30), "it goes on");
            std::thread::sleep(Duration::from_millis(10));
        };
        assert_eq!(status.code(), Some(0), "{signal}");
    }
}

/// A request on a connection of its own; the status and the body of what comes back.
fn ask(address: &str, request: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).expect("the server listens");
    stream
        .write_all(request.as_bytes())
        .expect("it takes a request");
    let mut said = Vec::new();
    // A server that has not read all of a request may hang up on what is left of it.
    drop(stream.read_to_end(&mut said));
    let said = String::from_utf8_lossy(&said);
    let (head, body) = said.split_once("\r\n\r\n").unwrap_or((&said, ""));
    (
        head.lines().next().unwrap_or("").to_owned(),
        body.to_owned(),
    )
}

fn post(body: &str, key: &str) -> String {
    let length = body.len();
    format!(
        "POST /v1/completions HTTP/1.1\r\nHost: here\r\nConnection: close\r\nAuthorization: Bearer {key}\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
}

#[test]
#[cfg(target_os = "linux")]
fn a_thousand_bad_connections_cost_the_others_nothing() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).expect("a limit");
    if hard < 4096 {
        say("skipped: this process may not open a thousand connections");
        return;
    }
    setrlimit(Resource::RLIMIT_NOFILE, soft.max(4096), hard).expect("a limit");
    let server = Server::start(&["--rows=4", "--queue=4", "--max-body=10K", "--patience=60"]);
    let address = server.url.strip_prefix("http://").expect("an address");
    let resident = || {
        let status = format!("/proc/{}/status", server.child.id());
        let status = std::fs::read_to_string(status).expect("a status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line
            .and_then(|line| line.split_whitespace().next())
            .expect("RSS");
        number.parse::<u64>().expect("kB")
    };
    let good = r#"{"model": "7-r1", "prompt": "7 + 5", "max_tokens": 8, "seed": 3}"#;
    let first = ask(address, &post(good, "a secret"));
    assert!(first.0.ends_with("200 OK"), "{first:?}");
    let before = resident();
    let half = format!(
        "{}\r\nContent-Length: 5000\r\n\r\n{}",
        "POST /v1/completions HTTP/1.1\r\nHost: here",
        "x".repeat(4000)
    );
    let open: Vec<TcpStream> = (0..1000)
        .map(|at| {
            let mut stream = TcpStream::connect(address).expect("the server listens");
            let said = match at % 3 {
                0 => "",
                1 => "POST /v1/completions HTTP/1.1\r\nHo",
                _ => &half,
            };
            stream
                .write_all(said.as_bytes())
                .expect("it takes a request");
            stream
        })
        .collect();
    for _ in 0..20 {
        let large = "x".repeat(20_000);
        for (request, status) in [
            (post(good, "another"), "401"),
            (post("{\"model\": ", "a secret"), "400"),
            (post(&large, "a secret"), "413"),
            (
                "GET /../../etc/passwd HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n".into(),
                "404",
            ),
            ("nonsense\r\n\r\n".into(), "400"),
        ] {
            let (head, _) = ask(address, &request);
            assert!(head.contains(status), "{head}, not {status}");
        }
        let again = ask(address, &post(good, "a secret"));
        let text = |(_, body): &(String, String)| -> String {
            let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
            body["choices"][0]["text"]
                .as_str()
                .expect("a text")
                .to_owned()
        };
        assert_eq!(text(&again), text(&first));
    }
    let grown = resident().saturating_sub(before);
    assert!(
        grown < 64_000,
        "{grown} kB more with {} connections",
        open.len()
    );
}

#[test]
fn wrong_arguments_are_refused() {
    let model = stage("7-r1");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port();
    let port = format!("--port={port}");
    let cases: [(&[&str], i32, &str); 9] = [
        (&["--connections=0"], 2, "--connections is 0"),
        (&["--patience=0"], 2, "--patience is 0"),
        (&["--context=1"], 2, "--context is 1"),
        (&["--context=100000"], 2, "the model's positions"),
        (&["--rows=0"], 2, "--rows is 0"),
        (&["--temperature=-1"], 2, "temperature"),
        (&["--rows=8", "--memory=1K"], 1, "at most 0 rows"),
        (&["--key-file=/nowhere"], 1, "/nowhere"),
        (&[&port], 1, "choose another --port"),
    ];
    for (flags, code, named) in cases {
        let output = finished(r1(&["serve"]).arg(&model).args(flags));
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{flags:?}: {error}");
        assert!(error.contains(named), "{named}: {error}");
    }
    let output = finished(r1(&["serve"]).arg(model.join("..")));
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("is no model; there are"), "{error}");
}
