//! Problems and samples from files and from the hub. What cannot be used is said and counted, and the first
//! record is shown, for people to see what is going to be learned.

use std::path::Path;

use anyhow::{Result, ensure};
use data::dataset::{ColumnMap, Dataset, Fault, Skipped};
use data::{Problem, Sample, import};

use super::judging;
use crate::source;
use crate::stage::StageContext;

/// Records that are said one by one.
const SAID: usize = 5;

/// Characters of a record that are shown.
const SHOWN: usize = 2000;

/// All problems of the source `name`.
///
/// # Errors
/// A source that cannot be read or has no usable problem; programs to run where there is no isolation.
pub(super) fn problems(name: &str, columns: &ColumnMap, cx: &StageContext) -> Result<Vec<Problem>> {
    let dataset = open(name, columns, cx)?;
    let imported = import::all(&dataset)?;
    if judging::has_programs(&imported.problems) {
        // Before anything is trained: without isolation nothing would be judged.
        judging::sandbox(Path::new(name))?;
    }
    let mut skipped = SkippedRecords::default();
    imported.skipped.iter().for_each(|it| skipped.note(it, cx));
    skipped.end(name, cx);
    show(name, &dataset.sample::<Problem>()?, cx);
    Ok(imported.problems)
}

/// The first `limit` samples of the source `name`.
///
/// # Errors
/// A source that cannot be read, or has no conversation of one question and one response.
pub(super) fn samples(
    name: &str,
    columns: &ColumnMap,
    limit: usize,
    cx: &StageContext,
) -> Result<Vec<Sample>> {
    let dataset = open(name, columns, cx)?;
    let mut samples = Vec::new();
    let mut skipped = SkippedRecords::default();
    for record in dataset.records::<Sample>() {
        if samples.len() == limit {
            break;
        }
        match record {
            Ok(sample) => samples.push(sample),
            Err(Fault::Skipped(record)) => skipped.note(&record, cx),
            Err(Fault::Failed(error)) => return Err(error.into()),
        }
    }
    skipped.end(name, cx);
    ensure!(!samples.is_empty(), "{name}: no usable record");
    show(name, &dataset.sample::<Sample>()?, cx);
    Ok(samples)
}

/// The bytes of the source `name`, by which a change of it is seen; `None` where it is not here.
pub(super) fn bytes(name: &str) -> Option<u64> {
    if name.is_empty() || source::on_hub(Path::new(name)).is_some() {
        return None;
    }
    let dataset = Dataset::open(name).ok()?;
    let lengths = dataset
        .files()
        .map(|file| Some(std::fs::metadata(file).ok()?.len()));
    lengths.sum()
}

fn open(name: &str, columns: &ColumnMap, cx: &StageContext) -> Result<Dataset> {
    source::dataset(name, columns.clone(), cx.console())
}

fn show(name: &str, record: &str, cx: &StageContext) {
    let mut shown: String = record.chars().take(SHOWN).collect();
    if shown.len() < record.len() {
        shown.push('…');
    }
    cx.log(format!("the first record of {name}:\n{shown}"));
}

/// Says the first records that cannot be used, and how many there were.
#[derive(Default)]
struct SkippedRecords(usize);

impl SkippedRecords {
    fn note(&mut self, record: &Skipped, cx: &StageContext) {
        self.0 += 1;
        if self.0 <= SAID {
            cx.log(record.to_string());
        }
    }

    fn end(self, name: &str, cx: &StageContext) {
        if self.0 > 0 {
            cx.log(format!("{name}: {} records skipped", self.0));
        }
    }
}
