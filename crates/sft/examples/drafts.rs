//! Trains a small model with a module for the token after next on counting texts, then lets the
//! module draft: `cargo run --release -p sft --example drafts`, some seconds.
//!
//! Prints how many drafts the model accepts, and the times with and without them. At this size a
//! pass costs little more than its overhead, so the times say little of large models.

#![recursion_limit = "256"]
#![allow(clippy::print_stdout)]

use std::time::Instant;

use burn::tensor::Device;
use lm::{GenerateOptions, Prompt, Sampling, Sequence, Speculation, generate, speculate};
use moe_model::{
    AttentionConfig, Decoder, DecoderConfig, LatentConfig, MixtureConfig, MtpConfig, RopeConfig,
    Scores,
};
use sft::{Batches, step};
use trainer::{AdamWConfig, Schedule, Trainer, TrainerConfig};

const VOCABULARY: u32 = 64;
const STEPS: usize = 200;
const NEW_TOKENS: usize = 48;

fn config() -> DecoderConfig {
    DecoderConfig {
        vocabulary: VOCABULARY as usize,
        width: 64,
        layers: 3,
        inner: 128,
        inner_bias: false,
        attention: AttentionConfig::Latent(LatentConfig {
            heads: 4,
            query_rank: None,
            latent_rank: 32,
            nope_dim: 16,
            rope_dim: 8,
            value_dim: 16,
            bias: false,
            interleaved: true,
        }),
        mixture: Some(MixtureConfig {
            dense_layers: vec![0],
            scores: Scores::Sigmoid,
            experts: 8,
            active: 2,
            shared: 1,
            inner: 32,
            groups: 1,
            active_groups: 1,
            normalise: true,
            scaling: 1.0,
            bias_speed: 0.001,
            balance_weight: 1e-4,
        }),
        mtp: Some(MtpConfig {
            depth: 1,
            weight: 0.3,
        }),
        rope: RopeConfig::plain(10_000.0),
        norm_eps: 1e-6,
        tied: false,
        max_positions: 128,
        init_std: 0.09,
    }
}

/// Counts in steps of 1, 2 or 3, which the first two tokens tell.
fn text(start: u32, by: u32, length: usize) -> Vec<u32> {
    (0..length as u32)
        .map(|i| (start + i * by) % VOCABULARY)
        .collect()
}

fn main() {
    let config = config();
    let model = Decoder::init(&config, 1, &Device::flex()).expect("the settings fit");
    let mut trainer = Trainer::new(
        model,
        TrainerConfig {
            adamw: AdamWConfig::default(),
            schedule: Schedule::constant(3e-3, 10),
            clip: 1.0,
            checkpointing: false,
        },
    );
    let texts: Vec<Sequence> = (0..3 * VOCABULARY)
        .map(|i| Sequence {
            tokens: text(i / 3, 1 + i % 3, 40),
            context: 1,
        })
        .collect();
    for (i, batch) in Batches::new(&texts, 16, 1).take(STEPS).enumerate() {
        let report = step(&mut trainer, &batch, 4096).expect("training goes well");
        if let (0, Some(further)) = ((i + 1) % 50, report.further) {
            println!(
                "step {:>3}: loss {:.3}, of the module {:.3}, its first choice right {:.0} %",
                i + 1,
                report.loss,
                further.mtp_loss,
                100.0 * further.draft_accuracy
            );
        }
    }

    let model = trainer.into_model();
    let prompts: Vec<Prompt> = (0..8)
        .map(|i| Prompt {
            id: i.to_string(),
            tokens: text(i * 7, 1 + i % 3, 3),
        })
        .collect();
    let options = GenerateOptions {
        samples: 1,
        sampling: Sampling::GREEDY,
        max_new_tokens: NEW_TOKENS,
        end_token: VOCABULARY,
        seed: 0,
        max_rows: 64,
        memory: None,
    };
    let began = Instant::now();
    let plain = generate(&model, &prompts, &options, &mut |_| ()).unwrap();
    let plain_seconds = began.elapsed().as_secs_f64();

    let rows: Vec<&[u32]> = prompts.iter().map(|p| p.tokens.as_slice()).collect();
    let options = Speculation {
        max_new_tokens: NEW_TOKENS,
        end_token: VOCABULARY,
        max_draft: 1,
    };
    let began = Instant::now();
    let drafted = speculate(&model, &rows, &options, |rows, columns| {
        let drafter = model.drafter(rows, columns);
        drafter.expect("the model has a module")
    });
    let drafted_seconds = began.elapsed().as_secs_f64();

    let mut pairs = plain.iter().zip(&drafted);
    let same = pairs.all(|(plain, drafted)| plain.tokens == drafted.tokens);
    let accepted: usize = drafted.iter().map(|row| row.accepted).sum();
    let looked_at: usize = drafted.iter().map(|row| row.drafted).sum();
    println!("accepted {accepted} of {looked_at} drafts; the same tokens: {same}");
    println!("{plain_seconds:.3} s without drafts, {drafted_seconds:.3} s with them");
}
