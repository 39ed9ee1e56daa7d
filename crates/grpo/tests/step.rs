//! GRPO on a model: it learns, and how the batch is cut does not matter.

use burn::tensor::Device;
use data::{Check, Completion, Domain, Problem};
use grpo::{AdvantageScale, Group, GrpoConfig, Kl, LossScale, step};
use lm::{GenerateOptions, Prompt, Sampling, Sequence, generate, score};
use moe_model::{AttentionConfig, Decoder, DecoderConfig, GroupedConfig};
use rewards::Score;
use trainer::{AdamWConfig, Schedule, Trainer, TrainerConfig};

const GOOD: u32 = 7;
const END: u32 = 2;

fn model() -> Decoder {
    let config = DecoderConfig {
        vocabulary: 12,
        width: 16,
        layers: 1,
        inner: 24,
        inner_bias: false,
        attention: AttentionConfig::Grouped(GroupedConfig::new(2, 1, 8)),
        mixture: None,
        mtp: None,
        rope: moe_model::RopeConfig::plain(10_000.0),
        norm_eps: 1e-6,
        tied: false,
        max_positions: 32,
        init_std: 0.1,
    };
    Decoder::init(&config, 3, &Device::flex()).unwrap()
}

fn trainer(lr: f64) -> Trainer<Decoder> {
    let config = TrainerConfig {
        adamw: AdamWConfig {
            beta1: 0.9,
            beta2: 0.99,
            eps: 1e-8,
            weight_decay: 0.0,
        },
        schedule: Schedule::constant(lr, 0),
        clip: 1.0,
    };
    Trainer::new(model(), config)
}

fn config() -> GrpoConfig {
    GrpoConfig {
        beta: 0.01,
        epsilon: 0.2,
        epsilon_high: 0.2,
        kl: Kl::K3,
        advantage_scale: AdvantageScale::Group,
        loss_scale: LossScale::Response,
        inner_epochs: 1,
        minibatches: 1,
        temperature: 1.0,
    }
}

fn problem(id: String) -> Problem {
    Problem {
        id,
        question: "which arm?".into(),
        answer: "7".into(),
        solution: None,
        family: "bandit".into(),
        domain: Domain::General,
        level: 1,
        language: "en".into(),
        check: Check::Answer,
    }
}

fn scored(reward: f32, judged: bool) -> Score {
    Score {
        total: reward,
        accuracy: judged.then_some(reward),
        format: 0.0,
        language: 0.0,
        extra: Vec::new(),
        rule: "none".into(),
        answer: None,
        reason: String::new(),
        unjudged: Vec::new(),
    }
}

/// Groups of 8 responses of up to 4 tokens; the reward is the share of good tokens.
fn groups(model: &Decoder, seed: u64) -> Vec<Group> {
    let prompts: Vec<Prompt> = (0..4)
        .map(|i| Prompt {
            id: format!("p{i}"),
            tokens: vec![1, 3 + i, 4],
        })
        .collect();
    let options = GenerateOptions {
        samples: 8,
        sampling: Sampling::PLAIN,
        max_new_tokens: 4,
        end_token: END,
        seed,
        max_rows: 64,
    };
    let mut rollouts = generate(model, &prompts, &options, &mut |_| ()).into_iter();
    prompts
        .into_iter()
        .map(|prompt| {
            let completions: Vec<Completion> = rollouts
                .by_ref()
                .take(8)
                .map(|rollout| Completion {
                    problem: prompt.id.clone(),
                    sample: rollout.sample,
                    tokens: rollout.tokens,
                    log_probs: rollout.log_probs,
                    text: String::new(),
                    finish: rollout.finish,
                })
                .collect();
            let reward = |c: &Completion| {
                c.tokens.iter().filter(|&&t| t == GOOD).count() as f32 / c.tokens.len() as f32
            };
            let scores = completions
                .iter()
                .map(|c| scored(reward(c), true))
                .collect();
            Group {
                problem: problem(prompt.id),
                prompt: prompt.tokens,
                completions,
                scores,
            }
        })
        .collect()
}

#[test]
fn the_policy_finds_the_rewarded_token() {
    let mut trainer = trainer(0.01);
    let reference = model();
    let mut rewards = Vec::new();
    for seed in 0..40 {
        let snapshot = trainer.snapshot();
        let groups = groups(&snapshot, seed);
        drop(snapshot);
        let report = step(&mut trainer, Some(&reference), &groups, &config(), 4096).unwrap();
        assert!(report.sampler_gap_max < 1e-4, "{}", report.sampler_gap_max);
        rewards.push(report.reward);
    }
    assert!(rewards[0] < 0.25, "it starts near chance: {rewards:?}");
    assert!(
        rewards[36..].iter().all(|&reward| reward > 0.9),
        "{rewards:?}"
    );
}

#[test]
fn micro_batches_and_order_change_nothing() {
    let groups = groups(&model(), 5);
    let mut reversed = groups.clone();
    reversed.reverse();
    let run = |groups: &[Group], micro_tokens| {
        let mut trainer = trainer(0.01);
        let report = step(
            &mut trainer,
            Some(&model()),
            groups,
            &config(),
            micro_tokens,
        )
        .unwrap();
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
    let (norm, log_probs) = run(&groups, 100_000);
    assert!(norm > 1e-3);
    for (groups, micro_tokens) in [(&groups, 1), (&groups, 40), (&reversed, 40)] {
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
    for group in &mut groups {
        group
            .scores
            .iter_mut()
            .for_each(|score| *score = scored(1.0, true));
    }
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
