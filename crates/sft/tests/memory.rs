//! Training in less memory: the same steps with blocks computed again, and nearly the same losses with
//! moments of a byte.

#![allow(clippy::print_stdout)]

#[path = "../../moe-model/tests/small/mod.rs"]
mod small;
#[path = "../../moe-model/tests/small/families.rs"]
mod small_families;

use burn::tensor::Device;
use lm::Sequence;
use moe_model::{AttentionConfig, Decoder, DecoderConfig, GroupedConfig, RopeConfig};
use sft::{Batches, SftReport, step};
use small_families::models;
use trainer::{AdamWConfig, OptimizerState, Schedule, Trainer, TrainerConfig};

fn data(vocabulary: u32) -> Vec<Sequence> {
    (0..64u32)
        .map(|i| {
            let start = i * 7 % (vocabulary - 9);
            let noise = [i * 5 % vocabulary, i * 11 % vocabulary];
            let tokens = noise.into_iter().chain(start..start + 3 + i % 6).collect();
            Sequence { tokens, context: 3 }
        })
        .collect()
}

fn settings(checkpointing: bool, state: OptimizerState) -> TrainerConfig {
    TrainerConfig {
        adamw: AdamWConfig {
            state,
            ..AdamWConfig::default()
        },
        schedule: Schedule::constant(0.005, 0),
        clip: 1.0,
        checkpointing,
    }
}

/// Three steps of several passes each.
fn losses(model: Decoder, checkpointing: bool) -> Vec<SftReport> {
    let mut trainer = Trainer::new(model, settings(checkpointing, OptimizerState::Float32));
    let data = data(31);
    let batches = Batches::new(&data, 8, 1).take(3);
    batches
        .map(|batch| step(&mut trainer, &batch, 40).unwrap())
        .collect()
}

#[test]
fn blocks_computed_again_train_the_same_model() {
    for model in models(5) {
        let (plain, again) = (losses(model.clone(), false), losses(model.clone(), true));
        if model.config().mixture.is_none() {
            assert_eq!(plain, again);
        }
        for (plain, again) in plain.iter().zip(&again) {
            assert_eq!(plain.tokens, again.tokens);
            assert!((plain.loss - again.loss).abs() < 1e-5 * plain.loss);
            let norms = [plain, again].map(|report| report.step.grad_norm);
            assert!((norms[0] - norms[1]).abs() < 1e-4 * norms[0], "{norms:?}");
            assert_eq!(plain.step.max_load, again.step.max_load);
        }
    }
}

/// Dense, of 100 thousand parameters.
fn model() -> Decoder {
    let config = DecoderConfig {
        vocabulary: 64,
        width: 64,
        layers: 2,
        inner: 160,
        inner_bias: false,
        attention: AttentionConfig::Grouped(GroupedConfig::new(4, 2, 16)),
        mixture: None,
        mtp: None,
        rope: RopeConfig::plain(10_000.0),
        norm_eps: 1e-6,
        tied: false,
        max_positions: 32,
        init_std: 0.05,
    };
    Decoder::init(&config, 4, &Device::flex()).unwrap()
}

#[test]
fn moments_of_a_byte_learn_as_well() {
    let run = |state| -> (Vec<f64>, usize) {
        let mut trainer = Trainer::new(model(), settings(false, state));
        let data = data(64);
        let losses = Batches::new(&data, 8, 1).take(200);
        let losses = losses.map(|batch| step(&mut trainer, &batch, 4096).unwrap().loss);
        (losses.collect(), trainer.optimizer_bytes())
    };
    let (exact, all) = run(OptimizerState::Float32);
    let (coarse, few) = run(OptimizerState::Int8);
    let parameters = lm::CausalLm::parameters(&model()).0;
    assert_eq!(all, 8 * parameters);
    // 5 norms of 64 and the 2 · 2 projections of keys and values keep 8 bytes.
    let kept = 5 * 64 + 4 * 64 * 32;
    let per = (few - 8 * kept) as f64 / (parameters - kept) as f64;
    assert!((per - 2.03125).abs() < 1e-6, "{per} bytes a parameter");
    let apart = exact.iter().zip(&coarse).map(|(a, b)| (a - b).abs());
    let apart: Vec<f64> = apart.collect();
    let most = apart.iter().copied().fold(0.0, f64::max);
    let mean = apart.iter().sum::<f64>() / 200.0;
    let ends = [&exact, &coarse].map(|losses| losses[180..].iter().sum::<f64>() / 20.0);
    let first = exact[0];
    println!("from {first:.3} to {ends:.4?}, apart {mean:.4} on average, {most:.4} at most");
    assert_ne!(exact, coarse);
    assert!(ends[0] < 0.5 * first, "{ends:?}");
    assert!(mean < 0.02 && most < 0.15, "{mean} and {most}");
    assert!((ends[0] - ends[1]).abs() < 0.01, "{ends:?}");
}
