//! Measurements of the same tasks, held against one another.

use std::path::Path;

use anyhow::{Context, Result};
use eval::{GRADES, Graded, Manifest, Pair};

use crate::stages::files::read_lines;

/// How the first measurement differs from each further one of the same tasks, problem by problem.
///
/// # Errors
/// Grades that cannot be read.
pub(super) fn found(measured: &[(&Path, &Manifest)]) -> Result<Vec<Pair>> {
    let [(dir, first), others @ ..] = measured else {
        return Ok(Vec::new());
    };
    let same = |other: &Manifest| {
        let (one, other) = (&first.plan, &other.plan);
        one.benchmark == other.benchmark && one.tasks.sha256 == other.tasks.sha256
    };
    let others: Vec<_> = others.iter().filter(|(_, other)| same(other)).collect();
    if others.is_empty() {
        return Ok(Vec::new());
    }
    let ours = grades(dir)?;
    let mut pairs = Vec::new();
    for (dir, other) in others {
        pairs.extend(Pair::of((first, &ours), (other, &grades(dir)?)));
    }
    Ok(pairs)
}

/// The grades that count of a measurement: of each sample the last.
fn grades(dir: &Path) -> Result<Vec<Graded>> {
    let path = dir.join(GRADES);
    let mut grades: Vec<Graded> = read_lines(&path).context("comparing two measurements")?;
    grades.retain(|graded| !graded.followed_up);
    Ok(grades)
}
