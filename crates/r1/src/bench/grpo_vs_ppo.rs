//! `r1 bench grpo-vs-ppo`: what doing without a critic saves (arXiv 2402.03300, section 4.1.1).
//!
//! From one pretrained base, GRPO and PPO each take the same number of steps: the same stage, the
//! same random streams, hence the same problems in the same order, the same rewards and settings.
//! PPO trains a critic of the policy's size beside it. Problems and lengths are those of
//! `r1 bench countdown`. Left out: tuning either beyond the preset.

mod drawing;
mod results;

use anyhow::{Context, Result};

use self::results::{MethodResult, Results, SeedResult};
use super::countdown::derived;
use super::outcome::leave;
use super::plan::Plan;
use crate::memory::forget_peak;
use crate::preset::Preset;
use crate::progress::Console;
use crate::report;
use crate::run::{Options, Run};
use crate::stages::{Evaluate, Pretrain, Rl, Shape, Tasks};
use crate::stop::Stop;

/// Carries the benchmark out and prints its tables.
pub(super) fn run(plan: &Plan) -> Result<()> {
    let (preset, changes) = derived(plan)?;
    let dir = plan.dir("grpo-vs-ppo");
    let console = Console::new(plan.quiet);
    let stop = Stop::on_signals()?;
    let mut seeds = Vec::new();
    for (index, &seed) in plan.seeds.0.iter().enumerate() {
        let of = plan.seeds.0.len();
        console.line(&format!("grpo-vs-ppo: seed {seed} ({} of {of})", index + 1));
        let open = |name: &str| {
            let options = Options {
                until: None,
                quiet: plan.quiet,
                memory: None,
                stop: stop.clone(),
            };
            Run::open(dir.join(name), &preset, seed, options)
        };
        let grpo = open(&format!("seed-{seed}"))?;
        let ppo = open(&format!("seed-{seed}/ppo"))?;
        seeds.push(both(&grpo, &ppo, &preset).with_context(|| format!("seed {seed}"))?);
    }
    let results = Results::new(&preset, changes, seeds);
    leave(&dir, &results, drawing::page(&results, &preset)?)
}

/// GRPO in one run directory, PPO from its base in another, and both on the held-out problems.
fn both(run: &Run, rival: &Run, p: &Preset) -> Result<SeedResult> {
    let tasks = run.stage("0-tasks", Tasks::new(&p.tasks, &p.corpus))?;
    let shape = Shape::Mixture(&p.model);
    let base = run.stage("1-base", Pretrain::new(shape, &tasks, &p.corpus, &p.base))?;
    // Of one name, the stages draw from one random stream.
    forget_peak();
    let grpo = run.stage("2-r1-zero", Rl::new(&base, &tasks, &p.zero, &p.rubric))?;
    forget_peak();
    let ppo = Rl::new(&base, &tasks, &p.zero, &p.rubric).with_critic(&p.ppo);
    let ppo = rival.stage("2-r1-zero", ppo)?;
    let models = [("base", &base), ("r1-zero", &grpo)];
    let eval = run.stage("9-eval", Evaluate::new(&models, &tasks, &p.eval))?;
    let models = [("ppo", &ppo)];
    let rival_eval = rival.stage("9-eval", Evaluate::new(&models, &tasks, &p.eval))?;
    report::write(run.dir())?;
    Ok(SeedResult {
        seed: run.seed(),
        grpo: MethodResult::read(&grpo, report::model(&eval, "r1-zero")?, false)?,
        ppo: MethodResult::read(&ppo, report::model(&rival_eval, "ppo")?, true)?,
    })
}
