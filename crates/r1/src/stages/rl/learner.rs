//! What learns from a rollout: a policy by GRPO, or a policy and its critic by PPO.

use std::path::Path;

use anyhow::Result;
use grpo::ppo::{Critic, CriticReport};
use grpo::{Group, GrpoConfig, GrpoReport, KlIn, StepError, ppo};
use moe_model::Decoder;
use trainer::Trainer;

use super::metric::Tokens;
use super::settings::{critic_config, critic_trainer_config, trainer_config};
use crate::backend::MICRO_TOKENS;
use crate::preset;
use crate::stage::StageContext;
use crate::stages::ask;
use crate::stages::cost::Cost;
use crate::stages::means::Means;
use crate::stages::rehearsal::{Longest, rehearse};
use crate::stages::training::TRAINER;

/// The file of a state with the critic's trainer.
const CRITIC: &str = "critic.safetensors";

/// The models in training.
pub(super) struct Learner<'a> {
    plan: &'a preset::Rl,
    policy: Trainer<Decoder>,
    critic: Option<(Trainer<Critic<Decoder>>, &'a preset::Ppo)>,
}

impl<'a> Learner<'a> {
    /// Starts from `model`, the policy and with `ppo` the critic's body too.
    pub(super) fn new(
        model: Decoder,
        plan: &'a preset::Rl,
        ppo: Option<&'a preset::Ppo>,
        means: &Means,
    ) -> Self {
        let critic = ppo.map(|ppo| {
            let critic = Critic::new(model.clone());
            let config = means.settings(critic_trainer_config(plan, ppo));
            (Trainer::new(critic, config), ppo)
        });
        Self {
            plan,
            policy: Trainer::new(model, means.settings(trainer_config(plan))),
            critic,
        }
    }

    /// The policy as it stands, for inference; its adapters are merged.
    pub(super) fn snapshot(&self) -> Decoder {
        self.policy.snapshot().merge()
    }

    /// Tries the longest case; returns the bytes the caches of sampling may take.
    pub(super) fn rehearse(&mut self, cx: &StageContext, prompt: usize) -> Result<Option<u64>> {
        let plan = self.plan;
        let longest = Longest {
            prompt,
            response: plan.max_new_tokens,
            sequences: plan.prompts * plan.group,
            // The reference, and the policy before the last step.
            copies: 2,
            rows: ask::MAX_ROWS.min(plan.prompts * plan.group),
        };
        rehearse(cx, &mut self.policy, &longest)
    }

    /// Learns from `groups`.
    pub(super) fn step(
        &mut self,
        reference: &Decoder,
        groups: &[Group],
        objective: &GrpoConfig,
    ) -> std::result::Result<(GrpoReport, Option<CriticReport>), StepError> {
        let (policy, reference) = (&mut self.policy, Some(reference));
        match &mut self.critic {
            None => {
                let report = grpo::step(policy, reference, groups, objective, MICRO_TOKENS)?;
                Ok((report, None))
            }
            Some((critic, plan)) => {
                let ppo = critic_config(plan);
                let report = ppo::step(
                    policy,
                    critic,
                    reference,
                    groups,
                    objective,
                    &ppo,
                    MICRO_TOKENS,
                )?;
                Ok((report.policy, Some(report.critic)))
            }
        }
    }

    /// Adds what a step on `tokens` computes.
    pub(super) fn add_cost(&self, cost: &mut Cost, tokens: &Tokens) {
        let (plan, policy) = (self.plan, self.policy.model());
        cost.sample("sampling", policy, tokens.sampled);
        for epoch in 0..plan.inner_epochs {
            cost.train("training", policy, tokens.read);
            if plan.beta > 0.0 && (epoch == 0 || plan.kl_in != KlIn::Reward) {
                cost.sample("reference", policy, tokens.read);
            }
        }
        if let Some((critic, _)) = &self.critic {
            cost.sample("values", critic.model(), tokens.read);
            for _ in 0..plan.inner_epochs {
                cost.train("critic", critic.model(), tokens.read);
            }
        }
    }

    /// Writes what is in training into a state's directory.
    pub(super) fn save(&self, dir: &Path) -> Result<()> {
        self.policy.save_state(&dir.join(TRAINER))?;
        if let Some((critic, _)) = &self.critic {
            critic.save_state(&dir.join(CRITIC))?;
        }
        Ok(())
    }

    /// Goes on from what [`save`](Self::save) wrote.
    pub(super) fn restore(&mut self, dir: &Path) -> Result<()> {
        self.policy.restore_state(&dir.join(TRAINER))?;
        if let Some((critic, _)) = &mut self.critic {
            critic.restore_state(&dir.join(CRITIC))?;
        }
        Ok(())
    }

    /// Ends training.
    pub(super) fn into_policy(self) -> Decoder {
        self.policy.into_model()
    }
}
