//! What tests measure with: a benchmark, a file of its tasks and folders for runs.

use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;

use data::{Answers, Ask, Reply, Scripted, Silence};

use crate::*;

/// A folder with a file of tasks, and how they are measured.
pub(crate) struct Bench<B> {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) benchmark: B,
    pub(crate) protocol: Protocol,
    pub(crate) seed: u64,
}

/// An observer that never has enough.
pub(crate) fn quiet(_: &Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// A model that gives the replies of a problem in turn, one more for each follow-up.
pub(crate) fn in_turn<'a>(
    replies: &'a [(&'a str, &'a [&'a str])],
) -> Scripted<impl Fn(&Ask) -> Result<Reply, Silence> + 'a> {
    Scripted::new(move |ask: &Ask| {
        let id = ask.id.split('#').next().unwrap_or_default();
        let known = replies.iter().find(|(known, _)| *known == id);
        let round = ask.messages.len() / 2;
        let text = known.and_then(|(_, replies)| replies.get(round));
        let text = text.ok_or_else(|| Silence::Here("the script has no more".into()))?;
        Ok(Reply {
            tokens: 7,
            ..Reply::of(*text)
        })
    })
}

impl<B: Benchmark> Bench<B> {
    /// The benchmark's own protocol but for the samples, on a file of these lines.
    pub(crate) fn new(benchmark: B, lines: &str, samples: u32) -> Self {
        let bench = Self {
            folder: tempfile::tempdir().unwrap(),
            protocol: Protocol {
                samples,
                ..benchmark.protocol()
            },
            benchmark,
            seed: 3,
        };
        fs::write(bench.file(), lines).unwrap();
        bench
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("tasks.jsonl")
    }

    pub(crate) fn dir(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn model() -> Identity {
        Identity::Weights {
            name: "script".into(),
            sha256: "0".into(),
        }
    }

    pub(crate) fn run(&self, model: &dyn Answers, dir: &str) -> Result<Evaluation, EvaluateError> {
        self.watched(model, dir, &mut quiet)
    }

    pub(crate) fn watched(
        &self,
        model: &dyn Answers,
        dir: &str,
        observer: &mut Observer<'_>,
    ) -> Result<Evaluation, EvaluateError> {
        let set = TaskSet::load(&self.benchmark, &self.file(), &self.protocol).unwrap();
        let (model_is, template) = (Self::model(), "none");
        let plan = Plan::new(
            &self.benchmark,
            &set,
            &self.protocol,
            model_is,
            template,
            self.seed,
        );
        let mut store = Store::open(&self.dir(dir), &plan)?;
        evaluate(model, &self.benchmark, &set.tasks, &mut store, observer)
    }

    /// Verifies and replays `manifest` into a new folder.
    pub(crate) fn replay(
        &self,
        manifest: &Manifest,
        model: &dyn Answers,
    ) -> Result<Replayed, ReplayError> {
        let (file, identity) = (self.file(), Self::model());
        let verified = verify(manifest, &self.benchmark, &file, &identity, "none")?;
        let dir = self.dir("replayed");
        replay(
            manifest,
            model,
            &self.benchmark,
            &verified,
            &dir,
            &mut quiet,
        )
    }

    pub(crate) fn regrade(&self, dir: &str) -> Result<Evaluation, ReplayError> {
        let (dir, file) = (self.dir(dir), self.file());
        regrade(&dir, &self.benchmark, &file, &mut quiet)
    }

    /// Measures `model`, then holds the replay and the grading anew against it.
    pub(crate) fn measured(&self, model: &dyn Answers) -> Evaluation {
        let first = self.run(model, "run").unwrap();
        let replayed = self.replay(&first.manifest, model).unwrap();
        assert_eq!(replayed.differences, []);
        let again = self.regrade("run").unwrap();
        assert_eq!(
            (&again.manifest, &again.graded),
            (&first.manifest, &first.graded)
        );
        first
    }
}
