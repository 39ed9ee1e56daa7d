//! Rule check and semantic filter over everything the teacher said.

use std::iter::Peekable;

use anyhow::Result;
use distill::{CurateConfig, Curator, Embed, Means, Surprise};
use serde_json::{Value, json};

use super::groups::{Group, RESPONSES, error_of, read};
use super::meaning::{Reference, Vectors};
use crate::Artifact;
use crate::stage::{Stage, StageContext};
use crate::stages::files::write_json;

/// What passed, one sample a line.
pub(super) const SAMPLES: &str = "samples.jsonl";
/// How many each gate stopped, with examples.
pub(super) const CURATION: &str = "curation.json";

/// What is kept of the responses.
pub(super) struct Filter<'a> {
    pub(super) sampled: &'a Artifact,
    pub(super) hinted: Option<&'a Artifact>,
    pub(super) config: &'a CurateConfig,
    pub(super) encoder: Option<&'a Vectors>,
    pub(super) reference: Option<&'a Reference>,
    /// Problems there are.
    pub(super) problems: usize,
}

impl Stage for Filter<'_> {
    fn inputs(&self) -> Vec<&Artifact> {
        [Some(self.sampled), self.hinted]
            .into_iter()
            .flatten()
            .collect()
    }

    fn settings(&self) -> Value {
        json!({
            "config": self.config,
            "encoder": self.encoder.map(|it| &it.sha256),
            "reference": self.reference.map(|it| &it.sha256),
        })
    }

    fn describe(&self) -> &'static str {
        "rule check and semantic filter"
    }

    fn run(&self, cx: &StageContext) -> Result<()> {
        let reader = self.reference.map(Reference::load).transpose()?;
        let means = Means {
            embed: self.encoder.map(|it| it as &dyn Embed),
            surprise: reader.as_ref().map(|it| it as &dyn Surprise),
        };
        let mut curator = Curator::new(self.config, means);
        let path = cx.dir.join(SAMPLES);
        let mut file = create(&path)?;
        let progress = cx.progress(self.problems, "problems");
        let mut kept = 0;
        let hinted = self
            .hinted
            .map(|it| read(&it.file(RESPONSES)))
            .transpose()?;
        let groups = joined(
            read(&self.sampled.file(RESPONSES))?,
            hinted.into_iter().flatten(),
        );
        for group in groups {
            let group = group?;
            for sample in curator.add(&group.problem, &group.responses) {
                append(&mut file, &sample).map_err(|error| error_of(&path, error))?;
                kept += 1;
            }
            progress.inc(1);
            progress.set_message(format!("{kept} kept"));
        }
        std::io::Write::flush(&mut file).map_err(|error| error_of(&path, error))?;
        let report = curator.finish();
        cx.log(format!(
            "{} of {} responses kept",
            report.kept, report.sampled
        ));
        write_json(&cx.dir.join(CURATION), &report)
    }
}

fn create(path: &std::path::Path) -> Result<std::io::BufWriter<std::fs::File>> {
    let file = std::fs::File::create(path).map_err(|error| error_of(path, error))?;
    Ok(std::io::BufWriter::new(file))
}

fn append(file: &mut impl std::io::Write, value: &impl serde::Serialize) -> std::io::Result<()> {
    serde_json::to_writer(&mut *file, value)?;
    file.write_all(b"\n")
}

/// The problems of `first`, each with what `second`, some of them in the same order, has to add.
fn joined(
    first: impl Iterator<Item = Result<Group>>,
    second: impl Iterator<Item = Result<Group>>,
) -> impl Iterator<Item = Result<Group>> {
    let mut second: Peekable<_> = second.peekable();
    first.map(move |group| {
        let mut group = group?;
        let same = |it: &Result<Group>| {
            it.as_ref()
                .map_or(true, |it| it.problem.id == group.problem.id)
        };
        if let Some(more) = second.next_if(same) {
            group.responses.extend(more?.responses);
        }
        Ok(group)
    })
}
