//! The running program: a thread writes to it, two read from it, so that nothing it does or leaves
//! undone can hold whoever asks longer than the time it has.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{self, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Longer answers are not read, in bytes.
const LONGEST_LINE: u64 = 1 << 20;

/// How much of a line of the standard error is kept, in bytes.
const LONGEST_COMPLAINT: u64 = 400;

/// Why there is no answer. Each message goes on after the program's name.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("cannot be started: {0}")]
    Start(std::io::Error),
    #[error("gave no answer within {0:?}; does it flush every line?{1}")]
    Late(Duration, String),
    #[error("ended{0}")]
    Ended(String),
    #[error("wrote a line before it was asked; it must write one for each response")]
    Unasked,
    #[error("wrote a line of more than {LONGEST_LINE} bytes")]
    TooLong,
    #[error("{0}")]
    Line(String),
}

enum Said {
    Line(String),
    TooLong,
}

pub(super) struct Child {
    process: process::Child,
    questions: SyncSender<Vec<u8>>,
    answers: Receiver<Said>,
    complaint: Arc<Mutex<String>>,
}

impl Child {
    /// Starts the shell on `command`.
    pub(super) fn start(command: &str) -> std::io::Result<Self> {
        let mut process = shell(command)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let pipes = (
            process.stdin.take(),
            process.stdout.take(),
            process.stderr.take(),
        );
        let (Some(stdin), Some(stdout), Some(stderr)) = pipes else {
            return Err(std::io::Error::other("it has no pipes"));
        };
        let (questions, asked) = sync_channel(1);
        let (said, answers) = sync_channel(1);
        let complaint = Arc::new(Mutex::new(String::new()));
        let last = complaint.clone();
        thread::spawn(move || write(stdin, &asked));
        thread::spawn(move || read(stdout, &said));
        thread::spawn(move || listen(stderr, &last));
        Ok(Self {
            process,
            questions,
            answers,
            complaint,
        })
    }

    /// Sends one line, and waits for one.
    pub(super) fn ask(&mut self, line: Vec<u8>, timeout: Duration) -> Result<String, Failure> {
        match self.answers.try_recv() {
            Ok(_) => return Err(Failure::Unasked),
            Err(TryRecvError::Disconnected) => return Err(self.ended()),
            Err(TryRecvError::Empty) => {}
        }
        // The writer has taken the last question by now, or the program did not answer it.
        if self.questions.try_send(line).is_err() {
            return Err(self.ended());
        }
        match self.answers.recv_timeout(timeout) {
            Ok(Said::Line(line)) => Ok(line),
            Ok(Said::TooLong) => Err(Failure::TooLong),
            Err(RecvTimeoutError::Timeout) => Err(Failure::Late(timeout, self.complaint())),
            Err(RecvTimeoutError::Disconnected) => Err(self.ended()),
        }
    }

    fn ended(&mut self) -> Failure {
        // Its pipes close a moment before it has ended.
        let until = Instant::now() + Duration::from_millis(200);
        let mut status = None;
        while status.is_none() && Instant::now() < until {
            status = self.process.try_wait().ok().flatten();
            if status.is_none() {
                thread::sleep(Duration::from_millis(2));
            }
        }
        let status = status.map_or(String::new(), |status| format!(" ({status})"));
        Failure::Ended(format!("{status}{}", self.complaint()))
    }

    /// The last line of its standard error.
    fn complaint(&self) -> String {
        let complaint = self
            .complaint
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match complaint.as_str() {
            "" => String::new(),
            line => format!("; it last said: {line}"),
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // What it started is in its group. An error means that nothing is left to kill.
        #[cfg(unix)]
        if let Ok(group) = i32::try_from(self.process.id()) {
            use nix::sys::signal::{Signal, killpg};
            let _ = killpg(nix::unistd::Pid::from_raw(group), Signal::SIGKILL);
        }
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

#[cfg(unix)]
fn shell(command: &str) -> Command {
    use std::os::unix::process::CommandExt;
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).process_group(0);
    shell
}

#[cfg(not(unix))]
fn shell(command: &str) -> Command {
    let mut shell = Command::new("cmd");
    shell.args(["/C", command]);
    shell
}

fn write(mut stdin: ChildStdin, questions: &Receiver<Vec<u8>>) {
    while let Ok(line) = questions.recv() {
        if stdin.write_all(&line).and_then(|()| stdin.flush()).is_err() {
            return;
        }
    }
}

fn read(stdout: ChildStdout, said: &SyncSender<Said>) {
    let mut stdout = BufReader::new(stdout);
    loop {
        let mut line = Vec::new();
        let read = (&mut stdout)
            .take(LONGEST_LINE + 1)
            .read_until(b'\n', &mut line);
        let answer = match read {
            Ok(length) if length as u64 > LONGEST_LINE => Said::TooLong,
            // A line that was not finished is none.
            Ok(_) if line.ends_with(b"\n") => {
                Said::Line(String::from_utf8_lossy(&line).into_owned())
            }
            _ => return,
        };
        if said.send(answer).is_err() {
            return;
        }
    }
}

fn listen(stderr: ChildStderr, last: &Mutex<String>) {
    let mut stderr = BufReader::new(stderr);
    let mut line = Vec::new();
    while let Ok(1..) = (&mut stderr)
        .take(LONGEST_COMPLAINT)
        .read_until(b'\n', &mut line)
    {
        let text = String::from_utf8_lossy(&line).trim().to_owned();
        if !text.is_empty() {
            *last.lock().unwrap_or_else(PoisonError::into_inner) = text;
        }
        line.clear();
    }
}
