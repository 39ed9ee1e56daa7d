//! A model measured on a benchmark: `r1 eval`.
//!
//! What is measured, kept and counted is [`eval`]'s; here are the words of the command line and what a
//! person sees.

mod arguments;
mod asked;
mod kept;
mod made;
mod needs;
mod paired;
#[cfg(test)]
mod tests;

use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anyhow::Result;
use eval::{
    Benchmark, Evaluation, Identity, MANIFEST, Manifest, Observer, Plan, Progress, Store, Table,
    TaskSet, benchmarks,
};

use arguments::Form;
pub(crate) use arguments::Measure;
use asked::Asked;

use crate::progress::Console;
use crate::stop::Stop;
use crate::usage::UsageError;

/// Does what the arguments say; false where a replay differs. `own` are benchmarks beside those of [`eval`].
///
/// # Errors
/// Wrong arguments ([`UsageError`]); tasks or a model that cannot be read; an endpoint that refuses; an
/// interruption, after which the same command goes on.
pub(crate) fn run(args: &Measure, own: Vec<Box<dyn Benchmark>>) -> Result<bool> {
    let known = all_with(own)?;
    if args.list {
        return list(&known).map(|()| true);
    }
    if !args.table.is_empty() {
        let file = |given: &PathBuf| match given.is_dir() {
            true => given.join(MANIFEST),
            false => given.clone(),
        };
        let files: Vec<PathBuf> = args.table.iter().map(file).collect();
        let read = |path: &PathBuf| Ok(Manifest::read(path)?);
        let manifests = files.iter().map(read).collect::<Result<Vec<_>>>()?;
        let folders = files.iter().filter_map(|file| file.parent());
        let measured: Vec<_> = folders.zip(&manifests).collect();
        let table = Table::new(&manifests, &known).with_pairs(paired::found(&measured)?);
        print(&table, args.format)?;
        return Ok(true);
    }
    let console = Console::new(args.quiet);
    if let Some(path) = &args.replay {
        return replay(args, path, &known, &console);
    }
    let benchmark = wanted(args.benchmark.as_deref(), "the benchmark, see --list")?;
    let made = args
        .needs
        .benchmark(benchmark, &known, args.out.as_deref(), &console)?;
    let benchmark = made.get();
    let file = wanted(args.tasks.as_deref(), "the file of its tasks")?;
    let out = wanted(
        args.out.as_deref(),
        "--out, the folder for replies and manifest",
    )?;
    if args.regrade {
        let done = watched(&console, &mut |observer| {
            Ok(eval::regrade(out, benchmark, file, observer)?)
        })?;
        return show(&[done.manifest], &known, args.format).map(|()| true);
    }
    let protocol = args.protocol(benchmark)?;
    let set = TaskSet::load(benchmark, file, &protocol)?;
    tell_left_out(&console, &set);
    let seed = args.seed.unwrap_or(0);
    let asked = Asked::find(args, &protocol, seed, &console)?;
    benchmark.ready(&set.tasks)?;
    let plan = Plan::new(
        benchmark,
        &set,
        &protocol,
        asked.identity.clone(),
        &asked.template,
        seed,
    );
    let mut store = Store::open(out, &plan)?;
    let model = asked.model()?;
    let done = watched(&console, &mut |observer| {
        let tasks = &set.tasks;
        Ok(eval::evaluate(
            &model, benchmark, tasks, &mut store, observer,
        )?)
    })?;
    tell_unanswered(&console, &done);
    console.line(&format!("{}", out.join(MANIFEST).display()));
    show(&[done.manifest], &known, args.format).map(|()| true)
}

/// The benchmarks of [`eval`] and one's own.
fn all_with(own: Vec<Box<dyn Benchmark>>) -> Result<Vec<Box<dyn Benchmark>>, UsageError> {
    let mut known = benchmarks::all();
    for benchmark in own {
        let name = benchmark.name();
        if known.iter().any(|known| known.name() == name) {
            let words =
                format!("there are two benchmarks called `{name}`; give one's own another name");
            return Err(UsageError(words));
        }
        known.push(benchmark);
    }
    Ok(known)
}

/// Says which records of the file are not in the measurement.
fn tell_left_out(console: &Console, set: &TaskSet) {
    for skipped in set.skipped.iter().take(5) {
        console.line(&format!("left out: {skipped}"));
    }
    if set.skipped.len() > 5 {
        console.line(&format!("and {} more left out", set.skipped.len() - 5));
    }
}

/// Says which samples have no reply, and why.
fn tell_unanswered(console: &Console, done: &Evaluation) {
    for unanswered in done.unanswered.iter().take(3) {
        console.line(&unanswered.to_string());
    }
    if done.unanswered.len() > 3 {
        let more = done.unanswered.len() - 3;
        console.line(&format!("and {more} more have no reply"));
    }
}

fn wanted<'a, T: ?Sized>(value: Option<&'a T>, what: &str) -> Result<&'a T, UsageError> {
    value.ok_or_else(|| UsageError(format!("give {what}")))
}

/// Runs with a bar that shows pass@1; a signal lets what is stored be whole.
pub(crate) fn watched(
    console: &Console,
    run: &mut dyn FnMut(&mut Observer<'_>) -> Result<Evaluation>,
) -> Result<Evaluation> {
    let steps = Stop::on_signals()?.in_steps();
    let (mut bar, mut shown) = (None, 0);
    run(&mut |progress: &Progress| {
        let bar = bar.get_or_insert_with(|| console.progress("eval", progress.total, "samples"));
        let done = progress.answered + progress.unanswered;
        bar.inc(done.saturating_sub(shown));
        shown = shown.max(done);
        if let Some(rate) = progress.pass_at_1 {
            let graded = progress.graded;
            bar.set_message(format!("pass@1 {:.1} % of {graded}", 100.0 * rate));
        }
        match steps.must_end() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    })
}

/// Measures what a manifest says once more.
fn replay(
    args: &Measure,
    path: &Path,
    known: &[Box<dyn Benchmark>],
    console: &Console,
) -> Result<bool> {
    let then = Manifest::read(path)?;
    let out = wanted(
        args.out.as_deref(),
        "--out, a folder for the new measurement",
    )?;
    let name = &then.plan.benchmark;
    if let Some(other) = args.benchmark.as_ref().filter(|other| *other != name) {
        let words = format!("the manifest is of `{name}`, not of `{other}`");
        return Err(UsageError(words).into());
    }
    let made = args.needs.benchmark(name, known, Some(out), console)?;
    let benchmark = made.get();
    let file = args.tasks.as_ref().unwrap_or(&then.plan.tasks.path);
    let asked = Asked::find(args, &then.plan.protocol, then.plan.seed, console)?;
    // A name in tables is no part of the measurement.
    let identity = match (&then.plan.model, &asked.identity) {
        (Identity::Weights { name, .. }, Identity::Weights { sha256, .. }) => Identity::Weights {
            name: name.clone(),
            sha256: sha256.clone(),
        },
        (_, now) => now.clone(),
    };
    let verified = eval::verify(&then, benchmark, file, &identity, &asked.template)?;
    benchmark.ready(&verified.0.tasks)?;
    tell_left_out(console, &verified.0);
    let model = asked.model()?;
    let mut differences = Vec::new();
    let done = watched(console, &mut |observer| {
        let replayed = eval::replay(&then, &model, benchmark, &verified, out, observer)?;
        differences = replayed.differences;
        Ok(replayed.evaluation)
    })?;
    tell_unanswered(console, &done);
    show(&[done.manifest], known, args.format)?;
    let mut told = std::io::stderr().lock();
    match differences.is_empty() {
        true => writeln!(told, "the same to the digit")?,
        false => writeln!(told, "not the same:")?,
    }
    for difference in &differences {
        writeln!(told, "  {difference}")?;
    }
    Ok(differences.is_empty())
}

fn list(known: &[Box<dyn Benchmark>]) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let width = known.iter().map(|it| it.name().len()).max().unwrap_or(0);
    for benchmark in known {
        let (name, about) = (benchmark.name(), benchmark.description());
        writeln!(out, "{name:width$}  {about}")?;
        writeln!(out, "{:width$}  by default {}", "", benchmark.protocol())?;
        let (needed, more) = needs::arguments(name);
        if !needed.is_empty() {
            writeln!(out, "{:width$}  needs {}", "", needed.join(", "))?;
        }
        if !more.is_empty() {
            writeln!(out, "{:width$}  takes {}", "", more.join(", "))?;
        }
    }
    Ok(())
}

fn show(manifests: &[Manifest], known: &[Box<dyn Benchmark>], form: Form) -> Result<()> {
    print(&Table::new(manifests, known), form)
}

fn print(table: &Table, form: Form) -> Result<()> {
    let text = match form {
        Form::Markdown => table.markdown(),
        Form::Html => table.html(),
        Form::Json => table.json(),
    };
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", text.trim_end())?;
    Ok(())
}
