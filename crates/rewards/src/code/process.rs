//! Containers that run: reading what they write, watching the clock, ending them.

use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use hakoniwa::Child;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::container::READY;
use super::limits::{Limit, Limits, Outcome, Status};

/// A container that runs.
pub(crate) struct Process {
    child: Child,
    streams: [Option<File>; 2],
    texts: [Vec<u8>; 2],
    limits: Limits,
    started: Instant,
    ended: Option<(hakoniwa::ExitStatus, Duration)>,
    was_killed: bool,
    killed_by: Option<Limit>,
}

impl Process {
    /// A container just started.
    pub(crate) fn new(child: hakoniwa::Result<Child>, limits: &Limits) -> Result<Self, String> {
        let mut child = child.map_err(|error| error.to_string())?;
        let stream =
            |pipe: Option<std::io::PipeReader>| pipe.map(|pipe| File::from(OwnedFd::from(pipe)));
        Ok(Self {
            streams: [stream(child.stdout.take()), stream(child.stderr.take())],
            child,
            texts: [vec![], vec![]],
            limits: limits.clone(),
            started: Instant::now(),
            ended: None,
            was_killed: false,
            killed_by: None,
        })
    }

    /// Reads what stream `which` has; kills the program where that is too much.
    fn read(&mut self, which: usize) {
        let mut buffer = [0; 1 << 16];
        let Some(stream) = &mut self.streams[which] else {
            return;
        };
        let count = stream.read(&mut buffer).unwrap_or(0);
        if count == 0 {
            self.streams[which] = None;
        }
        let text = &mut self.texts[which];
        let room = (self.limits.output + 1).saturating_sub(text.len());
        text.extend_from_slice(&buffer[..count.min(room)]);
        if count > room {
            self.kill(Some(Limit::Output));
        }
    }

    fn kill(&mut self, limit: Option<Limit>) {
        if self.ended.is_none() {
            let _ = self.child.kill();
            self.was_killed = true;
            self.killed_by = self.killed_by.or(limit);
            self.streams = [None, None];
        }
    }

    /// Looks after the program; whether it has ended.
    fn look(&mut self) -> Result<bool, String> {
        if self.ended.is_none() {
            if self.started.elapsed() > self.limits.wall {
                self.kill(Some(Limit::Wall));
            }
            let status = self.child.try_wait().map_err(|error| error.to_string())?;
            self.ended = status.map(|status| (status, self.started.elapsed()));
        }
        Ok(self.ended.is_some() && self.streams.iter().all(Option::is_none))
    }

    /// Whether it was killed, for no limit's sake, before it was isolated.
    pub(crate) fn was_stopped_early(&self) -> bool {
        self.was_killed && self.killed_by.is_none() && self.texts[1].is_empty()
    }

    /// What became of it.
    pub(crate) fn outcome(self) -> Result<Outcome, String> {
        let (status, wall) = self.ended.ok_or("the program has not ended")?;
        let [stdout, stderr] = &self.texts;
        let killed = self.was_killed;
        let Some((&READY, stderr)) = stderr.split_first() else {
            if killed {
                return Err("the container was not ready in time".to_owned());
            }
            let said = String::from_utf8_lossy(stderr);
            return Err(format!("{} {}", status.reason, said.trim()));
        };
        let usage = status.rusage.as_ref();
        let cpu = usage.map_or(Duration::ZERO, |usage| usage.user_time + usage.system_time);
        let ended = match status.exit_code {
            Some(code) => Status::Exited(code),
            None if killed => Status::Signalled(libc::SIGKILL),
            None if status.code > 128 => Status::Signalled(status.code - 128),
            None => return Err(status.reason),
        };
        let spent = ended == Status::Signalled(libc::SIGKILL)
            && cpu + Duration::from_millis(200) > self.limits.cpu;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ok(Outcome {
            status: ended,
            killed_by: self.killed_by.or(spent.then_some(Limit::Cpu)),
            stdout: text(stdout),
            stderr: text(stderr),
            wall,
            cpu,
            memory: usage.map_or(0, |usage| usage.max_rss.max(0) as u64 * 1024),
        })
    }
}

/// Runs a process to its end.
pub(crate) fn single(mut process: Process) -> Result<Outcome, String> {
    finish(std::slice::from_mut(&mut process))?;
    process.outcome()
}

/// Runs processes side by side until the last of them has ended; the others are then killed.
pub(crate) fn finish(processes: &mut [Process]) -> Result<(), String> {
    let mut wait = 1;
    loop {
        let mut ended = false;
        for process in processes.iter_mut() {
            ended = process.look()?;
        }
        if ended {
            for process in processes.iter_mut() {
                process.kill(None);
            }
        }
        let mut all = true;
        for process in processes.iter_mut() {
            all &= process.look()?;
        }
        if all {
            return Ok(());
        }
        wait = watch(processes, wait);
    }
}

/// Reads what there is, waiting `wait` milliseconds at most; gives the next wait.
fn watch(processes: &mut [Process], wait: u16) -> u16 {
    let mut places = Vec::new();
    let mut fds = Vec::new();
    for (at, process) in processes.iter().enumerate() {
        for (which, stream) in process.streams.iter().enumerate() {
            if let Some(stream) = stream {
                places.push((at, which));
                fds.push(PollFd::new(stream.as_fd(), PollFlags::POLLIN));
            }
        }
    }
    // With a stream open, its end is what wakes this up; otherwise the program is about to end.
    let longest = if fds.is_empty() { wait } else { 20 };
    let _ = poll(&mut fds, PollTimeout::from(longest));
    let ready: Vec<bool> = fds
        .iter()
        .map(|fd| fd.revents().is_some_and(|events| !events.is_empty()))
        .collect();
    for ((at, which), ready) in places.into_iter().zip(ready) {
        if ready {
            processes[at].read(which);
        }
    }
    if longest == 20 { 1 } else { (wait * 2).min(20) }
}
