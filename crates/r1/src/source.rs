//! Models and data sets by name: a path on this machine, or `hub:…` for what the Hugging Face hub has, which is
//! fetched into the cache that its other clients use, with progress.

use std::cell::Cell;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::Result;
use data::dataset::{ColumnMap, Dataset, Skipped};
use data::files::{sha256, sha256_of};
use data::hub::Hub;

use crate::usage::UsageError;

use crate::progress::{Console, Progress};

/// What names something of the hub.
const HUB: &str = "hub:";

/// What a name says of the hub, if anything.
pub(crate) fn on_hub(name: &Path) -> Option<&str> {
    name.to_str()?.strip_prefix(HUB)
}

/// Where a model is, once it is here.
///
/// # Errors
/// A model that the hub does not give and the cache does not have.
pub(crate) fn model(name: &Path, console: &Console) -> Result<PathBuf> {
    let Some(id) = on_hub(name) else {
        return Ok(name.to_owned());
    };
    let found = hub(console)?.model(id)?;
    let how = if found.cached { ", from the cache" } else { "" };
    console.line(&format!("{}: commit {}{how}", name.display(), found.commit));
    Ok(found.dir)
}

/// Whether there may be a data set of this name: a file or folder that is there, or one of the hub.
///
/// # Errors
/// [`UsageError`] where there is none.
pub(crate) fn exists(name: &str) -> Result<(), UsageError> {
    if on_hub(Path::new(name)).is_some() || Path::new(name).exists() {
        return Ok(());
    }
    Err(UsageError(format!(
        "there is no {name}; give a file (JSON Lines, JSON, Parquet), a folder of such, or \
         hub:OWNER/NAME:CONFIG/SPLIT"
    )))
}

/// A data set with names for its columns.
///
/// # Errors
/// A folder without a file to read; a data set that the hub does not give and the cache does not have.
pub(crate) fn dataset(name: &str, columns: ColumnMap, console: &Console) -> Result<Dataset> {
    let dataset = match on_hub(Path::new(name)) {
        Some(id) => hub(console)?.dataset(id)?,
        None => Dataset::open(name)?,
    };
    Ok(dataset.with_columns(columns))
}

/// Bytes of the files of a data set; `None` where one is not there.
pub(crate) fn bytes(dataset: &Dataset) -> Option<u64> {
    let lengths = dataset
        .files()
        .map(|file| Some(std::fs::metadata(file).ok()?.len()));
    lengths.sum()
}

/// SHA-256 of those of the files of a data set, in their order; `None` where one cannot be read.
pub(crate) fn digest(dataset: &Dataset) -> Option<String> {
    let hashes = dataset.files().map(|file| {
        let file = File::open(file).ok()?;
        sha256_of(file).ok()
    });
    let hashes: Vec<String> = hashes.collect::<Option<_>>()?;
    Some(sha256(hashes.concat().as_bytes()))
}

/// The beginning of a text, `characters` of them at most.
pub(crate) fn beginning(text: &str, characters: usize) -> String {
    let mut shown: String = text.chars().take(characters).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

/// Counts records that cannot be used, and says the first of them.
#[derive(Debug, Default)]
pub(crate) struct Unused(Cell<usize>);

impl Unused {
    /// Records that are said one by one.
    const SAID: usize = 5;

    /// Counts `record`, and has it said while there are few.
    pub(crate) fn note(&self, record: &Skipped, say: impl FnOnce(&str)) {
        self.0.set(self.0.get() + 1);
        if self.0.get() <= Self::SAID {
            say(&record.to_string());
        }
    }

    /// How many there were.
    pub(crate) fn count(&self) -> usize {
        self.0.get()
    }
}

/// The hub that the environment names.
fn hub(console: &Console) -> Result<Hub> {
    let shown = Mutex::new(None::<Download>);
    let console = console.clone();
    let hub = Hub::from_env()?.with_progress(move |file, done, all| {
        let mut shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
        let goes_on = shown.take().filter(|download| download.file == file);
        let download = shown.insert(goes_on.unwrap_or_else(|| Download {
            file: file.to_owned(),
            bar: console.progress(file, megabytes(all), "MB"),
            done: 0,
        }));
        let now = megabytes(done);
        download.bar.inc(now.saturating_sub(download.done));
        download.done = now;
    });
    Ok(hub)
}

/// A file on its way.
struct Download {
    file: String,
    bar: Progress,
    /// Megabytes that are shown.
    done: usize,
}

fn megabytes(bytes: u64) -> usize {
    bytes.div_ceil(1_000_000) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_data_set_is_known_by_what_is_in_it() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
        write("a.jsonl", "{\"text\": \"1\"}");
        write("b.jsonl", "{\"text\": \"2\"}");
        let digest = || digest(&Dataset::open(dir.path()).unwrap());
        let before = digest();
        assert!(before.is_some());
        assert_eq!(digest(), before);
        write("b.jsonl", "{\"text\": \"3\"}");
        assert_ne!(digest(), before, "it is as long as it was");
    }
}
