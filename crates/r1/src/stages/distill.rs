//! Distillation: a small dense student learns from R1's samples, by SFT alone.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::checkpoint::{Checkpoint, save};
use super::cost::Cost;
use super::curate::{SAMPLES, curate};
use super::files::{read_lines, write_lines};
use super::means::Means;
use super::sft::{FineTuning, assemble, fine_tune, sequences};
use super::soft::{LOGITS, SoftFile, fine_tune_softly, share_tokenizer};
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
    /// The teacher's distribution in its loss.
    logits: preset::Logits,
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
            logits: preset::Logits::default(),
            means: Means::default(),
        }
    }

    /// Puts the teacher's distribution over the next token into the student's loss.
    pub fn with_logits(self, logits: &preset::Logits) -> Self {
        let logits = logits.clone();
        Self { logits, ..self }
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
        let mut settings = json!({ "sampling": self.sampling, "plan": identity(self.plan) });
        if self.logits.k > 0 {
            settings["logits"] = json!(self.logits);
        }
        self.means.join(settings)
    }

    fn describe(&self) -> &'static str {
        "distilling R1 into the student"
    }

    fn run(&self, cx: &StageContext) -> Result<()> {
        let state = cx.resume()?;
        let teacher = Checkpoint::open(self.teacher)?;
        let student = Checkpoint::open(self.student)?;
        if self.logits.k > 0 {
            let (its, own) = (self.teacher.name(), self.student.name());
            share_tokenizer((&its, &teacher.tokenizer), (&own, &student.tokenizer))?;
        }
        let mut cost = Cost::default();
        let path = cx.dir.join(SAMPLES);
        // A state is of the training; what it learns from was written before.
        let samples = if state.is_some() {
            read_lines(&path)?
        } else {
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
        let sequences = sequences(tokenizer, &samples);
        let model = match self.logits.k {
            0 => fine_tune(cx, model, &sequences, &how, state, &mut cost)?,
            _ => {
                let path = cx.dir.join(LOGITS);
                let file = SoftFile::new(&path, &sequences, &self.logits, tokenizer.vocab_size());
                file.write(&teacher.model, &sequences, cx)?;
                let read = sequences.iter().map(|it| it.tokens.len()).sum();
                cost.sample("logits", &teacher.model, read);
                let soft = (&file, &self.logits);
                let model = fine_tune_softly(cx, model, &sequences, soft, &how, state, &mut cost)?;
                std::fs::remove_file(&path).with_context(|| path.display().to_string())?;
                model
            }
        };
        cost.write(&cx.dir)?;
        save(&cx.dir, &model, tokenizer)
    }
}
