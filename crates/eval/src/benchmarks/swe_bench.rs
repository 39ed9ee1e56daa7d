//! SWE-bench: issues of real repositories, answered with one patch ([`crate::swe`]).
//!
//! Left out: agents; a model sees the issue and, where the oracle is asked for, the files the gold patch
//! changes, as in the published setting of that name (Jimenez et al., arXiv 2310.06770v3, section 4).

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};

use data::chat::Message;
use data::dataset::Dataset;
use data::files::sha256;
use data::{Check, Domain, Problem, Reply};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::published;
use super::share::share;
use crate::benchmark::{Benchmark, Judged, LoadError, Loaded, Metric, NotReady, Published, Task};
use crate::graded::{Graded, Outcome};
use crate::protocol::Protocol;
use crate::swe::{FUZZ, Harness, Instance, Settings, Verdict, diff_of};

/// Instances of SWE-bench as a benchmark.
#[derive(Debug)]
pub struct SweBench {
    name: &'static str,
    description: &'static str,
    published: &'static [Published],
    /// How many instances the file must have to be the one the figures are about.
    count: Option<usize>,
    /// `None`: the folder of clones is not known, and nothing can be judged.
    settings: Option<Settings>,
    oracle: bool,
    harness: OnceLock<Result<Harness, String>>,
    /// The repositories and versions an instance of was read.
    tried: Mutex<BTreeSet<(String, String)>>,
}

/// What a task is beside its problem.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Asked {
    pub(super) instance: Instance,
    /// The files shown with the issue: path and text.
    shown: Vec<(String, String)>,
}

impl SweBench {
    /// SWE-bench Verified, the 500 instances. Without `settings` it can be named and not measured.
    pub fn verified(settings: Option<Settings>) -> Self {
        Self {
            published: published::SWE_BENCH_VERIFIED,
            count: Some(500),
            ..Self::new(
                "swe-bench-verified",
                "500 issues of Python repositories to resolve by a patch, judged by their tests",
                settings,
            )
        }
    }

    /// Any file of the schema.
    pub fn any(settings: Option<Settings>) -> Self {
        let about = "any file of SWE-bench's schema";
        Self::new("swe-bench", about, settings)
    }

    /// The same, with the files shown that the gold patch changes.
    #[must_use]
    pub fn with_oracle(self, oracle: bool) -> Self {
        Self { oracle, ..self }
    }

    pub(super) fn new(
        name: &'static str,
        description: &'static str,
        settings: Option<Settings>,
    ) -> Self {
        Self {
            name,
            description,
            published: &[],
            count: None,
            settings,
            oracle: false,
            harness: OnceLock::new(),
            tried: Mutex::default(),
        }
    }

    /// What judges.
    pub(super) fn harness(&self) -> Result<&Harness, String> {
        let made = self.harness.get_or_init(|| match &self.settings {
            Some(settings) => Harness::new(settings.clone()).map_err(|error| error.to_string()),
            None => Err("give the folder of clones and the file of environments \
                         (docs/coding-benchmarks.md)"
                .to_owned()),
        });
        made.as_ref().map_err(Clone::clone)
    }

    fn task(&self, instance: Instance) -> Result<Task, String> {
        let shown = match (&self.settings, self.oracle) {
            (Some(settings), true) => instance.oracle(&settings.mirror)?,
            _ => Vec::new(),
        };
        let problem = Problem {
            id: instance.instance_id.clone(),
            question: instance.problem_statement.clone(),
            answer: String::new(),
            solution: Some(instance.patch.clone()),
            family: instance.repo.clone(),
            domain: Domain::Code,
            level: 1,
            language: "en".to_owned(),
            check: Check::Answer,
        };
        let released = instance.created_at.parse().ok();
        let task = Task::with(problem, &Asked { instance, shown })?;
        Ok(Task { released, ..task })
    }

    /// The question the patch answers.
    pub(super) fn question(task: &Task) -> String {
        match task.record::<Asked>() {
            Ok(Asked { instance, shown }) => {
                let shown: Vec<(&str, &str)> = shown.iter().map(|(a, b)| (&**a, &**b)).collect();
                instance.question(&shown)
            }
            Err(_) => task.problem.question.clone(),
        }
    }
}

impl Benchmark for SweBench {
    fn name(&self) -> &str {
        self.name
    }

    fn description(&self) -> &str {
        self.description
    }

    fn published(&self) -> &[Published] {
        self.published
    }

    fn settings(&self) -> Value {
        self.settings.as_ref().map_or(Value::Null, |settings| {
            let environments = serde_json::to_vec(&settings.environments).unwrap_or_default();
            json!({
                "environments": sha256(&environments),
                "most_fuzz": settings.most_fuzz,
                "oracle": self.oracle,
                "wall_s": settings.limits.wall.as_secs_f64(),
                "memory": settings.limits.memory,
            })
        })
    }

    fn load(&self, file: &Path, _: &Protocol) -> Result<Loaded, LoadError> {
        let unfit = |reason: String| LoadError::Unfit {
            path: file.into(),
            reason,
        };
        let gathered = Dataset::open(file)?.records::<Instance>().gather()?;
        let found = gathered.records.len();
        if let Some(count) = self.count.filter(|count| *count != found) {
            return Err(unfit(format!(
                "it has {found} instances and {} has {count}; measure another file as `swe-bench`",
                self.name
            )));
        }
        let tasks = gathered.records.into_iter().map(|one| self.task(one));
        Ok(Loaded {
            tasks: tasks.collect::<Result<_, _>>().map_err(unfit)?,
            skipped: gathered.skipped,
        })
    }

    /// Reads one instance of every version of every repository.
    fn ready(&self, tasks: &[Task]) -> Result<(), NotReady> {
        let not = |reason: String| NotReady {
            benchmark: self.name.to_owned(),
            reason,
        };
        let harness = self.harness().map_err(not)?;
        let mut tried = self.tried.lock().unwrap_or_else(PoisonError::into_inner);
        for task in tasks {
            let Asked { instance, .. } = task.record().map_err(not)?;
            let version = (instance.repo.clone(), instance.version.clone());
            if !tried.contains(&version) {
                let probed = harness.probe(&instance);
                probed.map_err(|(_, reason)| not(format!("{}: {reason}", instance.instance_id)))?;
                tried.insert(version);
            }
        }
        Ok(())
    }

    fn messages(&self, task: &Task) -> Vec<Message> {
        vec![Message::user(Self::question(task))]
    }

    fn grade(&self, task: &Task, reply: &Reply, _: &[Reply]) -> Judged {
        let (harness, asked) = match (self.harness(), task.record::<Asked>()) {
            (Ok(harness), Ok(asked)) => (harness, asked),
            (Err(reason), _) | (_, Err(reason)) => return Judged::unjudged(reason),
        };
        let whole = reply.whole();
        let report = match harness.judge(&asked.instance, &whole) {
            Ok(report) => report,
            Err(error) => return Judged::unjudged(format!("its logs: {error}")),
        };
        let answer = diff_of(&whole);
        Judged {
            verdict: match report.verdict {
                Verdict::Resolved => Outcome::Right,
                Verdict::NotRun => Outcome::Unjudged,
                _ => Outcome::Wrong,
            },
            rule: if answer.is_some() { "patch" } else { "none" }.to_owned(),
            answer,
            reason: format!("{}: {}", report.verdict, report.reason),
        }
    }

    /// Per cent of all instances: `resolved`, where those that could not be run count as the published figure counts
    /// them, against the model; `fuzzy`, applied with fuzz; `malformed`; and `does not apply`.
    fn metrics(&self, _: &[Task], graded: &[Graded], seed: u64) -> Vec<Metric> {
        let became = |verdict: Verdict| {
            let begins = format!("{verdict}: ");
            share(verdict.to_string(), graded, seed, |grade| {
                grade.reason.starts_with(&begins)
            })
        };
        let fuzzy = share("fuzzy", graded, seed, |grade| grade.reason.contains(FUZZ));
        let others = [Verdict::Malformed, Verdict::DoesNotApply].map(became);
        let all = [became(Verdict::Resolved), fuzzy].into_iter().chain(others);
        all.flatten().collect()
    }
}
