//! Signals to `r1` while it asks a teacher or measures: what is under way is kept, and the same command goes on.
#![cfg(unix)]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::distilling::{
    PROBLEMS, SAMPLES, command, lines, succeed, teacher, times, write_problems,
};
use crate::program::r1;
use crate::scripted::Scripted;

/// What is said at the first signal.
const WAITS: &str = "once more: at once";

/// Starts a command, and waits until so many samples were asked.
fn started(command: &mut Command, server: &Scripted, asked: usize) -> Child {
    let command = command.stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the tests' own binary starts");
    while server.asked().len() < asked {
        let ended = child.try_wait().expect("a child");
        assert_eq!(ended, None, "it ended before {asked} were asked");
        sleep(Duration::from_millis(5));
    }
    child
}

fn signal(child: &Child, name: &str) {
    let kill = Command::new("kill")
        .args([name, &child.id().to_string()])
        .status();
    assert!(kill.expect("kill starts").success());
}

/// How it ends, with what it says until then.
fn ended(mut child: Child) -> (ExitStatus, String) {
    let mut said = String::new();
    let errors = BufReader::new(child.stderr.take().expect("a pipe"));
    for line in errors.lines() {
        said += &(line.expect("words") + "\n");
    }
    (child.wait().expect("it ends"), said)
}

fn problems() -> TempDir {
    let dir = TempDir::new().expect("a temporary directory");
    write_problems(&dir.path().join("problems.jsonl"), 0..PROBLEMS);
    dir
}

#[test]
fn a_signal_lets_a_teacher_s_replies_be_written() {
    let (dir, server) = (problems(), teacher(Duration::from_millis(300)));
    let out = dir.path().join("out");
    let distill = || command(&server.url, dir.path(), &out, &["--no-train"]);
    let head = 1;
    for (name, code, wanted) in [("-INT", 130, 3), ("-TERM", 143, 9)] {
        let child = started(&mut distill(), &server, wanted);
        signal(&child, name);
        let (status, said) = ended(child);
        assert_eq!(status.code(), Some(code), "{said}");
        assert!(said.contains(WAITS) && said.contains("goes on"), "{said}");
        let asked = server.asked().len();
        assert!(asked < PROBLEMS * SAMPLES, "it was in the midst of asking");
        let kept = lines(&out.join("replies.jsonl")).len();
        assert_eq!(kept, head + asked, "every reply that was paid is kept");
    }
    succeed(&mut distill());
    let times = times(&server);
    assert_eq!(times.len(), PROBLEMS * SAMPLES);
    assert!(times.values().all(|times| *times == 1), "{times:?}");
}

#[test]
fn a_second_signal_does_not_wait() {
    let (dir, server) = (problems(), teacher(Duration::from_secs(600)));
    let out = dir.path().join("out");
    let mut distill = command(&server.url, dir.path(), &out, &["--no-train"]);
    let mut child = started(&mut distill, &server, 2);
    signal(&child, "-INT");
    let errors = BufReader::new(child.stderr.take().expect("a pipe"));
    let mut lines = errors.lines().map(|line| line.expect("words"));
    assert!(lines.any(|line| line.contains(WAITS)));
    assert_eq!(child.try_wait().expect("a child"), None, "the first waits");
    let began = Instant::now();
    signal(&child, "-INT");
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    assert!(began.elapsed() < Duration::from_secs(60));
}

/// A measurement of the server's model on the problems.
fn eval(server: &Scripted, dir: &Path) -> Command {
    let mut command = r1(&["eval", "problems", "--endpoint", &server.url, "--name=wise"]);
    command.arg("--samples=2").arg("--out").arg(dir.join("out"));
    command.arg(dir.join("problems.jsonl"));
    command
}

#[test]
fn a_measurement_ends_with_the_code_of_its_signal() {
    let (dir, server) = (problems(), teacher(Duration::from_millis(400)));
    let mut before = 0;
    for (name, code) in [("-INT", 130), ("-TERM", 143)] {
        let child = started(&mut eval(&server, dir.path()), &server, before + 1);
        signal(&child, name);
        let (status, said) = ended(child);
        assert_eq!(status.code(), Some(code), "{said}");
        assert!(said.contains("goes on"), "{said}");
        before = server.asked().len();
    }
    succeed(&mut eval(&server, dir.path()));
}
