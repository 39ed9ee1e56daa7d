//! `r1 bench long-run`: whether a long reinforcement learning holds at its end what it held at its beginning.
//!
//! The policy hardly moves, so that responses stay as long as they are and every step is the same work.

use std::fs;
use std::io::Write;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde::Serialize;

use crate::memory::resident;
use crate::preset::Preset;
use crate::run::{Options, Run};
use crate::stages::{Pretrain, Rl, Shape, Tasks};
use crate::stop::Stop;
use crate::usage::UsageError;

/// The arguments of `r1 bench long-run`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Steps of reinforcement learning; 20 at least.
    #[arg(long, value_name = "N", default_value_t = 2000)]
    steps: usize,
    /// No progress on the terminal.
    #[arg(long)]
    quiet: bool,
}

/// What a process holds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
struct Held {
    rss_mb: f64,
    threads: f64,
    files: f64,
}

/// A line of the output: means over two stretches of a twentieth of the time each.
#[derive(Debug, Serialize)]
struct Line {
    figure: &'static str,
    steps: usize,
    seconds: f64,
    /// After the first twentieth.
    start: Held,
    /// The last twentieth.
    end: Held,
    growth_percent: f64,
}

/// Takes the steps in a directory that is removed, and prints the line.
///
/// # Errors
/// Too few steps ([`UsageError`]); a system that does not say what a process holds; what a stage fails with.
pub(super) fn run(args: &Args) -> Result<()> {
    if args.steps < 20 {
        let words = format!("--steps is {}; it must be at least 20", args.steps);
        return Err(UsageError(words).into());
    }
    let line = measure(args)?;
    let mut out = std::io::stdout().lock();
    Ok(writeln!(out, "{}", serde_json::to_string(&line)?)?)
}

fn measure(args: &Args) -> Result<Line> {
    let changes = [
        format!("zero.steps={}", args.steps),
        "zero.checkpoint_every=50".to_owned(),
        "zero.lr=1e-12".to_owned(),
    ];
    let preset = Preset::load("smoke", &changes)?;
    let dir = tempfile::tempdir()?;
    let options = Options {
        until: None,
        quiet: args.quiet,
        memory: None,
        stop: Stop::on_signals()?,
    };
    let run = Run::open(dir.path(), &preset, 1, options)?;
    let tasks = run.stage("0-tasks", Tasks::new(&preset.tasks, &preset.corpus))?;
    let shape = Shape::Mixture(&preset.model);
    let base = Pretrain::new(shape, &tasks, &preset.corpus, &preset.base);
    let base = run.stage("1-base", base)?;
    let began = Instant::now();
    // Watched until this end is dropped, by a panic too.
    let (end, over) = channel();
    let (seen, done) = std::thread::scope(move |scope| {
        let seen = scope.spawn(move || watch(&over));
        let rl = Rl::new(&base, &tasks, &preset.zero, &preset.rubric);
        let done = run.stage("2-r1-zero", rl);
        drop(end);
        (seen.join(), done)
    });
    done?;
    let seen = seen.ok().flatten();
    let seen = seen.context("this system does not say what a process holds")?;
    let (start, end) = ends(&seen).context("too short to be measured; give more --steps")?;
    Ok(Line {
        figure: "long_run",
        steps: args.steps,
        seconds: began.elapsed().as_secs_f64().round(),
        start,
        end,
        growth_percent: (1e4 * (end.rss_mb / start.rss_mb - 1.0)).round() / 100.0,
    })
}

/// What the process holds, every few milliseconds until it is over.
fn watch(over: &Receiver<()>) -> Option<Vec<Held>> {
    let mut seen = Vec::new();
    while over.recv_timeout(Duration::from_millis(5)) == Err(RecvTimeoutError::Timeout) {
        let entries = |dir: &str| Some(fs::read_dir(dir).ok()?.count() as f64);
        seen.push(Held {
            rss_mb: resident()? as f64 / 1e6,
            threads: entries("/proc/self/task")?,
            files: entries("/proc/self/fd")?,
        });
    }
    Some(seen)
}

/// Means over the second twentieth and the last.
fn ends(seen: &[Held]) -> Option<(Held, Held)> {
    let part = seen.len() / 20;
    let mean = |part: &[Held]| {
        let of = |value: fn(&Held) -> f64| {
            let mean = part.iter().map(value).sum::<f64>() / part.len() as f64;
            (1e2 * mean).round() / 1e2
        };
        Held {
            rss_mb: of(|held| held.rss_mb),
            threads: of(|held| held.threads),
            files: of(|held| held.files),
        }
    };
    (part > 0).then(|| {
        (
            mean(&seen[part..2 * part]),
            mean(&seen[seen.len() - part..]),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_the_second_twentieth_and_the_last() {
        let held = |rss_mb| Held {
            rss_mb,
            threads: 3.0,
            files: 9.0,
        };
        let seen: Vec<Held> = (0..40).map(|at| held(f64::from(at))).collect();
        assert_eq!(ends(&seen), Some((held(2.5), held(38.5))));
        assert_eq!(ends(&seen[..19]), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn steps_are_taken_and_measured() {
        let args = Args {
            steps: 20,
            quiet: true,
        };
        let line = measure(&args).unwrap();
        assert!(line.start.rss_mb > 1.0 && line.start.threads >= 1.0 && line.start.files >= 1.0);
        let args = Args { steps: 19, ..args };
        assert!(run(&args).unwrap_err().is::<UsageError>());
    }
}
