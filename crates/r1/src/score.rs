//! Scoring responses from a file: `r1 score`.
//!
//! One JSON object a line, `{id, problem, gold, completion, language?, opts?}`; for each, in order,
//! `{id, accuracy, format, language, total, rule}`: every part without its weight, `null` where it
//! could not be judged, and `total` then `null` as well, since it is no measure of the response.
//! Further terms stand in `extra`, reasons for what is `null` in `unjudged`.

mod arguments;
mod row;
mod summary;

use std::io::{BufRead, BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use rayon::prelude::*;
use rewards::Rubric;

pub use arguments::Score;
use row::{Row, Scored};
use summary::Summary;

use crate::usage;

/// Lines that are read before they are scored, side by side.
const AT_A_TIME: usize = 1024;

/// Scores every line of the file: scores to the standard output, their means to the standard error.
///
/// # Errors
/// A file that does not exist, weights and terms that cannot be
/// ([`UsageError`](usage::UsageError)); a file without a line; a line that is no such object, with
/// its number, once those before it are scored.
pub fn run(score: &Score) -> Result<()> {
    let path = score.file.as_path();
    let lines = usage::open(path)?;
    let rubric = score.rubric()?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    let summary = score_lines(lines, &mut out, path, &rubric);
    out.flush()?;
    writeln!(std::io::stderr(), "{}", summary?)?;
    Ok(())
}

fn score_lines(
    lines: impl BufRead,
    out: &mut impl Write,
    path: &Path,
    rubric: &Rubric,
) -> Result<Summary> {
    let mut summary = Summary::default();
    let mut lines = lines.lines().enumerate();
    loop {
        let mut rows = Vec::with_capacity(AT_A_TIME);
        let mut failed = None;
        for (index, line) in lines.by_ref() {
            let place = || format!("{}, line {}", path.display(), index + 1);
            match line.with_context(place) {
                Ok(line) if line.trim().is_empty() => continue,
                Ok(line) => match Row::read(&line).with_context(place) {
                    Ok(row) => rows.push(row),
                    Err(error) => failed = Some(error),
                },
                Err(error) => failed = Some(error),
            }
            if failed.is_some() || rows.len() == AT_A_TIME {
                break;
            }
        }
        let scored: Vec<Scored> = rows.par_iter().map(|row| row.score(rubric)).collect();
        for scored in &scored {
            serde_json::to_writer(&mut *out, scored)?;
            writeln!(out)?;
            summary.count(scored);
        }
        if let Some(error) = failed {
            return Err(error);
        }
        if rows.len() < AT_A_TIME {
            ensure!(
                summary.lines() > 0,
                "{}: there are no responses; write one JSON object a line, {{\"id\", \"problem\", \
                 \"gold\", \"completion\"}}",
                path.display()
            );
            return Ok(summary);
        }
    }
}

#[cfg(test)]
mod tests;
