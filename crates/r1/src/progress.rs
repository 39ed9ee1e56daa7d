//! What a person sees while stages run: a bar on a terminal, now and then a line elsewhere.
//!
//! Everything goes to standard error; standard output is for results.

use std::io::{IsTerminal, Write, stderr};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How often a line is written where there is no terminal.
const EVERY: Duration = Duration::from_secs(10);

/// Where progress is shown, if anywhere.
#[derive(Debug, Clone)]
pub(crate) enum Console {
    /// Nowhere.
    Quiet,
    /// On a terminal: bars at the bottom, lines above them.
    Terminal(MultiProgress),
    /// In a file or a pipe.
    Plain,
}

impl Console {
    pub(crate) fn new(quiet: bool) -> Self {
        if quiet {
            Self::Quiet
        } else if stderr().is_terminal() {
            Self::Terminal(MultiProgress::with_draw_target(ProgressDrawTarget::stderr()))
        } else {
            Self::Plain
        }
    }

    /// Writes one line. A console that cannot be written to must not end a run.
    pub(crate) fn line(&self, text: &str) {
        match self {
            Self::Quiet => {}
            Self::Terminal(bars) => drop(bars.println(text)),
            Self::Plain => drop(writeln!(stderr().lock(), "{text}")),
        }
    }

    pub(crate) fn progress(&self, name: &str, total: usize, unit: &'static str) -> Progress {
        Progress(match self {
            Self::Quiet => Shown::Nowhere,
            Self::Terminal(bars) => Shown::Bar(bars.add(bar(name, total, unit))),
            Self::Plain => Shown::Lines(Mutex::new(Counter {
                name: name.to_owned(),
                unit,
                total,
                done: 0,
                message: String::new(),
                began: Instant::now(),
                shown: Instant::now(),
            })),
        })
    }
}

/// How far along a piece of work is; it disappears when dropped.
#[derive(Debug)]
pub struct Progress(Shown);

#[derive(Debug)]
enum Shown {
    Nowhere,
    Bar(ProgressBar),
    Lines(Mutex<Counter>),
}

impl Progress {
    /// Counts `n` more as done.
    pub fn inc(&self, n: usize) {
        match &self.0 {
            Shown::Nowhere => {}
            Shown::Bar(bar) => bar.inc(n as u64),
            Shown::Lines(counter) => lock(counter).inc(n),
        }
    }

    /// Shows a few words beside the count, as in `loss 2.31`.
    pub fn set_message(&self, message: impl Into<String>) {
        match &self.0 {
            Shown::Nowhere => {}
            Shown::Bar(bar) => bar.set_message(message.into()),
            Shown::Lines(counter) => lock(counter).message = message.into(),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Shown::Bar(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

#[derive(Debug)]
struct Counter {
    name: String,
    unit: &'static str,
    total: usize,
    done: usize,
    message: String,
    began: Instant,
    shown: Instant,
}

impl Counter {
    fn inc(&mut self, n: usize) {
        self.done += n;
        if self.shown.elapsed() >= EVERY {
            self.shown = Instant::now();
            Console::Plain.line(&self.line(self.began.elapsed()));
        }
    }

    fn line(&self, elapsed: Duration) -> String {
        let Self {
            name,
            unit,
            total,
            done,
            message,
            ..
        } = self;
        let rate = *done as f64 / elapsed.as_secs_f64().max(1e-9);
        let left = total.saturating_sub(*done) as f64 / rate.max(1e-9);
        let mut line = format!("{name}: {done}/{total} {unit}, {rate:.2}/s");
        if *done > 0 && done < total {
            line += &format!(", {} left", duration(left));
        }
        if !message.is_empty() {
            line += &format!(", {message}");
        }
        line
    }
}

/// Seconds as a person says them: `4.2 s`, `3 min 20 s`, `2 h 05 min`.
pub(crate) fn duration(seconds: f64) -> String {
    let whole = seconds.max(0.0).round() as u64;
    match whole {
        0..10 => format!("{:.1} s", seconds.max(0.0)),
        10..60 => format!("{whole} s"),
        60..3600 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3600, whole % 3600 / 60),
    }
}

fn bar(name: &str, total: usize, unit: &'static str) -> ProgressBar {
    let template =
        "{prefix:20} {bar:28.cyan/238} {pos}/{len} {unit} · {per_sec} · {eta} left  {msg}"
            .replace("{unit}", unit);
    let style = ProgressStyle::with_template(&template)
        .expect("the template is a constant")
        .progress_chars("━╸─");
    ProgressBar::new(total as u64)
        .with_style(style)
        .with_prefix(name.to_owned())
}

fn lock(counter: &Mutex<Counter>) -> MutexGuard<'_, Counter> {
    counter.lock().expect("no thread panics while counting")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counter(done: usize, message: &str) -> Counter {
        Counter {
            name: "1-base".into(),
            unit: "steps",
            total: 400,
            done,
            message: message.into(),
            began: Instant::now(),
            shown: Instant::now(),
        }
    }

    #[test]
    fn a_line_says_rate_and_time_left() {
        let elapsed = Duration::from_secs(50);
        // 100 in 50 s: 2/s, and 300 more take 150 s.
        assert_eq!(
            counter(100, "loss 2.31").line(elapsed),
            "1-base: 100/400 steps, 2.00/s, 2 min 30 s left, loss 2.31"
        );
        assert_eq!(counter(0, "").line(elapsed), "1-base: 0/400 steps, 0.00/s");
        assert_eq!(
            counter(400, "").line(elapsed),
            "1-base: 400/400 steps, 8.00/s"
        );
    }

    #[test]
    fn durations_grow_with_their_unit() {
        let shown = [4.25, 59.6, 200.0, 7500.0].map(duration);
        assert_eq!(shown, ["4.2 s", "1 min 00 s", "3 min 20 s", "2 h 05 min"]);
    }

    #[test]
    fn every_console_counts() {
        for console in [
            Console::Quiet,
            Console::Plain,
            Console::Terminal(MultiProgress::new()),
        ] {
            let progress = console.progress("x", 2, "steps");
            progress.set_message("m");
            progress.inc(2);
        }
    }
}
