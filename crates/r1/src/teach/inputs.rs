//! The files a distillation reads, and what they are known by.

use std::path::Path;

use anyhow::{Result, ensure};
use data::dataset::{ColumnMap, Dataset, Fault};
use data::files::sha256;
use data::{Problem, Record, import};
use distill::assembly::{Entry, HeldOut};
use eval::{Protocol, TaskSet, benchmarks};

use super::arguments::Teach;
use crate::progress::Console;
use crate::source::{self, Unused};
use crate::usage::UsageError;

/// What was given to ask, to learn and to keep out.
pub(super) struct Inputs {
    /// In the order of the file.
    pub(super) problems: Vec<Problem>,
    pub(super) general: Option<Dataset>,
    /// The problems to measure on.
    pub(super) held_out: Option<TaskSet>,
    /// Whatever must not be learned from, the held-out problems among it.
    pub(super) against: Vec<HeldOut>,
}

impl Inputs {
    /// Reads everything but the general data, which is only opened.
    ///
    /// # Errors
    /// A column map that is none ([`UsageError`]); a file that cannot be read or holds nothing usable.
    pub(super) fn read(
        args: &Teach,
        most: usize,
        protocol: &Protocol,
        console: &Console,
    ) -> Result<Self> {
        let columns: ColumnMap = args
            .columns
            .parse()
            .map_err(|error| UsageError(format!("--columns: {error}")))?;
        let prompts = existing("the problems", &args.prompts)?;
        let general = args.general.as_deref();
        let general = general
            .map(|name| existing("--general", name))
            .transpose()?;
        let dataset = source::dataset(prompts, columns.clone(), console)?;
        let imported = import::all(&dataset)?;
        let unused = Unused::default();
        for record in &imported.skipped {
            unused.note(record, |text| console.line(text));
        }
        if unused.count() > 0 {
            console.line(&format!("{prompts}: {} records skipped", unused.count()));
        }
        let mut problems = imported.problems;
        problems.truncate(most);
        let general = general.map(|name| source::dataset(name, columns, console));
        let mut against = Vec::new();
        for name in &args.against {
            against.push(HeldOut {
                name: name.clone(),
                texts: texts(existing("--against", name)?, console)?,
            });
        }
        let held_out = match &args.held_out {
            Some(path) => {
                existing("--held-out", &path.to_string_lossy())?;
                let known = benchmarks::all();
                let benchmark = benchmarks::find(&known, BENCHMARK)?;
                Some(TaskSet::load(benchmark, path, protocol)?)
            }
            None => None,
        };
        if let Some(set) = &held_out {
            against.push(HeldOut {
                name: "held out".into(),
                texts: set
                    .tasks
                    .iter()
                    .map(|it| it.problem.question.clone())
                    .collect(),
            });
        }
        Ok(Self {
            problems,
            general: general.transpose()?,
            held_out,
            against,
        })
    }

    /// SHA-256 of the problems.
    pub(super) fn digest(&self) -> String {
        sha256(&serde_json::to_vec(&self.problems).expect("problems are JSON"))
    }
}

/// The benchmark a file of problems is measured as.
pub(super) const BENCHMARK: &str = "problems";

/// A name whose file is here, or of the hub.
fn existing<'a>(what: &str, name: &'a str) -> Result<&'a str, UsageError> {
    match source::on_hub(Path::new(name)).is_some() || Path::new(name).exists() {
        true => Ok(name),
        false => Err(UsageError(format!(
            "{what}: there is no {name}; give a file (JSON Lines, JSON, Parquet), a folder of such, or \
             hub:OWNER/NAME:CONFIG/SPLIT"
        ))),
    }
}

/// The texts of an evaluation: questions, where there are any.
fn texts(name: &str, console: &Console) -> Result<Vec<String>> {
    let mut texts = Vec::new();
    for record in source::dataset(name, ColumnMap::default(), console)?.records::<Record>() {
        match record {
            Ok(Record::Problem(problem)) => texts.push(problem.question),
            Ok(Record::Conversation(talk)) => {
                texts.extend(Entry::from(talk).question().map(str::to_owned));
            }
            Ok(Record::Text(text)) => texts.push(text.text),
            Err(Fault::Skipped(record)) => console.line(&format!("left out: {record}")),
            Err(Fault::Failed(error)) => return Err(error.into()),
        }
    }
    ensure!(!texts.is_empty(), "{name} has no text to keep out");
    Ok(texts)
}
