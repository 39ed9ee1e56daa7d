//! Two models on the same tasks: what their difference is worth.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use eval::{GRADES, Graded, Manifest, compare};

use crate::stages::files::read_lines;

/// Says how the first measurement differs from each further one of the same tasks, problem by problem.
///
/// # Errors
/// Grades that cannot be read.
pub(super) fn tell(measured: &[(&Path, &Manifest)], mut out: impl Write) -> Result<()> {
    let [(first, manifest), others @ ..] = measured else {
        return Ok(());
    };
    let same = |other: &Manifest| {
        let (one, other) = (&manifest.plan, &other.plan);
        one.benchmark == other.benchmark && one.tasks.sha256 == other.tasks.sha256
    };
    let mut others = others.iter().filter(|(_, other)| same(other)).peekable();
    if others.peek().is_none() {
        return Ok(());
    }
    let ours = grades(first)?;
    for (dir, other) in others {
        let found = compare(&ours, &grades(dir)?, manifest.plan.seed);
        let Some(found) = found else { continue };
        let (one, other) = (manifest.plan.model.name(), other.plan.model.name());
        let [low, high] = found.ci95.map(|end| 100.0 * end);
        writeln!(
            out,
            "\n{one} against {other}, {}: {:+.1} points ({low:+.1} to {high:+.1}), p = {:.4}, paired by {} problems",
            manifest.plan.benchmark,
            100.0 * found.difference,
            found.p_value,
            found.problems
        )?;
    }
    Ok(())
}

/// The grades that count of a measurement: of each sample the last.
fn grades(dir: &Path) -> Result<Vec<Graded>> {
    let path = dir.join(GRADES);
    let mut grades: Vec<Graded> = read_lines(&path).context("comparing two measurements")?;
    grades.retain(|graded| !graded.followed_up);
    Ok(grades)
}
