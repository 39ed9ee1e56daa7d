//! What a preset's section says, as the crates that carry it out want it.

use data::seed;
use grpo::ppo::PpoConfig;
use grpo::{GrpoConfig, Overlong, RewardParts};
use rand::RngExt;
use rewards::{Mode, RubricConfig};
use trainer::{AdamWConfig, Schedule, TrainerConfig};

use crate::preset;

/// What a response is worth.
pub(super) fn rubric_config(plan: &preset::Rl, rubric: &preset::Rubric) -> RubricConfig {
    RubricConfig {
        accuracy: plan.accuracy as f32,
        format: plan.format as f32,
        language: plan.language as f32,
        ..rubric.terms()
    }
}

/// What is optimised.
pub(super) fn objective(plan: &preset::Rl, mode: Mode) -> GrpoConfig {
    let reward_parts = match mode {
        Mode::PerPart => RewardParts::Decoupled,
        Mode::Sum | Mode::Gated | Mode::FormGated => plan.reward_parts,
    };
    GrpoConfig {
        reward_parts,
        epsilon: plan.epsilon,
        epsilon_high: plan.epsilon_high,
        dual_clip: (plan.dual_clip > 0.0).then_some(plan.dual_clip),
        beta: plan.beta,
        kl: plan.kl,
        kl_in: plan.kl_in,
        entropy_bonus: plan.entropy_bonus,
        advantage_scale: plan.advantage_scale,
        baseline: plan.baseline,
        truncated: plan.truncated,
        overlong: (plan.overlong > 0).then_some(Overlong {
            longest: plan.max_new_tokens,
            cache: plan.overlong,
        }),
        kl_limit: (plan.kl_limit > 0.0).then_some(plan.kl_limit),
        gap_limit: (plan.gap_limit > 0.0).then_some(plan.gap_limit),
        inner_epochs: plan.inner_epochs,
        minibatches: plan.minibatches,
        temperature: plan.temperature,
        ..GrpoConfig::of(plan.objective, plan.max_new_tokens)
    }
}

/// How a gradient becomes a step.
pub(super) fn trainer_config(plan: &preset::Rl) -> TrainerConfig {
    TrainerConfig {
        adamw: AdamWConfig::default(),
        schedule: Schedule::constant(plan.lr, plan.warmup),
        clip: plan.clip,
        checkpointing: false,
    }
}

/// How the critic's gradient does: at its own rate, for the rest as the policy's.
pub(super) fn critic_trainer_config(plan: &preset::Rl, ppo: &preset::Ppo) -> TrainerConfig {
    TrainerConfig {
        schedule: Schedule::constant(ppo.lr, plan.warmup),
        ..trainer_config(plan)
    }
}

/// What the critic makes of rewards.
pub(super) fn critic_config(ppo: &preset::Ppo) -> PpoConfig {
    PpoConfig {
        gamma: ppo.gamma,
        lambda: ppo.lambda,
        value_clip: (ppo.value_clip > 0.0).then_some(ppo.value_clip),
        whiten: ppo.whiten,
    }
}

/// The seed of a step's responses; each further round of drawing has its own.
pub(super) fn rollout_seed(seed: u64, step: usize, round: usize) -> u64 {
    let (step, again) = (step.to_string(), round.to_string());
    let path = ["rollouts", &step, &again];
    let path = if round == 0 { &path[..2] } else { &path };
    seed::stream(seed, path).random()
}

#[cfg(test)]
mod tests {
    use grpo::{AdvantageScale, Baseline, Kl, KlIn, Objective, Truncated};

    use super::*;
    use crate::preset::Preset;

    fn of(changes: &[&str]) -> GrpoConfig {
        let changes: Vec<String> = changes.iter().map(ToString::to_string).collect();
        let preset = Preset::load("smoke", &changes).unwrap();
        objective(&preset.zero, preset.rubric.mode)
    }

    #[test]
    fn the_default_is_grpo_as_the_recipe_has_it() {
        let expected = GrpoConfig {
            minibatches: 2,
            kl_limit: Some(10.0),
            gap_limit: Some(0.1),
            ..GrpoConfig::of(Objective::Grpo, 16)
        };
        assert_eq!(of(&[]), expected);
    }

    #[test]
    fn every_setting_arrives() {
        let found = of(&[
            "zero.objective=luspo",
            "zero.epsilon=0.1",
            "zero.epsilon_high=0.4",
            "zero.dual_clip=3",
            "zero.beta=0.5",
            "zero.kl=k1",
            "zero.kl_in=reward",
            "zero.entropy_bonus=0.25",
            "zero.advantage_scale=none",
            "zero.baseline=leave_one_out",
            "zero.truncated=mask",
            "zero.overlong=4",
            "zero.kl_limit=5",
            "zero.gap_limit=0",
            "zero.inner_epochs=3",
            "zero.minibatches=1",
            "zero.temperature=0.7",
        ]);
        let expected = GrpoConfig {
            epsilon: 0.1,
            epsilon_high: 0.4,
            dual_clip: Some(3.0),
            beta: 0.5,
            kl: Kl::K1,
            kl_in: KlIn::Reward,
            entropy_bonus: 0.25,
            advantage_scale: AdvantageScale::None,
            baseline: Baseline::LeaveOneOut,
            reward_parts: RewardParts::Sum,
            truncated: Truncated::Mask,
            overlong: Some(Overlong {
                longest: 16,
                cache: 4,
            }),
            kl_limit: Some(5.0),
            gap_limit: None,
            inner_epochs: 3,
            minibatches: 1,
            temperature: 0.7,
            ..GrpoConfig::of(Objective::Luspo, 16)
        };
        assert_eq!(found, expected);
        for decoupled in ["zero.reward_parts=decoupled", "rubric.mode=per_part"] {
            assert_eq!(of(&[decoupled]).reward_parts, RewardParts::Decoupled);
        }
    }

    #[test]
    fn a_response_is_worth_what_its_stage_and_the_rubric_say() {
        let changes = [
            "zero.format=0.5",
            "rubric.mode=gated",
            "rubric.repetition=0.1",
        ];
        let preset = Preset::load("smoke", &changes.map(ToOwned::to_owned)).unwrap();
        let config = rubric_config(&preset.zero, &preset.rubric);
        assert_eq!(
            (config.format, config.language, config.mode),
            (0.5, 0.0, Mode::Gated)
        );
        assert_eq!(config.repetition.map(|term| term.ngram), Some(3));
    }

    #[test]
    fn the_critic_has_settings_of_its_own() {
        let changes = [
            "ppo.lr=0.5",
            "ppo.gamma=0.9",
            "ppo.lambda=0.8",
            "ppo.value_clip=0",
        ];
        let changes = changes.map(ToOwned::to_owned);
        let preset = Preset::load(
            "smoke",
            &[&changes[..], &["ppo.whiten=false".into()]].concat(),
        );
        let Preset { zero, ppo, .. } = preset.unwrap();
        let expected = PpoConfig {
            gamma: 0.9,
            lambda: 0.8,
            value_clip: None,
            whiten: false,
        };
        assert_eq!(critic_config(&ppo), expected);
        let config = critic_trainer_config(&zero, &ppo);
        assert_eq!(config.schedule, Schedule::constant(0.5, zero.warmup));
        assert_eq!(config.clip, zero.clip);
    }

    #[test]
    fn every_round_has_its_own_seed() {
        let seeds = [(1, 0), (1, 1), (1, 2), (2, 0), (2, 1)].map(|(s, r)| rollout_seed(7, s, r));
        for (i, seed) in seeds.iter().enumerate() {
            assert!(!seeds[..i].contains(seed));
        }
    }
}
