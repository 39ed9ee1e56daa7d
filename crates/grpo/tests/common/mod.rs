//! A small policy, and groups of its responses.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test binary takes what it needs"
)]

use burn::tensor::Device;
use data::{Check, Completion, Domain, Problem};
use grpo::{Group, GrpoConfig, Objective};
use lm::{GenerateOptions, Prompt, Sampling, generate};
use moe_model::{AttentionConfig, Decoder, DecoderConfig, GroupedConfig};
use rewards::Score;
use trainer::{AdamWConfig, Schedule, Trainer, TrainerConfig};

/// The token that earns.
pub const GOOD: u32 = 7;
/// The token that ends a response.
pub const END: u32 = 2;

pub fn model() -> Decoder {
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

pub fn trainer(lr: f64) -> Trainer<Decoder> {
    Trainer::new(model(), trainer_config(lr))
}

pub fn trainer_config(lr: f64) -> TrainerConfig {
    TrainerConfig {
        adamw: AdamWConfig {
            beta1: 0.9,
            beta2: 0.99,
            eps: 1e-8,
            weight_decay: 0.0,
            state: trainer::OptimizerState::Float32,
        },
        schedule: Schedule::constant(lr, 0),
        clip: 1.0,
        checkpointing: false,
    }
}

pub fn config() -> GrpoConfig {
    GrpoConfig::of(Objective::Grpo, 4)
}

pub fn problem(id: String) -> Problem {
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

pub fn scored(reward: f32, judged: bool) -> Score {
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

/// [`sampled`] from the policy itself.
pub fn groups(model: &Decoder, seed: u64) -> Vec<Group> {
    sampled(model, seed, Sampling::PLAIN, END)
}

/// Four groups of 8 responses of up to 4 tokens; the reward is the share of good tokens.
pub fn sampled(model: &Decoder, seed: u64, sampling: Sampling, end_token: u32) -> Vec<Group> {
    let prompts: Vec<Prompt> = (0..4)
        .map(|i| Prompt {
            id: format!("p{i}"),
            tokens: vec![1, 3 + i, 4],
        })
        .collect();
    let options = GenerateOptions {
        samples: 8,
        sampling,
        max_new_tokens: 4,
        end_token,
        seed,
        max_rows: 64,
        memory: None,
    };
    let mut rollouts = generate(model, &prompts, &options, &mut |_| ())
        .unwrap()
        .into_iter();
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
                parts: vec![Vec::new(); completions.len()],
                completions,
                scores,
            }
        })
        .collect()
}

/// Gives every response the same reward.
pub fn tie(groups: &mut [Group]) {
    let scores = groups.iter_mut().flat_map(|group| &mut group.scores);
    scores.for_each(|score| *score = scored(1.0, true));
}
