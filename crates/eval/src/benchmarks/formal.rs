//! Formal statements: problems in words to be stated in Coq or Lean, judged by the checker
//! ([`crate::formal`]).

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use data::chat::Message;
use data::dataset::Dataset;
use data::{Answers, Check, Domain, Problem, Reply};
use serde_json::{Value, json};

use super::formal_figures::{IMO, figures};
use crate::benchmark::{Benchmark, Judged, LoadError, Loaded, Metric, NotReady, Task};
use crate::formal::{Checker, Fidelity, FormalProblem, Item, System, ask, settle};
use crate::graded::{Graded, Outcome};
use crate::protocol::Protocol;

/// A model that is asked about what a checker leaves open.
type Judge = Box<dyn Answers + Send + Sync>;

/// Problems to state.
pub struct FormalStatements {
    system: System,
    /// Of Lean: the folder of a built Lake project.
    project: Option<PathBuf>,
    /// What it is and how it samples, for the manifest, and itself.
    judge: Option<(Value, Judge)>,
    checker: OnceLock<Result<Checker, String>>,
}

impl fmt::Debug for FormalStatements {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let judge = self.judge.as_ref().map(|(settings, _)| settings);
        let mut shown = f.debug_struct("FormalStatements");
        shown.field("system", &self.system).field("judge", &judge);
        shown.finish_non_exhaustive()
    }
}

impl FormalStatements {
    /// In Coq, checked by the `coqtop` of the PATH.
    pub fn coq() -> Self {
        Self {
            system: System::Coq,
            project: None,
            judge: None,
            checker: OnceLock::new(),
        }
    }

    /// In Lean 4 with the libraries of a Lake project that has been built. Without one it can be named and
    /// not measured.
    pub fn lean(project: Option<PathBuf>) -> Self {
        Self {
            system: System::Lean,
            project,
            ..Self::coq()
        }
    }

    /// The same, and a model is asked about what the checker leaves open. `settings` is all its word depends on,
    /// for [`Benchmark::settings`]: what it is called, where it is, how it samples.
    #[must_use]
    pub fn with_judge(self, settings: Value, judge: Judge) -> Self {
        Self {
            judge: Some((settings, judge)),
            ..self
        }
    }

    fn checker(&self) -> Result<&Checker, String> {
        let made = self
            .checker
            .get_or_init(|| match (self.system, &self.project) {
                (System::Coq, _) => Checker::coq().map_err(|error| error.to_string()),
                (System::Lean, Some(project)) => {
                    Checker::lean(project).map_err(|error| error.to_string())
                }
                (System::Lean, None) => Err("give the folder of a Lake project that has been \
                                             built, with Mathlib for the published files"
                    .to_owned()),
            });
        made.as_ref().map_err(Clone::clone)
    }

    fn judged(&self, problem: FormalProblem, reply: &str) -> Result<Judged, String> {
        let checker = self.checker()?;
        let (fidelity, candidate) = checker
            .judge(reply, problem.reference.as_ref())
            .map_err(|error| error.to_string())?;
        let mut item = Item {
            id: problem.id,
            sample: 0,
            informal: problem.informal,
            reference: problem.reference_text,
            candidate,
            fidelity,
        };
        if let (Fidelity::Open { .. }, Some((_, judge))) = (&item.fidelity, &self.judge) {
            settle(std::slice::from_mut(&mut item), &**judge).map_err(|error| error.to_string())?;
        }
        let answer = item.candidate.map(|candidate| candidate.text());
        Ok(Judged {
            verdict: match item.fidelity.is_right() {
                Some(true) => Outcome::Right,
                Some(false) => Outcome::Wrong,
                None => Outcome::Unjudged,
            },
            rule: if answer.is_some() {
                "statement"
            } else {
                "none"
            }
            .to_owned(),
            answer,
            reason: item.fidelity.to_string(),
        })
    }
}

impl Benchmark for FormalStatements {
    fn name(&self) -> &'static str {
        match self.system {
            System::Coq => "formal-coq",
            System::Lean => "formal-lean",
        }
    }

    fn description(&self) -> &'static str {
        match self.system {
            System::Coq => "problems in words to state in Coq, judged by the checker",
            System::Lean => "problems in words to state in Lean 4, judged by the checker",
        }
    }

    /// Tries the checker out, since its version is part of it.
    fn settings(&self) -> Value {
        let checker = self.checker().map(Checker::version).ok();
        json!({ "checker": checker, "judge": self.judge.as_ref().map(|(settings, _)| settings) })
    }

    fn load(&self, file: &Path, _: &Protocol) -> Result<Loaded, LoadError> {
        let unfit = |reason: String| LoadError::Unfit {
            path: file.into(),
            reason,
        };
        let gathered = Dataset::open(file)?.records::<FormalProblem>().gather()?;
        let task = |mut problem: FormalProblem| {
            // A reference in another language is one for the judge alone.
            problem.reference = problem.reference.filter(|it| it.system == self.system);
            let asked = Problem {
                id: problem.id.clone(),
                question: problem.informal.clone(),
                answer: problem.reference_text.clone().unwrap_or_default(),
                solution: None,
                family: if problem.is_imo { IMO } else { "other" }.to_owned(),
                domain: Domain::Mathematics,
                level: 1,
                language: "en".to_owned(),
                check: Check::Answer,
            };
            Task::with(asked, &problem)
        };
        let tasks = gathered.records.into_iter().map(task);
        Ok(Loaded {
            tasks: tasks.collect::<Result<_, _>>().map_err(unfit)?,
            skipped: gathered.skipped,
        })
    }

    fn ready(&self, _: &[Task]) -> Result<(), NotReady> {
        let checker = self.checker();
        checker.map(|_| ()).map_err(|reason| NotReady {
            benchmark: self.name().to_owned(),
            reason,
        })
    }

    fn messages(&self, task: &Task) -> Vec<Message> {
        match task.record::<FormalProblem>() {
            Ok(problem) => ask(&problem, self.system),
            Err(_) => vec![Message::user(task.problem.question.clone())],
        }
    }

    fn grade(&self, task: &Task, reply: &Reply, _: &[Reply]) -> Judged {
        let problem = task.record::<FormalProblem>();
        let judged = problem.and_then(|problem| self.judged(problem, &reply.whole()));
        judged.unwrap_or_else(Judged::unjudged)
    }

    fn metrics(&self, _: &[Task], graded: &[Graded], seed: u64) -> Vec<Metric> {
        figures(graded, seed)
    }
}
