//! A model measured on a benchmark: `r1 eval`.
//!
//! What is measured, kept and counted is [`eval`]'s; here are the words of the command line and what a
//! person sees.

#[cfg(test)]
mod tests;

use std::io::{IsTerminal, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anyhow::Result;
use eval::{
    Benchmark, Evaluation, Identity, MANIFEST, Manifest, Observer, Plan, Progress, Protocol, Store,
    Table, TaskSet, Window, benchmarks,
};

use crate::answers::{Manner, Voice, endpoint_settings, sampling};
use crate::generate::speaker::Speaker;
use crate::interrupt::Interrupt;
use crate::progress::Console;
use crate::usage::UsageError;

/// The arguments of `r1 eval`.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("mode").args(["list", "replay", "regrade", "table"]))]
pub(crate) struct Measure {
    /// What to measure; --list shows all there are.
    benchmark: Option<String>,
    /// Its tasks: a file, a folder, or hub:OWNER/NAME.
    tasks: Option<PathBuf>,
    /// A directory of a model, a GGUF file, or hub:OWNER/NAME[@REVISION].
    #[arg(long, value_name = "MODEL", conflicts_with = "endpoint")]
    model: Option<PathBuf>,
    /// Where an OpenAI-compatible API begins, as http://localhost:8000/v1; or a TOML file of
    /// settings with limits on requests, tokens and cost.
    #[arg(long, value_name = "URL|FILE.toml")]
    endpoint: Option<String>,
    /// The model's name: at the endpoint, or in tables.
    #[arg(long)]
    name: Option<String>,
    /// The environment variable that holds the endpoint's key.
    #[arg(long, value_name = "VARIABLE", requires = "endpoint")]
    key: Option<String>,
    /// The folder for replies, grades and manifest.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Samples of each task [default: the benchmark's].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    samples: Option<u32>,
    /// Divides the logits; 0 takes the likeliest token [default: the benchmark's, 0.6].
    #[arg(long, value_name = "T")]
    temperature: Option<f64>,
    /// Keeps the fewest likeliest tokens whose probabilities sum to P [default: the benchmark's, 0.95].
    #[arg(long, value_name = "P")]
    top_p: Option<f64>,
    /// Tokens of a reply at most [default: the benchmark's, 32768, or what the model's positions leave].
    #[arg(long, value_name = "N")]
    max_tokens: Option<usize>,
    /// Only tasks released within it, both days included.
    #[arg(long, value_name = "2024-08-01..2025-01-31")]
    window: Option<Window>,
    /// Only so many tasks, from the front of the file.
    #[arg(long, value_name = "N")]
    first: Option<usize>,
    /// The one seed every random stream is derived from [default: 0].
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Samples under way at once on this machine.
    #[arg(long, value_name = "N", default_value_t = 64)]
    rows: usize,
    /// Show the benchmarks there are.
    #[arg(long)]
    list: bool,
    /// Measure again what a manifest says, into --out, and tell every figure that differs; exit code 1
    /// if one does.
    #[arg(long, value_name = "manifest.json")]
    replay: Option<PathBuf>,
    /// Grade the replies in --out again, without asking.
    #[arg(long)]
    regrade: bool,
    /// Put measurements beside published figures.
    #[arg(long, value_name = "DIR", num_args = 1..)]
    table: Vec<PathBuf>,
    /// How tables are written.
    #[arg(long, value_enum, default_value_t = Form::Markdown)]
    format: Form,
    /// No progress on the terminal.
    #[arg(long)]
    quiet: bool,
}

/// How a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    /// For people and READMEs.
    Markdown,
    /// A page.
    Html,
    /// For programs.
    Json,
}

/// Does what the arguments say; false where a replay differs.
///
/// # Errors
/// Wrong arguments ([`UsageError`]); tasks or a model that cannot be read; an endpoint that refuses; an
/// interruption, after which the same command goes on.
pub(crate) fn run(args: &Measure) -> Result<bool> {
    let known = benchmarks::all();
    if args.list {
        return list(&known).map(|()| true);
    }
    if !args.table.is_empty() {
        let read = |dir: &PathBuf| {
            let path = if dir.is_dir() {
                &dir.join(MANIFEST)
            } else {
                dir
            };
            Ok(Manifest::read(path)?)
        };
        let manifests = args.table.iter().map(read).collect::<Result<Vec<_>>>()?;
        return show(&manifests, &known, args.format).map(|()| true);
    }
    let console = Console::new(args.quiet || !std::io::stderr().is_terminal());
    if let Some(path) = &args.replay {
        return replay(args, path, &known, &console);
    }
    let benchmark = wanted(args.benchmark.as_deref(), "the benchmark, see --list")?;
    let benchmark =
        benchmarks::find(&known, benchmark).map_err(|error| UsageError(error.to_string()))?;
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
    let protocol = protocol(args, benchmark)?;
    let set = TaskSet::load(benchmark, file, &protocol)?;
    for skipped in set.skipped.iter().take(5) {
        console.line(&format!("left out: {skipped}"));
    }
    if set.skipped.len() > 5 {
        console.line(&format!("and {} more left out", set.skipped.len() - 5));
    }
    let seed = args.seed.unwrap_or(0);
    let asked = Asked::find(args, &protocol, seed, &console)?;
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
    for unanswered in done.unanswered.iter().take(3) {
        console.line(&unanswered.to_string());
    }
    if done.unanswered.len() > 3 {
        let more = done.unanswered.len() - 3;
        console.line(&format!("and {more} more have no reply"));
    }
    console.line(&format!("{}", out.join(MANIFEST).display()));
    show(&[done.manifest], &known, args.format).map(|()| true)
}

fn wanted<'a, T: ?Sized>(value: Option<&'a T>, what: &str) -> Result<&'a T, UsageError> {
    value.ok_or_else(|| UsageError(format!("give {what}")))
}

fn protocol(args: &Measure, benchmark: &dyn Benchmark) -> Result<Protocol, UsageError> {
    let usual = benchmark.protocol();
    let protocol = Protocol {
        samples: args.samples.unwrap_or(usual.samples),
        temperature: args.temperature.unwrap_or(usual.temperature),
        top_p: args.top_p.unwrap_or(usual.top_p),
        max_tokens: args.max_tokens.unwrap_or(usual.max_tokens),
        window: args.window.or(usual.window),
        first: args.first.or(usual.first),
    };
    if protocol.max_tokens == 0 || args.rows == 0 || protocol.first == Some(0) {
        let words = "--max-tokens, --rows and --first must be at least 1";
        return Err(UsageError(words.into()));
    }
    sampling(protocol.temperature, protocol.top_p)?;
    Ok(protocol)
}

/// Whom to ask.
struct Asked {
    identity: Identity,
    template: String,
    kind: Kind,
}

enum Kind {
    Here(Speaker, Manner),
    There(endpoint::Settings),
}

impl Asked {
    fn find(args: &Measure, protocol: &Protocol, seed: u64, console: &Console) -> Result<Self> {
        match (&args.model, &args.endpoint) {
            (Some(model), _) => {
                let speaker = Speaker::find(model, console)?;
                let shown = model.display().to_string();
                let template = speaker.tokenizer.chat_template();
                let manner = Manner {
                    sampling: sampling(protocol.temperature, protocol.top_p)?,
                    max_tokens: protocol.max_tokens,
                    seed,
                    rows: args.rows,
                };
                Ok(Self {
                    identity: Identity::Weights {
                        name: args.name.clone().unwrap_or(shown),
                        sha256: eval::fingerprint(&speaker.dir)?,
                    },
                    template: template.map_or_else(|| "plain".into(), |it| it.source().to_owned()),
                    kind: Kind::Here(speaker, manner),
                })
            }
            (None, Some(place)) => {
                let settings = settings(args, place, protocol, seed)?;
                Ok(Self {
                    identity: Identity::Endpoint {
                        url: settings.url.clone(),
                        model: settings.model.clone(),
                    },
                    template: "the endpoint's own".into(),
                    kind: Kind::There(settings),
                })
            }
            (None, None) => Err(UsageError("give --model or --endpoint".into()).into()),
        }
    }

    /// The model itself; its weights are read, where they are on this machine.
    fn model(&self) -> Result<Voice> {
        match &self.kind {
            Kind::Here(speaker, manner) => Voice::here(speaker, *manner),
            Kind::There(settings) => Voice::there(settings),
        }
    }
}

/// The endpoint's settings: a file's, or by default, with the protocol's in their place.
fn settings(
    args: &Measure,
    place: &str,
    protocol: &Protocol,
    seed: u64,
) -> Result<endpoint::Settings> {
    let mut settings = endpoint_settings(place, args.name.as_deref(), args.key.as_deref())?;
    settings.temperature = Some(protocol.temperature);
    settings.top_p = Some(protocol.top_p);
    settings.max_tokens = protocol.max_tokens as u64;
    settings.seed = Some(seed);
    let checked = settings.validate();
    checked.map_err(|error| UsageError(error.to_string()))?;
    Ok(settings)
}

/// Runs with a bar that shows pass@1; a signal lets what is stored be whole.
pub(crate) fn watched(
    console: &Console,
    run: &mut dyn FnMut(&mut Observer<'_>) -> Result<Evaluation>,
) -> Result<Evaluation> {
    let interrupt = Interrupt::watch()?;
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
        match interrupt.came() {
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
    let benchmark = benchmarks::find(known, &then.plan.benchmark)
        .map_err(|error| UsageError(error.to_string()))?;
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
    let model = asked.model()?;
    let mut differences = Vec::new();
    let done = watched(console, &mut |observer| {
        let replayed = eval::replay(&then, &model, benchmark, &verified, out, observer)?;
        differences = replayed.differences;
        Ok(replayed.evaluation)
    })?;
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
    }
    Ok(())
}

fn show(manifests: &[Manifest], known: &[Box<dyn Benchmark>], form: Form) -> Result<()> {
    let table = Table::new(manifests, known);
    let text = match form {
        Form::Markdown => table.markdown(),
        Form::Html => table.html(),
        Form::Json => table.json(),
    };
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", text.trim_end())?;
    Ok(())
}
