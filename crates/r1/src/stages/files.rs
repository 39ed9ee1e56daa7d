//! JSON and JSON lines inside a stage's directory.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result};
use data::files::{partial, settle};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub(crate) fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(value)? + "\n";
    std::fs::write(path, text).with_context(|| format!("writing {}", path.display()))
}

pub(crate) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| path.display().to_string())
}

/// Writes a file that is whole and on the disk, or is not there.
pub(crate) fn write_lines<T: Serialize>(path: &Path, records: &[T]) -> Result<()> {
    let write = || -> Result<()> {
        let mut file = BufWriter::new(File::create(partial(path))?);
        for record in records {
            serde_json::to_writer(&mut file, record)?;
            writeln!(file)?;
        }
        settle(file.into_inner()?, path).map_err(|(_, error)| error)?;
        Ok(())
    };
    write().with_context(|| format!("writing {}", path.display()))
}

pub(crate) fn read_lines<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>> {
    let file = File::open(path).with_context(|| format!("opening {}", path.display()))?;
    let lines = BufReader::new(file).lines().enumerate();
    lines
        .map(|(i, line)| {
            let place = || format!("{} line {}", path.display(), i + 1);
            serde_json::from_str(&line.with_context(place)?).with_context(place)
        })
        .collect()
}
