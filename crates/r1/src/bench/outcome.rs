//! What every benchmark leaves: its numbers for programs, a page for people, a table for the
//! terminal.

use std::fmt::Display;
use std::io::Write as _;
use std::path::Path;

use anyhow::Result;
use serde::Serialize;

use crate::preset::Preset;
use crate::report::put;
use crate::run::RECIPE_VERSION;

/// What was run; the first fields of `results.json`.
#[derive(Debug, Serialize)]
pub(super) struct About {
    benchmark: &'static str,
    /// The preset it started from.
    pub(super) preset: String,
    /// What was changed in it, as `section.key=value`.
    pub(super) changes: Vec<String>,
    version: &'static str,
    recipe: u32,
}

impl About {
    pub(super) fn new(benchmark: &'static str, preset: &Preset, changes: Vec<String>) -> Self {
        Self {
            benchmark,
            preset: preset.name.clone(),
            changes,
            version: env!("CARGO_PKG_VERSION"),
            recipe: RECIPE_VERSION,
        }
    }
}

/// Writes `results.json` and `curves.html` into `dir`, and shows the results on the terminal.
pub(super) fn leave(dir: &Path, results: &(impl Serialize + Display), page: String) -> Result<()> {
    let json = serde_json::to_string_pretty(results)? + "\n";
    put(&dir.join("results.json"), json)?;
    let curves = dir.join("curves.html");
    put(&curves, page)?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{results}")?;
    writeln!(out, "{}", curves.display())?;
    Ok(())
}
