//! Reinforcement learning with GRPO on the hybrid reward.

mod last_good;
mod learner;
mod level;
mod metric;
mod progress;
mod settings;

use std::time::Instant;

use anyhow::Result;
use burn::module::Module;
use data::Problem;
use grpo::{Drawn, Group, SampleOptions, draw_untied};
use lm::NotFinite;
use serde_json::{Value, json};
use trainer::mix;

use self::last_good::LastGood;
use self::learner::Learner;
use self::metric::{Metric, Tokens};
use self::progress::Progress;
use self::settings::{objective, rollout_seed, rubric_config};
use super::ask;
use super::checkpoint::{Checkpoint, save};
use super::cost::Cost;
use super::judging;
use super::means::{Means, finish};
use super::problems::Problems;
use super::responses::Line;
use super::training::identity;
use crate::Artifact;
use crate::preset;
use crate::stage::{Stage, StageContext};

/// Improves a policy by its own samples.
pub struct Rl<'a> {
    /// The model to start from, and the first reference.
    policy: &'a Artifact,
    /// Where problems come from.
    tasks: &'a Artifact,
    /// Everything that is set.
    plan: &'a preset::Rl,
    /// What a response is worth, beyond the weights of `plan`.
    rubric: &'a preset::Rubric,
    /// Train a critic beside the policy, by PPO, where given.
    critic: Option<&'a preset::Ppo>,
    /// Stop once as much computing is spent as this stage took, where given.
    compute_of: Option<&'a Artifact>,
    /// What of the policy is trained, and in how much memory.
    means: Means,
}

impl<'a> Rl<'a> {
    /// Improves `policy`, which is the first reference too, on problems of `tasks`.
    pub fn new(
        policy: &'a Artifact,
        tasks: &'a Artifact,
        plan: &'a preset::Rl,
        rubric: &'a preset::Rubric,
    ) -> Self {
        Self {
            policy,
            tasks,
            plan,
            rubric,
            critic: None,
            compute_of: None,
            means: Means::default(),
        }
    }

    /// Trains what `means` says, as it says.
    pub fn by(self, means: &Means) -> Self {
        let means = means.clone();
        Self { means, ..self }
    }

    /// Learns by PPO with a critic (arXiv 1707.06347) instead of GRPO's comparison of a group.
    pub fn with_critic(self, ppo: &'a preset::Ppo) -> Self {
        Self {
            critic: Some(ppo),
            ..self
        }
    }

    /// Stops once as much computing is spent as `stage` took.
    pub fn at_the_cost_of(self, stage: &'a Artifact) -> Self {
        Self {
            compute_of: Some(stage),
            ..self
        }
    }
}

impl Stage for Rl<'_> {
    fn inputs(&self) -> Vec<&Artifact> {
        [self.policy, self.tasks]
            .into_iter()
            .chain(self.compute_of)
            .collect()
    }

    fn settings(&self) -> Value {
        let settings = match self.critic {
            None => json!({ "rl": identity(self.plan), "rubric": self.rubric }),
            Some(ppo) => json!({ "rl": identity(self.plan), "rubric": self.rubric, "ppo": ppo }),
        };
        self.means.join(settings)
    }

    fn describe(&self) -> &'static str {
        match self.critic {
            None => "reinforcement learning with GRPO",
            Some(_) => "reinforcement learning with PPO and a critic",
        }
    }

    fn run(&self, cx: &StageContext) -> Result<()> {
        let state = cx.resume()?;
        let plan = self.plan;
        let Checkpoint { model, tokenizer } = Checkpoint::open(self.policy)?;
        let budget = match self.compute_of {
            Some(stage) => Cost::read(stage)?.flops,
            None => f64::INFINITY,
        };
        let config = rubric_config(plan, self.rubric);
        let rubric = judging::counting(&config, &tokenizer, self.tasks)?;
        let objective = objective(plan, self.rubric.mode);
        let mut problems = Problems::open(self.tasks, Some(&plan.levels), cx.seed)?;
        let mut reference = model.valid();
        let model = self.means.prepare(model, cx.seed)?;
        let mut learner = Learner::new(model, plan, self.critic, &self.means);
        let mut at = Progress::new(plan.level_up);
        let mut last_good = LastGood::begin(&cx.dir, &self.policy.dir)?;

        let any_level = Problems::open(self.tasks, None, cx.seed)?;
        let longest = ask::longest(&any_level.preview(), &tokenizer);
        let memory = learner.rehearse(cx, longest)?;
        let mut done = 0;
        if let Some(state) = state {
            let moved = progress::restore(state, &mut at, &mut learner, &mut problems, reference)?;
            (reference, done) = moved;
            last_good.restored(done, learner.snapshot());
        }
        let progress = cx.progress(plan.steps, "steps");
        progress.inc(done);
        let steps = cx.in_steps();
        for step in done + 1..=plan.steps {
            if at.cost.flops >= budget {
                cx.log(format!(
                    "the computing to compare with is spent after {} steps",
                    step - 1
                ));
                break;
            }
            let began = Instant::now();
            let snapshot = learner.snapshot();
            let sample = |round: usize, problems: Vec<Problem>| {
                let options = SampleOptions {
                    memory,
                    ..ask::options(
                        cx,
                        plan.group,
                        (plan.temperature, plan.top_p),
                        plan.max_new_tokens,
                        rollout_seed(cx.seed, step, round),
                    )
                };
                grpo::sample(
                    &snapshot,
                    &tokenizer,
                    problems,
                    &rubric,
                    &options,
                    &mut |_| (),
                )
            };
            let Drawn { groups, tied } = draw(plan, &mut problems, sample)
                .map_err(|error| last_good.refuse(error, step, &tokenizer))?;
            let sample_seconds = began.elapsed().as_secs_f64();
            if let Some(missing) = judging::missing(&rubric, groups.iter().chain(&tied)) {
                cx.log(format!("step {step}: {missing}"));
            }
            for group in groups.iter().chain(&tied) {
                Line::write_all(cx, Some(step), group)?;
            }

            let (mut report, critic) = learner
                .step(&reference, &groups, &objective)
                .map_err(|error| last_good.refuse(error, step, &tokenizer))?;
            last_good.keep(step, snapshot);
            report.step = step;
            let tokens = Tokens::of(&groups, &tied);
            learner.add_cost(&mut at.cost, &tokens);
            if plan.reference_every > 0 && step.is_multiple_of(plan.reference_every) {
                reference = mix(reference, &learner.snapshot(), plan.reference_mix);
            }
            let alarms = at.watch.observe(&report);
            for alarm in &alarms {
                cx.log(format!("step {step}: {alarm}"));
            }
            if plan.checkpoint_every > 0 {
                at.rewards.push(report.reward);
            }
            let seconds = began.elapsed().as_secs_f64();
            let hardest = problems.level();
            progress.set_message(format!(
                "reward {:.2}, accuracy {:.2}, KL {:.3}, {:.0} tokens",
                report.reward, report.accuracy, report.kl, report.tokens_mean
            ));
            progress.inc(1);
            if at.level.rises(groups.iter().chain(&tied)) {
                problems.raise()?;
            }
            cx.metric(&Metric::new(
                report,
                critic,
                tied.len(),
                hardest,
                &alarms,
                (tokens.responses, sample_seconds),
                (plan.inner_epochs * tokens.read, seconds - sample_seconds),
            ))?;
            at.problems = problems.position();
            if plan.checkpoint_every > 0 && step.is_multiple_of(plan.checkpoint_every) {
                let rewards = std::mem::take(&mut at.rewards);
                let mean = rewards.iter().sum::<f64>() / rewards.len() as f64;
                cx.offer(step, mean, |dir| save(dir, &learner.snapshot(), &tokenizer))?;
            }
            cx.after_step(step, plan.checkpoint_every, &at, |dir| {
                let moving = (plan.reference_every > 0).then_some(&reference);
                progress::save(dir, &learner, moving)
            })?;
        }
        drop(steps);
        at.cost.write(&cx.dir)?;
        let policy = finish(&cx.dir, learner.into_policy(), self.policy)?;
        save(&cx.dir, &policy, &tokenizer)
    }
}

/// The groups of a step; tied ones are drawn anew where the plan says so.
fn draw(
    plan: &preset::Rl,
    problems: &mut Problems,
    sample: impl Fn(usize, Vec<Problem>) -> Result<Vec<Group>, NotFinite>,
) -> Result<Drawn, NotFinite> {
    match plan.resample {
        0 => Ok(Drawn {
            groups: sample(0, problems.take(plan.prompts))?,
            tied: Vec::new(),
        }),
        rounds => draw_untied(plan.prompts, rounds, |round, count| {
            sample(round, problems.take(count))
        }),
    }
}
