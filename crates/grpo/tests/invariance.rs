//! What must not change a step's gradient: how the responses are cut into micro-batches and in which
//! order they come, groups that say nothing, padding.
//!
//! Inputs are drawn anew from several seeds; the policy that is said to have sampled is a little off
//! the one in training, so that ratios differ from 1 and clips are at work. An optimizer whose ε
//! dwarfs every gradient steps along the gradient itself, so what is compared are gradients.

mod common;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::Tensor;
use common::{END, config, groups, model, problem, sampled, scored, tie, trainer, trainer_config};
use data::{Completion, Finish};
use grpo::{Group, GrpoConfig, GrpoReport, Objective, Surrogate, Truncated, step};
use lm::{Sampling, Sequence, micro_batches, score};
use moe_model::Decoder;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, RngExt, SeedableRng};
use trainer::{AdamWConfig, Schedule, Trainer, TrainerConfig};

const SEEDS: std::ops::Range<u64> = 0..4;

/// Tokens of a prompt with a response, padding never needed.
const LENGTH: usize = 8;

/// Four groups of four responses, 8 tokens with the prompt, 2 to 5 of them the response's.
fn even(rng: &mut StdRng) -> Vec<Group> {
    (0..4)
        .map(|group| {
            let of = 2 + group;
            random_group(rng, group, LENGTH - of, &[of; 4])
        })
        .collect()
}

/// Three groups of 3 to 5 responses of 1 to 6 tokens each.
fn uneven(rng: &mut StdRng) -> Vec<Group> {
    (0..3)
        .map(|group| {
            let lengths: Vec<usize> = (0..3 + group).map(|_| rng.random_range(1..=6)).collect();
            let prompt = rng.random_range(1..=4);
            random_group(rng, group, prompt, &lengths)
        })
        .collect()
}

fn random_group(rng: &mut StdRng, index: usize, prompt: usize, lengths: &[usize]) -> Group {
    let tokens = |rng: &mut StdRng, n: usize| -> Vec<u32> {
        (0..n).map(|_| rng.random_range(0..12)).collect()
    };
    let prompt = tokens(rng, prompt);
    let model = model();
    let mut completion = |(sample, &length): (usize, &usize)| {
        let response = tokens(rng, length);
        let sequence = Sequence {
            tokens: [&*prompt, &*response].concat(),
            context: prompt.len(),
        };
        let now = score(&model, &[sequence], 1.0).log_probs_n.into_data();
        let noise = |log_prob: f32| log_prob + rng.random_range(-0.5..0.5);
        Completion {
            problem: index.to_string(),
            sample: sample as u32,
            tokens: response,
            log_probs: now.iter::<f32>().map(noise).collect(),
            text: String::new(),
            finish: if sample == 1 {
                Finish::Length
            } else {
                Finish::Stop
            },
        }
    };
    let completions: Vec<Completion> = lengths.iter().enumerate().map(&mut completion).collect();
    let scores = lengths.iter().map(|_| scored(rng.random(), true));
    Group {
        problem: problem(index.to_string()),
        prompt,
        parts: Vec::new(),
        scores: scores.collect(),
        completions,
    }
}

/// Every objective with the settings that decide how responses are weighed.
fn configs() -> Vec<GrpoConfig> {
    let mut all = Vec::new();
    for objective in Objective::ALL {
        let mut plain = GrpoConfig {
            beta: 0.1,
            ..GrpoConfig::of(objective, 6)
        };
        if plain.surrogate == Surrogate::Cispo {
            plain.epsilon_high = 1.2;
        }
        all.push(plain);
        all.push(GrpoConfig {
            truncated: Truncated::Mask,
            ..plain
        });
        all.push(GrpoConfig {
            entropy_bonus: 0.1,
            ..plain
        });
        all.push(GrpoConfig {
            minibatches: 2,
            inner_epochs: 2,
            entropy_bonus: 0.1,
            truncated: Truncated::Mask,
            ..plain
        });
    }
    all
}

/// How far a step moves the parameters, against the gradient, and its report.
fn moved(
    groups: &[Group],
    reference: Option<&Decoder>,
    config: &GrpoConfig,
    micro_tokens: usize,
) -> (Vec<f32>, GrpoReport) {
    const HUGE: f64 = 1e6;
    let settings = TrainerConfig {
        adamw: AdamWConfig {
            beta1: 0.0,
            beta2: 0.0,
            eps: HUGE,
            weight_decay: 0.0,
            state: trainer::OptimizerState::Float32,
        },
        schedule: Schedule::constant(0.1 * HUGE, 0),
        clip: f64::INFINITY,
        checkpointing: false,
    };
    let mut trainer = Trainer::new(model(), settings);
    let report = step(&mut trainer, reference, groups, config, micro_tokens).unwrap();
    let before = parameters(&model());
    let after = parameters(&trainer.into_model());
    let moved = after
        .iter()
        .zip(before)
        .map(|(after, before)| after - before);
    (moved.collect(), report)
}

/// All parameters of a model, one after the other.
fn parameters(model: &Decoder) -> Vec<f32> {
    struct All(Vec<f32>);
    impl ModuleVisitor for All {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.0.extend(param.val().into_data().iter::<f32>());
        }
    }
    let mut all = All(Vec::new());
    model.visit(&mut all);
    all.0
}

fn norm(values: impl Iterator<Item = f32>) -> f64 {
    values.map(|x| f64::from(x).powi(2)).sum::<f64>().sqrt()
}

/// The difference of two moves, relative in the L2 norm.
fn apart(a: &[f32], b: &[f32]) -> f64 {
    norm(a.iter().zip(b).map(|(a, b)| a - b)) / norm(a.iter().copied())
}

/// Rounding of sums in single precision, over as many as four steps.
const SAME: f64 = 2e-5;

/// A reference that differs from the policy.
fn reference() -> Decoder {
    let mut trainer = trainer(0.05);
    step(&mut trainer, None, &groups(&model(), 6), &config(), 4096).unwrap();
    trainer.into_model()
}

#[test]
fn a_step_is_along_the_gradient() {
    let groups = even(&mut StdRng::seed_from_u64(0));
    let config = GrpoConfig::of(Objective::Grpo, 6);
    let (moved, report) = moved(&groups, None, &config, 4096);
    let length = norm(moved.into_iter());
    assert!((length - 0.1 * report.grad_norm).abs() < 1e-4 * length);
}

#[test]
fn micro_batches_of_one_of_four_and_of_all_have_one_gradient() {
    let reference = reference();
    // Of 16 rows 8 long; the last is more than four times them all.
    let cuts = [(LENGTH, 1), (4 * LENGTH, 4), (100 * LENGTH, 16)];
    for (tokens, rows) in cuts {
        let parts = micro_batches(&[LENGTH; 16], tokens);
        assert!(parts.iter().all(|part| part.len() == rows), "{parts:?}");
    }
    for seed in SEEDS {
        let groups = even(&mut StdRng::seed_from_u64(seed));
        for config in configs() {
            let [one, four, all] =
                cuts.map(|(tokens, _)| moved(&groups, Some(&reference), &config, tokens));
            assert!(all.1.grad_norm > 1e-3 && all.1.kl > 1e-6, "{config:?}");
            for (other, report) in [one, four] {
                let off = apart(&all.0, &other);
                assert!(off < SAME, "seed {seed}, {config:?}: {off:e}");
                let loss = (report.loss - all.1.loss).abs();
                assert!(
                    loss < 1e-5 * all.1.loss.abs().max(1.0),
                    "{config:?}: {loss:e}"
                );
            }
        }
    }
}

#[test]
fn padding_changes_no_gradient() {
    let reference = reference();
    for seed in SEEDS {
        let groups = uneven(&mut StdRng::seed_from_u64(seed));
        for config in configs() {
            let [alone, few, all] =
                [1, 24, 10_000].map(|tokens| moved(&groups, Some(&reference), &config, tokens).0);
            for other in [few, all] {
                let off = apart(&alone, &other);
                assert!(off < SAME, "seed {seed}, {config:?}: {off:e}");
            }
        }
    }
}

/// With several optimizer steps the order says which responses are in which; with one it says
/// nothing.
#[test]
fn neither_the_order_of_groups_nor_that_in_a_group_matters() {
    let reference = reference();
    for seed in SEEDS {
        let mut rng = StdRng::seed_from_u64(seed);
        let groups = uneven(&mut rng);
        let mut other = groups.clone();
        other.reverse();
        other.iter_mut().for_each(|group| shuffle(group, &mut rng));
        for config in configs().iter().filter(|config| config.minibatches == 1) {
            let of = |groups: &[Group]| moved(groups, Some(&reference), config, 24).0;
            let off = apart(&of(&groups), &of(&other));
            assert!(off < SAME, "seed {seed}, {config:?}: {off:e}");
        }
    }
}

/// Another order of a group's responses, each with its score.
fn shuffle(group: &mut Group, rng: &mut impl Rng) {
    let mut order: Vec<usize> = (0..group.scores.len()).collect();
    while order.is_sorted() {
        order.shuffle(rng);
    }
    group.completions = order
        .iter()
        .map(|&i| group.completions[i].clone())
        .collect();
    group.scores = order.iter().map(|&i| group.scores[i].clone()).collect();
}

#[test]
fn a_tied_group_has_no_surrogate_and_keeps_its_kl() {
    let reference = reference();
    for seed in SEEDS {
        let mut rng = StdRng::seed_from_u64(seed);
        let groups = uneven(&mut rng);
        let tied_at = |reward: f32, rng: &mut StdRng| {
            let mut groups = groups.clone();
            let group = &mut groups[1];
            group.scores.fill(scored(reward, true));
            for log_prob in group.completions.iter_mut().flat_map(|c| &mut c.log_probs) {
                *log_prob += rng.random_range(-0.3..0.3);
            }
            groups
        };
        let [low, high] = [-0.3, 1.7].map(|reward| tied_at(reward, &mut rng));
        for objective in Objective::ALL {
            let config = GrpoConfig {
                beta: 0.0,
                ..GrpoConfig::of(objective, 6)
            };
            // Alone it moves nothing; among others neither its reward nor what it was sampled
            // from shows.
            let (alone, report) = moved(&low[1..2], Some(&reference), &config, 24);
            assert!(alone.iter().all(|&x| x == 0.0), "{objective:?}");
            assert_eq!((report.grad_norm, report.groups_tied), (0.0, 1.0));
            let of = |groups: &[Group]| moved(groups, Some(&reference), &config, 24).0;
            let off = apart(&of(&low), &of(&high));
            assert!(off < SAME, "seed {seed}, {objective:?}: {off:e}");
            // With a reference it is drawn there, as much whatever the reward.
            let config = GrpoConfig {
                beta: 0.1,
                ..config
            };
            let of = |groups: &[Group]| moved(groups, Some(&reference), &config, 24);
            let ((a, report), (b, _)) = (of(&low[1..2]), of(&high[1..2]));
            assert!(report.kl > 1e-6 && report.grad_norm > 1e-6, "{report:?}");
            let off = apart(&a, &b);
            assert!(off < SAME, "seed {seed}, {objective:?}: {off:e}");
            let without = moved(&low[1..2], None, &config, 24).1;
            assert_eq!(without.grad_norm, 0.0, "{objective:?}");
        }
    }
}

#[test]
fn log_probs_are_those_of_the_sampling_temperature() {
    let cooler = Sampling {
        temperature: 0.7,
        top_p: 1.0,
        ..Sampling::PLAIN
    };
    // The policy after a few steps: one without preferences looks alike at every temperature.
    let policy = reference();
    for seed in SEEDS {
        let groups = sampled(&policy, seed, cooler, END);
        let gap = |temperature| {
            let config = GrpoConfig {
                temperature,
                ..config()
            };
            let mut trainer = Trainer::new(policy.clone(), trainer_config(0.01));
            let report = step(&mut trainer, None, &groups, &config, 64).unwrap();
            report.sampler_gap_max
        };
        let (same, other) = (gap(0.7), gap(1.0));
        assert!(same < 1e-5 && other > 0.05, "seed {seed}: {same} {other}");
    }
}

/// The sampler goes no further than the first end token and the loss sees no token after it, also
/// where the end token is what rows are padded with (0).
#[test]
fn nothing_comes_after_the_first_end_token() {
    for end in [END, 0] {
        let mut ended = 0;
        for seed in SEEDS {
            let groups = sampled(&model(), seed, Sampling::PLAIN, end);
            let endless = sampled(&model(), seed, Sampling::PLAIN, u32::MAX);
            let of = |groups: &[Group]| -> Vec<Completion> {
                groups.iter().flat_map(|g| g.completions.clone()).collect()
            };
            let (found, on) = (of(&groups), of(&endless));
            for (found, on) in found.iter().zip(&on) {
                let first = on.tokens.iter().position(|&token| token == end);
                let kept = first.map_or(on.tokens.len(), |at| at + 1);
                assert_eq!(found.tokens, on.tokens[..kept]);
                assert_eq!(found.log_probs.len(), kept);
                assert_eq!(found.finish == Finish::Stop, first.is_some());
                ended += usize::from(first.is_some_and(|at| at < 3));
            }
            let config = GrpoConfig::of(Objective::Dapo, 4);
            let (padded, report) = moved(&groups, None, &config, 10_000);
            let (alone, _) = moved(&groups, None, &config, 1);
            let off = apart(&alone, &padded);
            assert!(off < SAME, "end {end}, seed {seed}: {off:e}");
            let tokens: usize = found.iter().map(|c| c.tokens.len()).sum();
            assert_eq!(report.tokens_mean, tokens as f64 / found.len() as f64);
            assert!(report.sampler_gap_max < 1e-5, "{}", report.sampler_gap_max);
        }
        assert!(ended > 5, "{ended} responses end early");
    }
    let mut tied = sampled(&model(), 0, Sampling::PLAIN, 0);
    tie(&mut tied);
    let config = GrpoConfig::of(Objective::Dapo, 4);
    assert_eq!(moved(&tied, None, &config, 10_000).1.grad_norm, 0.0);
}
