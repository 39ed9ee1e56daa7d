//! `r1 corpus`: texts made into shards of tokens for pretraining, and what there is of them.

use std::io::Write;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use ::corpus::{
    Counts, Document, PackSettings, Packing, QualitySettings, Report, ShardedTokens, Source,
    SourceError,
};
use anyhow::{Context, Result};
use clap::Subcommand;
use data::dataset::{ColumnMap, Dataset, Fault};
use data::{Text, import};

use crate::generate::speaker::tokenizer;
use crate::progress::Console;
use crate::report::table::boxed;
use crate::source::{self, Unused};
use crate::usage::UsageError;

/// The commands of `r1 corpus`.
#[derive(Debug, Subcommand)]
pub(crate) enum Corpus {
    /// Filter texts, drop duplicates and what holds held-out problems, and write the rest as tokens.
    ///
    /// The same call again goes on where it was stopped, and ends with the same bytes.
    Pack(Box<Pack>),
    /// Check a packed corpus against its checksums, and say what it holds.
    Show {
        /// Where it was packed.
        dir: PathBuf,
        /// One JSON object.
        #[arg(long)]
        json: bool,
    },
}

/// The arguments of `r1 corpus pack`.
#[derive(Debug, clap::Args)]
pub(crate) struct Pack {
    /// Where the shards are written.
    dir: PathBuf,
    /// Whose tokens: a directory with tokenizer.json, such as a stage's of a run; a GGUF file; or
    /// hub:OWNER/NAME.
    #[arg(long, value_name = "MODEL")]
    tokenizer: PathBuf,
    /// Texts and what they are called: a file (JSON Lines, JSON, Parquet), a folder, or
    /// hub:OWNER/NAME; may be repeated.
    #[arg(long = "source", value_name = "NAME=SOURCE", required = true, value_parser = named)]
    sources: Vec<(String, String)>,
    /// What the sources' columns are called, as in text=body,language=code.
    #[arg(long, value_name = "MAP", default_value = "")]
    columns: ColumnMap,
    /// Problems of which no text may hold one; may be repeated.
    #[arg(long, value_name = "SOURCE")]
    held_out: Vec<String>,
    /// Tokens after which a shard is closed.
    #[arg(long, value_name = "N", default_value_t = PackSettings::default().shard_tokens)]
    shard_tokens: u64,
    /// Take texts of any quality.
    #[arg(long)]
    any_quality: bool,
    /// Keep duplicates.
    #[arg(long)]
    duplicates: bool,
    /// No progress on the terminal.
    #[arg(long)]
    quiet: bool,
    /// One JSON object in place of tables.
    #[arg(long)]
    json: bool,
}

fn named(text: &str) -> Result<(String, String), String> {
    let (name, source) = text.split_once('=').ok_or("give NAME=SOURCE")?;
    Ok((name.to_owned(), source.to_owned()))
}

/// Does what `command` says, and prints what the corpus holds.
///
/// # Errors
/// Wrong arguments ([`UsageError`]); a source, tokenizer or corpus that cannot be read; a corpus of other
/// arguments in the directory; a disk that is full.
pub(crate) fn run(command: &Corpus) -> Result<()> {
    let (report, json) = match command {
        Corpus::Pack(args) => (pack(args)?, args.json),
        Corpus::Show { dir, json } => {
            let tokens = ShardedTokens::open(dir)?;
            tokens.verify()?;
            (tokens.manifest().report.clone(), *json)
        }
    };
    let mut out = std::io::stdout().lock();
    match json {
        true => writeln!(out, "{}", serde_json::to_string(&report)?)?,
        false => writeln!(out, "{}", tables(&report))?,
    }
    Ok(())
}

/// How often progress is told.
const EVERY: Duration = Duration::from_secs(1);

fn pack(args: &Pack) -> Result<Report> {
    let console = Console::new(args.quiet);
    let from = source::model(&args.tokenizer, &console)?;
    if !gguf::File::is_gguf(&from) && !from.join("tokenizer.json").is_file() {
        let shown = from.display();
        let problem = format!("--tokenizer: {shown} is no GGUF file and has no tokenizer.json");
        return Err(UsageError(problem).into());
    }
    if args.shard_tokens == 0 {
        return Err(UsageError("--shard-tokens is 0; a shard has at least one".into()).into());
    }
    let sources = args.sources.iter().map(|(_, place)| place);
    for place in sources.chain(&args.held_out) {
        source::exists(place)?;
    }
    let tokenizer = tokenizer(&from)?;
    let mut held_out = Vec::new();
    for name in &args.held_out {
        let problems =
            import::all(&source::dataset(name, ColumnMap::default(), &console)?)?.problems;
        held_out.extend(problems.into_iter().map(|problem| problem.question));
    }
    let settings = PackSettings {
        shard_tokens: args.shard_tokens,
        quality: match args.any_quality {
            true => QualitySettings::off(),
            false => QualitySettings::default(),
        },
        dedup: PackSettings::default().dedup.filter(|_| !args.duplicates),
        ..PackSettings::default()
    };
    let packing = Packing {
        tokenizer: &tokenizer,
        settings: &settings,
        held_out: &held_out,
    };
    let unused = Unused::default();
    let mut bytes = 0;
    let mut sources = Vec::new();
    for (name, place) in &args.sources {
        let dataset = source::dataset(place, args.columns.clone(), &console)?;
        bytes += source::bytes(&dataset).unwrap_or(0);
        console.line(&format!(
            "the first record of {name}:\n{}",
            source::beginning(&dataset.sample::<Text>()?, SHOWN)
        ));
        sources.push(Source::new(name, documents(&dataset, &console, &unused)));
    }
    let progress = console.progress("corpus", (bytes / 1_000_000) as usize, "MB");
    let (began, mut shown, mut done) = (Instant::now(), Instant::now(), 0);
    let mut told = |now: &::corpus::Progress| {
        if shown.elapsed() >= EVERY {
            shown = Instant::now();
            let read = (now.report.read_bytes / 1_000_000) as usize;
            progress.inc(read - done);
            done = read;
            let rate = now.report.kept.tokens as f64 / began.elapsed().as_secs_f64() / 1e6;
            let (source, shards) = (now.source, now.shards);
            progress.set_message(format!("{source}, {shards} shards, {rate:.1}M tokens/s"));
        }
        ControlFlow::Continue(())
    };
    let manifest = ::corpus::pack(&args.dir, &packing, sources, &mut told)
        .with_context(|| format!("packing into {}", args.dir.display()))?;
    drop(progress);
    // Beside the shards, for whoever trains on them.
    tokenizer.save(&args.dir)?;
    if unused.count() > 0 {
        console.line(&format!("{} records skipped", unused.count()));
    }
    Ok(manifest.report)
}

/// The texts of a data set; those that cannot be used are said and counted.
fn documents<'a>(
    dataset: &Dataset,
    console: &'a Console,
    unused: &'a Unused,
) -> impl Iterator<Item = Result<Document, SourceError>> + use<'a> {
    dataset
        .records::<Text>()
        .filter_map(move |record| match record {
            Ok(text) => Some(Ok(Document {
                text: text.text,
                language: text.language,
                domain: text.domain,
                id: Some(text.id),
            })),
            Err(Fault::Skipped(record)) => {
                unused.note(&record, |text| console.line(text));
                None
            }
            Err(Fault::Failed(error)) => Some(Err(error.into())),
        })
}

/// Characters of a record that are shown.
const SHOWN: usize = 300;

/// What was read and what of it was kept.
fn tables(report: &Report) -> String {
    let mut text = String::new();
    for (head, counts) in [
        ("source", &report.by_source),
        ("language", &report.by_language),
        ("domain", &report.by_domain),
    ] {
        let mut counts: Vec<(&String, &Counts)> = counts.iter().collect();
        counts.sort_by_key(|(_, counts)| std::cmp::Reverse(counts.tokens));
        let rows: Vec<[String; 6]> = counts
            .into_iter()
            .map(|(name, it)| {
                let share = it.tokens as f64 / report.kept.tokens.max(1) as f64;
                [
                    name.clone(),
                    it.documents.to_string(),
                    format!("{:.2}", it.bytes as f64 / 1e6),
                    it.tokens.to_string(),
                    format!("{:.1} %", 100.0 * share),
                    format!("{:.3}", it.tokens_per_character()),
                ]
            })
            .collect();
        let heads = [
            head,
            "documents",
            "MB",
            "tokens",
            "share",
            "tokens/character",
        ];
        text += &boxed(heads, &rows);
        text.push('\n');
    }
    let dropped: Vec<String> = report
        .rejected
        .iter()
        .map(|(rule, count)| (rule.as_str(), *count))
        .chain([
            ("held out", report.held_out),
            ("exact duplicates", report.exact_duplicates),
            ("near duplicates", report.near_duplicates),
        ])
        .filter(|(_, count)| *count > 0)
        .map(|(rule, count)| format!("{count} {rule}"))
        .collect();
    text += &format!(
        "{} of {} documents kept, {} languages",
        report.kept.documents,
        report.read,
        report.by_language.len()
    );
    if !dropped.is_empty() {
        text += &format!("; dropped: {}", dropped.join(", "));
    }
    text
}
