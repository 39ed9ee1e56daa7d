//! Distillation on one's own teacher, problems and student: `r1 distill`.
//!
//! ```text
//! problems ─teacher × k→ responses ─(failed ones again, with hints)→ ─rules, semantic filter→ samples
//! samples + general data ─decontaminate, 3:1→ the set ─SFT→ student, measured before and after
//! ```
//!
//! Each arrow is a part with a directory of its own ([`crate::run`]): one that is complete is skipped,
//! and one that was interrupted goes on. What the teacher said is in a journal beside them, and nothing
//! is asked twice. Left out: pretraining a student that has read nothing, and reinforcement learning.

mod arguments;
mod filter;
mod groups;
mod inputs;
mod learning;
mod meaning;
mod measuring;
mod outcome;
mod recipe;
mod sampling;
mod set;
mod settings;
mod student;
mod teacher;
#[cfg(test)]
mod tests;
mod until;

use std::io::Write;
use std::path::Path;

use anyhow::Result;
use eval::Protocol;

use crate::generate::speaker::Speaker;
use crate::progress::Console;
use crate::run::{Options, Run, Stopped};
use crate::stages::soft::share_tokenizer;
use crate::stop::Stop;
use crate::usage::UsageError;
pub(crate) use arguments::Teach;
use inputs::Inputs;
use meaning::{Reference, Vectors};
use outcome::{Outcome, RESULTS};
use recipe::{Distillation, PARTS};
use settings::Settings;
use student::Student;
use teacher::Teacher;

/// Does what the arguments say, or goes on with it.
///
/// # Errors
/// Wrong arguments ([`UsageError`]); files or models that cannot be read; a teacher that refuses; an
/// interruption, after which the same command goes on.
pub(crate) fn run(args: &Teach) -> Result<()> {
    let settings = Settings::load(&args.changes)?;
    if args.rows == 0 {
        return Err(UsageError("--rows must be at least 1".into()).into());
    }
    let checked = settings
        .curate(args.max_perplexity, args.encoder.is_some())
        .validate();
    checked.map_err(|error| UsageError(error.to_string()))?;
    let student = args.student.as_deref().map(Student::named).transpose()?;
    let console = Console::new(args.quiet);
    let eval = &settings.eval;
    let protocol = Protocol {
        samples: eval.samples as u32,
        temperature: eval.temperature,
        top_p: eval.top_p,
        max_tokens: eval.max_new_tokens,
        ..Protocol::default()
    };
    let inputs = Inputs::read(args, settings.sampling.prompts, &protocol, &console)?;
    let teacher = Teacher::find(
        &args.teacher,
        &args.endpoint,
        &settings.sampling,
        (args.seed, args.rows),
        &args.out,
        &console,
    )?;
    let logits = args.logits.wanted()?;
    if logits.is_some() {
        can_share(
            &teacher,
            args.student.as_deref(),
            student.as_ref(),
            &console,
        )?;
    }
    // What the filter reads with, before there is anything to filter.
    let encoder = args.encoder.as_deref().map(Vectors::load).transpose()?;
    let reference = args.reference.as_deref();
    let reference = reference.map(|model| Reference::find(model, &console));
    let reference = reference.transpose()?;
    let options = Options {
        until: args.until.clone(),
        quiet: args.quiet,
        memory: args.memory,
        stop: Stop::on_signals()?,
    };
    let run = Run::of(args.out.clone(), &PARTS, args.seed, options)?;
    write(&run.dir().join("settings.toml"), &settings.to_toml())?;
    let distillation = Distillation {
        args,
        settings: &settings,
        inputs: &inputs,
        teacher: &teacher,
        protocol: &protocol,
        logits: logits.as_ref(),
        encoder: encoder.as_ref(),
        reference: reference.as_ref(),
    };
    let mut outcome = Outcome::default();
    match distillation.carry_out(&run, student.as_ref(), &mut outcome) {
        Err(error) if error.is::<Stopped>() => {}
        other => other?,
    }
    let text = serde_json::to_string_pretty(&outcome)? + "\n";
    write(&run.dir().join(RESULTS), &text)?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", outcome.table())?;
    writeln!(out, "{}", run.dir().join(RESULTS).display())?;
    Ok(())
}

/// Whether the student can learn the teacher's logits.
fn can_share(
    teacher: &Teacher,
    name: Option<&str>,
    student: Option<&Student>,
    console: &Console,
) -> Result<()> {
    let Some(speaker) = teacher.speaker() else {
        let words =
            "--logits needs a teacher on this machine; an endpoint does not give its logits";
        return Err(UsageError(words.into()).into());
    };
    // A student from scratch gets the teacher's tokenizer.
    if let (Some(Student::Checkpoint(_)), Some(name)) = (student, name) {
        let own = Speaker::find(Path::new(name), console)?;
        let its = (&*teacher.name, &*speaker.tokenizer);
        share_tokenizer(its, (name, &own.tokenizer))
            .map_err(|error| UsageError(error.to_string()))?;
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<()> {
    let written = data::files::write_whole(path, text.as_bytes());
    written.map_err(|(path, error)| groups::error_of(&path, error))
}
