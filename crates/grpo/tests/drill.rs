//! Runs that go wrong on purpose, and what is said of them.

mod common;

use common::{config, groups, model, trainer};
use data::Completion;
use grpo::{Alarm, Group, GrpoConfig, StepError, Watch, step};
use rewards::{Part, Score};

/// The token that is paid for though it is worth nothing.
const BRIBE: u32 = 9;

/// Scores the responses anew: right where none of their tokens is a bribe, and `weight` times the
/// share of bribes on top.
fn bribed(mut groups: Vec<Group>, weight: f32) -> Vec<Group> {
    for group in &mut groups {
        let graded = group.completions.iter().map(|c| grade(c, weight));
        (group.scores, group.parts) = graded.unzip();
    }
    groups
}

fn grade(completion: &Completion, weight: f32) -> (Score, Vec<Part>) {
    let tokens = &completion.tokens;
    let right = f32::from(u8::from(!tokens.contains(&BRIBE)));
    let bribe = tokens.iter().filter(|&&t| t == BRIBE).count() as f32 / tokens.len() as f32;
    let part = |name: &str, weight, value| Part {
        name: name.into(),
        weight,
        value: Some(value),
    };
    let score = Score {
        total: right + weight * bribe,
        ..common::scored(right, true)
    };
    let parts = vec![part("accuracy", 1.0, right), part("bribe", weight, bribe)];
    (score, parts)
}

/// Trains for 60 steps; the alarms, and the accuracy at the start and at the end.
fn run(weight: f32) -> (Vec<Alarm>, [f64; 2]) {
    let mut trainer = trainer(0.01);
    let config = GrpoConfig {
        beta: 0.0,
        ..config()
    };
    let mut watch = Watch::default();
    let (mut alarms, mut accuracy) = (Vec::new(), Vec::new());
    for seed in 0..60 {
        let groups = bribed(groups(&trainer.snapshot(), seed), weight);
        let report = step(&mut trainer, None, &groups, &config, 4096).unwrap();
        alarms.extend(watch.observe(&report));
        accuracy.push(report.accuracy);
    }
    (alarms, [accuracy[0], accuracy[59]])
}

#[test]
fn a_reward_that_is_gamed_is_flagged_within_the_run() {
    let (alarms, [before, after]) = run(4.0);
    assert!(before > 0.5 && after < 0.1, "{before} {after}");
    let on_ties = |alarm: &Alarm| matches!(alarm, Alarm::Ties { part, .. } if part == "bribe");
    assert!(alarms.iter().any(on_ties), "{alarms:?}");
    let against = |alarm: &Alarm| matches!(alarm, Alarm::Gamed { .. });
    assert!(alarms.iter().any(against), "{alarms:?}");
}

#[test]
fn an_honest_run_is_not() {
    let (alarms, [_, after]) = run(0.0);
    assert!(after > 0.95, "{after}");
    // Once all is right there is nothing to compare, and that alone is said.
    let solved = |alarm: &Alarm| matches!(alarm, Alarm::Tied { accuracy } if *accuracy == 1.0);
    assert!(alarms.iter().all(solved), "{alarms:?}");
}

/// The error of a step on `groups`, and whether the policy is what it was.
fn refused(groups: &[Group], config: &GrpoConfig) -> StepError {
    let mut trainer = trainer(0.01);
    let before = format!("{:?}", scores(&trainer.snapshot()));
    // A reference that is far away.
    let mut other = common::trainer(0.5);
    step(
        &mut other,
        None,
        &common::groups(&model(), 1),
        &common::config(),
        4096,
    )
    .unwrap();
    let other = other.into_model();
    let error = step(&mut trainer, Some(&other), groups, config, 64).unwrap_err();
    assert_eq!(before, format!("{:?}", scores(&trainer.snapshot())));
    assert_eq!(
        (trainer.steps(), trainer.grad_norm()),
        (0, 0.0),
        "nothing is left over"
    );
    error
}

fn scores(model: &moe_model::Decoder) -> Vec<f32> {
    let sequence = lm::Sequence {
        tokens: vec![1, 3, 4, 7, 7, 2],
        context: 1,
    };
    let scores = lm::score(model, &[sequence], 1.0).log_probs_n.into_data();
    scores.iter::<f32>().collect()
}

#[test]
fn a_loss_that_is_not_finite_names_the_response() {
    let mut groups = groups(&model(), 5);
    groups[2].completions[3].log_probs[0] = f32::NAN;
    let error = refused(&groups, &config());
    let StepError::NotFinite {
        offender: Some(offender),
        ..
    } = &error
    else {
        panic!("{error}");
    };
    assert_eq!((offender.problem.as_str(), offender.sample), ("p2", 3));
    assert!(
        error.to_string().contains("sample 3 of problem p2"),
        "{error}"
    );
}

#[test]
fn a_kl_beyond_its_limit_stops_the_run() {
    let groups = groups(&model(), 5);
    let limited = |kl_limit, kl_in| GrpoConfig {
        kl_limit: Some(kl_limit),
        kl_in,
        ..config()
    };
    for kl_in in [grpo::KlIn::Loss, grpo::KlIn::Reward] {
        let error = refused(&groups, &limited(1e-3, kl_in));
        let StepError::Kl {
            kl,
            offender: Some(_),
            ..
        } = error
        else {
            panic!("{error}");
        };
        assert!(kl > 1e-3);
        let mut trainer = trainer(0.01);
        step(
            &mut trainer,
            Some(&model()),
            &groups,
            &limited(1e-3, kl_in),
            64,
        )
        .unwrap();
    }
}

#[test]
fn a_sampler_that_is_not_the_policy_is_refused() {
    let mut groups = groups(&model(), 5);
    for completion in groups.iter_mut().flat_map(|group| &mut group.completions) {
        completion.log_probs.iter_mut().for_each(|p| *p -= 0.01);
    }
    groups[1].completions[4].log_probs[0] -= 0.5;
    let limited = GrpoConfig {
        gap_limit: Some(0.005),
        ..config()
    };
    let error = refused(&groups, &limited);
    let StepError::SamplerGap {
        gap,
        offender: Some(offender),
        ..
    } = &error
    else {
        panic!("{error}");
    };
    assert!(*gap > 0.01 && *gap < 0.1, "{gap}");
    assert_eq!((offender.problem.as_str(), offender.sample), ("p1", 4));
    let mut trainer = trainer(0.01);
    let report = step(&mut trainer, None, &groups, &config(), 4096).unwrap();
    assert!((report.sampler_gap_max - 0.51).abs() < 1e-3, "{report:?}");
    assert!((report.sampler_gap_mean - gap).abs() < 1e-4, "{report:?}");
}
