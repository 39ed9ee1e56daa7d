//! Judges the reference programs of a problem file by its own tests, and says how many pass and how
//! many a second.
//!
//! ```sh
//! cargo run --release -p rewards --example programs -- HumanEval.jsonl.gz
//! ```
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use data::Problem;
use data::import::programs;
use rewards::code::Limits;
use rewards::{Code, Reward};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args()
        .nth(1)
        .ok_or("usage: programs FILE, a file of problems with tests")?;
    let mut problems = programs(&path)?.problems;
    problems.retain(|problem| problem.solution.is_some());
    let limits = Limits {
        cpu: Duration::from_secs(60),
        wall: Duration::from_secs(120),
        ..Limits::default()
    };
    let code = Code::new(limits);
    code.sandbox()?;
    let threads = std::thread::available_parallelism()?.get();
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(Vec::new());
    let work = || {
        while let Some(problem) = problems.get(next.fetch_add(1, Ordering::Relaxed)) {
            let verdict = code.score(problem, &response(problem));
            if verdict.score() != Some(1.0) {
                let line = format!("{}: {:?} {}", problem.id, verdict.score(), verdict.reason());
                failed.lock().map(|mut failed| failed.push(line)).ok();
            }
        }
    };
    let began = Instant::now();
    std::thread::scope(|scope| {
        (0..threads).for_each(|_| {
            scope.spawn(work);
        });
    });
    let seconds = began.elapsed().as_secs_f64();
    let failed = failed.into_inner()?;
    failed.iter().for_each(|line| println!("{line}"));
    let (count, passed) = (problems.len(), problems.len() - failed.len());
    let rate = count as f64 / seconds;
    println!("{passed} of {count} pass; {rate:.1} programs a second with {threads} at a time");
    Ok(())
}

fn response(problem: &Problem) -> String {
    let solution = problem.solution.as_deref().unwrap_or_default();
    format!("```python\n{solution}\n```")
}
