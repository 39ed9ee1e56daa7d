//! The training set: what the filter kept with general data in proportion, and its card.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::ops::ControlFlow;

use anyhow::Result;
use corpus::SourceError;
use data::dataset::{Dataset, Fault};
use data::files::sha256;
use data::{Problem, Sample};
use distill::assembly::{
    AssemblyError, AssemblySettings, Entry, HeldOut, Input, Progress, Side, assemble_to,
};
use serde_json::{Value, json};

use super::filter::SAMPLES;
use super::groups::error_of;
use crate::Artifact;
use crate::source;
use crate::stage::{Stage, StageContext};

/// The set.
pub(super) struct Set<'a> {
    pub(super) curated: &'a Artifact,
    /// The teacher's name, and the terms under which its words may be used.
    pub(super) teacher: (&'a str, &'a str),
    /// General data by name, with its terms.
    pub(super) general: Option<(&'a str, &'a Dataset, &'a str)>,
    pub(super) against: &'a [HeldOut],
    /// Those that samples answer, for their levels.
    pub(super) problems: &'a [Problem],
    pub(super) settings: &'a AssemblySettings,
}

impl Stage for Set<'_> {
    fn inputs(&self) -> Vec<&Artifact> {
        vec![self.curated]
    }

    fn settings(&self) -> Value {
        let general = self.general.map(|(name, dataset, licence)| {
            json!({ "name": name, "sha256": source::digest(dataset), "licence": licence })
        });
        json!({
            "teacher": self.teacher,
            "general": general,
            "against": sha256(&serde_json::to_vec(self.against).expect("texts are JSON")),
            "settings": self.settings,
        })
    }

    fn describe(&self) -> &'static str {
        "assembling the training set"
    }

    fn run(&self, cx: &StageContext) -> Result<()> {
        let path = self.curated.file(SAMPLES);
        let file = File::open(&path).map_err(|error| error_of(&path, error))?;
        let levels = self.problems.iter().map(|it| (&*it.id, it.level));
        let levels: HashMap<&str, u32> = levels.collect();
        let samples = BufReader::new(file).lines().map(|line| {
            let sample: Sample = serde_json::from_str(&line?)?;
            let level = levels.get(&*sample.id).copied();
            let entry = Entry::from(sample);
            Ok::<_, SourceError>(Entry { level, ..entry })
        });
        let (name, licence) = self.teacher;
        let mut inputs = vec![Input::new(name, licence, Side::Reasoning, samples)];
        if let Some((name, dataset, licence)) = self.general {
            let usable = dataset
                .records::<Entry>()
                .filter_map(|record| match record {
                    Ok(entry) => Some(Ok(entry)),
                    Err(Fault::Skipped(_)) => None,
                    Err(Fault::Failed(error)) => Some(Err(error.into())),
                });
            inputs.push(Input::new(name, licence, Side::General, usable));
        }
        let steps = cx.in_steps();
        let progress = cx.progress(0, "entries");
        let mut shown = 0;
        let told = &mut |step| {
            let (done, words) = match step {
                Progress::Judged(read) => (read as usize, "judging".to_owned()),
                Progress::Compared(bands) => (shown, format!("{bands} bands compared")),
                Progress::Written(done, all) => (shown, format!("{done} of {all} written")),
            };
            progress.inc(done.saturating_sub(shown));
            shown = shown.max(done);
            progress.set_message(words);
            match steps.must_end() {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        };
        let card = assemble_to(&cx.dir, self.settings, self.against, inputs, told);
        if let (Err(AssemblyError::Stopped), Some(stops)) = (&card, cx.stops()) {
            return Err(stops.into());
        }
        let card = card?;
        let (train, validation) = (card.train, card.validation);
        cx.log(format!(
            "{train} samples to learn from, {validation} to validate with"
        ));
        Ok(())
    }
}
