//! PPO with a critic on a model.

mod common;

use common::{config, groups, model, trainer};
use grpo::ppo::{Critic, PpoConfig, PpoReport};
use grpo::{Group, GrpoConfig, KlIn, Truncated, ppo};
use moe_model::Decoder;
use trainer::Trainer;

fn critic(lr: f64) -> Trainer<Critic<Decoder>> {
    Trainer::new(Critic::new(model()), common::trainer_config(lr))
}

fn plain() -> PpoConfig {
    PpoConfig::default()
}

/// Reports of `steps` steps under `config` and `ppo`.
fn learn(steps: u64, config: &GrpoConfig, ppo: &PpoConfig) -> Vec<PpoReport> {
    let (mut policy, mut critic) = (trainer(0.01), critic(0.01));
    let reference = model();
    (0..steps)
        .map(|seed| {
            let groups = groups(&policy.snapshot(), seed);
            let reference = Some(&reference);
            ppo::step(
                &mut policy,
                &mut critic,
                reference,
                &groups,
                config,
                ppo,
                4096,
            )
            .unwrap()
        })
        .collect()
}

#[test]
fn policy_and_critic_learn_together() {
    let free = PpoConfig {
        value_clip: None,
        lambda: 1.0,
        ..plain()
    };
    let in_reward = GrpoConfig {
        kl_in: KlIn::Reward,
        minibatches: 2,
        inner_epochs: 2,
        ..config()
    };
    for (config, ppo) in [(config(), plain()), (config(), free), (in_reward, plain())] {
        let reports = learn(60, &config, &ppo);
        let reward = |at: usize| reports[at].policy.reward;
        assert!(reward(0) < 0.25, "it starts near chance: {reports:?}");
        assert!(
            (55..60).all(|at| reward(at) > 0.9),
            "{config:?} {ppo:?}: {reports:?}"
        );
        assert_eq!(
            reports[0].critic.explained_variance, 0.0,
            "it knows nothing at first"
        );
        let knows = reports
            .iter()
            .map(|report| report.critic.explained_variance);
        assert!(knows.fold(0.0, f64::max) > 0.2, "{reports:?}");
    }
}

#[test]
fn the_critic_is_taught_the_reward_to_come() {
    let groups = groups(&model(), 5);
    let first = |lr: f64| {
        let config = trainer::TrainerConfig {
            clip: 1e9,
            ..common::trainer_config(lr)
        };
        let mut critic = Trainer::new(Critic::new(model()), config);
        let mut policy = trainer(0.0);
        let ppo = PpoConfig {
            value_clip: None,
            ..plain()
        };
        let none = config_without_kl();
        let mut run = || {
            ppo::step(&mut policy, &mut critic, None, &groups, &none, &ppo, 64)
                .unwrap()
                .critic
        };
        (run(), run())
    };
    let (before, after) = first(1e-4);
    assert!(after.value_loss < before.value_loss, "{before:?} {after:?}");
    // Rewards are the shares of good tokens: with V = 0 the loss is half their mean square.
    let squares = groups.iter().flat_map(|group| {
        let of = group.scores.iter().zip(&group.completions);
        of.map(|(score, c)| f64::from(score.total).powi(2) * c.tokens.len() as f64)
    });
    let tokens = groups
        .iter()
        .flat_map(|g| &g.completions)
        .map(|c| c.tokens.len())
        .sum::<usize>();
    let squares: f64 = squares.sum();
    let lambda_one = PpoConfig {
        lambda: 1.0,
        ..plain()
    };
    let mut policy = trainer(0.0);
    let mut critic = critic(0.0);
    let none = config_without_kl();
    let report = ppo::step(
        &mut policy,
        &mut critic,
        None,
        &groups,
        &none,
        &lambda_one,
        64,
    )
    .unwrap();
    let expected = 0.5 * squares / tokens as f64;
    assert!(
        (report.critic.value_loss - expected).abs() < 1e-6,
        "{report:?} {expected}"
    );
}

fn config_without_kl() -> GrpoConfig {
    GrpoConfig {
        beta: 0.0,
        ..config()
    }
}

/// One step's norms, in micro-batches of `micro_tokens`.
fn norms(groups: &[Group], config: &GrpoConfig, micro_tokens: usize) -> [f64; 3] {
    let (mut policy, mut critic) = (trainer(0.01), critic(0.01));
    let mut last = PpoReport::default();
    // The first step has a critic that says 0 of everything.
    for _ in 0..2 {
        let reference = model();
        let ppo = &plain();
        let reference = Some(&reference);
        last = ppo::step(
            &mut policy,
            &mut critic,
            reference,
            groups,
            config,
            ppo,
            micro_tokens,
        )
        .unwrap();
    }
    [
        last.policy.grad_norm,
        last.critic.critic_grad_norm,
        last.critic.value_loss,
    ]
}

#[test]
fn micro_batches_change_nothing() {
    let groups = groups(&model(), 5);
    let two = GrpoConfig {
        minibatches: 2,
        ..config()
    };
    for config in [config(), two] {
        let all = norms(&groups, &config, 100_000);
        for micro_tokens in [1, 40] {
            for (a, b) in all.iter().zip(norms(&groups, &config, micro_tokens)) {
                assert!((a - b).abs() < 1e-4 * a.abs(), "{a} {b}");
            }
        }
    }
}

#[test]
fn what_is_masked_or_not_judged_teaches_nobody() {
    let mut groups = groups(&model(), 5);
    let mask = GrpoConfig {
        truncated: Truncated::Mask,
        ..config_without_kl()
    };
    for completion in groups.iter_mut().flat_map(|group| &mut group.completions) {
        completion.finish = data::Finish::Length;
    }
    let (mut policy, mut critic) = (trainer(0.01), critic(0.01));
    let ppo = plain();
    let report = ppo::step(&mut policy, &mut critic, None, &groups, &mask, &ppo, 64).unwrap();
    assert_eq!((policy.steps(), critic.steps()), (0, 0), "{report:?}");
    for score in groups.iter_mut().flat_map(|group| &mut group.scores) {
        *score = common::scored(0.0, false);
    }
    let none = config_without_kl();
    ppo::step(&mut policy, &mut critic, None, &groups, &none, &ppo, 64).unwrap();
    assert_eq!((policy.steps(), critic.steps()), (0, 0));
}

#[test]
fn a_critic_that_overflows_is_named() {
    let mut groups = groups(&model(), 5);
    groups[0].scores[0].total = f32::MAX;
    let (mut policy, mut critic) = (trainer(0.01), critic(0.01));
    let none = config_without_kl();
    let ppo = plain();
    let error = ppo::step(&mut policy, &mut critic, None, &groups, &none, &ppo, 64).unwrap_err();
    assert!(error.to_string().contains("the critic"), "{error}");
}
