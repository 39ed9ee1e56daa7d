//! What some benchmarks need beyond a file of tasks, and which.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use endpoint::Endpoint;
use eval::Benchmark;
use eval::benchmarks::{self, Codeforces, DebugChain, FormalStatements, SweBench, SweDebug};
use eval::debug::{Chain, Hunt};
use eval::elo::{Contest, Distribution};
use eval::swe::{Environment, Settings};
use serde_json::{Map, Value, json};

use super::asked::beyond;
use super::kept::Kept;
use super::made::Made;
use crate::answers::{endpoint_settings, validated};
use crate::progress::Console;
use crate::usage::UsageError;

/// The arguments that are for some benchmarks alone.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "For some benchmarks")]
pub(super) struct Needs {
    /// Bare clones of the repositories, OWNER__NAME.git (swe-bench…).
    #[arg(long, value_name = "DIR")]
    mirror: Option<PathBuf>,
    /// How their tests are run, docs/coding-benchmarks.md (swe-bench…).
    #[arg(long, value_name = "FILE.json")]
    environments: Option<PathBuf>,
    /// Where patches and outputs of tests are kept [default: `logs` in --out] (swe-bench…).
    #[arg(long, value_name = "DIR")]
    logs: Option<PathBuf>,
    /// Show the files the gold patch changes (swe-bench…).
    #[arg(long)]
    oracle: bool,
    /// How often the model is asked again, at most [default: 3] (debug-chain, swe-bench-debug).
    #[arg(long, value_name = "N")]
    rounds: Option<u32>,
    /// Programs the model is asked for, of which the last is tried by where they differ [default: 1] (debug-chain).
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=64))]
    candidates: Option<u32>,
    /// Inputs like each example on which a program is run for crashes and hangs [default: 0] (debug-chain).
    #[arg(long, value_name = "N")]
    fuzz: Option<usize>,
    /// The contests that the problems are of, docs/elo-formal-behaviour.md (codeforces).
    #[arg(long, value_name = "FILE.jsonl")]
    contests: Option<PathBuf>,
    /// Ratings of people, for a percentile (codeforces).
    #[arg(long, value_name = "FILE.jsonl")]
    ratings: Option<PathBuf>,
    /// A Lake project that has been built, with the libraries statements import (formal-lean).
    #[arg(long, value_name = "DIR")]
    project: Option<PathBuf>,
    /// A model to ask about what the checker leaves open: as --endpoint (formal-coq, formal-lean).
    #[arg(long, value_name = "URL|FILE.toml")]
    judge: Option<String>,
    /// Its name (formal-coq, formal-lean).
    #[arg(long, value_name = "NAME", requires = "judge")]
    judge_name: Option<String>,
    /// The environment variable that holds its key (formal-coq, formal-lean).
    #[arg(long, value_name = "VARIABLE", requires = "judge")]
    judge_key: Option<String>,
}

const SWE: &[&str] = &["swe-bench-verified", "swe-bench", "swe-bench-debug"];
const DEBUG: &[&str] = &["debug-chain", "swe-bench-debug"];
const PROGRAMS: &[&str] = &["debug-chain"];
const CODEFORCES: &[&str] = &["codeforces"];
const LEAN: &[&str] = &["formal-lean"];
const FORMAL: &[&str] = &["formal-coq", "formal-lean"];

/// An argument, and the benchmarks it is for.
struct Use {
    name: &'static str,
    of: &'static [&'static str],
    /// Whether they cannot do without it.
    is_needed: bool,
    is_given: fn(&Needs) -> bool,
}

const USES: [Use; 13] = [
    needed("--mirror", SWE, |it| it.mirror.is_some()),
    needed("--environments", SWE, |it| it.environments.is_some()),
    may("--logs", SWE, |it| it.logs.is_some()),
    may("--oracle", SWE, |it| it.oracle),
    may("--rounds", DEBUG, |it| it.rounds.is_some()),
    may("--candidates", PROGRAMS, |it| it.candidates.is_some()),
    may("--fuzz", PROGRAMS, |it| it.fuzz.is_some()),
    needed("--contests", CODEFORCES, |it| it.contests.is_some()),
    may("--ratings", CODEFORCES, |it| it.ratings.is_some()),
    needed("--project", LEAN, |it| it.project.is_some()),
    may("--judge", FORMAL, |it| it.judge.is_some()),
    may("--judge-name", FORMAL, |it| it.judge_name.is_some()),
    may("--judge-key", FORMAL, |it| it.judge_key.is_some()),
];

const fn may(name: &'static str, of: &'static [&'static str], is_given: fn(&Needs) -> bool) -> Use {
    Use {
        name,
        of,
        is_needed: false,
        is_given,
    }
}

const fn needed(
    name: &'static str,
    of: &'static [&'static str],
    is_given: fn(&Needs) -> bool,
) -> Use {
    Use {
        is_needed: true,
        ..may(name, of, is_given)
    }
}

/// The arguments that a benchmark needs and that it takes besides, as `--list` shows them.
pub(super) fn arguments(benchmark: &str) -> (Vec<&'static str>, Vec<&'static str>) {
    let of = |is_needed: bool| {
        let uses = USES.iter().filter(move |one| one.is_needed == is_needed);
        let uses = uses.filter(|one| one.of.contains(&benchmark));
        uses.map(|one| one.name).collect()
    };
    (of(true), of(false))
}

impl Needs {
    /// The benchmark of `known` called `name`, with what it needs; `out` is the folder of the measurement.
    ///
    /// # Errors
    /// No such benchmark, an argument that is missing or is not for it ([`UsageError`]); a file that
    /// cannot be read.
    pub(super) fn benchmark<'a>(
        &self,
        name: &str,
        known: &'a [Box<dyn Benchmark>],
        out: Option<&Path>,
        console: &Console,
    ) -> Result<Made<'a>> {
        let found = benchmarks::find(known, name).map_err(|error| UsageError(error.to_string()))?;
        self.check(name)?;
        let made: Box<dyn Benchmark> = match name {
            "swe-bench-verified" => {
                Box::new(SweBench::verified(Some(self.swe(out)?)).with_oracle(self.oracle))
            }
            "swe-bench" => Box::new(SweBench::any(Some(self.swe(out)?)).with_oracle(self.oracle)),
            "swe-bench-debug" => {
                let (settings, chain) = (self.swe(out)?, self.chain());
                Box::new(SweDebug::new(Some(settings), self.oracle, chain))
            }
            "debug-chain" => Box::new(DebugChain::new(self.chain()).with_hunt(self.hunt())),
            "codeforces" => Box::new(self.codeforces(console)?),
            "formal-coq" => Box::new(self.judged(FormalStatements::coq(), out)?),
            "formal-lean" => {
                let statements = FormalStatements::lean(self.project.clone());
                Box::new(self.judged(statements, out)?)
            }
            _ => return Ok(Made::Known(found)),
        };
        Ok(Made::WithNeeds(made))
    }

    fn check(&self, benchmark: &str) -> Result<(), UsageError> {
        for one in &USES {
            let (is_given, is_for_it) = ((one.is_given)(self), one.of.contains(&benchmark));
            if is_given && !is_for_it {
                let (name, of) = (one.name, one.of.join(", "));
                return Err(UsageError(format!(
                    "{name} is for {of}; `{benchmark}` takes none"
                )));
            }
            if one.is_needed && is_for_it && !is_given {
                return Err(UsageError(format!("`{benchmark}` needs {}", one.name)));
            }
        }
        Ok(())
    }

    fn swe(&self, out: Option<&Path>) -> Result<Settings> {
        let mut settings = Settings::new(path(self.mirror.as_deref()));
        settings.environments = Environment::load(path(self.environments.as_deref()))?;
        settings.logs = self.logs.clone().or_else(|| Some(out?.join("logs")));
        Ok(settings)
    }

    fn chain(&self) -> Chain {
        let usual = Chain::default();
        Chain {
            rounds: self.rounds.unwrap_or(usual.rounds),
            ..usual
        }
    }

    fn hunt(&self) -> Hunt {
        let usual = Hunt::default();
        Hunt {
            candidates: self.candidates.unwrap_or(usual.candidates),
            fuzzed: self.fuzz.unwrap_or(usual.fuzzed),
            ..usual
        }
    }

    fn codeforces(&self, console: &Console) -> Result<Codeforces> {
        let file = path(self.contests.as_deref());
        let contests = Contest::read(file)?;
        for skipped in &contests.skipped {
            console.line(&format!("left out: {skipped}"));
        }
        let people = self.ratings.as_ref().map(Distribution::read).transpose()?;
        let sha256 = eval::fingerprint(file).with_context(|| file.display().to_string())?;
        Ok(Codeforces::new(contests.records, sha256, people))
    }

    /// The same statements with the judge that is given, whose replies are kept in `out`.
    fn judged(&self, statements: FormalStatements, out: Option<&Path>) -> Result<FormalStatements> {
        let Some(place) = &self.judge else {
            return Ok(statements);
        };
        let settings = self.judge(place)?;
        // Without a folder nothing is measured.
        let Some(out) = out else {
            return Ok(statements);
        };
        let judge = Kept::new(out, settings.identity(), Endpoint::new(&settings)?);
        Ok(statements.with_judge(Value::Object(recorded(&settings)), Box::new(judge)))
    }

    /// # Errors
    /// Settings that make no sense.
    fn judge(&self, place: &str) -> Result<endpoint::Settings, UsageError> {
        let (name, key) = (self.judge_name.as_deref(), self.judge_key.as_deref());
        validated(endpoint_settings(place, name, key, "--judge-name")?)
    }
}

/// All that a judge's word depends on, for the manifest.
fn recorded(settings: &endpoint::Settings) -> Map<String, Value> {
    let mut all = Map::from_iter([("url".to_owned(), json!(settings.url))]);
    all.extend(settings.identity());
    all.extend(beyond(settings));
    all
}

/// The path of an argument that [`Needs::check`] has seen.
fn path(given: Option<&Path>) -> &Path {
    given.unwrap_or(Path::new(""))
}
