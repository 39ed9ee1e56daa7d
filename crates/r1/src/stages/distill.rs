//! Distillation: a small dense student learns from R1's samples, by SFT alone.

use anyhow::Result;
use serde_json::{Value, json};

use super::checkpoint::{Checkpoint, save};
use super::cost::Cost;
use super::curate::{SAMPLES, curate};
use super::files::{read_lines, write_lines};
use super::means::Means;
use super::sft::{FineTuning, assemble, fine_tune};
use super::training::identity;
use crate::Artifact;
use crate::preset;
use crate::stage::{Stage, StageContext};

/// Teaches a student.
pub struct Distill<'a> {
    /// R1.
    teacher: &'a Artifact,
    /// The student's base.
    student: &'a Artifact,
    /// Where problems come from.
    tasks: &'a Artifact,
    /// What the teacher is asked.
    sampling: &'a preset::Rejection,
    /// How the student is trained.
    plan: &'a preset::Supervised,
    means: Means,
}

impl<'a> Distill<'a> {
    /// Asks `teacher` as `sampling` says and trains `student` on what is kept.
    pub fn new(
        teacher: &'a Artifact,
        student: &'a Artifact,
        tasks: &'a Artifact,
        sampling: &'a preset::Rejection,
        plan: &'a preset::Supervised,
    ) -> Self {
        Self {
            teacher,
            student,
            tasks,
            sampling,
            plan,
            means: Means::default(),
        }
    }

    /// Trains what `means` says of the student, as it says.
    pub fn by(self, means: &Means) -> Self {
        let means = means.clone();
        Self { means, ..self }
    }
}

impl Stage for Distill<'_> {
    fn inputs(&self) -> Vec<&Artifact> {
        vec![self.teacher, self.student, self.tasks]
    }

    fn settings(&self) -> Value {
        let settings = json!({ "sampling": self.sampling, "plan": identity(self.plan) });
        self.means.join(settings)
    }

    fn describe(&self) -> &'static str {
        "distilling R1 into the student"
    }

    fn run(&self, cx: &StageContext) -> Result<()> {
        let state = cx.resume()?;
        let student = Checkpoint::open(self.student)?;
        let mut cost = Cost::default();
        let path = cx.dir.join(SAMPLES);
        // A state is of the training; what it learns from was written before.
        let samples = if state.is_some() {
            read_lines(&path)?
        } else {
            let teacher = Checkpoint::open(self.teacher)?;
            let samples = curate(cx, &teacher, self.tasks, self.sampling, &mut cost)?;
            let samples = assemble(samples, self.tasks, cx)?;
            write_lines(&path, &samples)?;
            samples
        };
        let (model, tokenizer) = (student.model, &student.tokenizer);
        let how = FineTuning {
            plan: self.plan,
            means: &self.means,
            base: self.student,
        };
        let model = fine_tune(cx, model, tokenizer, &samples, &how, state, &mut cost)?;
        cost.write(&cx.dir)?;
        save(&cx.dir, &model, tokenizer)
    }
}
