//! A stage: one box of the figure, and what it is given to work with.

mod growing;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use self::growing::Growing;
use crate::artifact::{Artifact, METRICS};
use crate::best::Best;
use crate::memory::Budget;
use crate::progress::{Console, Progress};
use crate::states::{Lengths, State, States};
use crate::stop::{InSteps, Interrupted, Stop};

/// The samples a stage drew, one JSON object per line.
pub(crate) const COMPLETIONS: &str = "completions.jsonl";

/// One box of the figure: a plain value whose fields are its settings and the artifacts it reads.
///
/// Equal settings, inputs and seed must give equal files; only `metrics.jsonl` may hold times.
pub trait Stage {
    /// The artifacts it reads: every one, since a change in any makes the stage run again.
    fn inputs(&self) -> Vec<&Artifact>;
    /// Everything else its result depends on.
    fn settings(&self) -> Value;
    /// Does the work, leaving its files in `cx.dir`.
    ///
    /// After an interruption it is called again with the files it had left, and either
    /// [begins anew](StageContext::start_over) or goes on from its last state.
    ///
    /// # Errors
    ///
    /// Whatever keeps it from finishing; the run then ends.
    fn run(&self, cx: &StageContext) -> Result<()>;
    /// What it does, in a few words for the terminal.
    fn describe(&self) -> &'static str;
}

/// What a running stage is given.
#[derive(Debug)]
pub struct StageContext {
    /// Where its files go.
    pub dir: PathBuf,
    /// The seed of this stage alone, derived from the run's seed and the stage's name.
    pub seed: u64,
    /// Whether `dir` holds what an interrupted attempt at the very same stage left.
    pub resumed: bool,
    /// What the run may take.
    pub(crate) memory: Budget,
    name: String,
    console: Console,
    stop: Stop,
    states: States,
    best: Best,
    metrics: Growing,
    completions: Growing,
}

/// Where a stage works.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) dir: PathBuf,
    pub(crate) states: States,
    pub(crate) best: Best,
    /// Whether an interrupted attempt was there before.
    pub(crate) resumed: bool,
}

impl StageContext {
    pub(crate) fn new(
        name: &str,
        work: Work,
        seed: u64,
        console: Console,
        memory: Budget,
        stop: Stop,
    ) -> Self {
        Self {
            metrics: Growing::new(work.dir.join(METRICS)),
            completions: Growing::new(work.dir.join(COMPLETIONS)),
            name: name.to_owned(),
            dir: work.dir,
            states: work.states,
            best: work.best,
            resumed: work.resumed,
            seed,
            memory,
            console,
            stop,
        }
    }

    /// Appends one line to `metrics.jsonl`; a field `step` counts from 1.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn metric(&self, line: &impl Serialize) -> Result<()> {
        self.metrics.append(line)
    }

    /// Appends one line to `completions.jsonl`.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn completion(&self, line: &impl Serialize) -> Result<()> {
        self.completions.append(line)
    }

    /// Begins anew: drops every line that an interrupted attempt wrote.
    ///
    /// # Errors
    ///
    /// A file cannot be written.
    pub fn start_over(&self) -> Result<()> {
        self.cut(Lengths::default())
    }

    /// The state to go on from, where an interrupted attempt left one; lines written since are dropped. States that are
    /// damaged are said.
    ///
    /// # Errors
    ///
    /// A state or a file of lines cannot be read, or lacks lines it had.
    pub(crate) fn resume<P: DeserializeOwned>(&self) -> Result<Option<State<P>>> {
        let last = self.states.last::<P>()?;
        for path in &last.damaged {
            let path = path.display();
            self.log(format!("{path} is damaged; it is passed over and removed"));
        }
        let found = last.state;
        let lines = found
            .as_ref()
            .map_or(Lengths::default(), |(_, lines)| *lines);
        self.cut(lines).with_context(|| {
            let dir = self.dir.display();
            format!("{dir} has lost lines; remove it to begin this stage anew")
        })?;
        let state = found.map(|(state, _)| state);
        if let Some(state) = &state {
            self.log(format!("goes on after step {}", state.step));
        }
        Ok(state)
    }

    /// Steps are taken for as long as what this gives is held: a signal waits for the end of a step.
    pub(crate) fn in_steps(&self) -> InSteps {
        self.stop.in_steps()
    }

    /// The signal that came, as what ends the stage.
    pub(crate) fn stops(&self) -> Option<Interrupted> {
        self.stop.requested()
    }

    /// Ends step `step` once its lines are written. After every `every` steps, and where the run is to stop, a state
    /// is written: `progress`, and the files that `fill` leaves in a directory.
    ///
    /// # Errors
    ///
    /// The run is to stop ([`Interrupted`](crate::stop::Interrupted)); a file cannot be written.
    pub(crate) fn after_step(
        &self,
        step: usize,
        every: usize,
        progress: &impl Serialize,
        fill: impl FnOnce(&Path) -> Result<()>,
    ) -> Result<()> {
        self.stop.step();
        let stops = self.stop.requested();
        if stops.is_some() || (every > 0 && step.is_multiple_of(every)) {
            let lines = Lengths {
                metrics: self.metrics.settle()?,
                completions: self.completions.settle()?,
            };
            self.states.add(step, lines, progress, fill)?;
        }
        match stops {
            Some(stops) => Err(stops.into()),
            None => Ok(()),
        }
    }

    /// Keeps the policy after `step`, which `save` writes into a directory, where its score is among the best.
    ///
    /// # Errors
    /// A file cannot be written.
    pub(crate) fn offer(
        &self,
        step: usize,
        score: f64,
        save: impl FnOnce(&Path) -> Result<()>,
    ) -> Result<()> {
        self.best.offer(step, score, save)
    }

    fn cut(&self, lines: Lengths) -> Result<()> {
        self.metrics.cut(lines.metrics)?;
        self.completions.cut(lines.completions)
    }

    /// Says something about the stage on the terminal.
    pub fn log(&self, text: impl AsRef<str>) {
        self.console
            .line(&format!("{}: {}", self.name, text.as_ref()));
    }

    /// Where things are said.
    pub(crate) fn console(&self) -> &Console {
        &self.console
    }

    /// Shows how far along the stage is: `total` of what, as in `steps`.
    #[must_use]
    pub fn progress(&self, total: usize, unit: &'static str) -> Progress {
        self.console.progress(&self.name, total, unit)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use super::*;
    use crate::stop::Interrupted;

    fn context(dir: &Path, stop: Stop) -> StageContext {
        let work = Work {
            dir: dir.join("1-base.partial"),
            states: States::new(dir.join("1-base.states"), 2),
            best: Best::new(dir.join("1-base.best"), 0),
            resumed: false,
        };
        fs::create_dir_all(&work.dir).unwrap();
        let console = Console::new(true);
        StageContext::new("1-base", work, 1, console, Budget::new(None), stop)
    }

    fn metrics(dir: &Path) -> String {
        fs::read_to_string(dir.join("1-base.partial").join(METRICS)).unwrap()
    }

    /// Takes `steps` steps, each of which leaves two lines, and a state after every second.
    fn steps(cx: &StageContext, steps: std::ops::RangeInclusive<usize>) -> Result<()> {
        for step in steps {
            cx.metric(&json!({ "step": step }))?;
            cx.completion(&json!({ "step": step, "text": "a" }))?;
            cx.after_step(step, 2, &step, |_| Ok(()))?;
        }
        Ok(())
    }

    #[test]
    fn lines_after_the_last_state_are_written_again() {
        let dir = tempfile::tempdir().unwrap();
        steps(&context(dir.path(), Stop::default()), 1..=5).unwrap();
        let path = dir.path().join("1-base.partial").join(METRICS);
        let torn = metrics(dir.path()) + "{\"st";
        fs::write(&path, torn).unwrap();
        let cx = context(dir.path(), Stop::default());
        let state = cx.resume::<usize>().unwrap().unwrap();
        assert_eq!((state.step, state.progress), (4, 4));
        assert_eq!(metrics(dir.path()).lines().count(), 4);
        steps(&cx, 5..=6).unwrap();
        let whole: String = (1..=6)
            .map(|step| format!("{{\"step\":{step}}}\n"))
            .collect();
        assert_eq!(metrics(dir.path()), whole);
        // Fewer lines than a state counts are damage.
        fs::write(&path, "").unwrap();
        drop(cx);
        let error = context(dir.path(), Stop::default())
            .resume::<usize>()
            .unwrap_err();
        assert!(format!("{error:#}").contains(METRICS), "{error:#}");
    }

    #[test]
    fn a_wish_to_stop_leaves_a_state_of_its_step() {
        let dir = tempfile::tempdir().unwrap();
        let cx = context(dir.path(), Stop::after(3));
        let error = steps(&cx, 1..=5).unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&Interrupted(15)));
        drop(cx);
        let cx = context(dir.path(), Stop::default());
        assert_eq!(cx.resume::<usize>().unwrap().unwrap().step, 3);
    }

    #[test]
    fn starting_over_leaves_nothing_and_makes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let cx = context(dir.path(), Stop::default());
        cx.start_over().unwrap();
        assert!(!dir.path().join("1-base.partial").join(METRICS).exists());
        cx.metric(&1).unwrap();
        cx.start_over().unwrap();
        assert_eq!(metrics(dir.path()), "");
    }
}
