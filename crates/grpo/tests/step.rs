//! GRPO on a model: it learns, and how the batch is cut does not matter.

mod common;

use common::{config, groups, model, scored, tie, trainer};
use grpo::{
    AdvantageScale, Baseline, Group, GrpoConfig, Importance, KlIn, Objective, Overlong,
    RewardParts, Surrogate, Truncated, step,
};
use lm::{Sequence, score};
use rewards::Part;

/// Rewards of 40 steps under `config`.
fn learn(config: &GrpoConfig) -> Vec<f64> {
    let mut trainer = trainer(0.01);
    let reference = model();
    let mut rewards = Vec::new();
    for seed in 0..40 {
        let snapshot = trainer.snapshot();
        let groups = groups(&snapshot, seed);
        drop(snapshot);
        let report = step(&mut trainer, Some(&reference), &groups, config, 4096).unwrap();
        assert!(report.sampler_gap_max < 1e-4, "{}", report.sampler_gap_max);
        rewards.push(report.reward);
    }
    rewards
}

#[test]
fn the_policy_finds_the_rewarded_token_whatever_the_objective() {
    for objective in Objective::ALL {
        let mut config = GrpoConfig::of(objective, 4);
        if config.surrogate == Surrogate::Cispo {
            config.epsilon_high = 5.0;
        }
        let rewards = learn(&config);
        assert!(rewards[0] < 0.25, "it starts near chance: {rewards:?}");
        assert!(
            rewards[36..].iter().all(|&reward| reward > 0.9),
            "{objective:?}: {rewards:?}"
        );
    }
}

#[test]
fn other_advantages_and_penalties_find_it_too() {
    let plain = config();
    let settings = [
        GrpoConfig {
            advantage_scale: AdvantageScale::None,
            baseline: Baseline::LeaveOneOut,
            ..plain
        },
        GrpoConfig {
            kl_in: KlIn::Reward,
            ..plain
        },
        GrpoConfig {
            kl_in: KlIn::WeightedLoss,
            advantage_scale: AdvantageScale::Batch,
            ..plain
        },
        GrpoConfig {
            inner_epochs: 2,
            minibatches: 2,
            importance: Importance::Sequence,
            dual_clip: Some(3.0),
            ..plain
        },
    ];
    for config in settings {
        let rewards = learn(&config);
        assert!(
            rewards[36..].iter().all(|&reward| reward > 0.9),
            "{config:?}: {rewards:?}"
        );
    }
}

/// One step's gradient norm and KL on `groups` under `config`.
fn one_step(groups: &[Group], config: &GrpoConfig) -> (f64, f64) {
    // A reference that differs from the policy: the policy after a step.
    let mut other = trainer(0.05);
    step(
        &mut other,
        None,
        &self::groups(&model(), 6),
        &self::config(),
        4096,
    )
    .unwrap();
    let other = other.into_model();
    let mut trainer = trainer(0.01);
    let report = step(&mut trainer, Some(&other), groups, config, 64).unwrap();
    (report.grad_norm, report.kl)
}

#[test]
fn clips_are_told_apart() {
    // Sampled by a policy that thought the tokens of the first response twice as likely, and those
    // of the second half as likely.
    let mut groups = groups(&model(), 5);
    groups.truncate(1);
    let group = &mut groups[0];
    let ln2 = std::f32::consts::LN_2;
    for (i, (by, reward)) in [(ln2, 0.0), (-ln2, 1.0)].into_iter().enumerate() {
        group.scores[i] = scored(reward, true);
        group.completions[i]
            .log_probs
            .iter_mut()
            .for_each(|p| *p += by);
    }
    group.scores.truncate(2);
    group.completions.truncate(2);
    let lengths: Vec<f64> = group
        .completions
        .iter()
        .map(|c| c.tokens.len() as f64)
        .collect();
    let report = step(&mut trainer(0.01), None, &groups, &config(), 4096).unwrap();
    let all = lengths[0] + lengths[1];
    let found = [
        report.clip_fraction,
        report.clip_fraction_low,
        report.clip_fraction_high,
    ];
    for (found, expected) in found
        .into_iter()
        .zip([1.0, lengths[0] / all, lengths[1] / all])
    {
        assert!((found - expected).abs() < 1e-6, "{report:?}");
    }
}

#[test]
fn a_masked_response_counts_in_its_group_alone() {
    let mut groups = groups(&model(), 5);
    for group in &mut groups {
        for completion in &mut group.completions {
            completion.finish = data::Finish::Stop;
        }
    }
    let mask = GrpoConfig {
        truncated: Truncated::Mask,
        beta: 0.0,
        ..config()
    };
    let keep = GrpoConfig {
        beta: 0.0,
        ..config()
    };
    assert_eq!(one_step(&groups, &mask), one_step(&groups, &keep));
    for group in &mut groups {
        group.completions[0].finish = data::Finish::Length;
        group.scores[0] = scored(9.0, true);
    }
    let (masked, _) = one_step(&groups, &mask);
    let (kept, _) = one_step(&groups, &keep);
    assert!(
        masked > 0.0 && (masked - kept).abs() > 1e-3 * kept,
        "{masked} {kept}"
    );
    for group in &mut groups {
        for completion in &mut group.completions {
            completion.finish = data::Finish::Length;
        }
    }
    assert_eq!(
        one_step(&groups, &mask).0,
        0.0,
        "nothing is left to train on"
    );
}

#[test]
fn kl_in_the_reward_is_seen_and_not_differentiated() {
    let mut groups = groups(&model(), 5);
    tie(&mut groups);
    let reward = GrpoConfig {
        kl_in: KlIn::Reward,
        advantage_scale: AdvantageScale::None,
        ..config()
    };
    let (norm, kl) = one_step(&groups, &reward);
    let (in_loss, kl_in_loss) = one_step(&groups, &config());
    assert!((kl - kl_in_loss).abs() < 1e-5 * kl, "{kl} {kl_in_loss}");
    assert!(norm > 0.0 && in_loss > 0.0 && (norm - in_loss).abs() > 0.05 * in_loss);
    let none = GrpoConfig {
        beta: 0.0,
        ..reward
    };
    assert_eq!(one_step(&groups, &none), (0.0, 0.0), "all are tied");
}

#[test]
fn an_entropy_bonus_moves_tied_groups() {
    let mut groups = groups(&model(), 5);
    tie(&mut groups);
    let bonus = GrpoConfig {
        entropy_bonus: 0.1,
        beta: 0.0,
        ..config()
    };
    let entropy = |config: &GrpoConfig| {
        let mut trainer = trainer(0.01);
        step(&mut trainer, None, &groups, config, 64).unwrap();
        step(&mut trainer, None, &groups, config, 64)
            .unwrap()
            .entropy
    };
    let none = GrpoConfig {
        entropy_bonus: 0.0,
        ..bonus
    };
    let (with, without) = (entropy(&bonus), entropy(&none));
    assert!(with > without + 1e-4, "{with} {without}");
}

#[test]
fn long_responses_lose_what_the_shape_says() {
    let mut groups = groups(&model(), 5);
    tie(&mut groups);
    let shaped = GrpoConfig {
        overlong: Some(Overlong {
            longest: 4,
            cache: 3,
        }),
        beta: 0.0,
        ..config()
    };
    let (found, _) = one_step(&groups, &shaped);
    for group in &mut groups {
        for (score, completion) in group.scores.iter_mut().zip(&group.completions) {
            *score = scored(1.0 - (completion.tokens.len() as f32 - 1.0) / 3.0, true);
        }
    }
    let (expected, _) = one_step(
        &groups,
        &GrpoConfig {
            overlong: None,
            ..shaped
        },
    );
    assert!(
        found > 0.0 && (found - expected).abs() < 1e-4 * expected,
        "{found} {expected}"
    );
}

#[test]
fn a_part_tied_in_a_group_does_not_move_it() {
    let mut groups = groups(&model(), 5);
    let part = |name: &str, weight, value| Part {
        name: name.into(),
        weight,
        value: Some(value),
    };
    for group in &mut groups {
        group.parts = group
            .scores
            .iter()
            .map(|score| vec![part("accuracy", 1.0, 0.0), part("format", 0.3, score.total)])
            .collect();
    }
    let decoupled = GrpoConfig {
        reward_parts: RewardParts::Decoupled,
        beta: 0.0,
        ..config()
    };
    let (varied, _) = one_step(&groups, &decoupled);
    assert!(varied > 0.0);
    for parts in groups.iter_mut().flat_map(|group| &mut group.parts) {
        parts[1].value = Some(0.5);
    }
    let (tied, _) = one_step(&groups, &decoupled);
    assert_eq!(tied, 0.0);
}

#[test]
fn micro_batches_and_order_change_nothing() {
    let groups = groups(&model(), 5);
    let mut reversed = groups.clone();
    reversed.reverse();
    for objective in Objective::ALL {
        invariant(&groups, &reversed, &GrpoConfig::of(objective, 4));
    }
}

fn invariant(groups: &[Group], reversed: &[Group], config: &GrpoConfig) {
    let run = |groups: &[Group], micro_tokens| {
        let mut trainer = trainer(0.01);
        let report = step(&mut trainer, Some(&model()), groups, config, micro_tokens).unwrap();
        let sequence = Sequence {
            tokens: vec![1, 3, 4, 7, 7, 2],
            context: 1,
        };
        let after = score(&trainer.into_model(), &[sequence], 1.0);
        (
            report.grad_norm,
            after
                .log_probs_n
                .into_data()
                .iter::<f32>()
                .collect::<Vec<_>>(),
        )
    };
    let (norm, log_probs) = run(groups, 100_000);
    assert!(norm > 1e-3);
    for (groups, micro_tokens) in [(groups, 1), (groups, 40), (reversed, 40)] {
        let (other_norm, others) = run(groups, micro_tokens);
        assert!(
            (norm - other_norm).abs() < 1e-5 * norm,
            "{norm} {other_norm}"
        );
        for (a, b) in log_probs.iter().zip(&others) {
            assert!((a - b).abs() < 1e-3, "{log_probs:?} {others:?}");
        }
    }
}

#[test]
fn a_tied_group_moves_nothing_without_a_reference() {
    let mut groups = groups(&model(), 5);
    tie(&mut groups);
    let mut trainer = trainer(0.01);
    let report = step(&mut trainer, None, &groups, &config(), 4096).unwrap();
    assert_eq!((report.grad_norm, report.groups_tied), (0.0, 1.0));
}

#[test]
fn an_unjudged_response_is_left_out() {
    let mut groups = groups(&model(), 5);
    let expected = {
        let mut without = groups.clone();
        for group in &mut without {
            group.completions.pop();
            group.scores.pop();
        }
        let mut trainer = trainer(0.01);
        step(&mut trainer, None, &without, &config(), 4096)
            .unwrap()
            .grad_norm
    };
    for group in &mut groups {
        *group.scores.last_mut().unwrap() = scored(0.0, false);
    }
    let mut trainer = trainer(0.01);
    let report = step(&mut trainer, None, &groups, &config(), 4096).unwrap();
    assert!((report.grad_norm - expected).abs() < 1e-6 * expected);
    assert_eq!(report.unjudged, 0.125);
}
