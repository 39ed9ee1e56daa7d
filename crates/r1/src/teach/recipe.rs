//! The parts of a distillation, in their order.

use anyhow::{Result, ensure};
use eval::Protocol;

use super::arguments::Teach;
use super::filter::{CURATION, Filter};
use super::inputs::Inputs;
use super::learning::{Learning, Reading};
use super::meaning::{Reference, Vectors};
use super::measuring::Measuring;
use super::outcome::{Measured, Outcome};
use super::sampling::{Asking, Hinting, Sampling};
use super::set::Set;
use super::settings::Settings;
use super::student::{Scratch, Student};
use super::teacher::Teacher;
use crate::Artifact;
use crate::preset::Logits;
use crate::run::Run;
use crate::stages::{Import, Means};

/// The parts in their order, by the names of their directories.
pub(super) const PARTS: [&str; 9] = [
    "1-sampling",
    "2-hints",
    "3-filter",
    "4-set",
    "5-student-base",
    "6-before",
    "7-logits",
    "8-student",
    "9-after",
];

/// All that is done, with what it is done on.
pub(super) struct Distillation<'a> {
    pub(super) args: &'a Teach,
    pub(super) settings: &'a Settings,
    pub(super) inputs: &'a Inputs,
    pub(super) teacher: &'a Teacher,
    pub(super) protocol: &'a Protocol,
    pub(super) logits: Option<&'a Logits>,
    pub(super) encoder: Option<&'a Vectors>,
    pub(super) reference: Option<&'a Reference>,
}

impl Distillation<'_> {
    /// Does every part that was asked for, and tells `outcome` of each.
    ///
    /// # Errors
    /// What a part fails with; [`crate::run::Stopped`] after the one to stop after.
    pub(super) fn carry_out(
        &self,
        run: &Run,
        student: Option<&Student>,
        outcome: &mut Outcome,
    ) -> Result<()> {
        let Self { args, settings, .. } = *self;

        // The teacher answers every problem, and again what it failed.
        let config = settings.sample();
        let asking = || Asking {
            teacher: self.teacher,
            inputs: self.inputs,
            config: &config,
            source: &args.prompts,
        };
        let sampled = run.stage(PARTS[0], Sampling(asking()))?;
        outcome.sampled(&sampled)?;
        let mut hinted = None;
        if args.hints {
            let hinting = Hinting {
                asking: asking(),
                hints: &settings.hints,
                sampled: &sampled,
                encoder: self.encoder,
            };
            let artifact = run.stage(PARTS[1], hinting)?;
            outcome.hinted(&artifact)?;
            hinted = Some(artifact);
        }

        // What is sound becomes a set.
        let filter = Filter {
            sampled: &sampled,
            hinted: hinted.as_ref(),
            config: &settings.curate(args.max_perplexity, self.encoder.is_some()),
            encoder: self.encoder,
            reference: self.reference,
            problems: self.inputs.problems.len(),
        };
        let curated = run.stage(PARTS[2], filter)?;
        outcome.curated(&curated)?;
        let stopped = outcome.stopped();
        ensure!(
            outcome.kept() > 0,
            "no response was kept ({stopped}); {} has examples of each gate",
            curated.file(CURATION).display()
        );
        let general = args.general.as_deref().zip(self.inputs.general.as_ref());
        let licence = &*settings.set.general_licence;
        let set = Set {
            curated: &curated,
            teacher: (&self.teacher.name, &settings.set.licence),
            general: general.map(|(name, dataset)| (name, dataset, licence)),
            against: &self.inputs.against,
            problems: &self.inputs.problems,
            settings: &settings.assembly(run.seed(), general.is_some()),
        };
        let set = run.stage(PARTS[3], set)?;
        outcome.assembled(&set)?;

        // The student learns it.
        let Some(student) = student else {
            return Ok(());
        };
        let base = match student {
            Student::Checkpoint(name) => run.stage(PARTS[4], Import::new(name))?,
            Student::Scratch(preset) => {
                let scratch = Scratch {
                    preset,
                    teacher: self.teacher.speaker(),
                    set: &set,
                };
                run.stage(PARTS[4], scratch)?
            }
        };
        outcome.before = self.measured(run, PARTS[5], &base)?;
        let mut soft = None;
        if let (Some(logits), Some(teacher)) = (self.logits, self.teacher.speaker()) {
            let reading = Reading {
                teacher,
                base: &base,
                set: &set,
                logits,
            };
            soft = Some((run.stage(PARTS[6], reading)?, logits));
        }
        let learning = Learning {
            base: &base,
            set: &set,
            soft: soft.as_ref().map(|(artifact, logits)| (artifact, *logits)),
            plan: &settings.sft,
            means: &Means::new(settings.memory.clone(), settings.lora.clone()),
        };
        let learned = run.stage(PARTS[7], learning)?;
        outcome.after = self.measured(run, PARTS[8], &learned)?;
        Ok(())
    }

    /// The student on the held-out problems, where there are any.
    fn measured(&self, run: &Run, part: &str, model: &Artifact) -> Result<Option<Measured>> {
        let Some(held_out) = &self.inputs.held_out else {
            return Ok(None);
        };
        let measuring = Measuring {
            model,
            held_out,
            protocol: self.protocol,
            seed: run.seed(),
            rows: self.args.rows,
        };
        let artifact = run.stage(part, measuring)?;
        Measured::of(&artifact).map(Some)
    }
}
