//! A run: one directory in which stages are done once each.
//!
//! A stage works in `<name>.partial` and is renamed to `<name>` when its manifest is written. One
//! that is complete under the same identity is skipped; one that was interrupted under the same
//! identity finds its files again, and its states in `<name>.states`; a different identity starts over,
//! and what was there before stays until the new one is complete. What a stage does is not known here.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use data::files::hex;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::artifact::{Artifact, ArtifactError, Manifest, hash_parts, is_missing, record};
use crate::best::Best;
use crate::memory::{self, Budget};
use crate::placed::{remove, sync};
use crate::preset::{Checkpoints, Preset};
use crate::progress::{Console, duration};
use crate::stage::{Stage, StageContext, Work};
use crate::states::States;
use crate::stop::Stop;
use crate::usage::{UsageError, unknown};

/// Part of every stage's identity: raised when a stage would give other results than before.
pub const RECIPE_VERSION: u32 = 3;

/// The stages of the recipe in the order they run, by the names of their directories.
pub const STAGES: [&str; 12] = [
    "0-tasks",
    "1-base",
    "2-r1-zero",
    "3-cold-start",
    "4-reasoning-rl",
    "5-rejection-sampling",
    "6-sft",
    "7-r1",
    "8a-student-base",
    "8-distill",
    "8b-student-rl",
    "9-eval",
];

/// How a run is carried out, none of which changes its results.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The stage to stop after.
    pub until: Option<String>,
    /// Show no progress.
    pub quiet: bool,
    /// Bytes to make do with; `None`: what the machine has left.
    pub memory: Option<u64>,
    /// Whether to stop, and leave what is under way for another process to go on with.
    pub stop: Stop,
}

/// A run directory in the hands of this process.
#[derive(Debug)]
pub struct Run {
    dir: PathBuf,
    /// What it may consist of, in order.
    stages: &'static [&'static str],
    seed: u64,
    until: Option<String>,
    console: Console,
    memory: Budget,
    stop: Stop,
    /// States of a stage that are kept.
    checkpoints: Checkpoints,
    // Held for as long as the run: the system lets go when the process ends, however it ends.
    _lock: File,
}

/// The run was asked to stop here; what it has done so far is complete.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("stopped after {0}, as asked")]
pub struct Stopped(pub String);

/// What `run.json` says about a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RunRecord {
    /// The preset's name.
    pub preset: String,
    /// The run's seed.
    pub seed: u64,
    /// The version of the recipe.
    pub recipe: u32,
    /// The version of this program.
    pub version: String,
}

impl Run {
    /// Opens a run directory, makes it where it is missing, and saves the preset in it.
    ///
    /// # Errors
    ///
    /// An unknown stage in `options.until` ([`UsageError`]), a directory another process runs in,
    /// or one that cannot be written.
    pub fn open(
        dir: impl Into<PathBuf>,
        preset: &Preset,
        seed: u64,
        options: Options,
    ) -> Result<Self> {
        let mut run = Self::of(dir.into(), &STAGES, seed, options)?;
        run.checkpoints = preset.checkpoints;
        let record = RunRecord {
            preset: preset.name.clone(),
            seed,
            recipe: RECIPE_VERSION,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        write(&run.dir.join("preset.toml"), &preset.to_toml())?;
        write(
            &run.dir.join("run.json"),
            &(serde_json::to_string_pretty(&record)? + "\n"),
        )?;
        Ok(run)
    }

    /// Opens a directory for a run of `stages`, and makes it where it is missing.
    ///
    /// # Errors
    ///
    /// As [`Run::open`].
    pub(crate) fn of(
        dir: PathBuf,
        stages: &'static [&'static str],
        seed: u64,
        options: Options,
    ) -> Result<Self> {
        let until = options.until.as_deref();
        if let Some(stage) = until.filter(|stage| !stages.contains(stage)) {
            return Err(unknown("stage", stage, stages).into());
        }
        fs::create_dir_all(&dir)
            .with_context(|| format!("cannot make the run directory {}", dir.display()))?;
        Ok(Self {
            _lock: lock(&dir)?,
            dir,
            stages,
            seed,
            until: options.until,
            console: Console::new(options.quiet),
            memory: Budget::new(options.memory),
            stop: options.stop,
            checkpoints: Checkpoints::default(),
        })
    }

    /// Where everything is written.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The one seed every random stream is derived from.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Does a stage, unless it is complete already, and gives its artifact.
    ///
    /// # Errors
    ///
    /// What the stage fails with; [`Stopped`] once the stage to stop after is complete;
    /// [`Interrupted`](crate::stop::Interrupted) where the run is to stop.
    pub fn stage(&self, name: &str, stage: impl Stage) -> Result<Artifact> {
        if !self.stages.contains(&name) {
            bail!("{name} is not in the list of stages");
        }
        let plan = Plan::new(self, name, &stage);
        plan.restore()?;
        let artifact = match plan.finished(&self.console)? {
            Some(artifact) => {
                self.console.line(&format!("{name}: complete already"));
                artifact
            }
            None => self
                .carry_out(&plan, &stage)
                .with_context(|| format!("stage {name}"))?,
        };
        if self.until.as_deref() == Some(name) {
            return Err(Stopped(name.to_owned()).into());
        }
        Ok(artifact)
    }

    fn carry_out(&self, plan: &Plan<'_>, stage: &impl Stage) -> Result<Artifact> {
        if let Some(stops) = self.stop.requested() {
            return Err(stops.into());
        }
        let began = Instant::now();
        memory::forget_peak();
        let resumed = plan.begin()?;
        let how = if resumed { ", resumed" } else { "" };
        self.console
            .line(&format!("{}: {}{how}", plan.name, stage.describe()));
        let seed = stage_seed(self.seed, plan.name);
        let console = self.console.clone();
        let work = Work {
            dir: plan.partial(),
            states: States::new(plan.states(), self.checkpoints.keep),
            best: Best::new(plan.best(), self.checkpoints.best),
            resumed,
        };
        let stop = self.stop.clone();
        stage.run(&StageContext::new(
            plan.name,
            work,
            seed,
            console,
            self.memory,
            stop,
        ))?;
        let seconds = (began.elapsed().as_secs_f64() * 1e3).round() / 1e3;
        let artifact = plan.complete(stage, self.seed, seconds)?;
        self.console
            .line(&format!("{}: done in {}", plan.name, duration(seconds)));
        Ok(artifact)
    }
}

/// A stage that is about to be done, and the directories it goes through.
struct Plan<'a> {
    run: &'a Path,
    name: &'a str,
    kind: &'static str,
    identity: String,
}

impl<'a> Plan<'a> {
    fn new<S: Stage>(run: &'a Run, name: &'a str, stage: &S) -> Self {
        let kind = kind::<S>();
        let mut parts = vec![
            kind.to_owned(),
            name.to_owned(),
            stage.settings().to_string(),
            run.seed.to_string(),
            RECIPE_VERSION.to_string(),
        ];
        parts.extend(stage.inputs().iter().map(|input| input.fingerprint.clone()));
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        Self {
            run: &run.dir,
            name,
            kind,
            identity: hex(&hash_parts(&parts)),
        }
    }

    fn done(&self) -> PathBuf {
        self.run.join(self.name)
    }

    fn partial(&self) -> PathBuf {
        self.run.join(format!("{}.partial", self.name))
    }

    /// Holds the identity of what the partial directory is going to be.
    fn marker(&self) -> PathBuf {
        self.run.join(format!("{}.begun", self.name))
    }

    fn old(&self) -> PathBuf {
        self.run.join(format!("{}.old", self.name))
    }

    fn states(&self) -> PathBuf {
        self.run.join(format!("{}.states", self.name))
    }

    /// Undoes a replacement that was interrupted between its two renames.
    fn restore(&self) -> Result<()> {
        if self.old().exists() && !self.done().exists() {
            fs::rename(self.old(), self.done()).context("restoring an interrupted stage")?;
        }
        remove(&self.old())
    }

    fn best(&self) -> PathBuf {
        self.run.join(format!("{}.best", self.name))
    }

    /// Removes what only an unfinished stage needs.
    fn clear(&self) -> Result<()> {
        remove(&self.states())
    }

    /// The finished artifact, where there is one of this very identity and it is whole.
    fn finished(&self, console: &Console) -> Result<Option<Artifact>> {
        let found = Manifest::read(&self.done()).and_then(|found| {
            let same = found.identity == self.identity;
            same.then(|| Artifact::open(self.done())).transpose()
        });
        match found {
            Ok(Some(artifact)) => {
                // Where the process ended just before.
                self.clear()?;
                Ok(Some(artifact))
            }
            // What cannot be read now may be whole all the same.
            Err(ArtifactError::Io { path, source }) => {
                Err(source).with_context(|| path.display().to_string())
            }
            Err(damaged @ (ArtifactError::Changed(_) | ArtifactError::Manifest { .. })) => {
                console.line(&format!("{}: done again; {damaged}", self.name));
                Ok(None)
            }
            // Of other settings, or not there.
            Ok(None) | Err(ArtifactError::Unfinished(_)) => Ok(None),
        }
    }

    /// Prepares the partial directory; true where an interrupted attempt goes on in it.
    fn begin(&self) -> Result<bool> {
        let (partial, marker) = (self.partial(), self.marker());
        let same = match fs::read(&marker) {
            Err(error) if is_missing(&error) => false,
            found => {
                found.with_context(|| marker.display().to_string())? == self.identity.as_bytes()
            }
        };
        if same && partial.is_dir() {
            return Ok(true);
        }
        remove(&partial)?;
        remove(&self.best())?;
        self.clear()?;
        write(&marker, &self.identity)?;
        fs::create_dir(&partial).with_context(|| format!("making {}", partial.display()))?;
        Ok(false)
    }

    /// Writes the manifest and puts the directory in its place.
    fn complete(&self, stage: &impl Stage, seed: u64, seconds: f64) -> Result<Artifact> {
        let inputs: BTreeMap<_, _> = stage
            .inputs()
            .into_iter()
            .map(|input| (input.name(), input.fingerprint.clone()))
            .collect();
        let manifest = Manifest {
            name: self.name.to_owned(),
            kind: self.kind.to_owned(),
            identity: self.identity.clone(),
            seed,
            inputs,
            settings: stage.settings(),
            seconds,
            peak_rss_mb: peak_rss_mb(),
            files: record(&self.partial())?,
        };
        manifest.write(&self.partial())?;
        let placing = || format!("putting {} in its place", self.done().display());
        if self.done().exists() {
            fs::rename(self.done(), self.old()).with_context(placing)?;
        }
        fs::rename(self.partial(), self.done()).with_context(placing)?;
        sync(self.run).with_context(placing)?;
        fs::remove_file(self.marker()).with_context(placing)?;
        self.clear()?;
        remove(&self.old())?;
        Ok(Artifact {
            dir: self.done(),
            fingerprint: manifest.fingerprint(),
        })
    }
}

/// The last name of a type's path, without parameters.
fn kind<T>() -> &'static str {
    let path = std::any::type_name::<T>();
    let path = path.split('<').next().unwrap_or(path);
    path.rsplit("::").next().unwrap_or(path)
}

/// A seed of its own for each stage, so no two share a random stream.
fn stage_seed(seed: u64, name: &str) -> u64 {
    let hash = hash_parts(&["stage", &seed.to_string(), name]);
    u64::from_le_bytes(hash[..8].try_into().expect("eight bytes"))
}

/// The most memory this process has held, in MB (10⁶ bytes); Linux alone tells.
pub(crate) fn peak_rss_mb() -> Option<f64> {
    memory::peak().map(|bytes| (bytes as f64 / 1e3).round() / 1e3)
}

fn lock(dir: &Path) -> Result<File> {
    let path = dir.join(".lock");
    let mut file = File::options()
        .create(true)
        .write(true)
        .truncate(false)
        .open(&path)
        .with_context(|| format!("cannot write in the run directory: {}", path.display()))?;
    let mut locked = file.try_lock();
    // A process that was killed a moment ago may still hold it.
    for _ in 0..10 {
        if !matches!(locked, Err(TryLockError::WouldBlock)) {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
        locked = file.try_lock();
    }
    match locked {
        Ok(()) => {
            file.set_len(0)?;
            write!(file, "{}", std::process::id())?;
            Ok(file)
        }
        Err(TryLockError::WouldBlock) => {
            let holder = fs::read_to_string(&path).unwrap_or_default();
            bail!(
                "{} is in use by process {holder}; wait for it, or choose another --run-dir (or --out)",
                dir.display()
            )
        }
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("locking {}", path.display()))
        }
    }
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("writing {}", path.display()))
}

/// Whether an error means that the arguments were wrong.
pub(crate) fn is_usage(error: &anyhow::Error) -> bool {
    error.downcast_ref::<UsageError>().is_some()
}

#[cfg(test)]
mod tests;
