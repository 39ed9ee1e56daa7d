//! `r1 bench countdown`: R1-Zero (arXiv 2501.12948, section 2.2) on Countdown, seed by seed.
//!
//! Stages 0 to 2 of the recipe on one task family, and an evaluation of the base and of R1-Zero.
//! Every problem is Countdown, RL asks the levels of the held-out problems from its first step on, and
//! the evaluation samples as RL does: the curves of training and the held-out points then measure
//! the same thing. Lengths are the preset's; for `tiny` they are chosen to take a few minutes a seed.

mod drawing;
mod results;

use anyhow::{Context, Result};

use self::results::{Results, SeedResult};
use super::outcome::leave;
use super::plan::Plan;
use crate::Artifact;
use crate::preset::Preset;
use crate::progress::Console;
use crate::report;
use crate::run::{Options, Run};
use crate::stages::{Evaluate, Pretrain, Rl, Shape, Tasks};
use crate::stop::Stop;
use crate::usage::UsageError;

/// The family of tasks.
const FAMILY: &str = "countdown";

/// What the benchmark changes in any preset, besides what makes evaluation draw as training does.
const CHANGES: [&str; 2] = ["tasks.families=countdown", "zero.level_up=1"];

/// And in `tiny`: one family is learned sooner than five, from a base that often only guesses.
const CHANGES_TINY: [&str; 6] = [
    "tasks.levels=1",
    "corpus.guess=0.45",
    "corpus.steps=0.32",
    "corpus.checked=0.15",
    "base.steps=3000",
    "zero.steps=100",
];

/// Carries the benchmark out and prints its table.
pub(super) fn run(plan: &Plan) -> Result<()> {
    let (preset, changes) = derived(plan)?;
    let dir = plan.dir("countdown");
    let console = Console::new(plan.quiet);
    console.line(&format!(
        "countdown: preset {} with {}",
        preset.name,
        changes.join(", ")
    ));
    let stop = Stop::on_signals()?;
    let mut seeds = Vec::new();
    for (index, &seed) in plan.seeds.0.iter().enumerate() {
        console.line(&format!(
            "countdown: seed {seed} ({} of {})",
            index + 1,
            plan.seeds.0.len()
        ));
        let options = Options {
            until: None,
            quiet: plan.quiet,
            memory: None,
            stop: stop.clone(),
        };
        let run = Run::open(dir.join(format!("seed-{seed}")), &preset, seed, options)?;
        let zero = r1_zero(&run, &preset).with_context(|| format!("seed {seed}"))?;
        let accuracy = report::curve(&zero, "accuracy")?;
        seeds.push(SeedResult::new(report::write(run.dir())?, accuracy)?);
    }
    let results = Results::new(&preset, changes, seeds);
    leave(&dir, &results, drawing::page(&results, &preset)?)
}

/// The recipe as far as R1-Zero, and what it and the base are worth.
fn r1_zero(run: &Run, p: &Preset) -> Result<Artifact> {
    let tasks = run.stage("0-tasks", Tasks::new(&p.tasks, &p.corpus))?;
    let shape = Shape::Mixture(&p.model);
    let base = run.stage("1-base", Pretrain::new(shape, &tasks, &p.corpus, &p.base))?;
    let zero = run.stage("2-r1-zero", Rl::new(&base, &tasks, &p.zero, &p.rubric))?;
    let models = [("base", &base), ("r1-zero", &zero)];
    run.stage("9-eval", Evaluate::new(&models, &tasks, &p.eval))?;
    Ok(zero)
}

/// The preset of the benchmark, and what it changes in the one it is derived from.
pub(super) fn derived(plan: &Plan) -> Result<(Preset, Vec<String>), UsageError> {
    let tiny = (plan.preset == "tiny").then_some(CHANGES_TINY);
    let own = CHANGES.into_iter().chain(tiny.into_iter().flatten());
    let mut own: Vec<String> = own.map(str::to_owned).collect();
    let (given, _) = plan.preset(&own)?;
    let levels: Vec<String> = given.tasks.levels.iter().map(u32::to_string).collect();
    own.push(format!("zero.levels={}", levels.join(",")));
    own.push(format!("eval.temperature={}", given.zero.temperature));
    own.push(format!("eval.top_p={}", given.zero.top_p));
    let (preset, changes) = plan.preset(&own)?;
    if preset.tasks.families != [FAMILY] || !preset.tasks.file.is_empty() {
        return Err(UsageError(format!(
            "this benchmark asks {FAMILY} problems alone: leave tasks.families and tasks.file as \
             they are, or run other problems with `r1 pipeline`"
        )));
    }
    if !preset.shards.path.is_empty() {
        return Err(UsageError(
            "shards.path: this benchmark pretrains on texts about its problems; leave it empty"
                .into(),
        ));
    }
    Ok((preset, changes))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        plan: Plan,
    }

    fn of(arguments: &[&str]) -> Result<Preset, UsageError> {
        let line = Line::parse_from(["countdown"].iter().chain(arguments));
        derived(&line.plan).map(|(preset, _)| preset)
    }

    #[test]
    fn training_and_evaluation_draw_alike() {
        let generated = |name: &&str| Preset::load(name, &[]).unwrap().tasks.file.is_empty();
        for name in Preset::NAMES.into_iter().filter(generated) {
            let preset = of(&[name]).unwrap();
            assert_eq!(preset.tasks.families, [FAMILY]);
            assert_eq!(preset.zero.levels, preset.tasks.levels, "{name}");
            assert_eq!(preset.zero.level_up, 1.0, "{name}");
            let drawn = (preset.zero.temperature, preset.zero.top_p);
            assert_eq!(
                drawn,
                (preset.eval.temperature, preset.eval.top_p),
                "{name}"
            );
        }
    }

    #[test]
    fn lengths_are_those_of_a_preset() {
        let given = Preset::load("smoke", &[]).unwrap();
        assert_eq!(of(&["smoke"]).unwrap().base, given.base);
        assert_eq!(of(&[]).unwrap().base.steps, 3000);
        assert_eq!(of(&["--set", "base.steps=5"]).unwrap().base.steps, 5);
        let harder = of(&["--set", "tasks.levels=1,2"]).unwrap();
        assert_eq!(harder.zero.levels, [1, 2]);
    }

    #[test]
    fn other_problems_are_refused() {
        for change in ["tasks.families=linear", "tasks.families=countdown,linear"] {
            let message = of(&["--set", change]).unwrap_err().0;
            assert!(message.contains("r1 pipeline"), "{message}");
        }
        let message = of(&["smollm2-gsm8k"]).unwrap_err().0;
        assert!(message.contains("r1 pipeline"), "{message}");
    }
}
