//! Problems and samples from files and from the hub. What cannot be used is said and counted, and the first
//! record is shown, for people to see what is going to be learned.

use std::path::Path;

use anyhow::Result;
use data::dataset::{ColumnMap, Dataset, Fault, FromRow};
use data::{Problem, Sample, import};
use distill::HeldOutQuestions;

use super::judging;
use crate::source::{self, Unused};
use crate::stage::StageContext;

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
    let unused = Unused::default();
    for record in &imported.skipped {
        unused.note(record, |text| cx.log(text));
    }
    show(name, &unused, imported.problems.first(), cx);
    Ok(imported.problems)
}

/// The first `limit` samples of the source `name` that are not `held_out`.
///
/// # Errors
/// A source that cannot be read, or has no conversation of one question and one response.
pub(super) fn samples(
    name: &str,
    columns: &ColumnMap,
    limit: usize,
    held_out: &HeldOutQuestions,
    cx: &StageContext,
) -> Result<Vec<Sample>> {
    let dataset = open(name, columns, cx)?;
    let (mut samples, mut held) = (Vec::new(), 0);
    let unused = Unused::default();
    for record in dataset.records::<Sample>() {
        if samples.len() == limit {
            break;
        }
        match record {
            Ok(sample) if held_out.check(&sample).is_err() => held += 1,
            Ok(sample) => samples.push(sample),
            Err(Fault::Skipped(record)) => unused.note(&record, |text| cx.log(text)),
            Err(Fault::Failed(error)) => return Err(error.into()),
        }
    }
    if held > 0 {
        cx.log(format!("{name}: {held} samples are held out and dropped"));
    }
    show(name, &unused, samples.first(), cx);
    Ok(samples)
}

/// What the content of the source `name` is known by; `None` where it is not here.
pub(super) fn digest(name: &str) -> Option<String> {
    if name.is_empty() || source::on_hub(Path::new(name)).is_some() {
        return None;
    }
    source::digest(&Dataset::open(name).ok()?)
}

fn open(name: &str, columns: &ColumnMap, cx: &StageContext) -> Result<Dataset> {
    source::dataset(name, columns.clone(), cx.console())
}

/// Says what was left out of a source, and shows what was not.
fn show(name: &str, unused: &Unused, first: Option<&impl FromRow>, cx: &StageContext) {
    if unused.count() > 0 {
        cx.log(format!("{name}: {} records skipped", unused.count()));
    }
    if let Some(first) = first {
        let shown = source::beginning(&first.show(), SHOWN);
        cx.log(format!("the first record of {name}:\n{shown}"));
    }
}
