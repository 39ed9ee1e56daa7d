//! A result once more: from its manifest, or from its stored replies.

use std::ops::ControlFlow;
use std::path::Path;

use data::{Answers, Ask, Reply, Unanswered};

use crate::benchmark::{Benchmark, LoadError};
use crate::difference::{Difference, between, listed};
use crate::manifest::Manifest;
use crate::plan::{Identity, Plan, TaskSet};
use crate::run::{EvaluateError, Evaluation, Observer, evaluate};
use crate::store::Store;
use crate::store_error::StoreError;

/// A measurement that was made again.
#[derive(Debug)]
pub struct Replayed {
    /// The new result.
    pub evaluation: Evaluation,
    /// In what it differs from the old; empty where it is the same to the digit.
    pub differences: Vec<Difference>,
}

/// Why a measurement could not be made again.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The tasks cannot be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// What is measured now is not what was measured then.
    #[error("this is not what was measured: {}", listed(.0))]
    Other(Vec<Difference>),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The measurement did not come to its end.
    #[error(transparent)]
    Evaluate(#[from] EvaluateError),
}

/// The tasks of `file` under the protocol of `manifest`, once it is sure that asking `model` by them
/// would be the same measurement: file, prompts, benchmark and its settings, template, model and
/// library are compared, all but where the file lies.
///
/// # Errors
/// When the file cannot be read or anything differs.
pub fn verify(
    manifest: &Manifest,
    benchmark: &dyn Benchmark,
    file: &Path,
    model: &Identity,
    template: &str,
) -> Result<(TaskSet, Plan), ReplayError> {
    let then = &manifest.plan;
    let set = TaskSet::load(benchmark, file, &then.protocol)?;
    let identity = model.clone();
    let plan = Plan::new(
        benchmark,
        &set,
        &then.protocol,
        identity,
        template,
        then.seed,
    );
    let differences = between(then, &plan, &["tasks.path"]);
    match differences.is_empty() {
        true => Ok((set, plan)),
        false => Err(ReplayError::Other(differences)),
    }
}

/// Makes the measurement of `manifest` again, into the folder `dir`: `set` and `plan` come from
/// [`verify`], and `model` samples by the manifest's protocol and seed.
///
/// # Errors
/// When the folder cannot be used or the measurement does not come to its end.
pub fn replay(
    manifest: &Manifest,
    model: &dyn Answers,
    benchmark: &dyn Benchmark,
    (set, plan): &(TaskSet, Plan),
    dir: &Path,
    observer: &mut Observer<'_>,
) -> Result<Replayed, ReplayError> {
    let mut store = Store::open(dir, plan)?;
    let evaluation = evaluate(model, benchmark, &set.tasks, &mut store, observer)?;
    let differences = between(manifest, &evaluation.manifest, &["plan.tasks.path"]);
    Ok(Replayed {
        evaluation,
        differences,
    })
}

/// Grades the stored replies of the folder `dir` anew and asks nothing: after a change of the grader,
/// or with tasks of `file` whose gold answers were mended. The plan then names what graded; where
/// replies are missing they are counted so. The old grades stay until all new ones are there.
///
/// # Errors
/// When the folder is in use or holds no measurement of this benchmark, when the tasks cannot be read or
/// nothing can be graded here, or when a task is asked otherwise than it was, so that the replies answer
/// another question. The folder is then as it was.
pub fn regrade(
    dir: &Path,
    benchmark: &dyn Benchmark,
    file: &Path,
    observer: &mut Observer<'_>,
) -> Result<Evaluation, ReplayError> {
    let then = Store::plan_of(dir)?;
    let set = TaskSet::load(benchmark, file, &then.protocol)?;
    benchmark.ready(&set.tasks).map_err(EvaluateError::from)?;
    let (model, template) = (then.model.clone(), then.template.clone());
    let now = Plan {
        library: then.library.clone(),
        ..Plan::new(benchmark, &set, &then.protocol, model, template, then.seed)
    };
    let mut differences = between(&then, &now, &[]);
    differences.retain(|other| matches!(&*other.field, "benchmark" | "prompts" | "tasks.tasks"));
    if !differences.is_empty() {
        return Err(ReplayError::Other(differences));
    }
    let mut store = Store::existing(dir)?;
    store.start_over(now)?;
    Ok(evaluate(
        &Silent, benchmark, &set.tasks, &mut store, observer,
    )?)
}

/// A model that is never asked: what is stored is all there is.
struct Silent;

impl Answers for Silent {
    fn answer(
        &self,
        _: &mut (dyn Iterator<Item = Ask> + Send),
        _: &mut dyn FnMut(Ask, Result<Reply, Unanswered>) -> ControlFlow<()>,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        Ok(())
    }
}
